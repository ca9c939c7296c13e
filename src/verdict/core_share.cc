#include "verdict/core_share.h"

#include <fmt/format.h>

#include <algorithm>

namespace gauntlet::verdict {

namespace {

using run::CoreSample;

// Threads that end take their time with them, and their sum falls: such an interval counts nothing.
CoreSample used_between(const CoreSample& a, const CoreSample& b) {
  const auto rise = [&](double CoreSample::* of) { return std::max(b.*of - a.*of, 0.0); };
  return {.t = b.t - a.t,
          .target_cpu_s = rise(&CoreSample::target_cpu_s),
          .target_wait_s = rise(&CoreSample::target_wait_s),
          .generator_cpu_s = rise(&CoreSample::generator_cpu_s),
          .idle_s = rise(&CoreSample::idle_s),
          .capacity_s = rise(&CoreSample::capacity_s)};
}

void add(CoreSample& sum, const CoreSample& part) {
  sum.target_cpu_s += part.target_cpu_s;
  sum.target_wait_s += part.target_wait_s;
  sum.generator_cpu_s += part.generator_cpu_s;
  sum.idle_s += part.idle_s;
  sum.capacity_s += part.capacity_s;
}

double share(double part, double whole) { return whole > 0 ? std::max(part, 0.0) / whole : 0; }

}  // namespace

std::optional<CoreShares> core_shares(const run::Record& record, double from_s, double to_s) {
  const CoreSample* before = nullptr;
  CoreSample used;
  for (const auto& sample : record.cores) {
    if (sample.t < from_s || sample.t > to_s) continue;
    const bool joined = before != nullptr && record.gaps_s(before->t, sample.t) == 0;
    if (joined) add(used, used_between(*before, sample));
    before = &sample;
  }
  if (used.capacity_s <= 0) return std::nullopt;
  const double others = used.capacity_s - used.idle_s - used.generator_cpu_s - used.target_cpu_s;
  return CoreShares{
      .others = share(others, used.capacity_s),
      .target_wait = share(used.target_wait_s, used.target_wait_s + used.target_cpu_s)};
}

std::string why_busy(const std::optional<CoreShares>& shares) {
  const bool busy =
      shares && shares->others > kOthersShareMax && shares->target_wait > kTargetWaitMax;
  if (!busy) return "";
  return fmt::format(
      "other programs used {:.0f} % of this machine and the target waited for a core {:.0f} % of "
      "the time it wanted one",
      shares->others * 100, shares->target_wait * 100);
}

}  // namespace gauntlet::verdict
