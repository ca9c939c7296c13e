// The harness itself is put to the test: a server that nobody restarts, clients that do not come
// back, and a run in which all is well. (An injector that does nothing is in run_fault_test.cc.)
#include <unistd.h>

#include "end_to_end/gauntlet.h"
#include "end_to_end/suite.h"

namespace gauntlet::end_to_end {
namespace {

// With a fault "it".
Suite mutant(const std::string& fault, const std::string& load = {}) {
  Suite suite("mutant",
              "connections = 20\nrate = '200/s'\nworkers = 2\nprotocol = '2025-11-25'\n"
              "ramp = '0s'\ntimeout = '2s'\n" +
                  load);
  return suite.table("[client]", "retry = 'backoff'")
      .echo("idempotent = true")
      .steady("7s")
      .phase("trouble", "15s")
      .fault("it", "trouble", "at = '1s'\n" + fault);
}

// What it has to recover from.
std::string recovers(Suite suite) {
  return suite.test("t", {"recovery < 14s", "error_rate < 1%", "p99 <= 500ms"}, "fault = 'it'")
      .text();
}

// A machine that is busy with other things may keep a failure from being judged, and nothing else.
void expect_failed(Gauntlet& run, const std::string& test) {
  run.wait();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty()) << run.err();
  const auto verdict = verdict_of(summary, test);
  const bool held_back = run.out().contains("machine_busy") || !run.trusted();
  EXPECT_TRUE(verdict == "FAIL" || (verdict == "INCONCLUSIVE" && held_back)) << run.out();
}

TEST(Mutation, AServerThatNobodyRestartsFails) {
  Scratch scratch;
  const auto file = scratch.write("mutant.toml", recovers(mutant("kind = 'crash'\nhow = 'tree'")));
  Gauntlet run({"run", file, "-q"});
  expect_failed(run, "mutant.t");
  EXPECT_EQ(verdict_of(run.summary(), "mutant.target_survives"), "FAIL") << run.out();
  EXPECT_EQ(run.wait(), 1);
  if (verdict_of(run.summary(), "mutant.t") == "FAIL") {
    EXPECT_NE(run.out().find("recovery never"), std::string::npos) << run.out();
  }
}

TEST(Mutation, ClientsThatDoNotComeBackFail) {
  Scratch scratch;
  auto suite = mutant("kind = 'disconnect'\nshare = 0.5", "reconnect = false");
  suite.test("t", {"reconnected >= 100%"}, "fault = 'it'");
  const auto file = scratch.write("mutant.toml", suite.text());
  Gauntlet run({"run", file, "-q"});
  expect_failed(run, "mutant.t");
  EXPECT_NE(run.out().find("reconnected 0 %"), std::string::npos) << run.out();
}

// Limits are generous: a machine that is busy with other things may still be too slow to be judged,
// but never fails.
TEST(Mutation, WhereAllIsWellItPasses) {
  Scratch scratch;
  const auto file = scratch.write("mutant.toml", recovers(mutant("kind = 'kill_worker'")));
  Gauntlet run({"run", file, "-q"});
  run.wait();
  const auto summary = run.summary();
  ASSERT_FALSE(summary.empty()) << run.err();
  const auto verdict = verdict_of(summary, "mutant.t");
  const bool held_back = run.out().contains("machine_busy") || !run.trusted();
  EXPECT_TRUE(verdict == "PASS" || (verdict == "INCONCLUSIVE" && held_back)) << run.out();
}

}  // namespace
}  // namespace gauntlet::end_to_end
