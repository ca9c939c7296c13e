#include "report/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "report/made_run.h"
#include "report/pty.h"

namespace gauntlet::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kGolden =
    R"(test                       verdict       observed                limit
baseline.connections_150   PASS          p95 2.1 ms              <= 102 ms
                           PASS          throughput 4,998 msg/s  >= 4,500 msg/s
baseline.zone              WARN          p95 2.1 ms              <= 102 ms
baseline.error_rate        FAIL          p95 2.1 ms              <= 102 ms
baseline.recovery_time     INCONCLUSIVE  p95 2.1 ms              <= 102 ms
                             no_evidence: "cut" <did> not happen & so on
baseline.memory_stability  SKIPPED       p95 2.1 ms              <= 102 ms
                             not here

baseline
  fault                          at   lasted  detected  recovered    healed   peak err     errors      back  evidence
  cut                         0.0 s    0.0 s                                                           none  NO EVIDENCE
  steady                      4,995/s  errors    0.1 %  p50     2 ms  p99     2 ms  |██|
  history of 10,000 calls: 0 lost, 0 duplicated, 0 foreign, 0 indeterminate; 0 retries

self-check  trusted; send lag p99 0.05 ms, busiest thread 0.21 cores, core wait 0.0 %, steal 0.0 %
target      http://127.0.0.1:3000/mcp, a server 1, 2025-11-25 over http, pid 77
load        poisson, 150 connections, 5,000/s offered, 4,995/s achieved, bursts of 1
repeat      gauntlet run baseline --seed 18446744073709551615
report      results/20261123-202141-baseline

baseline (demo): FAIL
)";

run::Record record() {
  auto record = test::report_record();
  record.target.server_name = "a server";
  return record;
}

run::Verdict verdict() {
  auto verdict = test::report_verdict();
  verdict.tests.back().checks[0].reason = "not here";
  return verdict;
}

TEST(VerdictText, IsAnAlignedTable) {
  EXPECT_EQ(verdict_text(record(), verdict(), "results/20261123-202141-baseline", false), kGolden);
}

std::string without_colors(std::string text) {
  for (std::size_t at = 0; (at = text.find('\x1b')) != std::string::npos;) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  return text;
}

TEST(VerdictText, ColorsChangeNothingElse) {
  const auto colored = verdict_text(record(), verdict(), "results/20261123-202141-baseline", true);
  EXPECT_THAT(colored, HasSubstr("\x1b[31mFAIL        \x1b[0m  p95"));
  EXPECT_EQ(without_colors(colored), kGolden);
}

TEST(VerdictText, UntrustedRunSaysWhy) {
  auto untrusted = record();
  untrusted.self_check.trusted = false;
  untrusted.self_check.reasons = {"send lag p99 was 40 ms", "generator thread saturated"};
  const auto text = verdict_text(untrusted, verdict(), "", false);
  EXPECT_THAT(text, HasSubstr("self-check  NOT trusted; send lag"));
  EXPECT_THAT(text, HasSubstr("\n            send lag p99 was 40 ms\n"));
  EXPECT_THAT(text, HasSubstr("\n            generator thread saturated\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nreport ")));
}

TEST(VerdictText, SaysWhoHadTheCoresWhereThatWasSeen) {
  auto busy = record();
  busy.self_check.target_wait_share = 0.481;
  busy.self_check.others_cpu_share = 0.62;
  auto text = verdict_text(busy, verdict(), "", false);
  EXPECT_THAT(text, HasSubstr("steal 0.0 %\n            target's core wait 48.1 %, other programs "
                              "62.0 % of the cores\ntarget "));
  busy.self_check.machine_busy = "other programs used it";
  text = verdict_text(busy, verdict(), "", false);
  EXPECT_THAT(text, HasSubstr("\n            machine busy: other programs used it\ntarget "));
}

run::Second second(double t) {
  run::Second second;
  second.t = t;
  second.phase = t <= 1 ? 0 : 1;
  second.counts.completed = 4998;
  second.counts.errors[0] = 1234;
  second.response_p50_ms = 1.234;
  second.response_p95_ms = 2.1;
  second.response_p99_ms = 30.25;
  second.connections_ready = 149;
  return second;
}

TEST(StatusText, SaysWhereTheRunIs) {
  const std::vector<std::string> faults = {"cut"};
  EXPECT_EQ(status_text(test::report_plan(), second(2), {}),
            "steady 1/2 s  4,998/s of 5,000/s  p50 1.23 p95 2.1 p99 30.2 ms  1,234 errors  "
            "149/150 ready");
  EXPECT_THAT(status_text(test::report_plan(), second(2), faults), HasSubstr("  FAULT cut"));
  EXPECT_THAT(status_text(test::report_plan(), second(-1), {}), HasSubstr("connecting  "));
}

using Stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

TEST(Color, IsWantedOnATerminalUnlessTheUserSaysNo) {
  test::Pty pty(80, 24);
  EXPECT_TRUE(is_terminal(pty.out()));
  unsetenv("NO_COLOR");
  setenv("TERM", "xterm", 1);
  EXPECT_TRUE(wants_color(pty.out()));
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(wants_color(pty.out()));
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(wants_color(pty.out()));
  unsetenv("NO_COLOR");
}

TEST(Color, IsNotWantedInAFile) {
  const Stream file(std::tmpfile(), std::fclose);
  setenv("TERM", "xterm", 1);
  EXPECT_FALSE(wants_color(file.get()));
}

}  // namespace
}  // namespace gauntlet::report
