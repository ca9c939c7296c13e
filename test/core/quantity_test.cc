#include "core/quantity.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace gauntlet::core {
namespace {

template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? "no error" : result.error().text;
}

TEST(Duration, KnowsEveryUnit) {
  EXPECT_EQ(parse_duration("7us").value(), 7'000);
  EXPECT_EQ(parse_duration("85ms").value(), 85'000'000);
  EXPECT_EQ(parse_duration("30s").value(), 30 * kSecond);
  EXPECT_EQ(parse_duration("2m").value(), 120 * kSecond);
  EXPECT_EQ(parse_duration("24h").value(), 86'400 * kSecond);
  EXPECT_EQ(parse_duration("1d").value(), 86'400 * kSecond);
}

TEST(Duration, TakesFractionsAndZero) {
  EXPECT_EQ(parse_duration("1.5m").value(), 90 * kSecond);
  EXPECT_EQ(parse_duration("0.1ms").value(), 100'000);
  EXPECT_EQ(parse_duration("0s").value(), 0);
}

TEST(Duration, TakesPartsFromLargeToSmall) {
  EXPECT_EQ(parse_duration("2m30s").value(), 150 * kSecond);
  EXPECT_EQ(parse_duration("1h0.5s").value(), 3'600'500 * kMillisecond);
  EXPECT_FALSE(parse_duration("30s2m"));
  EXPECT_FALSE(parse_duration("1s1s"));
}

TEST(Duration, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(parse_duration("30x")), "\"30x\" is not a duration; write 30s, 1.5m, 85ms");
  EXPECT_EQ(error_of(parse_duration("30")), "\"30\" has no unit; write 30s, 1.5m, 85ms");
  EXPECT_EQ(error_of(parse_duration("2m30")), "\"2m30\" has no unit; write 30s, 1.5m, 85ms");
  EXPECT_EQ(error_of(parse_duration("")), "\"\" is not a duration; write 30s, 1.5m, 85ms");
  EXPECT_EQ(error_of(parse_duration("36501d")), "\"36501d\" is too long; the longest is 36500d");
  EXPECT_EQ(parse_duration("30x").error().kind, ErrorKind::usage);
}

TEST(Duration, RefusesWhatIsNotExactlyOne) {
  for (const auto* text :
       {" 30s", "30s ", "30 s", "-1s", "+1s", ".5s", "5.s", "1e3s", "infs", "nans", "0x1s", "1,5s",
        "s", "30S", "1.5.5s", "00000000000000000000000000000000000000000001s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, ReachesAHundredYears) { EXPECT_EQ(parse_duration("36500d").value(), kDurationMax); }

TEST(Rate, TakesSuffixesAndPerSecond) {
  EXPECT_EQ(parse_rate("5000").value(), 5000);
  EXPECT_EQ(parse_rate("5000/s").value(), 5000);
  EXPECT_EQ(parse_rate("5k").value(), 5000);
  EXPECT_EQ(parse_rate("1.5M/s").value(), 1.5e6);
  EXPECT_EQ(parse_rate("0.5").value(), 0.5);
}

TEST(Rate, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(parse_rate("fast")), "\"fast\" is not a rate; write 5000/s, 5k/s, 1.5M/s");
  EXPECT_EQ(error_of(parse_rate("99999999999999999/s")),
            "\"99999999999999999/s\" is too large for a rate");
  for (const auto* text : {"", "/s", "5000/m", "5000/", "-5", "5 k", "1/s/s", "inf", "nan"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(Count, TakesSuffixes) {
  EXPECT_EQ(parse_count("0").value(), 0U);
  EXPECT_EQ(parse_count("150").value(), 150U);
  EXPECT_EQ(parse_count("15k").value(), 15'000U);
  EXPECT_EQ(parse_count("15K").value(), 15'000U);
  EXPECT_EQ(parse_count("1M").value(), 1'000'000U);
  EXPECT_EQ(parse_count("9007199254740992").value(), 9'007'199'254'740'992U);
}

TEST(Count, ShiftsTheDecimalPointExactly) {
  EXPECT_EQ(parse_count("1.001k").value(), 1001U);
  EXPECT_EQ(parse_count("4.35k").value(), 4350U);
}

TEST(Count, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(parse_count("many")), "\"many\" is not a count; write 150, 15k, 1M");
  EXPECT_EQ(error_of(parse_count("1.5")), "\"1.5\" is not whole; a count has no fraction");
  EXPECT_EQ(error_of(parse_count("18446744073709551616")),
            "\"18446744073709551616\" is too large for a count");
  EXPECT_FALSE(parse_count("-1"));
  EXPECT_FALSE(parse_count("15m"));
}

TEST(Bytes, CountsInPowersOf1024) {
  EXPECT_EQ(parse_bytes("512").value(), 512U);
  EXPECT_EQ(parse_bytes("512B").value(), 512U);
  EXPECT_EQ(parse_bytes("64KB").value(), 65'536U);
  EXPECT_EQ(parse_bytes("1MB").value(), 1'048'576U);
  EXPECT_EQ(parse_bytes("1.5MB").value(), 1'572'864U);
  EXPECT_EQ(parse_bytes("2GB").value(), 2'147'483'648U);
}

TEST(Bytes, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(parse_bytes("1mb")), "\"1mb\" is not a size; write 512, 64KB, 1MB, 2GB");
  EXPECT_EQ(error_of(parse_bytes("0.1KB")),
            "\"0.1KB\" is not whole; a number of bytes has no fraction");
  EXPECT_EQ(error_of(parse_bytes("9000000000GB")),
            "\"9000000000GB\" is too large for a number of bytes");
}

TEST(Ratio, TakesPercentAndPlain) {
  EXPECT_EQ(parse_ratio("0.001").value(), 0.001);
  EXPECT_EQ(parse_ratio("0.1%").value(), 0.001);
  EXPECT_EQ(parse_ratio("99.9%").value(), 0.999);
  EXPECT_EQ(parse_ratio("100%").value(), 1);
}

TEST(Ratio, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(parse_ratio("1/2")), "\"1/2\" is not a ratio; write 0.1% or 0.001");
  EXPECT_EQ(error_of(parse_ratio("99999999999999999")),
            "\"99999999999999999\" is too large for a ratio");
  EXPECT_FALSE(parse_ratio("%"));
  EXPECT_FALSE(parse_ratio("-1%"));
}

TEST(FormatDuration, IsShort) {
  EXPECT_EQ(format_duration(0), "0s");
  EXPECT_EQ(format_duration(400), "0.4us");
  EXPECT_EQ(format_duration(850 * kMicrosecond), "850us");
  EXPECT_EQ(format_duration(85 * kMillisecond), "85.0ms");
  EXPECT_EQ(format_duration(1'500 * kMillisecond), "1.5s");
  EXPECT_EQ(format_duration(30 * kSecond), "30s");
  EXPECT_EQ(format_duration(120 * kSecond), "2m");
  EXPECT_EQ(format_duration(150 * kSecond), "2m30s");
  EXPECT_EQ(format_duration(3'605 * kSecond), "1h5s");
  EXPECT_EQ(format_duration(86'400 * kSecond), "24h");
  EXPECT_EQ(format_duration(-2 * kSecond), "-2s");
}

TEST(FormatDuration, RoundsIntoTheNextUnit) {
  EXPECT_EQ(format_duration(999'499), "999us");
  EXPECT_EQ(format_duration(999'500), "1.0ms");
  EXPECT_EQ(format_duration(999'960'000), "1s");
  EXPECT_EQ(format_duration(59'990 * kMillisecond), "1m");
}

TEST(FormatDuration, HasNoLimits) {
  EXPECT_EQ(format_duration(std::numeric_limits<Nanos>::min()), "-2562047h47m17s");
  EXPECT_EQ(format_duration(std::numeric_limits<Nanos>::max()), "2562047h47m17s");
}

TEST(FormatRate, GroupsThousands) {
  EXPECT_EQ(format_rate(4'998.2), "4,998/s");
  EXPECT_EQ(format_rate(500'000), "500,000/s");
  EXPECT_EQ(format_rate(999), "999/s");
  EXPECT_EQ(format_rate(0), "0/s");
  EXPECT_EQ(format_rate(9.96), "10/s");
  EXPECT_EQ(format_rate(0.5), "0.5/s");
  EXPECT_EQ(format_rate(0.04), "0.04/s");
  EXPECT_EQ(format_rate(-1234), "-1,234/s");
  EXPECT_EQ(format_rate(std::nan("")), "nan/s");
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1'000), "1,000");
  EXPECT_EQ(format_count(300'000), "300,000");
  EXPECT_EQ(format_count(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
}

RC_GTEST_PROP(FormatDuration, IsReadBackWithinItsRounding, ()) {
  const auto ns = *rc::gen::inRange<Nanos>(0, kDurationMax);
  const auto back = parse_duration(format_duration(ns));
  RC_ASSERT(back.has_value());
  const Nanos rounding = ns < 60 * kSecond ? ns / 19 + 50 : kSecond / 2;
  RC_ASSERT(std::abs(*back - ns) <= rounding);
}

RC_GTEST_PROP(Parsers, NeverThrowOnAnyText, (const std::string& text)) {
  static_cast<void>(parse_duration(text));
  static_cast<void>(parse_rate(text));
  static_cast<void>(parse_count(text));
  static_cast<void>(parse_bytes(text));
  static_cast<void>(parse_ratio(text));
}

}  // namespace
}  // namespace gauntlet::core
