// `gauntlet report`: what a run left in its store, made into reports anew; also of one that died.
#include <csignal>
#include <random>

#include "end_to_end/gauntlet.h"
#include "end_to_end/suite.h"

namespace gauntlet::end_to_end {
namespace {

const std::vector<std::string> kRun = {
    "run", "--url", "builtin",       "-c",          "4",  "-R", "200/s", "-d", "60s", "--warmup",
    "1s",  "--slo", "error_rate<1%", "--transport", "tcp"};

double last_second(const boost::json::object& summary) {
  const auto& t = summary.at("seconds").as_object().at("t").as_array();
  return t.empty() ? 0 : t.back().to_number<double>();
}

TEST(Report, OfAFinishedRunIsTheSameByteForByte) {
  Gauntlet run({"run", "--url", "builtin", "-c", "4", "-R", "200/s", "-d", "2s", "--warmup", "1s",
                "--slo", "p50<10s"});
  const int exit_code = run.wait();
  const fs::path folder = run.folder();
  const std::string summary = read_whole(folder / "summary.json");
  const std::string junit = read_whole(folder / "junit.xml");
  ASSERT_FALSE(summary.empty()) << run.err();
  fs::remove(folder / "summary.json");
  fs::remove(folder / "junit.xml");
  Gauntlet report({"report", folder.string()});
  EXPECT_EQ(report.wait(), exit_code) << report.err();
  EXPECT_EQ(read_whole(folder / "summary.json"), summary);
  EXPECT_EQ(read_whole(folder / "junit.xml"), junit);
  EXPECT_NE(report.out().find("adhoc.slo_p50"), std::string::npos) << report.out();
  Gauntlet by_id(
      {"report", folder.filename().string(), "--results", folder.parent_path().string()});
  EXPECT_EQ(by_id.wait(), exit_code) << by_id.err();
}

TEST(Report, OfACapacitySearchIsTheSame) {
  Gauntlet run({"capacity", "--url", "builtin", "-c", "4", "--from", "100/s", "--to", "200/s",
                "--step", "1s", "--settle", "100ms", "--hold", "0s", "--precision", "100%", "--slo",
                "p50<1s"});
  const int exit_code = run.wait();
  const fs::path folder = run.folder();
  const std::string summary = read_whole(folder / "summary.json");
  ASSERT_FALSE(summary.empty()) << run.err();
  Gauntlet report({"report", folder.string()});
  EXPECT_EQ(report.wait(), exit_code) << report.err();
  EXPECT_EQ(read_whole(folder / "summary.json"), summary);
}

TEST(Report, OfARunThatWasKilledHoldsEverySecondThatWasShown) {
  Gauntlet run(kRun);
  ASSERT_TRUE(run.reaches("steady", 5)) << run.out() << run.err();
  run.signal(SIGKILL);
  EXPECT_EQ(run.wait(), -1);
  const fs::path folder = run.folder();
  EXPECT_FALSE(fs::exists(folder / "summary.json"));
  Gauntlet report({"report", folder.string()});
  EXPECT_EQ(report.wait(), 130) << report.out() << report.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_TRUE(summary.at("run").as_object().at("died").as_bool());
  EXPECT_TRUE(summary.at("run").as_object().at("interrupted").as_bool());
  EXPECT_GE(last_second(summary), 5.4) << "this was on the screen";
  EXPECT_GE(count(summary, "load", "completed"), 700);
  EXPECT_EQ(verdict_of(summary, "adhoc.slo_error_rate"), "INCONCLUSIVE");
  EXPECT_NE(report.out().find("Gauntlet ended"), std::string::npos) << report.out();
  EXPECT_TRUE(fs::exists(folder / "junit.xml"));
}

TEST(Report, OfRunsKilledAtAnyMoment) {
  std::mt19937 random(std::random_device{}());
  for (int round = 0; round < 3; ++round) {
    Gauntlet run(kRun);
    ASSERT_TRUE(run.says("connections: ")) << run.out() << run.err();
    const auto pause_us = static_cast<unsigned>(random() % 2'500'000);
    usleep(pause_us);
    run.signal(SIGKILL);
    run.wait();
    if (!fs::exists(run.folder() / "run.db")) continue;  // it had not begun to write
    Gauntlet report({"report", run.folder().string()});
    EXPECT_EQ(report.wait(), 130) << "after " << pause_us << " us: " << report.err();
    EXPECT_TRUE(run.summary().at("run").as_object().at("died").as_bool());
  }
}

TEST(Report, IsRefusedWhileTheRunGoesOnAndWhereThereIsNone) {
  Gauntlet run(kRun);
  ASSERT_TRUE(run.says("steady")) << run.out() << run.err();
  Gauntlet report({"report", run.folder().string()});
  EXPECT_EQ(report.wait(), 2);
  EXPECT_NE(report.err().find("in use"), std::string::npos) << report.err();
  run.signal(SIGINT);
  EXPECT_EQ(run.wait(), 130);
  Gauntlet none({"report", "no-such-run", "--results", run.folder().parent_path().string()});
  EXPECT_EQ(none.wait(), 2);
  EXPECT_NE(none.err().find("there is no run `no-such-run`"), std::string::npos) << none.err();
}

std::string climb() {
  return Suite("climb", "transport = 'tcp'\nramp = '100ms'")
      .echo()
      .level("low", "connections = 2\nrate = '100/s'")
      .level("high", "connections = 4\nrate = '200/s'")
      .level("beyond", "connections = 8\nrate = '400/s'")
      .steady("4s")
      .test("at_low", {"connections >= 2"}, "level = 'low'")
      .test("at_high", {"connections >= 4"}, "level = 'high'")
      .test("at_beyond", {"connections >= 8"}, "level = 'beyond'")
      .test("all", {"error_rate_worst < 0.1%"})
      .text();
}

TEST(Report, OfAClimbThatWasKilledJudgesTheLevelsThatItReached) {
  Scratch scratch;
  Gauntlet run({"run", scratch.write("climb.toml", climb())});
  ASSERT_TRUE(run.says("level 2 of 3")) << run.out() << run.err();
  const std::size_t before = run.out().size();
  const core::Nanos limit = core::monotonic_ns() + 60 * core::kSecond;
  while (run.out().find("steady", before) == std::string::npos && core::monotonic_ns() < limit)
    usleep(10'000);
  run.signal(SIGKILL);
  run.wait();
  Gauntlet report({"report", run.folder().string()});
  EXPECT_EQ(report.wait(), 130) << report.err();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty());
  EXPECT_EQ(summary.at("levels").as_array().size(), 2U);
  EXPECT_EQ(verdict_of(summary, "climb.at_low"), "PASS");
  EXPECT_EQ(verdict_of(summary, "climb.at_high"), "INCONCLUSIVE");
  EXPECT_EQ(verdict_of(summary, "climb.at_beyond"), "INCONCLUSIVE");
  EXPECT_TRUE(summary.at("run").as_object().at("died").as_bool());
}

TEST(Report, OfAClimbIsTheSameByteForByte) {
  Scratch scratch;
  Gauntlet run({"run", scratch.write("climb.toml", climb())});
  const int exit_code = run.wait();
  const std::string summary = read_whole(run.folder() / "summary.json");
  ASSERT_FALSE(summary.empty()) << run.err();
  Gauntlet report({"report", run.folder().string()});
  EXPECT_EQ(report.wait(), exit_code) << report.err();
  EXPECT_EQ(read_whole(run.folder() / "summary.json"), summary);
  EXPECT_EQ(std::distance(fs::directory_iterator(run.folder().parent_path()), {}), 1);
}

}  // namespace
}  // namespace gauntlet::end_to_end
