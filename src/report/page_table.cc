#include "report/page_table.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace gauntlet::report {
namespace {

namespace json = boost::json;

// The least and the most, in the order in which they came; NaNs where there is neither.
std::pair<double, double> extremes(std::span<const double> values) {
  const double* least = nullptr;
  const double* most = nullptr;
  for (const double& value : values) {
    if (std::isnan(value)) continue;
    if (least == nullptr || value < *least) least = &value;
    if (most == nullptr || value > *most) most = &value;
  }
  if (least == nullptr) return {NAN, NAN};
  return least < most ? std::pair(*least, *most) : std::pair(*most, *least);
}

json::array column_json(const std::vector<double>& values, std::size_t stretch) {
  json::array out;
  if (stretch == 1) {
    for (const double value : values) out.push_back(rounded(value));
    return out;
  }
  const std::span<const double> all(values);
  for (std::size_t i = 0; i < all.size(); i += stretch) {
    const auto [first, second] = extremes(all.subspan(i, std::min(stretch, all.size() - i)));
    out.push_back(rounded(first));
    out.push_back(rounded(second));
  }
  return out;
}

// Two moments within each stretch.
json::array times_json(const std::vector<double>& t, std::size_t stretch) {
  json::array out;
  if (stretch == 1) return column_json(t, 1);
  for (std::size_t i = 0; i < t.size(); i += stretch) {
    const double from = t[i], to = t[std::min(i + stretch, t.size()) - 1];
    constexpr double kEarly = 0.25, kLate = 0.75;
    out.push_back(from + kEarly * (to - from));
    out.push_back(from + kLate * (to - from));
  }
  return out;
}

}  // namespace

json::value rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (value == 0) return 0;
  constexpr double kDigits = 5;
  const double scale = std::pow(10, kDigits - 1 - std::floor(std::log10(std::abs(value))));
  const double near = scale >= 1 ? std::round(value * scale) / scale : std::round(value);
  constexpr double kWholeMax = 1e15;
  if (near == std::floor(near) && std::abs(near) < kWholeMax) return std::llround(near);
  return near;
}

json::object table_json(const PageTable& table, std::size_t rows_max) {
  const std::size_t rows = table.t.size();
  const std::size_t stretch = rows <= rows_max ? 1 : (2 * rows + rows_max - 1) / rows_max;
  json::object columns;
  for (const auto& column : table.columns)
    columns[column.name] = column_json(column.values, stretch);
  return {
      {"merged", stretch}, {"t", times_json(table.t, stretch)}, {"columns", std::move(columns)}};
}

}  // namespace gauntlet::report
