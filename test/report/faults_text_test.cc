// Faults in a terminal: of a run, and of the levels of a suite of scenarios.
#include "report/faults_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/made_run.h"
#include "run/measured.h"

namespace gauntlet::report {
namespace {

using testing::HasSubstr;
using testing::Not;

run::Record with_fault() {
  run::Record record = test::report_record();
  record.faults.clear();
  record.faults.emplace_back();
  auto& fault = record.faults.back();
  fault.id = "partition";
  fault.start_s = 2;
  fault.end_s = 32;
  fault.has_evidence = true;
  fault.analysis.emplace();
  fault.analysis->detected_s = 3.5;
  fault.analysis->recovery.status = stats::RecoveryStatus::recovered;
  fault.analysis->recovery.recovered = stats::RecoveryTime{31.25, 1.25};
  return record;
}

TEST(FaultsText, IsEmptyWithoutFaults) {
  run::Record record = test::report_record();
  record.faults.clear();
  EXPECT_EQ(faults_text(record), "");
}

TEST(FaultsText, SaysWhenItWasNoticedAndOver) {
  const auto text = faults_text(with_fault());
  EXPECT_THAT(text, HasSubstr("partition"));
  EXPECT_THAT(text, HasSubstr("3.50 s"));
  EXPECT_THAT(text, HasSubstr("31.25 s"));
  EXPECT_THAT(text, HasSubstr("1.25 s"));
  EXPECT_THAT(text, HasSubstr("0 lost, 0 duplicated, 0 foreign, 0 indeterminate"));
}

TEST(FaultsText, NeverIsNoTime) {
  auto record = with_fault();
  record.faults[0].analysis->recovery.status = stats::RecoveryStatus::never;
  record.faults[0].analysis->recovery.recovered.reset();
  EXPECT_THAT(faults_text(record), HasSubstr("never"));
  record.faults[0].analysis.reset();
  EXPECT_THAT(faults_text(record), HasSubstr("NO EVIDENCE"));
  record.faults[0].skipped = "there is no lab";
  EXPECT_THAT(faults_text(record), HasSubstr("SKIPPED: there is no lab"));
}

TEST(FaultsText, ShowsEachLevel) {
  run::Record all = with_fault();
  for (const bool stock : {false, true}) {
    all.levels.emplace_back();
    all.levels.back().level.name = stock ? "plain" : "tuned";
    all.levels.back().level.stock = stock;
    all.level_records.push_back(with_fault());
    all.level_records.back().lab = {.used = true, .reason = "", .tcp = stock ? "stock" : "tuned"};
  }
  EXPECT_TRUE(run::are_scenarios(all));
  const auto text = faults_text(all);
  EXPECT_THAT(text, HasSubstr("tuned (in the lab, tuned TCP)"));
  EXPECT_THAT(text, HasSubstr("plain, stock TCP and plain clients (in the lab, stock TCP)"));
  all.level_records[1].faults.clear();
  all.level_records[1].plan.faults.clear();
  EXPECT_FALSE(run::are_scenarios(all)) << "one fault at the end of a climb is none";
  EXPECT_THAT(faults_text(all), Not(HasSubstr("plain")));
}

}  // namespace
}  // namespace gauntlet::report
