// The standalone event stream of a session, resumption, and what two workers make of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "events.h"
#include "served.h"

namespace gauntlet::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Letter kToolsChanged{Letter::Kind::tools_changed, {}, 0, {}};
constexpr std::string_view kToolsChangedText =
    R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";

std::string stream_call(int count, int ms) {
  return call("7", "stream",
              R"({"count":)" + std::to_string(count) + R"(,"ms":)" + std::to_string(ms) + "}");
}

// Two workers of one server.
struct Pair {
  explicit Pair(const Config& config = test_config())
      : parts(std::make_shared<SharedParts>(config, 2)),
        first(config, parts, 0),
        second(config, parts, 1) {}

  std::shared_ptr<SharedParts> parts;
  Served first, second;
};

TEST(HttpStream, GetOpensTheSessionsOwnStream) {
  Served served;
  const std::string session = open_session(served.http());
  EventReader reader(served.http(), get_events(session));
  ASSERT_EQ(reader.head().status, 200);
  EXPECT_EQ(reader.head().headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(reader.next()->id, "0-1");
  served.post(kToolsChanged);
  const auto event = reader.next();
  EXPECT_EQ(event->id, "0-2");
  EXPECT_EQ(event->data, kToolsChangedText);
}

TEST(HttpStream, GetIsRefusedWhereItMakesNoSense) {
  Served served;
  const std::string session = open_session(served.http());
  Client client(served.http());
  EXPECT_EQ(client.ask(get_events()).status, 400);
  EXPECT_EQ(client.ask(get_events(session_header(std::string(32, '0')))).status, 404);
  EXPECT_EQ(client.ask(http("GET", "/mcp", "Accept: application/json\r\n" + session)).status, 406);
  EXPECT_EQ(client.ask(get_events(session + "MCP-Protocol-Version: 1999-01-01\r\n")).status, 400);
  const HttpResponse modern = client.ask(get_events("MCP-Protocol-Version: 2026-07-28\r\n"));
  EXPECT_EQ(modern.status, 405);
  EXPECT_EQ(modern.headers.at("allow"), "POST");
  EXPECT_EQ(client.ask(get_events(session + "Origin: http://evil.example\r\n")).status, 403);
  for (const char* id : {"x", "9-1", "1", "-", "0-", "1-99999999999999999999999"})
    EXPECT_EQ(client.ask(resume(session, id)).status, 400) << id;
}

TEST(HttpStream, ASecondGetIsAConflict) {
  Served served;
  const std::string session = open_session(served.http());
  EventReader reader(served.http(), get_events(session));
  EXPECT_EQ(Client(served.http()).ask(get_events(session)).status, 409);
}

TEST(HttpStream, AResumedStreamTakesTheOldOnesPlace) {
  Served served;
  const std::string session = open_session(served.http());
  EventReader old(served.http(), get_events(session));
  const std::string id = old.next()->id;
  EventReader fresh(served.http(), resume(session, id));
  EXPECT_FALSE(old.next_message()) << "ended";
  served.post(kToolsChanged);
  EXPECT_EQ(fresh.next_message()->data, kToolsChangedText);
}

TEST(HttpStream, DeleteEndsTheSessionsStreamsAtAllWorkers) {
  Pair pair;
  const std::string session = open_session(pair.first.http());
  EventReader reader(pair.second.http(), get_events(session));
  reader.next();
  EXPECT_EQ(Client(pair.first.http()).ask(http("DELETE", "/mcp", session)).status, 200);
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(Client(pair.second.http()).ask(get_events(session)).status, 404);
}

TEST(HttpStream, NewsGoesToEachStreamOnce) {
  Pair pair;
  EventReader one(pair.first.http(), get_events(open_session(pair.first.http())));
  EventReader two(pair.second.http(), get_events(open_session(pair.first.http())));
  one.next(), two.next();
  pair.first.post(kToolsChanged);
  EXPECT_EQ(one.next()->data, kToolsChangedText);
  EXPECT_EQ(two.next()->data, kToolsChangedText);
}

TEST(HttpStream, WhatHappensWhileTheClientIsAwayIsKept) {
  Served served;
  const std::string session = open_session(served.http());
  std::string id;
  {
    EventReader reader(served.http(), get_events(session));
    id = reader.next()->id;
  }
  for (int i = 0; i < 500 && served.metric("gauntlet_server_connections") != 1; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  served.post(kToolsChanged);
  served.post({Letter::Kind::prompts_changed, {}, 0, {}});
  EventReader again(served.http(), resume(session, id));
  EXPECT_THAT(again.next_message()->data, HasSubstr("tools/list_changed"));
  EXPECT_THAT(again.next_message()->data, HasSubstr("prompts/list_changed"));
}

TEST(HttpStream, TheStandaloneStreamMovesToAnotherWorker) {
  Pair pair;
  const std::string session = open_session(pair.first.http());
  EventReader old(pair.first.http(), get_events(session));
  const std::string id = old.next()->id;
  pair.first.post(kToolsChanged);
  EXPECT_EQ(old.next_message()->id, "0-2");
  EventReader fresh(pair.second.http(), resume(session, id));
  EXPECT_EQ(fresh.next_message()->id, "0-2");
  EXPECT_FALSE(old.next_message());
  pair.first.post(kToolsChanged);
  EXPECT_EQ(fresh.next_message()->id, "0-3") << "written by one of the two";
}

TEST(HttpStream, ALostPostIsResumedAtAnotherWorker) {
  Pair pair;
  const std::string session = open_session(pair.first.http());
  std::vector<std::string> ids;
  {
    EventReader reader(pair.first.http(), post(stream_call(20, 10), session));
    ids.push_back(reader.next()->id);
    ids.push_back(reader.next()->id);
  }
  EventReader again(pair.second.http(), resume(session, ids.back()));
  ASSERT_EQ(again.head().status, 200);
  std::string last;
  for (const TestEvent& event : again.rest()) {
    ids.push_back(event.id);
    last = event.data;
  }
  EXPECT_THAT(last, HasSubstr(R"("id":7,"result")"));
  ASSERT_EQ(ids.size(), 22U);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], "1-" + std::to_string(i + 1));
  EXPECT_TRUE(EventReader(pair.first.http(), resume(session, ids.back())).rest().empty());
}

