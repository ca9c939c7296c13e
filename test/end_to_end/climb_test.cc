// A suite that climbs, from its file to its report.
#include "end_to_end/gauntlet.h"
#include "end_to_end/suite.h"

namespace gauntlet::end_to_end {
namespace {

std::string climb() {
  return Suite("climb",
               "transport = 'tcp'\nprotocol = '2025-11-25'\nramp = '100ms'\nfloor = '200ms'")
      .echo()
      .level("low", "connections = 2\nrate = '100/s'")
      .level("high", "connections = 4\nrate = '400/s'\nburst = 2")
      .level("flat_out", "connections = 3")
      .phase("warmup", "1s")
      .steady("2s")
      .test("at_low", {"connections >= 2", "error_rate < 0.1%"}, "level = 'low'")
      .test("at_high", {"connections >= 5"}, "level = 'high'")
      .test("all", {"error_rate_worst < 0.1%"})
      .text();
}

TEST(Climb, EachLevelIsARunAndAllAreJudgedTogether) {
  Scratch scratch;
  Gauntlet gauntlet({"run", scratch.write("climb.toml", climb())});
  EXPECT_EQ(gauntlet.wait(), 1) << gauntlet.out() << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  const auto& tests = summary.at("tests").as_array();
  ASSERT_EQ(tests.size(), 3U);
  EXPECT_EQ(tests[0].at("name").as_string(), "climb.at_low");
  EXPECT_EQ(tests[0].at("verdict").as_string(), "PASS");
  EXPECT_EQ(tests[1].at("name").as_string(), "climb.at_high");
  EXPECT_EQ(tests[1].at("verdict").as_string(), "FAIL") << "it has four";
  EXPECT_EQ(tests[2].at("verdict").as_string(), "PASS");
  const auto& levels = summary.at("levels").as_array();
  ASSERT_EQ(levels.size(), 3U);
  EXPECT_EQ(levels[0].at("scheduled").to_number<int>(), 200);
  EXPECT_EQ(levels[1].at("scheduled").to_number<int>(), 800);
  EXPECT_EQ(levels[1].at("connections").to_number<int>(), 4);
  EXPECT_GT(levels[1].at("floor_per_s").to_number<double>(), 1000);
  EXPECT_FALSE(levels[2].at("judged").as_bool());
  EXPECT_EQ(levels[2].at("model").as_string(), "closed");
  EXPECT_EQ(count(summary, "load", "connections"), 4) << "the last judged level's";
  EXPECT_EQ(summary.at("target").as_object().at("protocol").as_string(), "2025-11-25");
}

TEST(Climb, InterruptedBetweenTwoLevelsHasAReport) {
  Scratch scratch;
  Gauntlet gauntlet({"run", scratch.write("climb.toml", climb())});
  ASSERT_TRUE(gauntlet.says("level 2 of 3")) << gauntlet.out() << gauntlet.err();
  gauntlet.signal(SIGINT);
  EXPECT_EQ(gauntlet.wait(), 130) << gauntlet.out() << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty());
  const auto& tests = summary.at("tests").as_array();
  ASSERT_EQ(tests.size(), 3U);
  EXPECT_EQ(tests[0].at("verdict").as_string(), "PASS");
  EXPECT_EQ(tests[1].at("verdict").as_string(), "INCONCLUSIVE") << tests[1];
}

}  // namespace
}  // namespace gauntlet::end_to_end
