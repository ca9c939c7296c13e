#include "chaos/proxy_toxic.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace gauntlet::chaos {
namespace {

TEST(Toxic, IsReadFromText) {
  const auto toxic =
      parse_toxic("latency:ms=100,jitter=20,share=0.5,stream=upstream,ttl=30s,name=slow");
  ASSERT_TRUE(toxic) << toxic.error().text;
  EXPECT_EQ(toxic->kind, ToxicKind::latency);
  EXPECT_EQ(toxic->ms_ns(), 100 * core::kMillisecond);
  EXPECT_EQ(toxic->value(ToxicValue::jitter), 20U);
  EXPECT_EQ(toxic->share, 0.5);
  EXPECT_EQ(toxic->stream, ProxyStream::upstream);
  EXPECT_EQ(toxic->ttl_ns, 30 * core::kSecond);
  EXPECT_EQ(toxic->name(), "slow");
}

TEST(Toxic, HasItsKindAsNameAndGoesDownstreamUnlessTold) {
  const auto toxic = parse_toxic("down");
  ASSERT_TRUE(toxic) << toxic.error().text;
  EXPECT_EQ(toxic->name(), "down");
  EXPECT_TRUE(toxic->concerns(ProxyStream::downstream));
  EXPECT_FALSE(toxic->concerns(ProxyStream::upstream));
  EXPECT_EQ(toxic->share, 1);
}

TEST(Toxic, TakesToxiproxysJson) {
  const auto toxic = toxic_of_json(
      R"({"name":"a","type":"slicer","stream":"upstream","toxicity":0.25,
          "attributes":{"average_size":10,"size_variation":3,"delay":500}})");
  ASSERT_TRUE(toxic) << toxic.error().text;
  EXPECT_EQ(toxic->value(ToxicValue::size), 10U);
  EXPECT_EQ(toxic->value(ToxicValue::variation), 3U);
  EXPECT_EQ(toxic->value(ToxicValue::delay_us), 500U);
  EXPECT_EQ(toxic->share, 0.25);
  const auto timeout = toxic_of_json(R"({"type":"timeout","attributes":{"timeout":7}})");
  ASSERT_TRUE(timeout);
  EXPECT_EQ(timeout->ms_ns(), 7 * core::kMillisecond);
}

TEST(Toxic, ComesBackFromItsJsonAsItWas) {
  for (const char* text :
       {"latency:ms=5,jitter=2,share=0.5,stream=both,ttl=2s,name=x", "bandwidth:rate=10",
        "slow_close:ms=3", "timeout", "reset_peer:ms=9", "slicer:size=9,variation=2,delay_us=1",
        "limit_data:bytes=64KB", "down:share=0", "drop_answer:nth=5,max=1", "wrong_id:share=0.1",
        "delay_answer:ms=1,openings=1", "http_status:status=503,retry_after=2"}) {
    const auto toxic = parse_toxic(text);
    ASSERT_TRUE(toxic) << text << ": " << toxic.error().text;
    const auto json = json_of(*toxic);
    const auto again = toxic_of_json(boost::json::serialize(json));
    ASSERT_TRUE(again) << text << ": " << again.error().text;
    EXPECT_EQ(json_of(*again), json) << text;
  }
}

TEST(Toxic, ThatMakesNoSenseIsRefusedInOneLine) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"lag:ms=1", "'lag' is no toxic"},
      {"latency", "latency needs ms"},
      {"latency:ms", "'ms' in 'latency:ms' is not name=value"},
      {"latency:ms=-1", "ms: "},
      {"latency:ms=9999999", "latency: ms is at most 3600000"},
      {"latency:ms=1,rate=2", "latency takes no 'rate'"},
      {"latency:ms=1,share=2", "share"},
      {"latency:ms=1,stream=sideways", "stream is upstream, downstream or both"},
      {"latency:ms=1,name=a b", "a toxic's name"},
      {"latency:ms=1,ttl=soon", "soon"},
      {"slicer:size=4,variation=4", "variation is less than size"},
      {"drop_answer:nth=4,share=0.5", "nth or share, not both"},
      {"http_status:status=500", "status is 404, 429 or 503"},
      {"", "'' is no toxic"},
  };
  for (const auto& [text, reason] : wrong) {
    const auto toxic = parse_toxic(text);
    ASSERT_FALSE(toxic) << text;
    EXPECT_NE(toxic.error().text.find(reason), std::string::npos) << toxic.error().text;
    EXPECT_EQ(toxic.error().text.find('\n'), std::string::npos);
  }
}

TEST(Toxic, ThatIsNoProperJsonIsRefused) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "not a JSON object"},
      {"[]", "not a JSON object"},
      {R"({"name":"x"})", "no type"},
      {R"({"type":7})", "no type"},
      {R"({"type":"down","colour":"red"})", "no such 'colour'"},
      {R"({"type":"down","name":7})", "no such 'name'"},
      {R"({"type":"down","toxicity":1.5})", "share lies in 0-1"},
      {R"({"type":"down","ttl_ms":-1})", "no such 'ttl_ms'"},
      {R"({"type":"latency","attributes":{"latency":"x"}})", "latency is not a number"},
      {R"({"type":"latency","attributes":{"latency":-5}})", "latency is not a number"},
  };
  for (const auto& [text, reason] : wrong) {
    const auto toxic = toxic_of_json(text);
    ASSERT_FALSE(toxic) << text;
    EXPECT_NE(toxic.error().text.find(reason), std::string::npos) << toxic.error().text;
  }
}

}  // namespace
}  // namespace gauntlet::chaos
