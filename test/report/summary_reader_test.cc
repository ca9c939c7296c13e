#include "report/summary_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>

#include "report/files.h"
#include "report/made_run.h"
#include "report/summary_json.h"

namespace gauntlet::report {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

run::Comparable read_back(const run::Record& record) {
  const auto run = read_summary(summary_json(record, test::report_verdict(), 1));
  EXPECT_TRUE(run) << run.error().text;
  return run.value_or(run::Comparable{});
}

TEST(SummaryReader, ReadsWhatTheSummarySays) {
  auto record = test::report_record();
  record.seconds[1].response_p50_ms = 2;
  record.seconds[1].response_p95_ms = 3;
  record.seconds[1].response_p99_ms = 4;
  const auto run = read_back(record);
  EXPECT_EQ(run.id, "20261123-202141-baseline");
  EXPECT_EQ(run.title, "baseline");
  EXPECT_EQ(run.started_at, "2026-11-23T20:21:41Z");
  EXPECT_EQ(run.verdict, "FAIL");
  EXPECT_EQ(run.doubt, "");
  EXPECT_EQ(run.scheduled, 10'000U);
  EXPECT_EQ(run.errors, 10U);
  EXPECT_NEAR(run.response_ms.p50, 2, 0.01);
  EXPECT_NEAR(run.lag_ms.p99, 0.05, 1e-9);
  ASSERT_EQ(run.seconds.size(), 2U) << "those of the measured phase";
  EXPECT_EQ(run.seconds[0].completed, 4'995);
  EXPECT_EQ(run.seconds[0].scheduled, 5'000);
  EXPECT_EQ(run.seconds[0].p50_ms, 2);
  EXPECT_EQ(run.seconds[0].p95_ms, 3);
  EXPECT_EQ(run.seconds[0].p99_ms, 4);
  const std::pair<std::string, std::string> connections = {"connections", "150"};
  EXPECT_THAT(run.load, testing::Contains(connections));
}

TEST(SummaryReader, SaysWhyARunIsNoEvidence) {
  auto record = test::report_record();
  record.self_check.trusted = false;
  record.self_check.reasons = {"send lag p99 12 ms"};
  EXPECT_EQ(read_back(record).doubt, "not trusted: send lag p99 12 ms");
  record = test::report_record();
  record.self_check.machine_busy = "others had 30 %";
  EXPECT_EQ(read_back(record).doubt, "machine busy: others had 30 %");
  record = test::report_record();
  record.interrupted = true;
  EXPECT_EQ(read_back(record).doubt, "it was interrupted");
}

TEST(SummaryReader, ClosedLoopsMayDifferInWhatTheyOffer) {
  auto record = test::report_record();
  record.plan.load.arrivals = run::Arrivals::closed;
  const std::pair<std::string, std::string> none = {"rate", ""};
  EXPECT_THAT(read_back(record).load, testing::Contains(none));
}

TEST(SummaryReader, RefusesWhatIsNoSummary) {
  for (const auto* text : {"", "{", "[]", "{}", "null", R"({"schema": 1})", R"({"schema":"k6"})"}) {
    const auto run = read_summary(text);
    ASSERT_FALSE(run) << text;
    EXPECT_FALSE(run.error().text.empty());
  }
}

TEST(SummaryReader, TakesAnyShape) {
  const std::string head = R"({"schema":"gauntlet/summary/v1",)";
  for (const auto* rest :
       {R"("seconds":[],"phases":{}})", R"("seconds":{"phase":[null,"x",1e999]},"phases":[1]})",
        R"("phases":[{"measured":true}],"seconds":{"phase":[0],"length":["1"]}})",
        R"("errors":{"timeout":-5,"x":1e300},"load":{"scheduled":-1}})",
        R"("self_check":{"trusted":true,"reasons":{}},"run":[]})"}) {
    const auto run = read_summary(head + rest);
    if (!run) continue;
    EXPECT_TRUE(run->seconds.empty()) << rest;
  }
}

// Whatever is cut off or changed in a summary is an error or a run, and no crash.
RC_GTEST_PROP(SummaryReader, SurvivesDamage, ()) {
  static const std::string whole = summary_json(test::report_record(), test::report_verdict(), 1);
  auto text = whole;
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size() - 1);
  text[at] = *rc::gen::arbitrary<char>();
  const auto run = read_summary(text);
  RC_ASSERT(run || !run.error().text.empty());
  RC_ASSERT(!read_summary(whole.substr(0, at)));
}

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "gauntlet-summaries-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

  void add(const std::string& id, const std::string& started_at) const {
    auto record = test::report_record();
    record.run.id = id;
    record.run.started_at = started_at;
    ASSERT_TRUE(write_results(path_, record, test::report_verdict(), 1));
  }

 private:
  fs::path path_;
};

TEST(ReadRuns, OfAFileARunAndAFolderOfRuns) {
  const Folder folder;
  folder.add("b", "2026-11-02T00:00:00Z");
  folder.add("a", "2026-11-03T00:00:00Z");
  fs::create_directory(folder.path() / "died");  // a run without a summary
  const auto all = read_runs(folder.path());
  ASSERT_TRUE(all) << all.error().text;
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->at(0).id, "b") << "the oldest first";
  EXPECT_EQ(read_runs(folder.path() / "a")->size(), 1U);
  EXPECT_EQ(read_runs(folder.path() / "a" / "summary.json")->at(0).id, "a");
}

TEST(ReadRuns, ErrorsNameThePath) {
  const Folder folder;
  EXPECT_THAT(read_runs(folder.path()).error().text, HasSubstr("no summary.json"));
  EXPECT_THAT(read_runs(folder.path() / "none").error().text, HasSubstr("none: No such file"));
  std::ofstream(folder.path() / "bad.json") << "{";
  const auto bad = read_runs(folder.path() / "bad.json");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, core::ErrorKind::usage);
  EXPECT_THAT(bad.error().text, HasSubstr("bad.json: no JSON"));
}

}  // namespace
}  // namespace gauntlet::report
