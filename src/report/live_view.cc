#include "report/live_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "core/quantity.h"
#include "report/frame_line.h"
#include "report/sparkline.h"
#include "run/limit.h"

namespace gauntlet::report {
namespace {

constexpr std::size_t kLabelWidth = 12;
constexpr std::size_t kFigureWidth = 24;
constexpr std::size_t kPeakWidth = 18;
constexpr int kPeakColumnsMin = 72;  // in a narrower window the curve has all the room
constexpr std::size_t kMessagesMax = 8;
constexpr double kDispatchedShareMin = 0.995;  // shown as 100 % from here on
constexpr double kSeen = 1.0 / 8;              // the least of a curve that is not nothing
constexpr double kYearS = 366 * 86'400.0;

using Lines = std::vector<FrameLine>;

std::string repeated(std::string_view cell, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += cell;
  return text;
}

class Frame {
 public:
  Frame(const LiveView& view, const FrameStyle& style)
      : view_(view), style_(style), latest_(view.latest()) {
    for (const auto& phase : view.plan.phases) length_s_ += core::to_seconds(phase.duration);
  }

  std::vector<std::string> with(std::span<const std::string> messages) {
    Lines head = {title()};
    if (!view_.target.empty()) head.push_back(labelled("target").put(view_.target));
    if (!view_.page.empty()) head.push_back(labelled("live page").put(view_.page));
    const std::vector<Lines> blocks = {std::move(head),
                                       {phase(), progress()},
                                       {rate(), p50(), p95(), p99(), clients()},
                                       {errors(), faults(), self_check()}};
    return stacked(blocks, messages);
  }

 private:
  FrameLine line() const { return FrameLine(style_); }
  FrameLine labelled(std::string_view label) const {
    return line().put(label, Ink::faint).to(kLabelWidth);
  }

  FrameLine title() const {
    const auto mode = fmt::format(" ({})", run::to_string(view_.plan.mode));
    return line().put(view_.plan.suite, Ink::strong).put(mode).put_right(view_.level, Ink::strong);
  }

  // The phase at the latest second's end, when it began, and how long it is.
  FrameLine phase() const {
    const auto& phases = view_.plan.phases;
    if (latest_.t <= 0 || latest_.phase >= phases.size())
      return labelled("phase").put("connecting");
    const auto& now = phases[latest_.phase];
    double start = 0;
    for (std::size_t i = 0; i < latest_.phase; ++i) start += core::to_seconds(phases[i].duration);
    const double length = core::to_seconds(now.duration);
    return labelled("phase")
        .put(now.name)
        .put(now.measured ? ", measured" : "", Ink::faint)
        .put(fmt::format("  {} of {}", clock_text(std::min(latest_.t - start, length)),
                         clock_text(length)));
  }

  FrameLine progress() const {
    const bool under_way = latest_.t > 0 && length_s_ > 0;
    const double share = under_way ? std::min(latest_.t / length_s_, 1.0) : 0;
    const auto left = share < 1 ? clock_text(length_s_ - share * length_s_) + " left"
                                : "waiting for the last answers";
    const auto words = fmt::format("  {:3.0f} %  {}", share * 100, left);
    auto bar = labelled("progress");
    const std::size_t cells = bar.room() > words.size() ? bar.room() - words.size() : 0;
    const auto done = static_cast<std::size_t>(share * static_cast<double>(cells));
    return bar.put(repeated(style_.unicode ? "█" : "#", done))
        .put(repeated(style_.unicode ? "░" : ".", cells - done), Ink::faint)
        .put(words);
  }

  // A figure of the latest second, and how it went over those before: from nothing to its peak.
  FrameLine course(std::string_view label, const std::string& figure, auto value_of,
                   auto text_of) const {
    auto line = labelled(label).put(figure, Ink::strong).to(kLabelWidth + kFigureWidth);
    const bool told = style_.columns >= kPeakColumnsMin;
    const std::size_t room = told ? line.room() - kPeakWidth : line.room();
    const auto shown = view_.seconds.last(std::min(room, view_.seconds.size()));
    double peak = 0;
    for (const auto& second : shown) peak = std::max(peak, value_of(second));
    std::vector<double> shares;
    for (const auto& second : shown)
      shares.push_back(value_of(second) > 0 ? std::max(value_of(second) / peak, kSeen) : 0);
    line.put(bars(shares, style_.unicode ? Glyphs::unicode : Glyphs::ascii));
    return told ? line.put_right("peak " + text_of(peak), Ink::faint) : line;
  }

  static double rate_of(const run::Second& second) {
    return second.length > 0 ? static_cast<double>(second.counts.completed) / second.length : 0;
  }

  FrameLine rate() const {
    auto figure = core::format_rate(rate_of(latest_));
    if (view_.plan.load.arrivals != run::Arrivals::closed)
      figure += " of " + core::format_rate(view_.plan.load.rate);
    return course("rate", figure, rate_of, core::format_rate);
  }

