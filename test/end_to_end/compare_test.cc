// compare, history, --repeat and --baseline, on the files of real runs.
#include <gmock/gmock.h>

#include <set>

#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

// A short run's summary; from it, summaries of longer ones are made whose seconds are known.
const json::object& real_summary() {
  static const json::object summary = [] {
    Gauntlet gauntlet({"run", "--url", "builtin", "-c", "2", "-R", "100", "-d", "1s", "-q"});
    gauntlet.wait();
    return gauntlet.summary();
  }();
  return summary;
}

json::array column(std::size_t rows, double value) {
  json::array all;
  for (std::size_t i = 0; i < rows; ++i)
    all.push_back(value * (1 + 0.01 * static_cast<double>(i % 3)));
  return all;
}

// As if `seconds` of the measured phase had had response times of this many milliseconds.
std::string made_summary(const std::string& id, double ms, std::size_t seconds = 40) {
  json::object summary = real_summary();
  summary["run"].as_object()["id"] = id;
  auto& check = summary["self_check"].as_object();
  check["trusted"] = true;
  check["machine_busy"] = nullptr;
  check["send_lag_ms"] = json::object{{"p50", 0.01}, {"p95", 0.01}, {"p99", 0.01}, {"max", 1}};
  summary["load"].as_object()["scheduled"] = 100'000;
  auto& all = summary["seconds"].as_object();
  all["phase"] = json::array(seconds, 1);
  all["length"] = json::array(seconds, 1);
  all["scheduled"] = json::array(seconds, 2'500);
  all["completed"] = json::array(seconds, 2'500);
  all["errors"] = json::array(seconds, 0);
  all["response_p50_ms"] = column(seconds, ms);
  all["response_p95_ms"] = column(seconds, 2 * ms);
  all["response_p99_ms"] = column(seconds, 3 * ms);
  return json::serialize(summary);
}

std::string add_run(const Scratch& scratch, const std::string& folder, const std::string& id,
                    double ms, std::size_t seconds = 40) {
  fs::create_directories(scratch.path() / folder / id);
  return scratch.write(folder + "/" + id + "/summary.json", made_summary(id, ms, seconds));
}

TEST(Compare, SaysBetterSameWorseAndNotEnoughData) {
  const Scratch scratch;
  const auto a = add_run(scratch, "runs", "a", 10);
  const auto same = add_run(scratch, "runs", "same", 10.05);
  const auto slow = add_run(scratch, "runs", "slow", 15);
  const auto few = add_run(scratch, "runs", "few", 10, 5);
  const auto compared = [&](const std::vector<std::string>& words, int exit_code,
                            const std::string& said) {
    std::vector<std::string> all = {"compare"};
    all.insert(all.end(), words.begin(), words.end());
    Gauntlet gauntlet(all);
    EXPECT_EQ(gauntlet.wait(), exit_code) << gauntlet.out() << gauntlet.err();
    EXPECT_THAT(gauntlet.out() + gauntlet.err(), HasSubstr(said));
  };
  compared({a, same}, 0, "\nsame\n");
  compared({a, slow}, 1, "+50.0 %");
  compared({slow, a}, 0, "\nbetter\n");
  compared({a, few}, 4, "\nnot enough data\n");
  compared({a, same, "vs", slow}, 1, "runs: 2 before, 1 after");
  compared({a, slow, "--margin", "90%"}, 0, "\nsame\n");
  compared({a}, 2, "name two runs");
  compared({a, "vs"}, 2, "name two runs");
  compared({a, "--margin", "p42=1%", same}, 2, "--margin: 'p42' is none of");
  compared({a, scratch.path() / "none"}, 2, "none: No such file");
}

TEST(Compare, AFolderStandsForTheRunsInIt) {
  const Scratch scratch;
  for (int i = 0; i < 6; ++i) {
    add_run(scratch, "before", "b" + std::to_string(i), 10 + 0.02 * i);
    add_run(scratch, "after", "a" + std::to_string(i), 10.5 + 0.02 * i);
  }
  Gauntlet gauntlet({"compare", scratch.path() / "before", scratch.path() / "after"});
  EXPECT_EQ(gauntlet.wait(), 1) << gauntlet.out() << gauntlet.err();
  EXPECT_THAT(gauntlet.out(), HasSubstr("6 before, 6 after; a run is a sample"));
}

TEST(Compare, AnotherLoadIsAMistakeOfTheUser) {
  const Scratch scratch;
  const auto a = add_run(scratch, "runs", "a", 10);
  auto summary = json::parse(made_summary("b", 10)).as_object();
  summary["load"].as_object()["connections"] = 999;
  const auto b = scratch.write("b.json", json::serialize(summary));
  Gauntlet gauntlet({"compare", a, b});
  EXPECT_EQ(gauntlet.wait(), 2);
  EXPECT_EQ(gauntlet.err(), "gauntlet: not the same load: a has connections 2, b has 999\n");
}

TEST(History, ListsTheRunsOfAFolder) {
  const Scratch scratch;
  add_run(scratch, "runs", "one", 10);
  add_run(scratch, "runs", "two", 10);
  Gauntlet gauntlet({"history", scratch.path() / "runs"});
  EXPECT_EQ(gauntlet.wait(), 0) << gauntlet.err();
  EXPECT_THAT(gauntlet.out(), HasSubstr("  one\n"));
  EXPECT_THAT(gauntlet.out(), HasSubstr("adhoc, 2 runs\n  throughput"));
  Gauntlet none({"history", scratch.path() / "none"});
  EXPECT_EQ(none.wait(), 2);
}

std::vector<json::object> summaries_of(const Gauntlet& gauntlet) {
  std::vector<json::object> all;
  for (const auto& entry : fs::directory_iterator(gauntlet.scratch() / "results"))
    all.push_back(json::parse(read_whole(entry.path() / "summary.json")).as_object());
  return all;
}

// Five runs against five that were a hundred times as fast, each with a server of its own.
TEST(Baseline, ARegressionIsAFail) {
  const Scratch scratch;
  for (int i = 0; i < 5; ++i) add_run(scratch, "fast", "f" + std::to_string(i), 0.001);
  Gauntlet gauntlet({"run", "--url", "builtin", "-c", "2", "-R", "100", "-d", "1s", "-q",
                     "--repeat", "5", "--baseline", scratch.path() / "fast"});
  const int exit_code = gauntlet.wait();
  const auto runs = summaries_of(gauntlet);
  ASSERT_EQ(runs.size(), 5U) << gauntlet.out() << gauntlet.err();
  std::set<std::int64_t> servers;
  int judged = 0, doubtful = 0;
  std::string verdict;
  for (const auto& run : runs) {
    servers.insert(count(run, "target", "pid"));
    const auto& check = run.at("self_check").as_object();
    doubtful += !check.at("trusted").as_bool() || !check.at("machine_busy").is_null() ? 1 : 0;
    const auto found = verdict_of(run, "adhoc.no_regression");
    if (found == "no such test") continue;
    ++judged;
    verdict = found;
  }
  EXPECT_EQ(servers.size(), 5U) << "a fresh server each";
  EXPECT_EQ(judged, 1) << "the last run's, for all of them";
  if (doubtful == 0) {
    EXPECT_EQ(verdict, "FAIL") << gauntlet.out();
    EXPECT_EQ(exit_code, 1);
  } else {
    EXPECT_EQ(verdict, "INCONCLUSIVE") << "runs that are no evidence are left out";
    EXPECT_EQ(exit_code, 4);
  }
}

TEST(Baseline, MistakesAreToldBeforeTheRun) {
  const Scratch scratch;
  const auto refused = [](const std::vector<std::string>& words, const std::string& said) {
    std::vector<std::string> all = {"run", "--url", "builtin", "-d", "1s"};
    all.insert(all.end(), words.begin(), words.end());
    Gauntlet gauntlet(all);
    EXPECT_EQ(gauntlet.wait(), 2);
    EXPECT_THAT(gauntlet.err(), HasSubstr(said));
  };
  refused({"--baseline", scratch.path() / "none"}, "--baseline: ");
  refused({"--baseline", add_run(scratch, "r", "a", 1), "--margin", "x"}, "--margin: ");
  refused({"--repeat", "0"}, "--repeat: from 1 to 1000");
}

TEST(Baseline, RunsOfAnotherLoadDecideNothing) {
  const Scratch scratch;
  add_run(scratch, "runs", "a", 10);
  Gauntlet gauntlet({"run", "--url", "builtin", "-c", "3", "-R", "100", "-d", "1s", "-q",
                     "--baseline", scratch.path() / "runs"});
  EXPECT_EQ(gauntlet.wait(), 4) << gauntlet.out();
  EXPECT_EQ(verdict_of(gauntlet.summary(), "adhoc.no_regression"), "INCONCLUSIVE");
  EXPECT_THAT(gauntlet.out(), HasSubstr("not the same load: a has connections 2"));
}

}  // namespace
}  // namespace gauntlet::end_to_end
