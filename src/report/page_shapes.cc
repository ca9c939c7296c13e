#include "report/page_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/json_values.h"
#include "report/page_table.h"
#include "run/measured.h"
#include "run/scaling_series.h"
#include "stats/quantile_interval.h"

namespace gauntlet::report {
namespace {

namespace json = boost::json;

constexpr double kConfidence = 0.95;
constexpr double kPointsADecade = 10;
constexpr int kCurveSegments = 64;

class Strip {
 public:
  Strip(std::size_t clients, double length_s)
      : clients_(clients), rows_(std::min(clients, kStripRows)), length_s_(length_s) {
    cells_.resize(rows_ * kStripColumns);
  }

  void add(const run::Outage& outage) {
    if (outage.client >= clients_) return;
    const std::size_t row = outage.client * rows_ / clients_;
    const std::size_t last = outage.back_s ? column(*outage.back_s) : kStripColumns - 1;
    for (std::size_t i = column(outage.start_s); i <= last; ++i) {
      Cell& cell = cells_[row * kStripColumns + i];
      ++cell.down;
      cell.lost += outage.back_s ? 0 : 1;
    }
  }

  json::object take() const {
    json::array runs;
    for (std::size_t row = 0; row < rows_; ++row) add_runs(row, runs);
    return {{"clients", clients_},
            {"rows", rows_},
            {"columns", kStripColumns},
            {"length_s", length_s_},
            {"cells", std::move(runs)}};
  }

 private:
  struct Cell {
    std::uint32_t down = 0;
    std::uint32_t lost = 0;
    bool operator==(const Cell&) const = default;
  };

  std::size_t column(double t) const {
    const double share = std::clamp(t / length_s_, 0.0, 1.0);
    const auto i = static_cast<std::size_t>(share * static_cast<double>(kStripColumns));
    return std::min(i, kStripColumns - 1);
  }

  void add_runs(std::size_t row, json::array& runs) const {
    const Cell* cells = &cells_[row * kStripColumns];
    for (std::size_t from = 0, to = 0; from < kStripColumns; from = to) {
      while (to < kStripColumns && cells[to] == cells[from]) ++to;
      if (cells[from].down == 0) continue;
      for (const std::size_t n : {row, from, to - 1}) runs.push_back(n);
      runs.push_back(cells[from].down);
      runs.push_back(cells[from].lost);
    }
  }

  std::size_t clients_;
  std::size_t rows_;
  double length_s_;
  std::vector<Cell> cells_;
};

json::value law_json(const run::ScalingSeries& series) {
  if (!series.fit) return nullptr;
  const auto& fit = *series.fit;
  const double from = series.levels.front().level.connections;
  const double to = stats::kExtrapolationMax * fit.n_max;
  json::array loads, law, low, high;
  for (int i = 0; i <= kCurveSegments; ++i) {
    const double n = from * std::pow(to / from, static_cast<double>(i) / kCurveSegments);
    const auto band = fit.band(std::min(n, to));
    if (!band) continue;
    loads.push_back(rounded(n));
    law.push_back(rounded(band->value));
    low.push_back(rounded(band->low));
    high.push_back(rounded(band->high));
  }
  const auto words = fmt::format(
      "Contention {:.2g} ({:.2g} to {:.2g}), coherency {:.2g} ({:.2g} to {:.2g}).", fit.sigma.value,
      fit.sigma.low, fit.sigma.high, fit.kappa.value, fit.kappa.low, fit.kappa.high);
  return json::object{
      {"n", std::move(loads)},   {"x", std::move(law)},        {"low", std::move(low)},
      {"high", std::move(high)}, {"n_max", number(fit.n_max)}, {"peak", number(fit.peak())},
      {"words", words}};
}

json::object curve_json(const run::ScalingSeries& series) {
  json::array levels;
  for (const auto& result : series.levels)
    levels.push_back(json::object{{"name", text(result.level.name)},
                                  {"connections", result.level.connections},
                                  {"achieved_per_s", rounded(result.achieved_per_s)},
                                  {"trusted", result.trusted},
                                  {"judged", result.judged}});
  return {{"title", series.title()}, {"levels", std::move(levels)}, {"law", law_json(series)}};
}

}  // namespace

json::object heat_column_json(const stats::LatencyMap::Column& column) {
  json::array cells;
  for (std::size_t bin = 0; bin < column.counts.size(); ++bin) {
    if (column.counts[bin] == 0) continue;
    cells.push_back(bin);
    cells.push_back(column.counts[bin]);
  }
  return {{"from", rounded(column.from_s)}, {"to", rounded(column.to_s)}, {"cells", cells}};
}

json::value heat_json(const stats::LatencyMap& map) {
  if (map.columns().empty()) return nullptr;
  const auto& inner = stats::LatencyMap::edges_us();
  json::array edges = {static_cast<double>(inner.front()) / 2e3};  // half a bin's: a log has no 0
  for (const auto edge : inner) edges.push_back(rounded(static_cast<double>(edge) / 1e3));
  edges.push_back(static_cast<double>(inner.back()) / 0.5e3);
  json::array columns;
  for (const auto& column : map.columns()) columns.push_back(heat_column_json(column));
  return json::object{{"edges_ms", std::move(edges)}, {"columns", std::move(columns)}};
}

json::value percentiles_json(const run::Latencies& latencies, std::uint64_t group) {
  const auto& response = latencies.response;
  if (response.empty()) return nullptr;
  json::array rarity, times, low, high, service;
  const double last = kPointsADecade * std::log10(static_cast<double>(response.count()));
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const double x = std::pow(10, i / kPointsADecade);
    const double q = 1 - 1 / x;
    const auto bounds = stats::quantile_bounds(response, std::max(q, 1e-9), kConfidence, group);
    rarity.push_back(rounded(x));
    times.push_back(rounded(response.quantile_ms(q)));
    low.push_back(rounded(bounds.low_ms > 0 ? bounds.low_ms : NAN));
    high.push_back(rounded(bounds.high_ms));
    service.push_back(rounded(latencies.service.quantile_ms(q)));
  }
  return json::object{{"x", std::move(rarity)},
                      {"response", std::move(times)},
                      {"low", std::move(low)},
                      {"high", std::move(high)},
                      {"service", std::move(service)}};
}

json::value strip_json(const run::Record& record) {
  if (record.outages.empty() || record.seconds.empty() || record.clients.empty()) return nullptr;
  Strip strip(record.clients.size(), std::max(record.seconds.back().t, 1.0));
  for (const auto& outage : record.outages) strip.add(outage);
  return strip.take();
}

json::array scaling_curves_json(const run::Record& record) {
  json::array curves;
  if (run::are_scenarios(record)) return curves;
  for (const auto& series : run::scaling_series(record.levels)) {
    const auto& all = series.levels;
    if (all.front().level.connections != all.back().level.connections)
      curves.push_back(curve_json(series));
  }
  return curves;
}

}  // namespace gauntlet::report
