#include "report/scaling_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/quantity.h"
#include "report/junit.h"
#include "run/scaling_series.h"

namespace gauntlet::report {
namespace {

constexpr double kWidth = 760, kPanelHeight = 380, kHead = 44;
constexpr double kLeft = 96, kRight = 24, kTop = 56, kBottom = 56;  // of a panel, to its axes
constexpr int kTicks = 5;                                           // about
constexpr int kCurveSegments = 96;

constexpr std::string_view kStyle = R"(<style>
  svg { color: #1f2328; }
  text { fill: currentColor; font: 13px sans-serif; }
  .paper { fill: #ffffff; }
  .title { font-size: 16px; font-weight: bold; }
  .quiet { font-size: 12px; opacity: 0.75; }
  .axis { stroke: currentColor; }
  .grid { stroke: currentColor; opacity: 0.15; }
  .band { fill: #2f6fdb; opacity: 0.18; }
  .law { fill: none; stroke: #2f6fdb; stroke-width: 2; }
  .beyond { stroke-dasharray: 6 5; }
  .point { fill: #d9480f; stroke: #d9480f; stroke-width: 2; }
  .untrusted { fill: none; }
  @media (prefers-color-scheme: dark) {
    svg { color: #e6edf3; }
    .paper { fill: #0d1117; }
    .band { fill: #6ea8fe; opacity: 0.25; }
    .law { stroke: #6ea8fe; }
    .point { fill: #ffa94d; stroke: #ffa94d; }
    .untrusted { fill: none; }
  }
</style>
)";

// A step of 1, 2 or 5 times a power of ten that cuts `most` into about kTicks parts.
double tick_step(double most) {
  const double raw = most / kTicks;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (raw <= factor * power) return factor * power;
  return 10 * power;
}

std::string tick_text(double value) {
  if (value == std::floor(value)) return core::format_count(static_cast<std::uint64_t>(value));
  return fmt::format("{:.3g}", value);
}

class Panel {
 public:
  Panel(const run::ScalingSeries& series, double top, std::size_t number)
      : series_(series), top_(top), number_(number) {
    const double largest = series.levels.back().level.connections;
    n_max_ = stats::kExtrapolationMax * (series.fit ? series.fit->n_max : largest);
    n_max_ = std::max(n_max_, largest);
    for (const auto& result : series.levels) x_max_ = std::max(x_max_, result.achieved_per_s);
    if (series.fit)
      for (const auto n : curve(n_end_of_law()))
        x_max_ = std::max(x_max_, series.fit->throughput(n).value_or(0));
    x_max_ = x_max_ > 0 ? 1.08 * x_max_ : 1;
  }

  std::string draw() const {
    return fmt::format("<g class=\"panel\">\n{}{}{}{}</g>\n", axes(), law(), points(), words());
  }

 private:
  double left() const { return kLeft; }
  double right() const { return kWidth - kRight; }
  double upper() const { return top_ + kTop; }
  double lower() const { return top_ + kPanelHeight - kBottom; }
  double across(double n) const { return left() + (right() - left()) * n / n_max_; }
  double up(double x) const { return lower() - (lower() - upper()) * x / x_max_; }
  double n_end_of_law() const { return stats::kExtrapolationMax * series_.fit->n_max; }

  // Closer to each other where there are few connections, and a law bends the most.
  static std::vector<double> between(double from, double to) {
    std::vector<double> loads;
    for (int i = 0; i < kCurveSegments; ++i)
      loads.push_back(from * std::pow(to / from, static_cast<double>(i) / kCurveSegments));
    loads.push_back(to);
    return loads;
  }
  std::vector<double> curve(double to) const {
    return between(series_.levels.front().level.connections, to);
  }

  std::string axes() const {
    std::string out;
    const auto line = [&](std::string_view kind, double x1, double y1, double x2, double y2) {
      fmt::format_to(std::back_inserter(out),
                     "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
                     "y2=\"{:.1f}\"/>\n",
                     kind, x1, y1, x2, y2);
    };
    const auto tick = [&](std::string_view anchor, double x, double y, double value) {
      fmt::format_to(std::back_inserter(out),
                     "<text class=\"tick\" text-anchor=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>"
                     "\n",
                     anchor, x, y, tick_text(value));
    };
    const double n_step = tick_step(n_max_), x_step = tick_step(x_max_);
    for (int i = 0; i * n_step <= n_max_; ++i) {
      line("grid", across(i * n_step), upper(), across(i * n_step), lower());
      tick("middle", across(i * n_step), lower() + 18, i * n_step);
    }
    for (int i = 0; i * x_step <= x_max_; ++i) {
      line("grid", left(), up(i * x_step), right(), up(i * x_step));
      tick("end", left() - 8, up(i * x_step) + 4, i * x_step);
    }
    line("axis", left(), lower(), right(), lower());
    line("axis", left(), upper(), left(), lower());
    return out;
  }

  std::string path(const std::vector<double>& loads) const {
    std::string out;
    for (const double n : loads)
      out += fmt::format("{}{:.1f} {:.1f}", out.empty() ? "M" : " L", across(n),
                         up(*series_.fit->throughput(n)));
    return out;
  }

  // There and back again; what is infinite leaves through the top.
  std::string band_path() const {
    std::string there, back;
    for (const double n : curve(n_end_of_law())) {
      const auto band = *series_.fit->band(n);
      const double high = std::min(band.high, 2 * x_max_);
      there += fmt::format("{}{:.1f} {:.1f}", there.empty() ? "M" : " L", across(n), up(high));
      back = fmt::format(" L{:.1f} {:.1f}", across(n), up(band.low)) + back;
    }
    return there + back + " Z";
  }

  std::string law() const {
    if (!series_.fit) return "";
    const double measured = series_.fit->n_max;
    return fmt::format(
        "<clipPath id=\"panel{0}\"><rect x=\"{1:.1f}\" y=\"{2:.1f}\" width=\"{3:.1f}\" "
        "height=\"{4:.1f}\"/></clipPath>\n"
        "<g clip-path=\"url(#panel{0})\">\n<path class=\"band\" d=\"{5}\"/>\n"
        "<path class=\"law\" d=\"{6}\"/>\n<path class=\"law beyond\" d=\"{7}\"/>\n</g>\n",
        number_, left(), upper(), right() - left(), lower() - upper(), band_path(),
        path(curve(measured)), path(between(measured, n_end_of_law())));
  }

  std::string points() const {
    std::string out;
    for (const auto& result : series_.levels) {
      const auto& level = result.level;
      fmt::format_to(
          std::back_inserter(out),
          "<circle class=\"point{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" "
          "data-connections=\"{}\" data-achieved-per-s=\"{:.1f}\"><title>{}: {} connections, {}{}"
          "</title></circle>\n",
          result.trusted ? "" : " untrusted", across(level.connections), up(result.achieved_per_s),
          level.connections, result.achieved_per_s, xml_escaped(level.name),
          core::format_count(level.connections), core::format_rate(result.achieved_per_s),
          result.trusted ? "" : ", NOT trusted");
    }
    return out;
  }

  std::string law_words() const {
    if (!series_.fit) return "no law: it needs four levels";
    const auto& fit = *series_.fit;
    return fmt::format(
        "law: contention {:.2g} ({:.2g} to {:.2g}), coherency {:.2g} ({:.2g} to {:.2g})",
        fit.sigma.value, fit.sigma.low, fit.sigma.high, fit.kappa.value, fit.kappa.low,
        fit.kappa.high);
  }

  // How to read the picture.
  std::string legend() const {
    const bool distrusted =
        !std::ranges::all_of(series_.levels, [](const auto& result) { return result.trusted; });
    return fmt::format("{}{}", series_.fit ? "band: 95 %, dashed: not measured" : "",
                       distrusted ? ", hollow: not trusted" : "");
  }

  std::string words() const {
    const double middle = (upper() + lower()) / 2;
    return fmt::format(
        "<text x=\"{0:.1f}\" y=\"{1:.1f}\">{2}</text>\n"
        "<text class=\"quiet\" text-anchor=\"end\" x=\"{9:.1f}\" y=\"{1:.1f}\">{3}</text>\n"
        "<text class=\"quiet\" x=\"{0:.1f}\" y=\"{4:.1f}\">{5}</text>\n"
        "<text text-anchor=\"middle\" x=\"{6:.1f}\" y=\"{7:.1f}\">connections</text>\n"
        "<text text-anchor=\"middle\" transform=\"rotate(-90 18 {8:.1f})\" x=\"18\" y=\"{8:.1f}\">"
        "messages per second, achieved</text>\n",
        left(), top_ + 22, series_.title(), legend(), top_ + 42, law_words(),
        (left() + right()) / 2, lower() + 42, middle, right());
  }

  const run::ScalingSeries& series_;
  double top_;
  std::size_t number_;  // in the document, for ids
  double n_max_ = 1;
  double x_max_ = 0;
};

}  // namespace

std::string scaling_svg(std::string_view title, const std::vector<run::LevelResult>& levels) {
  const auto all = run::scaling_series(levels);
  const double height = kHead + kPanelHeight * static_cast<double>(all.size());
  auto out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\">\n<title>{2}</title>\n{3}"
      "<rect class=\"paper\" width=\"{0:.0f}\" height=\"{1:.0f}\"/>\n"
      "<text class=\"title\" x=\"{4:.0f}\" y=\"28\">{2}</text>\n",
      kWidth, height, xml_escaped(title), kStyle, kLeft);
  for (std::size_t i = 0; i < all.size(); ++i)
    out += Panel(all[i], kHead + kPanelHeight * static_cast<double>(i), i).draw();
  return out + "</svg>\n";
}

}  // namespace gauntlet::report
