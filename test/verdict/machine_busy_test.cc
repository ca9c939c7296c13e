#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verdict/core_share.h"
#include "verdict/judge.h"
#include "verdict/made_record.h"
#include "verdict/self_check.h"

namespace gauntlet::verdict {
namespace {

using run::Outcome;
using test::ask;
using test::made_record;
using test::set_cores;

constexpr const char* kBusy =
    "other programs used 60 % of this machine and the target waited for a core 50 % of the time it "
    "wanted one";

run::Record busy_record() {
  auto record = made_record();
  set_cores(record, 1.2, 0.4);
  record.self_check = assess(record);
  return record;
}

run::CheckResult check(run::Record record, const char* limit, const char* fault = "") {
  ask(record, "it", {limit}, fault);
  return judge(record).tests.front().checks.front();
}

TEST(CoreShares, AreOfTheMeasuredPhaseAndNoMatterOfTrust) {
  const auto busy = busy_record().self_check;
  EXPECT_TRUE(busy.trusted);
  EXPECT_EQ(busy.machine_busy, kBusy);
  EXPECT_NEAR(busy.others_cpu_share.value(), 0.6, 1e-9);
  EXPECT_NEAR(busy.target_wait_share.value(), 0.5, 1e-9);
  auto record = made_record();
  set_cores(record, 0, 0.1);
  for (auto& sample : record.cores)  // busy before and after the measured phase
    if (sample.t < test::kSteadyStart || sample.t > test::kSteadyEnd) sample.idle_s = 400;
  EXPECT_EQ(assess(record).machine_busy, "");
  EXPECT_NEAR(assess(record).others_cpu_share.value(), 0, 1e-9);
}

TEST(CoreShares, WithoutSamplesThereAreNone) {
  const auto check = assess(made_record());
  EXPECT_FALSE(check.others_cpu_share.has_value());
  EXPECT_FALSE(check.target_wait_share.has_value());
  EXPECT_EQ(check.machine_busy, "");
  auto record = made_record();
  set_cores(record, 1.2, 0.4);
  record.cores.resize(6);  // one of them in the measured phase
  EXPECT_FALSE(assess(record).others_cpu_share.has_value());
}

TEST(CoreShares, AThreadThatEndsTakesNothingFromTheRest) {
  auto record = made_record();
  set_cores(record, 1.2, 0.4);
  for (auto& sample : record.cores) {
    if (sample.t < 20) continue;
    sample.target_cpu_s -= 90;
    sample.target_wait_s -= 90;
  }
  const auto check = assess(record);
  EXPECT_NEAR(check.target_wait_share.value(), 0.5, 1e-9);
  EXPECT_NEAR(check.others_cpu_share.value(), 0.6, 0.02);
}

TEST(CoreShares, AreNeverBelowZero) {
  auto record = made_record();
  set_cores(record, -0.4, 0.1);  // ticks are coarser than the time of a process
  EXPECT_EQ(assess(record).others_cpu_share, 0.0);
}

TEST(MachineBusy, NeedsOthersAndAWaitAboveTheirThresholds) {
  const double wait = 0.4;  // half of the time that it wanted
  const auto why = [](double others, double target_wait) {
    return why_busy(CoreShares{.others = others, .target_wait = target_wait});
  };
  EXPECT_EQ(why(kOthersShareMax, wait), "");
  EXPECT_NE(why(kOthersShareMax + 0.001, wait), "");
  EXPECT_EQ(why(0.6, kTargetWaitMax), "");
  EXPECT_NE(why(0.6, kTargetWaitMax + 0.001), "");
  EXPECT_EQ(why_busy(std::nullopt), "");
}

class MachineBusy : public testing::TestWithParam<const char*> {};

TEST_P(MachineBusy, TakesBackAFailureOrWarning) {
  const auto result = check(busy_record(), GetParam());
  EXPECT_EQ(result.outcome, Outcome::inconclusive);
  EXPECT_EQ(result.reason, std::string("machine_busy: ") + kBusy);
}

INSTANTIATE_TEST_SUITE_P(Every, MachineBusy,
                         testing::Values("p95 <= 1ms", "p95 <= 1ms, warn <= 3ms", "mean <= 1ms",
                                         "max <= 1ms", "service_p99 <= 1ms", "throughput >= 200/s",
                                         "achieved > 100%"));

class OnlyOne : public testing::TestWithParam<std::pair<double, double>> {};

TEST_P(OnlyOne, OfTheTwoLeavesAFailure) {
  auto record = made_record();
  set_cores(record, GetParam().first, GetParam().second);
  record.self_check = assess(record);
  EXPECT_EQ(check(record, "p95 <= 1ms").outcome, Outcome::fail);
  set_cores(record, 1.2, 0.4);
  record.self_check = assess(record);
  EXPECT_EQ(check(record, "p95 <= 1ms").outcome, Outcome::inconclusive);
}

INSTANTIATE_TEST_SUITE_P(Of, OnlyOne,
                         testing::Values(std::pair{1.2, 0.01}, std::pair{0.1, 0.4},
                                         std::pair{0.0, 0.0}));

TEST(MachineBusy, LeavesAPassAndWhatDoesNotDependOnSpeed) {
  const auto record = busy_record();
  for (const char* limit : {"p95 <= 10ms", "throughput >= 50/s", "error_rate < 1%"})
    EXPECT_EQ(check(record, limit).outcome, Outcome::pass) << limit;
  EXPECT_EQ(check(record, "recovery < 10s", "cut").outcome, Outcome::pass);
  for (const char* limit : {"memory_peak < 30MB", "connections > 10"})
    EXPECT_EQ(check(record, limit).outcome, Outcome::fail) << limit;
}

TEST(MachineBusy, TakesBackAnUnevenSpread) {
  auto record = busy_record();
  ASSERT_EQ(check(record, "spread_max_mean <= 1.2").outcome, Outcome::pass);
  record.clients.front().completed *= 2;
  EXPECT_EQ(check(record, "spread_max_mean <= 1.2").outcome, Outcome::inconclusive);
  record.self_check.machine_busy = "";
  EXPECT_EQ(check(record, "spread_max_mean <= 1.2").outcome, Outcome::fail);
}

TEST(MachineBusy, AnUntrustedGeneratorIsNamedFirst) {
  auto record = busy_record();
  record.self_check.trusted = false;
  EXPECT_EQ(check(record, "p95 <= 1ms").reason, "generator_saturated: the self-check failed");
}

TEST(MachineBusy, RecoveryIsJudgedByTheTimeFromItsFaultOn) {
  auto record = busy_record();
  for (auto& second : record.seconds)
    if (second.t > 38 && second.t <= 50) second.counts.completed = 20;
  EXPECT_EQ(check(record, "recovery < 10s", "cut").reason, std::string("machine_busy: ") + kBusy);
  // Quiet from the measured phase's end on: nothing but the target makes the recovery slow.
  const auto at_end = record.cores[35];
  for (auto& sample : record.cores)
    if (sample.t > test::kSteadyEnd) sample.idle_s = at_end.idle_s + 1.5 * (sample.t - at_end.t);
  EXPECT_EQ(check(record, "recovery < 10s", "cut").outcome, Outcome::fail);
  EXPECT_EQ(check(record, "p95 <= 1ms").outcome, Outcome::inconclusive);
}

TEST(MachineBusy, ErrorsAreJudgedAsFarAsItCannotHaveMadeThem) {
  auto record = busy_record();
  auto& counts = record.phases[1].counts;
  counts.errors[static_cast<std::size_t>(run::ErrorClass::timeout)] = 60;
  const auto doubtful = check(record, "error_rate < 1%");
  EXPECT_EQ(doubtful.outcome, Outcome::inconclusive);
  EXPECT_EQ(doubtful.reason,
            std::string("machine_busy: 60 of the errors may come of it (") + kBusy + ")");
  EXPECT_EQ(check(record, "errors_timeout <= 5").outcome, Outcome::inconclusive);
  counts.errors[static_cast<std::size_t>(run::ErrorClass::tool_error)] = 60;
  EXPECT_EQ(check(record, "error_rate < 1%").outcome, Outcome::fail);
}

TEST(CoreShares, AGapIsNoneOfTheirTime) {
  auto record = made_record();
  set_cores(record, 0, 0.1);
  record.gaps = {{.start_s = 20, .end_s = 21, .phase = 1, .undecided = 0, .how = "died"}};
  for (auto& sample : record.cores)
    if (sample.t >= 21) sample.capacity_s += 1000;  // somebody else's time
  EXPECT_NEAR(assess(record).others_cpu_share.value(), 0, 1e-9);
}

}  // namespace
}  // namespace gauntlet::verdict
