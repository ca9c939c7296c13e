// GCC 12 takes valijson's use of std::regex for uninitialized under AddressSanitizer.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include "report/summary_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "report/made_run.h"
#include "stats/histogram.h"

namespace gauntlet::report {
namespace {

namespace json = boost::json;

json::value schema_json() {
  const auto text = shipped_schemas().front().text;
  return json::parse(json::string_view(text.data(), text.size()));
}

// The first thing in which the document does not follow the shipped schema, or "".
std::string violation(const json::value& document) {
  static const json::value schema_value = schema_json();
  valijson::Schema schema;
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::BoostJsonAdapter(schema_value), schema);
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(schema, valijson::adapters::BoostJsonAdapter(document), &results)) {
    return "";
  }
  valijson::ValidationResults::Error error;
  std::string all = "invalid";
  while (results.popError(error)) {
    for (const auto& part : error.context) all += part;
    all += ": " + error.description + "\n";
  }
  return all;
}

json::object summary(const run::Record& record) {
  return json::parse(summary_json(record, test::report_verdict(), 1)).as_object();
}

TEST(Summary, FollowsItsSchema) { EXPECT_EQ(violation(summary(test::report_record())), ""); }

TEST(Summary, OfARunThatMeasuredNothingFollowsItToo) {
  run::Record record;
  record.plan = test::report_plan();
  const auto document = summary(record);
  EXPECT_EQ(violation(document), "");
  EXPECT_TRUE(document.at("response_time_ms").at("p95").is_null());
  EXPECT_TRUE(document.at("target_memory_mb").at("peak").is_null());
  EXPECT_TRUE(document.at("load").at("messages_per_write").is_null());
  EXPECT_TRUE(document.at("target").at("pid").is_null());
}

TEST(Summary, SaysWhoHadTheCoresWhereThatWasSeen) {
  auto record = test::report_record();
  const auto unseen = summary(record).at("self_check").as_object();
  for (const char* key : {"target_wait_share", "others_cpu_share", "machine_busy"})
    EXPECT_TRUE(unseen.at(key).is_null()) << key;
  record.self_check.target_wait_share = 0.5;
  record.self_check.others_cpu_share = 0.625;
  record.self_check.machine_busy = "other programs used it";
  const auto document = summary(record);
  EXPECT_EQ(violation(document), "");
  EXPECT_EQ(document.at("self_check").at("target_wait_share").as_double(), 0.5);
  EXPECT_EQ(document.at("self_check").at("others_cpu_share").as_double(), 0.625);
  EXPECT_EQ(document.at("self_check").at("machine_busy"), "other programs used it");
}

TEST(Summary, SchemaRefusesOtherDocuments) {
  auto document = summary(test::report_record());
  document["run"].as_object()["seed"] = 5;
  EXPECT_NE(violation(document), "");
  document = summary(test::report_record());
  document["verdict"] = "OK";
  EXPECT_NE(violation(document), "");
  document = summary(test::report_record());
  document.erase("self_check");
  EXPECT_NE(violation(document), "");
}