TEST(HttpStream, TheServerMayHangUpAndTheClientComesBack) {
  Served served;
  const std::string session = open_session(served.http());
  EventReader reader(served.http(),
                     post(call("7", "stream", R"({"count":2,"ms":10,"cut":1})"), session));
  std::string id;
  std::string retry;
  while (const auto event = reader.next()) {
    if (!event->id.empty()) id = event->id;
    if (!event->retry.empty()) retry = event->retry;
  }
  EXPECT_EQ(id, "1-2");
  EXPECT_EQ(retry, "100");
  EXPECT_EQ(reader.client().read_to_end(), "");
  const auto rest = EventReader(served.http(), resume(session, id)).rest();
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_THAT(rest[1].data, HasSubstr(R"("id":7,"result")"));
}

TEST(HttpStream, ARunningPostMayBeTakenOver) {
  Pair pair;
  const std::string session = open_session(pair.first.http());
  EventReader reader(pair.first.http(), post(stream_call(30, 10), session));
  const std::string id = reader.next()->id;
  EventReader other(pair.second.http(), resume(session, id));
  EXPECT_EQ(other.rest().size(), 31U);
  EXPECT_LT(reader.rest().size(), 31U) << "ended when the other began";
}

TEST(HttpStream, StreamsOfASessionAreBounded) {
  Config config = test_config();
  config.limits.session_streams_max = 1;
  Served served(config);
  const std::string session = open_session(served.http());
  EventReader reader(served.http(), get_events(session));
  const HttpResponse answer = Client(served.http()).ask(post(stream_call(2, 1), session));
  EXPECT_EQ(answer.headers.at("content-type"), "application/json") << "the answer alone";
}

TEST(HttpStream, AStoppingServerEndsItsStreams) {
  Served served;
  EventReader reader(served.http(), get_events(open_session(served.http())));
  reader.next();
  served.stop();
  EXPECT_FALSE(reader.next());
  served.join();
}

// Whenever and however often the connection is lost, at whichever worker the client comes back: it
// gets every event once and in order.
RC_GTEST_PROP(HttpStream, NothingIsLostOrDoubled, ()) {
  static Pair pair;
  static const std::string session = open_session(pair.first.http());
  const int count = *rc::gen::inRange(0, 40);
  const auto patience = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 12));
  std::vector<std::string> data;
  std::string id;
  const auto read = [&](EventReader& reader, int events) {
    for (int i = 0; i < events; ++i) {
      const auto event = reader.next();
      if (!event) return true;
      if (!event->id.empty()) id = event->id;
      if (!event->data.empty()) data.push_back(event->data);
    }
    return false;
  };
  bool ended = false;
  {
    EventReader reader(pair.first.http(), post(stream_call(count, 1), session));
    if (reader.head().headers.at("content-type") == "application/json") {
      RC_ASSERT(count == 0);
      return;
    }
    ended = read(reader, 1 + *rc::gen::inRange(0, 12));
  }
  for (std::size_t i = 0; !ended && i < patience.size(); ++i) {
    const Served& served = i % 2 == 0 ? pair.second : pair.first;
    EventReader reader(served.http(), resume(session, id));
    ended = read(reader, patience[i]);
  }
  if (!ended) {
    EventReader reader(pair.second.http(), resume(session, id));
    ended = read(reader, 1000);
  }
  RC_ASSERT(ended);
  RC_ASSERT(data.size() == static_cast<std::size_t>(count) + 1);
  for (int i = 0; i < count; ++i)
    RC_ASSERT(
        data[static_cast<std::size_t>(i)].ends_with("\"data\":" + std::to_string(i + 1) + "}}"));
}

}  // namespace
}  // namespace gauntlet::server
