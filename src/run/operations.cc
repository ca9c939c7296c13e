#include "run/operations.h"

#include <fmt/format.h>

#include <algorithm>

namespace gauntlet::run {

namespace {

std::string name_of(const Operation& operation) {
  return operation.method == "tools/call" ? operation.tool : operation.method;
}

std::vector<OperationTotals> named(const std::vector<Operation>& mix) {
  std::vector<OperationTotals> all(std::min(mix.size(), kOperationsKept));
  for (std::size_t i = 0; i < all.size(); ++i) all[i].name = name_of(mix[i]);
  if (mix.size() > all.size())
    all.back().name += fmt::format(" and {} more", mix.size() - all.size());
  return all;
}

}  // namespace

std::vector<OperationTotals> operations_of(const Record& record) {
  if (record.operations.empty() || record.plan.load.mix.size() < 2) return {};
  auto all = named(record.plan.load.mix);
  for (const auto& row : record.operations) {
    if (row.phase != record.measured_phase() || row.operation >= all.size()) continue;
    all[row.operation].counts.add(row.counts);
    if (const auto read = stats::Histogram::decode_v2_compressed(row.response))
      all[row.operation].response.merge(*read);
  }
  return all;
}

}  // namespace gauntlet::run
