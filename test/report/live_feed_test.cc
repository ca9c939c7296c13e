#include "report/live_feed.h"

#include <gtest/gtest.h>

#include "report/made_run.h"

namespace gauntlet::report {
namespace {

namespace json = boost::json;

class Feed : public testing::Test {
 protected:
  LiveState state() const {
    return {.seconds = record_.seconds,
            .memory = record_.memory,
            .cores = {},
            .counts = record_.phases[1].counts,
            .response = record_.phases[1].latencies.response,
            .service = record_.phases[1].latencies.service};
  }

  run::Record record_ = test::report_record();
};

TEST_F(Feed, HistoryIsTheDocumentSoFar) {
  run::Record about = record_;
  about.plan.tests = {{.name = "speed", .purpose = "quick", .limits = {}, .fault = ""}};
  about.plan.tests[0].limits.push_back(
      {.metric = "p95", .value = 3, .warn_until = {}, .text = "p95 <= 3ms"});
  about.plan.faults = {{.id = "cut", .kind = "disconnect", .phase = "steady", .at = core::kSecond}};
  LiveFeed feed(about);
  const auto history = json::parse(feed.history(state())).as_object();
  EXPECT_EQ(history.at("live").at("t"), 3.0);
  EXPECT_TRUE(history.at("live").at("level").is_null());
  const auto& facts = history.at("facts");
  EXPECT_EQ(facts.at("tests").as_array()[0].at("verdict"), "PENDING");
  EXPECT_EQ(facts.at("tests").as_array()[0].at("checks").as_array()[0].at("limit"), "<= 3 ms");
  EXPECT_EQ(facts.at("faults").as_array()[0].at("start_s"), 2.0) << "as planned";
  EXPECT_EQ(facts.at("load").at("achieved_per_s"), 4995);
  const auto& seconds = history.at("parts").as_array()[0].at("seconds");
  EXPECT_EQ(seconds.at("t"), (json::array{1, 2, 3}));
}

TEST_F(Feed, InAClimbItSaysWhichLevelItIs) {
  LiveFeed feed(record_, "level 2 of 6: high");
  const auto history = json::parse(feed.history(state())).as_object();
  EXPECT_EQ(history.at("live").at("level"), "level 2 of 6: high");
}

TEST_F(Feed, ASecondIsOneMoreRow) {
  LiveFeed feed(record_);
  stats::Histogram times;
  times.record_us(1500, 4);
  const std::string encoded = times.encode_v2_compressed();
  feed.add({.t = 3,
            .length = 1,
            .phase = 1,
            .response = encoded,
            .service = encoded,
            .send_lag = encoded});
  const auto second = json::parse(feed.second(state())).as_object();
  EXPECT_EQ(second.at("t"), 3.0);
  EXPECT_EQ(second.at("seconds").at("completed"), 4995);
  EXPECT_EQ(second.at("seconds").at("service_p50"), 1.5);
  EXPECT_EQ(second.at("memory").at("resident"), 20);
  EXPECT_TRUE(second.at("cores").is_null());
  EXPECT_EQ(second.at("heat").at("to"), 3);
  EXPECT_EQ(second.at("facts").at("response_time_ms").at("count"), 9990);
}

TEST_F(Feed, BeforeTheFirstSecondThereIsAPageToo) {
  LiveFeed feed(record_);
  record_.seconds.clear();
  record_.memory.clear();
  const auto history = json::parse(feed.history(state())).as_object();
  EXPECT_EQ(history.at("live").at("t"), 0.0);
  EXPECT_TRUE(history.at("parts").as_array()[0].at("seconds").at("t").as_array().empty());
}

}  // namespace
}  // namespace gauntlet::report
