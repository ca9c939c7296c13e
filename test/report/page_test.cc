#include "report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/made_run.h"
#include "report/page_shapes.h"

namespace gauntlet::report {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

// What stands between the tags of the page's document.
std::string document_in(const std::string& page) {
  const std::string begin = R"(id="data">)";
  const auto at = page.find(begin) + begin.size();
  return page.substr(at, page.find("</script>", at) - at);
}

json::object page_of(const run::Record& record) {
  return json::parse(document_in(report_page(record, test::report_verdict()))).as_object();
}

run::Record record_with_outages() {
  auto record = test::report_record();
  record.outages = {{.client = 0, .start_s = 0.5, .back_s = 1.5},
                    {.client = 2, .start_s = 2.9, .back_s = {}}};
  return record;
}

TEST(Page, HoldsTheRunAndItsVerdict) {
  const auto page = page_of(test::report_record());
  EXPECT_EQ(page.at("schema").as_string(), kPageSchema);
  const auto& facts = page.at("facts").as_object();
  EXPECT_EQ(facts.at("verdict"), "FAIL");
  EXPECT_EQ(facts.at("run").at("seed"), "18446744073709551615");
  EXPECT_EQ(facts.at("tests").as_array().size(), 5U);
  EXPECT_FALSE(facts.contains("seconds")) << "they are in the tables";
  EXPECT_FALSE(facts.contains("hdr"));
  const auto& part = page.at("parts").as_array().at(0).as_object();
  EXPECT_EQ(part.at("seconds").at("columns").at("completed"), (json::array{4995, 4995, 4995}));
  EXPECT_EQ(part.at("memory").at("columns").at("resident"), (json::array{10, 30, 20}));
  EXPECT_TRUE(part.at("heat").is_null()) << "no histograms";
  EXPECT_GT(part.at("curve").at("x").as_array().size(), 30U);
}

TEST(Page, TheLastThatALivePageHearsIsTheReport) {
  const auto record = test::report_record();
  const auto verdict = test::report_verdict();
  const auto over = [](json::value report, bool more) {
    return json::object{{"report", std::move(report)}, {"more", more}};
  };
  auto last =
      json::parse(last_document(record, verdict, "results/a/report.html", false)).as_object();
  EXPECT_EQ(last.at("over"), over("results/a/report.html", false));
  last.erase("over");
  EXPECT_EQ(last, page_of(record));
  const auto nowhere = json::parse(last_document(record, verdict, "", true));
  EXPECT_EQ(nowhere.at("over"), over(nullptr, true));
}

TEST(Page, TextFromOutsideCannotEndTheDocument) {
  auto record = test::report_record();
  const std::string bad = "</script><script>alert(1)</script><!--";
  record.target.server_name = bad;
  const auto page = report_page(record, test::report_verdict());
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  EXPECT_EQ(page_of(record).at("facts").at("target").at("server_info").at("name").as_string(), bad);
}

TEST(Page, OnlyErrorsThatOccurredHaveAColumn) {
  auto record = test::report_record();
  record.seconds[1].counts.errors[static_cast<std::size_t>(run::ErrorClass::timeout)] = 7;
  record.seconds[1].length = 0.5;
  const auto page = page_of(record);
  const auto& columns = page.at("parts").as_array()[0].at("seconds").at("columns").as_object();
  EXPECT_EQ(columns.at("error_timeout"), (json::array{0, 14, 0})) << "per second";
  EXPECT_FALSE(columns.contains("error_transport"));
}

TEST(Page, HistogramsBecomeTheHeatMapAndServiceTimes) {
  auto record = test::report_record();
  stats::Histogram times;
  times.record_us(2000, 10);
  const std::string encoded = times.encode_v2_compressed();
  record.histograms = {
      {.t = 2,
       .length = 1,
       .phase = 1,
       .response = encoded,
       .service = encoded,
       .send_lag = encoded},
      {.t = 3, .length = 1, .phase = 1, .response = "no histogram", .service = "", .send_lag = ""}};
  const auto page = page_of(record);
  const auto& part = page.at("parts").as_array()[0];
  const auto& columns = part.at("heat").at("columns").as_array();
  ASSERT_EQ(columns.size(), 1U);
  EXPECT_EQ(columns[0].at("from"), 1);
  EXPECT_EQ(columns[0].at("cells").as_array().at(1), 10);
  const auto& service = part.at("seconds").at("columns").at("service_p50").as_array();
  EXPECT_TRUE(service[0].is_null());
  EXPECT_EQ(service[1], 2);
  EXPECT_TRUE(service[2].is_null());
}

TEST(Page, TheStripShowsWhoWasWithoutAConnection) {
  const auto page = page_of(record_with_outages());
  const auto& strip = page.at("parts").as_array()[0].at("strip").as_object();
  EXPECT_EQ(strip.at("rows"), 3);
  // row, first column, last column, without a connection, of them for good
  EXPECT_EQ(strip.at("cells"), (json::array{0, 80, 240, 1, 0, 2, 464, 479, 1, 1}));
}

TEST(Page, TheStripIsBoundedForManyClients) {
  auto record = test::report_record();
  record.clients.resize(15'000);
  for (std::uint32_t client = 0; client < 15'000; ++client)
    record.outages.push_back({.client = client, .start_s = 1, .back_s = 1 + client / 10'000.0});
  const auto page = page_of(record);
  const auto& strip = page.at("parts").as_array()[0].at("strip").as_object();
  EXPECT_EQ(strip.at("rows"), kStripRows);
  EXPECT_LT(strip.at("cells").as_array().size(), 5U * kStripRows * 480);
}

TEST(Page, EveryLevelHasItsPart) {
  auto record = test::report_record();
  record.levels.resize(2);
  record.levels[0].level = {.name = "low", .connections = 10};
  record.levels[1].level = {.name = "high", .connections = 20};
  record.level_records = {test::report_record(), test::report_record()};
  for (auto& level : record.level_records) level.faults.clear();
  const auto page = page_of(record);
  const auto& parts = page.at("parts").as_array();
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[1].at("name"), "high");
  EXPECT_TRUE(parts[1].at("facts").is_object());
  EXPECT_EQ(page.at("scaling").as_array().size(), 1U);
  record.levels[1].level.connections = 10;
  EXPECT_TRUE(page_of(record).at("scaling").as_array().empty()) << "one load is no curve";
  record.levels[1].level.connections = 20;
  for (auto& level : record.level_records) level.faults = test::report_record().faults;
  EXPECT_TRUE(page_of(record).at("scaling").as_array().empty()) << "scenarios are no climb";
}

}  // namespace
}  // namespace gauntlet::report
