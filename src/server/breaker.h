// Breaker: the third level of flow control. When a worker cannot keep up it refuses work early, by
// priority, for seconds and not for minutes, and then tries.
//
//   closed ──(a limit is exceeded)──► strained ──(a second later, still)──► open
//      ▲                                 │                                  │ open_ns
//      ├───────(none is exceeded)────────┘                                  ▼
//      └──────────────────(most probes are good)──────────────────────── half open ──► open
//
// Strained, notifications and logging are shed; open, calls too; half open, all calls but a few
// probes. What opens a session or ends one, and errors, always pass.
// The limits look at a rolling window: the 95th percentile of how long messages took, and the share
// that failed of our own fault; and at the latest CPU share and memory of the process. A limit of 0
// is none. Belongs to one thread; no allocation, and no clock of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/clock.h"

namespace gauntlet::server {

inline constexpr core::Nanos kBreakerOpenMax = 5 * core::kSecond;

struct BreakerLimits {
  core::Nanos p95_ns = 0;
  double error_share = 0;
  double cpu_share = 0;                     // of one processor
  std::uint64_t memory_bytes = 0;           // resident
  core::Nanos open_ns = 2 * core::kSecond;  // at most kBreakerOpenMax
  std::uint32_t samples_min = 100;          // in the window, for it to count
  std::uint32_t probes = 10;
};

// From what is never shed to what is shed first.
enum class Priority : std::uint8_t { vital, call, minor };

class Breaker {
 public:
  enum class State : std::uint8_t { closed, strained, open, half_open };
  static constexpr std::array<std::string_view, 4> kStateNames = {"closed", "strained", "open",
                                                                  "half_open"};

  explicit Breaker(const BreakerLimits& limits);

  // Whether it has anything to look at: it never leaves `closed` where it has no limits.
  bool armed() const { return armed_; }
  // Nothing is shed now.
  bool is_closed(core::Nanos now_ns) {
    if (!armed_) return true;
    look(now_ns);
    return state_ == State::closed;
  }
  // Whether to do the work. A call that passes half open is a probe: report it with record().
  bool allows(Priority priority, core::Nanos now_ns);
  // A call was answered.
  void record(core::Nanos now_ns, core::Nanos took_ns, bool failed);
  // What the process uses, about once a second.
  void observe(double cpu_share, std::uint64_t memory_bytes);

  State state() const { return state_; }
  // How long a refused call should wait.
  core::Nanos retry_after_ns(core::Nanos now_ns) const;
  std::uint64_t opened() const { return opened_; }
  std::uint64_t shed(Priority priority) const { return shed_[static_cast<std::size_t>(priority)]; }

 private:
  static constexpr std::size_t kSeconds = 3;
  struct Second {
    std::int64_t number = -1;
    std::uint32_t all = 0;
    std::uint32_t slow = 0;  // took longer than p95_ns: more than a twentieth, and p95 is above it
    std::uint32_t failed = 0;
  };

  bool is_slow(core::Nanos took_ns) const { return limits_.p95_ns > 0 && took_ns > limits_.p95_ns; }
  void count(core::Nanos now_ns, bool slow, bool failed);
  void count_probe(core::Nanos now_ns, bool good);
  void look(core::Nanos now_ns);
  bool exceeded(core::Nanos now_ns) const;
  bool window_exceeded(core::Nanos now_ns) const;
  void enter(State state, core::Nanos now_ns);

  BreakerLimits limits_;
  bool armed_;
  std::array<Second, kSeconds> window_{};  // by number
  double cpu_share_ = 0;
  std::uint64_t memory_bytes_ = 0;
  State state_ = State::closed;
  core::Nanos since_ns_ = 0;  // it is in this state
  core::Nanos looked_ns_ = 0;
  std::uint32_t probes_left_ = 0;
  std::uint32_t probes_good_ = 0;
  std::uint32_t probes_bad_ = 0;
  std::uint64_t opened_ = 0;
  std::array<std::uint64_t, 3> shed_{};
};

}  // namespace gauntlet::server
