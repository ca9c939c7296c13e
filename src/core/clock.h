// Time as Gauntlet counts it: nanoseconds of CLOCK_MONOTONIC in a signed 64-bit number.
// Wall-clock time appears only in reports.
#pragma once

#include <cstdint>
#include <string>

namespace gauntlet::core {

using Nanos = std::int64_t;

inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

Nanos monotonic_ns();

// CPU time of the calling thread (CLOCK_THREAD_CPUTIME_ID).
Nanos thread_cpu_ns();

// "2026-11-23T20:21:41Z"; compact: "20261123-202141".
std::string wall_clock_iso8601();
std::string wall_clock_compact();

inline double to_seconds(Nanos ns) { return static_cast<double>(ns) / 1e9; }
inline double to_millis(Nanos ns) { return static_cast<double>(ns) / 1e6; }
inline Nanos from_seconds(double s) { return static_cast<Nanos>(s * 1e9); }

}  // namespace gauntlet::core