  FrameLine quantile(std::string_view label, double run::Second::* member) const {
    const auto text = [](double ms) { return run::format_value(ms, run::Unit::milliseconds); };
    return course(
        label, text(latest_.*member),
        [member](const run::Second& second) { return second.*member; }, text);
  }
  FrameLine p50() const { return quantile("p50", &run::Second::response_p50_ms); }
  FrameLine p95() const { return quantile("p95", &run::Second::response_p95_ms); }
  FrameLine p99() const { return quantile("p99", &run::Second::response_p99_ms); }

  FrameLine clients() const {
    const bool all = latest_.connections_ready >= view_.plan.load.connections;
    return labelled("clients")
        .put(fmt::format("{} of {} ready", core::format_count(latest_.connections_ready),
                         core::format_count(view_.plan.load.connections)),
             all ? Ink::plain : Ink::warn)
        .put(fmt::format(", {} calls under way", core::format_count(latest_.outstanding)));
  }

  FrameLine errors() const {
    const auto now = run::sum(latest_.counts.errors), so_far = run::sum(view_.counts.errors);
    auto line = labelled("errors").put(core::format_count(now), now > 0 ? Ink::bad : Ink::plain);
    const auto scheduled = static_cast<double>(view_.counts.scheduled);
    const double share = scheduled > 0 ? static_cast<double>(so_far) / scheduled : 0;
    line.put(fmt::format(", {} so far ({})", core::format_count(so_far),
                         run::format_value(share, run::Unit::ratio)));
    std::string_view before = ": ";
    for (std::size_t i = 0; i < run::kErrorClassCount; ++i)
      if (view_.counts.errors[i] > 0)
        line.put(fmt::format("{}{} {}", std::exchange(before, ", "), run::kErrorClassNames[i],
                             core::format_count(view_.counts.errors[i])));
    return line;
  }

  FrameLine faults() const {
    if (!view_.faults.empty())
      return labelled("faults").put(fmt::format("{}", fmt::join(view_.faults, ", ")), Ink::warn);
    const auto planned = view_.plan.faults.size();
    return labelled("faults").put(planned == 0 ? "none in this run"
                                               : fmt::format("none active, of {}", planned));
  }

  // What the generator owes the load: to be in time, and to get to all that is due.
  FrameLine self_check() const {
    const bool late = view_.lag_allowed_ms > 0 && latest_.send_lag_p99_ms > view_.lag_allowed_ms;
    const auto scheduled = static_cast<double>(view_.counts.scheduled);
    const double share =
        scheduled > 0 ? static_cast<double>(view_.counts.dispatched) / scheduled : 1;
    const auto ms = [](double value) { return run::format_value(value, run::Unit::milliseconds); };
    auto line = labelled("self-check")
                    .put(late ? "late" : "punctual", late ? Ink::warn : Ink::good)
                    .put(fmt::format(": lag p99 {}", ms(latest_.send_lag_p99_ms)));
    if (view_.lag_allowed_ms > 0) line.put(fmt::format(" of {}", ms(view_.lag_allowed_ms)));
    if (share < kDispatchedShareMin)
      line.put(fmt::format(", got to {} so far", run::format_value(share, run::Unit::ratio)),
               Ink::warn);
    return line.put(fmt::format(", {:.2f} cores", latest_.generator_cpu));
  }

  // Blocks with a blank line between them where the window is high enough, then the messages.
  std::vector<std::string> stacked(const std::vector<Lines>& blocks,
                                   std::span<const std::string> messages) const {
    const auto rows = static_cast<std::size_t>(std::max(style_.rows, 0));
    std::size_t needed = 0;
    for (const auto& block : blocks) needed += block.size();
    const std::size_t wanted = std::min(messages.size(), kMessagesMax);
    const bool airy = needed + blocks.size() + std::min<std::size_t>(wanted, 1) <= rows;
    std::vector<std::string> frame;
    for (const auto& block : blocks) {
      if (airy && !frame.empty()) frame.emplace_back();
      for (const auto& line : block) frame.push_back(line.text());
    }
    if (airy && wanted > 0) frame.emplace_back();
    const std::size_t room = rows > frame.size() ? rows - frame.size() : 0;
    for (const auto& message : messages.last(std::min(wanted, room)))
      frame.push_back(line().put(message).text());
    frame.resize(std::min(frame.size(), rows));
    return frame;
  }

  const LiveView& view_;
  const FrameStyle& style_;
  run::Second latest_;
  double length_s_ = 0;
};

}  // namespace

std::string clock_text(double seconds) {
  const double whole = std::isfinite(seconds) ? std::clamp(std::round(seconds), 0.0, kYearS) : 0;
  const auto s = static_cast<std::uint64_t>(whole);
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

run::Second LiveView::latest() const {
  run::Second second = seconds.empty() ? run::Second() : seconds.back();
  second.t -= gaps_s;
  return second;
}

std::vector<std::string> live_frame(const LiveView& view, std::span<const std::string> messages,
                                    const FrameStyle& style) {
  return Frame(view, style).with(messages);
}

}  // namespace gauntlet::report
