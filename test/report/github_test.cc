#include "report/github.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/made_run.h"

namespace gauntlet::report {
namespace {

using run::Outcome;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST(GithubAnnotations, TheWorstFirstAndNothingOfWhatIsWell) {
  const auto text = github_annotations(test::report_verdict());
  EXPECT_EQ(lines_of(text), 3U);
  EXPECT_THAT(text, StartsWith("::error title=baseline.error_rate::FAIL: observed p95 2.1 ms, "
                               "limit p95 <= 102 ms\n::warning title=baseline.recovery_time::"));
  EXPECT_THAT(text, HasSubstr("::warning title=baseline.zone::WARN"));
  EXPECT_THAT(text, Not(HasSubstr("connections_150")));
  EXPECT_EQ(github_annotations({.outcome = Outcome::pass, .tests = {}}), "");
}

TEST(GithubAnnotations, AreTenAtMost) {
  run::Verdict verdict;
  for (int i = 0; i < 10; ++i)
    verdict.tests.push_back(test::report_test("t", Outcome::warn, "why"));
  EXPECT_EQ(lines_of(github_annotations(verdict)), 10U);
  EXPECT_THAT(github_annotations(verdict), Not(HasSubstr("more tests")));
  for (int i = 0; i < 10; ++i)
    verdict.tests.push_back(test::report_test("t", Outcome::fail, "why"));
  const auto text = github_annotations(verdict);
  EXPECT_EQ(lines_of(text), 10U);
  EXPECT_THAT(text, HasSubstr("::error title=gauntlet::11 more tests"));
}

// What a server says may end in a reason: it gives the runner no commands.
TEST(GithubAnnotations, TextGivesNoCommands) {
  run::Verdict verdict;
  verdict.tests = {
      test::report_test("a:b,c", Outcome::fail, "100 % bad\r\n::set-output name=x::y")};
  const auto text = github_annotations(verdict);
  EXPECT_THAT(text, StartsWith("::error title=a%3Ab%2Cc::"));
  EXPECT_THAT(text, HasSubstr("100 %25 bad%0D%0A::set-output"));
  EXPECT_EQ(lines_of(text), 1U);
}

TEST(GithubSummary, IsMarkdownOfTheVerdict) {
  auto record = test::report_record();
  record.run.repro = "gauntlet run baseline --seed=1 -H 'X: `'\n```";
  const auto text = github_summary(record, test::report_verdict(), "results/x");
  EXPECT_THAT(text, StartsWith("### :x: baseline FAIL\n"));
  EXPECT_THAT(text, HasSubstr("| baseline.error_rate | :x: FAIL | p95 2.1 ms |"));
  EXPECT_THAT(text, HasSubstr("no_evidence: \"cut\" &lt;did> not happen &amp; so on"));
  EXPECT_THAT(text, HasSubstr("| response time | 2 ms |"));
  EXPECT_THAT(text, HasSubstr("msg/s      ▅▅▅\n"));
  EXPECT_THAT(text, HasSubstr("```sh\ngauntlet run baseline --seed=1 -H 'X: `' ```\n```\n"));
  EXPECT_THAT(text, HasSubstr("Files: results/x"));
}

TEST(GithubSummary, CellsStayCells) {
  run::Verdict verdict;
  verdict.tests = {test::report_test("a|b", Outcome::fail, "one\ntwo | <script>")};
  const auto text = github_summary(test::report_record(), verdict, "");
  EXPECT_THAT(text, HasSubstr("| a\\|b | :x: FAIL | p95 2.1 ms<br>one two \\| &lt;script> |"));
}

TEST(GithubOutputs, AreOneLineEach) {
  auto record = test::report_record();
  record.run.id = "x\nverdict=PASS";
  EXPECT_EQ(github_outputs(record, test::report_verdict(), 1, "results/x"),
            "verdict=FAIL\nexit-code=1\nrun=x verdict=PASS\nfolder=results/x\n");
}

}  // namespace
}  // namespace gauntlet::report
