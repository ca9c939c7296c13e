#include "main/memory_sampler.h"

#include "core/proc.h"

namespace gauntlet::main {
namespace {

constexpr double kBytesPerMb = 1024.0 * 1024.0;

}  // namespace

void MemorySampler::tick(core::Nanos now, double t) {
  if (now < next_) return;
  next_ = now + core::kSecond;
  const std::vector<pid_t> roots = roots_();
  if (roots.empty()) return;
  had_roots_ = true;
  const auto bytes = core::resident_bytes(core::process_tree(roots));
  if (bytes) samples_.push_back({t, static_cast<double>(*bytes) / kBytesPerMb});
}

std::optional<double> MemorySampler::latest_mb() const {
  if (samples_.empty()) return std::nullopt;
  return samples_.back().resident_mb;
}

void MemorySampler::fill(run::Record& record) const {
  record.memory = samples_;
  if (!samples_.empty()) return;
  record.memory_reason = had_roots_ ? "the target's processes were gone before the first sample"
                                    : "the target's process cannot be seen from here";
}

}  // namespace gauntlet::main
