#include "record/json_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "record/fields.h"

namespace gauntlet::record {
namespace {

template <typename T>
T back(const T& value) {
  T result{};
  EXPECT_TRUE(from_json(to_json(value), result)) << to_json(value);
  return result;
}

RC_GTEST_PROP(JsonCodec, NumbersComeBackExactly, (std::uint64_t bits, std::int64_t integer)) {
  const auto number = std::bit_cast<double>(bits);
  const double read = back(number);
  const bool same = std::isnan(number) ? std::isnan(read) : read == number;
  RC_ASSERT(same);
  RC_ASSERT(back(bits) == bits);
  RC_ASSERT(back(integer) == integer);
}

TEST(JsonCodec, WholeNumbersTooLargeForAnIntegerComeBack) {
  for (const double number : {0x1p63, -0x1p63, 0x1p64, -0x1p64, 3e19, 1e300})
    EXPECT_EQ(back(number), number);
}

RC_GTEST_PROP(JsonCodec, TextComesBackWhateverItsBytes, (const std::string& text)) {
  RC_ASSERT(back(text) == text);
}

TEST(JsonCodec, HistogramsAndEnumerators) {
  stats::Histogram histogram;
  histogram.record_us(1234, 5);
  EXPECT_EQ(back(histogram).encode_v2(), histogram.encode_v2());
  EXPECT_EQ(to_json(run::Arrivals::poisson), "\"poisson\"");
  EXPECT_EQ(back(run::GaveWay::Who::machine), run::GaveWay::Who::machine);
  EXPECT_EQ(back(std::optional<double>()), std::nullopt);
  EXPECT_EQ(back(std::pair<std::string, std::string>("a", "b")).second, "b");
}

TEST(JsonCodec, MissingMembersKeepTheirValueAndUnknownOnesAreLeftAlone) {
  run::Phase phase{.name = "before", .duration = 5};
  EXPECT_TRUE(from_json(R"({"name":"after","later":{"a":[1]}})", phase));
  EXPECT_EQ(phase.name, "after");
  EXPECT_EQ(phase.duration, 5);
}

TEST(JsonCodec, WhatIsOfAnotherTypeIsRefused) {
  run::Phase phase;
  run::Fault fault;
  run::Counts counts;
  for (const char* bad :
       {"", "{", "[]", "null", R"({"name":7})", R"({"duration":"long"})", R"({"duration":1e300})",
        R"({"measured":1})", R"({"name":{"base64":"!"}})", R"({"rate_factor":"much"})"})
    EXPECT_FALSE(from_json(bad, phase)) << bad;
  for (const char* bad :
       {R"({"with":[["one"]]})", R"({"with":{}})", R"({"times":-1})", R"({"times":4294967296})"})
    EXPECT_FALSE(from_json(bad, fault)) << bad;
  EXPECT_FALSE(from_json(R"({"errors":[0,0,0,0,0,0,0,0,0,0,0]})", counts)) << "one too many";
  run::Arrivals arrivals{};
  EXPECT_FALSE(from_json("\"sometimes\"", arrivals));
  EXPECT_FALSE(from_json("1", arrivals));
  stats::Histogram histogram;
  EXPECT_FALSE(from_json("\"HISTFAAA\"", histogram));
}

}  // namespace
}  // namespace gauntlet::record
