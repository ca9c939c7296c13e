// A suite that climbs, from its file to its report.
#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

constexpr std::string_view kClimb = R"(suite = "climb"
[load]
transport = "tcp"
protocol = "2025-11-25"
ramp = "100ms"
floor = "200ms"
[[mix]]
tool = "echo"
arguments = { message = "{{nonce}}" }
[[level]]
name = "low"
connections = 2
rate = "100/s"
[[level]]
name = "high"
connections = 4
rate = "400/s"
burst = 2
[[level]]
name = "flat_out"
connections = 3
[[phase]]
name = "warmup"
duration = "1s"
[[phase]]
name = "steady"
duration = "2s"
measured = true
[[test]]
name = "at_low"
level = "low"
limits = ["connections >= 2", "error_rate < 0.1%"]
[[test]]
name = "at_high"
level = "high"
limits = ["connections >= 5"]
[[test]]
name = "all"
limits = ["error_rate_worst < 0.1%"]
)";

TEST(Climb, EachLevelIsARunAndAllAreJudgedTogether) {
  Scratch scratch;
  const fs::path file = scratch.path() / "climb.toml";
  std::ofstream(file) << kClimb;
  Gauntlet gauntlet({"run", file.string()});
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

}  // namespace
}  // namespace gauntlet::end_to_end
