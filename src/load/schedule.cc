#include "load/schedule.h"

#include "core/check.h"

namespace gauntlet::load {

Schedule::Schedule(run::Arrivals arrivals, double rate, std::uint32_t burst, std::uint32_t clients,
                   core::Nanos start, double phase, core::Random random)
    : arrivals_(arrivals),
      interval_ns_(1e9 * burst / rate),
      clients_(clients),
      start_(start),
      phase_(phase),
      random_(random) {
  GAUNTLET_CHECK(rate > 0 && clients > 0 && arrivals != run::Arrivals::closed);
  advance();
}

void Schedule::advance() {
  if (arrivals_ == run::Arrivals::constant) {
    offset_ns_ = (static_cast<double>(count_) + phase_) * interval_ns_;
    next_.client = static_cast<std::uint32_t>(count_ % clients_);
  } else {
    offset_ns_ += random_.exponential(interval_ns_);
    next_.client = static_cast<std::uint32_t>(random_.below(clients_));
  }
  next_.due = start_ + static_cast<core::Nanos>(offset_ns_);
  ++count_;
}

}  // namespace gauntlet::load
