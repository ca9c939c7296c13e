// Quantities as users write them: "30s", "1.5m", "85ms", "5000/s", "10k", "1MB", "0.1%".
// parse_* accept exactly the whole text and name what is wrong; format_* print short forms.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace gauntlet::core {

Result<Nanos> parse_duration(std::string_view text);          // us, ms, s, m, h, d; unit required
Result<double> parse_rate(std::string_view text);             // 5000, 5k, 5000/s, 1.5M
Result<std::uint64_t> parse_count(std::string_view text);     // 150, 15k, 1M
Result<std::uint64_t> parse_bytes(std::string_view text);     // 512, 64KB, 1MB, 2GB (powers of 1024)
Result<double> parse_ratio(std::string_view text);            // 0.1% or 0.001

std::string format_duration(Nanos ns);    // "850us", "85.0ms", "30s", "2m30s", "24h"
std::string format_rate(double per_second);  // "4,998/s"
std::string format_count(std::uint64_t n);   // "300,000"

}  // namespace gauntlet::core
