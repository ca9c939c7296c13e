#include "run/limit.h"

#include <gtest/gtest.h>

#include <string>

#include "run/error_class.h"

namespace gauntlet::run {
namespace {

struct Good {
  const char* text;
  const char* metric;
  Comparison comparison;
  double value;
  double warn_until;  // < 0: none
};

class GoodLimit : public testing::TestWithParam<Good> {};

TEST_P(GoodLimit, IsReadInTheUnitOfItsMetric) {
  const auto& expected = GetParam();
  const auto limit = parse_limit(expected.text);
  ASSERT_TRUE(limit) << limit.error().text;
  EXPECT_EQ(limit->metric, expected.metric);
  EXPECT_EQ(limit->comparison, expected.comparison);
  EXPECT_DOUBLE_EQ(limit->value, expected.value);
  ASSERT_EQ(limit->warn_until.has_value(), expected.warn_until >= 0);
  EXPECT_DOUBLE_EQ(limit->warn_until.value_or(-1), expected.warn_until);
  EXPECT_EQ(limit->text, expected.text);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodLimit,
    testing::Values(Good{"connections >= 150", "connections", Comparison::at_least, 150, -1},
                    Good{"throughput >= 4500/s, warn >= 4000/s", "throughput", Comparison::at_least,
                         4500, 4000},
                    Good{"p95<85ms", "p95", Comparison::below, 85, -1},
                    Good{"p95 <= 102ms, warn <= 110.5ms", "p95", Comparison::at_most, 102, 110.5},
                    Good{"p99 <= 1.5s", "p99", Comparison::at_most, 1500, -1},
                    Good{"service_p999 > 250us", "service_p999", Comparison::above, 0.25, -1},
                    Good{"error_rate < 0.1%, warn <= 1%", "error_rate", Comparison::below, 0.001,
                         0.01},
                    Good{"achieved >= 0.9", "achieved", Comparison::at_least, 0.9, -1},
                    Good{"errors_integrity <= 0", "errors_integrity", Comparison::at_most, 0, -1},
                    Good{"spread_p > 0.001", "spread_p", Comparison::above, 0.001, -1},
                    Good{"spread_max_mean <= 1.2", "spread_max_mean", Comparison::at_most, 1.2, -1},
                    Good{"memory_peak < 500MB", "memory_peak", Comparison::below, 500, -1},
                    Good{"memory_growth < 2GB", "memory_growth", Comparison::below, 2048, -1},
                    Good{"recovery < 2m", "recovery", Comparison::below, 120, -1},
                    Good{"reconnected >= 100%", "reconnected", Comparison::at_least, 1, -1}));

struct Bad {
  const char* text;
  const char* message;
};

class BadLimit : public testing::TestWithParam<Bad> {};

TEST_P(BadLimit, IsAUsageErrorThatQuotesIt) {
  const auto limit = parse_limit(GetParam().text);
  ASSERT_FALSE(limit);
  EXPECT_EQ(limit.error().kind, core::ErrorKind::usage);
  EXPECT_EQ(limit.error().text.substr(0, std::string(GetParam().message).size()),
            GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadLimit,
    testing::Values(
        Bad{"p59 < 85ms", "limit `p59 < 85ms`: unknown metric `p59`; did you mean `p50`?"},
        Bad{"thruput > 1", "limit `thruput > 1`: unknown metric `thruput`"},
        Bad{"", "limit ``: unknown metric ``"},
        Bad{"p95 85ms", "limit `p95 85ms`: expected <, <=, > or >= before `85ms`"},
        Bad{"p95 = 85ms", "limit `p95 = 85ms`: expected <, <=, > or >= before `= 85ms`"},
        Bad{"p95 <", "limit `p95 <`: "}, Bad{"p95 < 85", "limit `p95 < 85`: "},
        Bad{"spread_p > much", "limit `spread_p > much`: `much` is not a number"},
        Bad{"spread_p > nan", "limit `spread_p > nan`: `nan` is not a number"},
        Bad{"p95 < 85ms, 90ms",
            "limit `p95 < 85ms, 90ms`: expected `warn …` after the comma, not `90ms`"},
        Bad{"p95 < 85ms, warn > 90ms",
            "limit `p95 < 85ms, warn > 90ms`: the warning points the "
            "other way than the limit"},
        Bad{"p95 < 85ms, warn <= 80ms",
            "limit `p95 < 85ms, warn <= 80ms`: the warning is stricter than the limit"},
        Bad{"throughput > 10/s, warn > 20/s",
            "limit `throughput > 10/s, warn > 20/s`: the warning is stricter than the limit"}));

TEST(Metrics, AreFoundByTheirOwnNamesOnly) {
  for (const auto& metric : metrics()) EXPECT_EQ(find_metric(metric.name), &metric);
  EXPECT_EQ(find_metric("p42"), nullptr);
  EXPECT_EQ(find_metric("errors_rate_limited")->error_class,
            static_cast<std::size_t>(ErrorClass::rate_limited));
  EXPECT_DOUBLE_EQ(find_metric("p999")->quantile, 0.999);
}

TEST(FormatValue, NamesTheUnit) {
  EXPECT_EQ(format_value(2.1234, Unit::milliseconds), "2.12 ms");
  EXPECT_EQ(format_value(110.5, Unit::milliseconds), "110.5 ms");
  EXPECT_EQ(format_value(0, Unit::milliseconds), "0 ms");
  EXPECT_EQ(format_value(4998.2, Unit::per_second), "4,998 msg/s");
  EXPECT_EQ(format_value(-1234, Unit::megabytes_per_5min), "-1,234 MB per 5 min");
  EXPECT_EQ(format_value(0.00082, Unit::ratio), "0.082 %");
  EXPECT_EQ(format_value(150, Unit::count), "150");
  EXPECT_EQ(format_value(3.5, Unit::seconds), "3.5 s");
}

TEST(FormatLimit, ShowsTheZones) {
  EXPECT_EQ(format_limit(*parse_limit("p95<=102ms,warn<=110.5ms")), "<= 102 ms, warn <= 110.5 ms");
  EXPECT_EQ(format_limit(*parse_limit("throughput>4.5k/s,warn>=4k/s")),
            "> 4,500 msg/s, warn >= 4,000 msg/s");
}

}  // namespace
}  // namespace gauntlet::run
