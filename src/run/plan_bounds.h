// The bounds of what a plan may ask for, shared by suites and the command line.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/clock.h"

namespace gauntlet::run {

inline constexpr std::uint64_t kConnectionsMax = 100'000;
inline constexpr double kRateMax = 1e8;  // messages per second
inline constexpr std::uint64_t kBurstMax = 1024;
inline constexpr std::uint64_t kPipelineMax = 1024;
inline constexpr std::uint64_t kThreadsMax = 256;
inline constexpr std::uint64_t kWorkersMax = 256;  // of our own server
inline constexpr double kWeightMax = 1e6;
inline constexpr core::Nanos kRampMax = 3600 * core::kSecond;
inline constexpr core::Nanos kTimeoutMin = core::kMillisecond;
inline constexpr core::Nanos kTimeoutMax = 3600 * core::kSecond;
inline constexpr core::Nanos kKeepServerMax = 24 * 3600 * core::kSecond;
inline constexpr core::Nanos kReconnectMin = core::kMillisecond;
inline constexpr core::Nanos kReconnectMax = 600 * core::kSecond;
inline constexpr core::Nanos kHeartbeatMin = 50 * core::kMillisecond;
inline constexpr core::Nanos kHeartbeatMax = 3600 * core::kSecond;
inline constexpr std::uint64_t kRetriesMax = 100;        // of one message, with Retry::backoff
inline constexpr std::uint32_t kStormRetriesMax = 1000;  // of one message, with Retry::storm
inline constexpr double kRateFactorMax = 10;
inline constexpr std::uint64_t kFaultTimesMax = 10'000;
inline constexpr core::Nanos kPhaseMin = 100 * core::kMillisecond;
inline constexpr core::Nanos kPhaseMax = 7 * 24 * 3600 * core::kSecond;
inline constexpr std::size_t kArgumentsBytesMax = 1'000'000;  // of one call
inline constexpr std::size_t kEntriesMax = 256;  // of each kind: phases, tests, limits of a test…
inline constexpr std::size_t kSuiteBytesMax = 4'000'000;

}  // namespace gauntlet::run
