// The harness itself is put to the test: a server that nobody restarts, clients that do not come
// back, and a run in which all is well. (An injector that does nothing is in run_fault_test.cc.)
#include <unistd.h>

#include "end_to_end/gauntlet.h"

namespace gauntlet::end_to_end {
namespace {

std::string suite(const std::string& load, const std::string& fault, const std::string& limits) {
  return "suite = \"mutant\"\n[load]\nconnections = 20\nrate = \"200/s\"\nworkers = 2\n"
         "protocol = \"2025-11-25\"\nramp = \"0s\"\ntimeout = \"2s\"\n" +
         load +
         "[client]\nretry = \"backoff\"\n[[mix]]\ntool = \"echo\"\n"
         "arguments = { message = \"{{nonce}}\" }\nidempotent = true\n"
         "[[phase]]\nname = \"steady\"\nduration = \"7s\"\nmeasured = true\n"
         "[[phase]]\nname = \"trouble\"\nduration = \"15s\"\n"
         "[[fault]]\nid = \"it\"\nphase = \"trouble\"\nat = \"1s\"\n" +
         fault + "[[test]]\nname = \"t\"\nfault = \"it\"\nlimits = [" + limits + "]\n";
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

constexpr const char* kRecovers = "\"recovery < 14s\", \"error_rate < 1%\", \"p99 <= 500ms\"";

TEST(Mutation, AServerThatNobodyRestartsFails) {
  Scratch scratch;
  const auto file =
      scratch.write("mutant.toml", suite("", "kind = \"crash\"\nhow = \"tree\"\n", kRecovers));
  Gauntlet run({"run", file, "-q"});
  expect_failed(run, "mutant.t");
  EXPECT_EQ(verdict_of(run.summary(), "mutant.target_survives"), "FAIL") << run.out();
  EXPECT_EQ(run.wait(), 1);
  EXPECT_NE(run.out().find("recovery never"), std::string::npos) << run.out();
}

TEST(Mutation, ClientsThatDoNotComeBackFail) {
  Scratch scratch;
  const auto file = scratch.write(
      "mutant.toml", suite("reconnect = false\n", "kind = \"disconnect\"\nshare = 0.5\n",
                           "\"reconnected >= 100%\""));
  Gauntlet run({"run", file, "-q"});
  expect_failed(run, "mutant.t");
  EXPECT_NE(run.out().find("reconnected 0 %"), std::string::npos) << run.out();
}

// Limits are generous: a machine that is busy with other things may still be too slow to be judged,
// but never fails.
TEST(Mutation, WhereAllIsWellItPasses) {
  Scratch scratch;
  const auto file = scratch.write("mutant.toml", suite("", "kind = \"kill_worker\"\n", kRecovers));
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
