// Quantities as users write them: "30s", "1.5m", "85ms", "5000/s", "10k", "1MB", "0.1%".
// parse_* accept exactly the whole text (a number without sign or exponent, then its unit) and name
// what is wrong, as usage errors; format_* print short forms. Pure functions, safe on any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace gauntlet::core {

inline constexpr Nanos kDurationMax = kSecond * 86'400 * 36'500;  // a hundred years
inline constexpr double kCountMax = 0x1p53;  // a double still tells neighbours apart up to here

// us, ms, s, m, h, d; the unit is required. Parts from large to small may follow each other, as
// format_duration writes them: "2m30s".
Result<Nanos> parse_duration(std::string_view text);
Result<double> parse_rate(std::string_view text);          // 5000, 5k, 5000/s, 1.5M
Result<std::uint64_t> parse_count(std::string_view text);  // 150, 15k, 1M
Result<std::uint64_t> parse_bytes(std::string_view text);  // 512, 64KB, 1MB, 2GB (powers of 1024)
Result<double> parse_ratio(std::string_view text);         // 0.1% or 0.001

std::string format_duration(Nanos ns);       // "850us", "85.0ms", "1.5s", "30s", "2m30s", "24h"
std::string format_rate(double per_second);  // "4,998/s"; "0.5/s" below 10
std::string format_count(std::uint64_t n);   // "300,000"

}  // namespace gauntlet::core
