#include "core/quantity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include "core/check.h"

namespace gauntlet::core {
namespace {

struct Unit {
  std::string_view name;
  int exponent = 0;   // of ten
  double factor = 1;  // exact in binary, applied after the exponent
};

struct DurationUnit {
  std::string_view name;
  Nanos ns = 0;
};

constexpr std::array<DurationUnit, 6> kDurationUnits = {{{"d", 86'400 * kSecond},
                                                         {"h", 3'600 * kSecond},
                                                         {"m", 60 * kSecond},
                                                         {"s", kSecond},
                                                         {"ms", kMillisecond},
                                                         {"us", kMicrosecond}}};
constexpr std::array<Unit, 4> kCountUnits = {{{"", 0}, {"k", 3}, {"K", 3}, {"M", 6}}};
constexpr std::array<Unit, 5> kByteUnits = {
    {{""}, {"B"}, {"KB", 0, 0x1p10}, {"MB", 0, 0x1p20}, {"GB", 0, 0x1p30}}};
constexpr std::array<Unit, 2> kRatioUnits = {{{""}, {"%", -2}}};

constexpr std::string_view kDurationExamples = "30s, 1.5m, 85ms";

Error not_a(std::string_view text, std::string_view what, std::string_view examples) {
  return {ErrorKind::usage, fmt::format("\"{}\" is not {}; write {}", text, what, examples)};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::size_t kNumberLengthMax = 40;  // so that no number is out of a double's range

// Takes "12" or "1.5" off the front of `rest`; empty where there is no number.
std::string_view take_number(std::string_view& rest) {
  std::size_t length = 0;
  while (length < rest.size() && is_digit(rest[length])) ++length;
  if (length == 0) return {};
  if (length + 1 < rest.size() && rest[length] == '.' && is_digit(rest[length + 1])) {
    do ++length;
    while (length < rest.size() && is_digit(rest[length]));
  }
  if (length > kNumberLengthMax) return {};
  const auto number = rest.substr(0, length);
  rest.remove_prefix(length);
  return number;
}

// The nearest double to number * 10^exponent: "1.001" thousand is exactly 1001, "0.1" percent
// exactly the double 0.001.
double to_double(std::string_view number, int exponent) {
  const std::string text = fmt::format("{}e{}", number, exponent);
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  GAUNTLET_CHECK(parsed.ec == std::errc{});
  return value;
}

// The number and its unit; nothing where the text is not of that form.
std::optional<double> parse_scaled(std::string_view text, std::span<const Unit> units) {
  const auto number = take_number(text);
  if (number.empty()) return std::nullopt;
  const auto unit = std::ranges::find(units, text, &Unit::name);
  if (unit == units.end()) return std::nullopt;
  return to_double(number, unit->exponent) * unit->factor;
}

Result<std::uint64_t> to_whole(double value, std::string_view text, std::string_view what) {
  if (value > kCountMax) return usage_error(fmt::format("\"{}\" is too large for {}", text, what));
  if (value != std::floor(value)) {
    return usage_error(fmt::format("\"{}\" is not whole; {} has no fraction", text, what));
  }
  return static_cast<std::uint64_t>(value);
}

std::string_view take_unit_name(std::string_view& rest) {
  std::size_t length = 0;
  while (length < rest.size() && !is_digit(rest[length])) ++length;
  const auto name = rest.substr(0, length);
  rest.remove_prefix(length);
  return name;
}

// "4998" -> "4,998". Leaves everything but digits alone.
std::string group_thousands(std::string digits) {
  const auto first =
      static_cast<std::size_t>(std::ranges::find_if(digits, is_digit) - digits.begin());
  for (std::size_t end = digits.size(); end > first + 3; end -= 3) digits.insert(end - 3, 1, ',');
  return digits;
}

// Tenths of a unit, without ".0" where `trim` says so.
std::string format_tenths(std::uint64_t tenths, std::string_view unit, bool trim) {
  if (trim && tenths % 10 == 0) return fmt::format("{}{}", tenths / 10, unit);
  return fmt::format("{}.{}{}", tenths / 10, tenths % 10, unit);
}

std::string format_long(std::uint64_t seconds) {
  std::string text;
  if (seconds >= 3600) text += fmt::format("{}h", seconds / 3600);
  if (seconds / 60 % 60 != 0) text += fmt::format("{}m", seconds / 60 % 60);
  if (seconds % 60 != 0) text += fmt::format("{}s", seconds % 60);
  return text;
}

std::uint64_t rounded(std::uint64_t ns, std::uint64_t unit_ns) {
  return ns / unit_ns + (ns % unit_ns * 2 >= unit_ns ? 1 : 0);
}

std::string format_positive(std::uint64_t ns) {
  if (ns == 0) return "0s";
  if (rounded(ns, 100) < 10) return format_tenths(rounded(ns, 100), "us", true);
  if (rounded(ns, 1'000) < 1'000) return fmt::format("{}us", rounded(ns, 1'000));
  if (rounded(ns, 100'000) < 10'000) return format_tenths(rounded(ns, 100'000), "ms", false);
  if (rounded(ns, 100'000'000) < 600) return format_tenths(rounded(ns, 100'000'000), "s", true);
  return format_long(rounded(ns, 1'000'000'000));
}

}  // namespace

Result<Nanos> parse_duration(std::string_view text) {
  const auto wrong = [&] { return std::unexpected(not_a(text, "a duration", kDurationExamples)); };
  double total_ns = 0;
  std::string_view rest = text;
  auto larger_than = kDurationUnits.begin();
  do {
    const auto number = take_number(rest);
    if (number.empty()) return wrong();
    const auto name = take_unit_name(rest);
    if (name.empty()) {
      return usage_error(fmt::format("\"{}\" has no unit; write {}", text, kDurationExamples));
    }
    const auto* unit =
        std::ranges::find(larger_than, kDurationUnits.end(), name, &DurationUnit::name);
    if (unit == kDurationUnits.end()) return wrong();
    total_ns += to_double(number, 0) * static_cast<double>(unit->ns);
    larger_than = unit + 1;
  } while (!rest.empty());
  if (total_ns > static_cast<double>(kDurationMax)) {
    return usage_error(fmt::format("\"{}\" is too long; the longest is 36500d", text));
  }
  return std::llround(total_ns);
}

Result<double> parse_rate(std::string_view text) {
  constexpr std::string_view kPerSecond = "/s";
  auto amount = text;
  if (amount.ends_with(kPerSecond)) amount.remove_suffix(kPerSecond.size());
  const auto value = parse_scaled(amount, kCountUnits);
  if (!value) return std::unexpected(not_a(text, "a rate", "5000/s, 5k/s, 1.5M/s"));
  if (*value > kCountMax) return usage_error(fmt::format("\"{}\" is too large for a rate", text));
  return *value;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  const auto value = parse_scaled(text, kCountUnits);
  if (!value) return std::unexpected(not_a(text, "a count", "150, 15k, 1M"));
  return to_whole(*value, text, "a count");
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto value = parse_scaled(text, kByteUnits);
  if (!value) return std::unexpected(not_a(text, "a size", "512, 64KB, 1MB, 2GB"));
  return to_whole(*value, text, "a number of bytes");
}

Result<double> parse_ratio(std::string_view text) {
  const auto value = parse_scaled(text, kRatioUnits);
  if (!value) return std::unexpected(not_a(text, "a ratio", "0.1% or 0.001"));
  if (*value > kCountMax) return usage_error(fmt::format("\"{}\" is too large for a ratio", text));
  return *value;
}

std::string format_duration(Nanos ns) {
  if (ns >= 0) return format_positive(static_cast<std::uint64_t>(ns));
  return "-" + format_positive(-static_cast<std::uint64_t>(ns));
}

std::string format_rate(double per_second) {
  const bool small = std::abs(per_second) < 9.95 && per_second != std::floor(per_second);
  if (small) return fmt::format("{:.2g}/s", per_second);
  return group_thousands(fmt::format("{:.0f}", per_second)) + "/s";
}

std::string format_count(std::uint64_t n) { return group_thousands(std::to_string(n)); }

}  // namespace gauntlet::core
