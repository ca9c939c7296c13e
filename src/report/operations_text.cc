#include "report/operations_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/quantity.h"
#include "run/operations.h"

namespace gauntlet::report {

namespace {

constexpr std::string_view kRow = "{:<{}} {:>12} {:>10} {:>8} {:>8} {:>8}\n";
constexpr std::string_view kTitle = "operation";

std::string row(const run::OperationTotals& operation, std::size_t width) {
  const auto& response = operation.response;
  const auto ms = [&](double q) {
    return response.empty() ? "none" : fmt::format("{:.3g}", response.quantile_ms(q));
  };
  return fmt::format(kRow, operation.name, width, core::format_count(operation.counts.completed),
                     core::format_count(operation.counts.errors), ms(0.5), ms(0.95), ms(0.99));
}

}  // namespace

std::string operations_text(const run::Record& record) {
  const auto operations = run::operations_of(record);
  if (operations.empty()) return "";
  std::size_t width = kTitle.size();
  for (const auto& operation : operations) width = std::max(width, operation.name.size());
  auto out = '\n' + fmt::format(kRow, kTitle, width, "completed", "errors", "p50 ms", "p95", "p99");
  for (const auto& operation : operations) out += row(operation, width);
  return out;
}

}  // namespace gauntlet::report