TEST(Summary, HasTheKeysThatScriptsRelyOn) {
  const auto document = summary(test::report_record());
  EXPECT_EQ(document.at("schema"), "gauntlet/summary/v1");
  EXPECT_EQ(document.at("run").at("seed"), "18446744073709551615");
  EXPECT_EQ(document.at("run").at("argv").as_array().size(), 5U);
  EXPECT_EQ(document.at("target").at("server_info").at("name"), "bad \xEF\xBF\xBD name");
  EXPECT_EQ(document.at("target").at("pid"), 77);
  EXPECT_EQ(document.at("load").at("model"), "poisson");
  EXPECT_EQ(document.at("load").at("offered_per_s").as_double(), 5000);
  EXPECT_EQ(document.at("load").at("achieved_per_s").as_double(), 4995);
  EXPECT_EQ(document.at("load").at("scheduled"), 10'000);
  EXPECT_EQ(document.at("load").at("completed"), 9'990);
  EXPECT_EQ(document.at("load").at("messages_per_write").as_double(), 2);
  EXPECT_EQ(document.at("errors").at("timeout"), 10);
  EXPECT_EQ(document.at("errors").as_object().size(), run::kErrorClassCount);
  EXPECT_NEAR(document.at("response_time_ms").at("p95").as_double(), 2, 0.002);
  EXPECT_EQ(document.at("target_memory_mb").at("start").as_double(), 10);
  EXPECT_EQ(document.at("target_memory_mb").at("peak").as_double(), 30);
  EXPECT_EQ(document.at("target_memory_mb").at("end").as_double(), 20);
  EXPECT_EQ(document.at("self_check").at("trusted"), true);
  EXPECT_EQ(document.at("tests").at(2).at("name"), "baseline.error_rate");
  EXPECT_EQ(document.at("tests").at(2).at("verdict"), "FAIL");
  EXPECT_EQ(document.at("faults").at(0).at("evidence").at("kernel_tcp_out_rsts"), "38");
  EXPECT_EQ(document.at("seconds").at("completed").as_array().size(), 3U);
  EXPECT_EQ(document.at("verdict"), "FAIL");
  EXPECT_EQ(document.at("exit_code"), 1);
}

TEST(Summary, CarriesHistogramsThatCanBeReadBack) {
  const auto document = summary(test::report_record());
  const auto encoded = document.at("hdr").at("response").as_string();
  const auto histogram =
      stats::Histogram::decode_v2_compressed_base64({encoded.data(), encoded.size()});
  ASSERT_TRUE(histogram) << histogram.error().text;
  EXPECT_EQ(histogram->count(), 9'990U);
}

// Every key that is written is described.
void expect_described(const json::value& value, const json::value& schema, const json::value& root,
                      const std::string& where) {
  for (const char* several : {"allOf", "anyOf"}) {
    if (const auto* all = schema.as_object().if_contains(several)) {
      return expect_described(value, all->at(0), root, where);
    }
  }
  if (const auto* ref = schema.as_object().if_contains("$ref")) {
    const std::string name(ref->as_string().c_str());
    return expect_described(value, root.at("definitions").at(name.substr(name.rfind('/') + 1)),
                            root, where);
  }
  if (value.is_array()) {
    for (const auto& element : value.as_array()) {
      expect_described(element, schema.at("items"), root, where + "[]");
    }
  }
  if (!value.is_object() || schema.as_object().contains("additionalProperties")) return;
  for (const auto& [key, member] : value.as_object()) {
    const auto* described = schema.at("properties").as_object().if_contains(key);
    const auto path = where + "." + std::string(key);
    ASSERT_NE(described, nullptr) << path << " is not in the schema";
    expect_described(member, *described, root, path);
  }
}

TEST(Summary, EveryKeyIsInTheSchema) {
  const auto schema = schema_json();
  expect_described(summary(test::report_record()), schema, schema, "");
}

TEST(Summary, TellsWhatEachLevelCameTo) {
  auto record = test::report_record();
  record.floor = {.messages_per_s = 1000, .burst_p50_ms = 1, .burst_p99_ms = 2, .message_bytes = 9};
  for (const std::uint32_t connections : {10U, 20U, 40U, 80U}) {
    run::LevelResult result;
    result.level = {.name = "step", .connections = connections, .rate = 100.0 * connections};
    result.judged = true;
    result.achieved_per_s = 100.0 * connections;
    result.scheduled = 1000;
    result.errors = 10;
    record.levels.push_back(result);
  }
  const auto document = summary(record);
  const auto schema = schema_json();
  expect_described(document, schema, schema, "");
  const auto& levels = document.at("levels").as_array();
  ASSERT_EQ(levels.size(), 4U);
  const auto& patterns = document.at("patterns").as_array();
  ASSERT_EQ(patterns.size(), 1U);
  EXPECT_EQ(patterns[0].at("pattern"), "single calls");
  EXPECT_EQ(patterns[0].at("levels").as_array().size(), 4U);
  EXPECT_EQ(document.at("run").at("variant"), "http,2025-11-25");
  EXPECT_EQ(levels[3].at("connections"), 80);
  EXPECT_EQ(levels[3].at("model"), "open");
  EXPECT_DOUBLE_EQ(levels[3].at("error_rate").as_double(), 0.01);
  EXPECT_TRUE(levels[3].at("target_memory_mb").is_null()) << "it could not be seen";
  EXPECT_EQ(document.at("floor").at("message_bytes"), 9);
  EXPECT_NEAR(document.at("scaling").at("lambda").at("value").as_double(), 100, 1e-6);
  EXPECT_TRUE(summary(test::report_record()).at("scaling").is_null());
}

TEST(Summary, TellsWhatASearchForCapacityCameTo) {
  auto record = test::report_record();
  run::CapacityStep kept, missed;
  kept.load = kept.result.level.rate = 800;
  missed.load = 1100;
  missed.gave_way = {run::GaveWay::Who::limits, {"p99"}, "p99 132 ms, limit < 100 ms"};
  run::Capacity capacity;
  capacity.from = 100;
  capacity.to = 5000;
  capacity.steps = {kept, missed};
  capacity.found = stats::Estimate{1000, 950, 1050};
  capacity.narrow = true;
  capacity.hold_share = 0.9;
  capacity.hold = kept;
  capacity.gave_way = missed.gave_way;
  capacity.gave_way_at = 1100;
  record.capacity = capacity;
  const auto document = summary(record);
  EXPECT_EQ(violation(document), "");
  expect_described(document, schema_json(), schema_json(), "");
  const auto& found = document.at("capacity").as_object();
  EXPECT_EQ(found.at("of"), "rate");
  EXPECT_EQ(found.at("estimate").at("low").as_double(), 950);
  EXPECT_EQ(found.at("text"), "1,000/s (95 %: 950/s to 1,050/s)");
  EXPECT_EQ(found.at("gave_way").at("who"), "limits");
  EXPECT_EQ(found.at("gave_way").at("at").as_double(), 1100);
  EXPECT_TRUE(found.at("steps").at(0).at("kept").as_bool());
  EXPECT_EQ(found.at("steps").at(1).at("gave_way").at("metrics").at(0), "p99");
  EXPECT_EQ(found.at("hold").at("result").at("offered_per_s").as_double(), 0);
  EXPECT_TRUE(summary(test::report_record()).at("capacity").is_null());
}

TEST(Summary, AddsUpWhatBecameOfTheClients) {
  const auto clients = summary(test::report_record()).at("clients").as_object();
  EXPECT_EQ(clients.at("connects"), 5);
  EXPECT_EQ(clients.at("drops"), 3);
  EXPECT_EQ(clients.at("sessions_opened"), 3);
  EXPECT_EQ(clients.at("sessions_kept"), 2);
  EXPECT_EQ(clients.at("sessions_lost"), 1);
  const auto& outages = clients.at("longest_outage_ms").as_object();
  EXPECT_EQ(outages.at("count"), 2) << "the third client had none";
  EXPECT_EQ(outages.at("p50").as_double(), 50);
  EXPECT_EQ(outages.at("p99").as_double(), 250);
  EXPECT_EQ(outages.at("max").as_double(), 250);
}

}  // namespace
}  // namespace gauntlet::report
