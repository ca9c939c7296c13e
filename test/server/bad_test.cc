// Each known-bad mode does exactly what server/bad.h says, and counts it.
#include "server/bad.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "served.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

std::string spoiled_id(std::string_view id) {
  Bad bad(BadKind::wrong_id, 1);
  std::string body = std::string(kAnswerHead) + std::string(id) + ",";
  EXPECT_TRUE(bad.on_call(body, kAnswerHead.size()).plain());
  return body.substr(kAnswerHead.size(), body.size() - kAnswerHead.size() - 1);
}

Client opened(const Served& served) {
  Client client(served.lines());
  client.send(initialize() + "\n");
  client.read_line();
  return client;
}

void send_echoes(Client& client, int first, int last) {
  for (int i = first; i <= last; ++i) client.send(echo(std::to_string(i)) + "\n");
}

TEST(Bad, ChangesAnIdToOneOfTheSameType) {
  EXPECT_EQ(spoiled_id("7"), "-7");
  EXPECT_EQ(spoiled_id("-7"), "7");
  EXPECT_EQ(spoiled_id("0"), "-1");
  EXPECT_EQ(spoiled_id(R"("a")"), R"("a?")");
  EXPECT_EQ(spoiled_id(R"("a\"\\")"), R"("a\"\\?")");
}

TEST(Bad, KnowsItsNames) {
  for (std::size_t i = 0; i < kBadKindNames.size(); ++i)
    EXPECT_EQ(parse_bad_kind(kBadKindNames[i]), static_cast<BadKind>(i));
  EXPECT_FALSE(parse_bad_kind("good"));
}

int refused(Bad& bad, int calls, std::uint64_t deaths = 0, std::size_t waiting = 0) {
  int count = 0;
  for (int i = 0; i < calls; ++i) count += bad.refuses_call(deaths, waiting) ? 1 : 0;
  return count;
}

TEST(Bad, AStormRefusesThreeOfFourCallsOnceAWorkerDied) {
  Bad bad(BadKind::retry_storm, 1);
  EXPECT_EQ(refused(bad, 8), 0);
  EXPECT_EQ(refused(bad, 8, 1), 6);
  EXPECT_EQ(bad.count(), 6U);
}

TEST(Bad, ACascadeRefusesEveryCallWhileItsPlacesAreTaken) {
  Bad bad(BadKind::cascade, 1);
  EXPECT_EQ(refused(bad, 8, 0, kCascadePlaces - 1), 0);
  EXPECT_EQ(refused(bad, 8, 0, kCascadePlaces), 8);
  EXPECT_EQ(refused(bad, 8, 0, 0), 0);
}

TEST(Bad, AMetastableOneStaysBadUntilFewerCallsCome) {
  Bad bad(BadKind::metastable, 1);
  core::Nanos now = 1000 * core::kSecond;
  bad.note_sweep(now);
  const auto pass = [&](int calls, int seconds) {
    const int count = refused(bad, calls);
    bad.note_sweep(now += seconds * core::kSecond);
    return count;
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pass(100, 1), 0);
  EXPECT_EQ(pass(10, 3), 0) << "it stood still, and does not know yet";
  EXPECT_EQ(pass(300, 1), 300) << "what had waited";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pass(100, 1), 100) << "the trigger is long gone";
  EXPECT_EQ(pass(50, 1), 50);
  EXPECT_EQ(pass(100, 1), 100) << "one calm second is not enough";
  EXPECT_EQ(pass(50, 1), 50);
  EXPECT_EQ(pass(50, 1), 50);
  EXPECT_EQ(pass(50, 1), 0);
  EXPECT_EQ(pass(100, 1), 0);
}

TEST(Bad, WrongIdOnEveryThirdCall) {
  Served served(bad_config(BadKind::wrong_id, 3));
  Client client = opened(served);
  send_echoes(client, 1, 6);
  for (const char* id : {"1", "2", "-3", "4", "5", "-6"}) EXPECT_EQ(client.read_line(), echoed(id));
  EXPECT_EQ(served.bad_answers("wrong-id"), 2);
}

TEST(Bad, OtherMethodsAreNeverSpoiled) {
  Served served(bad_config(BadKind::drop, 1));
  Client client = opened(served);
  client.send(message("1", "ping") + "\n");
  EXPECT_THAT(client.read_line(), HasSubstr(R"("id":1)"));
  EXPECT_EQ(served.bad_answers("drop"), 0);
}

TEST(Bad, DuplicatesOnLinesAndInAnEventStream) {
  Served served(bad_config(BadKind::duplicate, 2));
  Client client = opened(served);
  send_echoes(client, 1, 3);
  for (const char* id : {"1", "2", "2", "3"}) EXPECT_EQ(client.read_line(), echoed(id));

  Client web(served.http());
  const HttpResponse response = web.ask(stateless_echo("4"));
  EXPECT_EQ(response.headers.at("content-type"), "text/event-stream");
  const std::string event = "event: message\ndata: " + stateless_echoed("4") + "\n\n";
  EXPECT_EQ(response.body, event + event);
  EXPECT_EQ(web.ask(stateless_echo("5")).body, stateless_echoed("5"));
  EXPECT_EQ(served.bad_answers("dup"), 2);
}

TEST(Bad, DropsOneAnswerAndGoesOn) {
  Served served(bad_config(BadKind::drop, 2));
  Client client = opened(served);
  send_echoes(client, 1, 4);
  for (const char* id : {"1", "3"}) EXPECT_EQ(client.read_line(), echoed(id));
  Client web(served.http());
  web.send(stateless_echo("5") + stateless_echo("6") + stateless_echo("7"));
  EXPECT_EQ(web.read_response().body, stateless_echoed("5"));
  EXPECT_EQ(web.read_response().body, stateless_echoed("7"));
  EXPECT_EQ(served.bad_answers("drop"), 3);
}

TEST(Bad, StallsOneConnectionForGood) {
  Served served(bad_config(BadKind::stall, 3));
  Client stalled = opened(served);
  send_echoes(stalled, 1, 2);
  for (const char* id : {"1", "2"}) EXPECT_EQ(stalled.read_line(), echoed(id));
  send_echoes(stalled, 3, 5);  // all three are swallowed; the third and on are not counted anew
  Client other = opened(served);
  while (served.bad_answers("stall") < 3) usleep(1000);
  send_echoes(other, 7, 7);  // the 6th call is the next to be chosen: this connection stalls too
  while (served.bad_answers("stall") < 4) usleep(1000);
  stalled.send(message("9", "ping") + "\n");
  while (served.bad_answers("stall") < 5) usleep(1000);
  shutdown(stalled.fd(), SHUT_WR);
  EXPECT_EQ(stalled.read_to_end(), "");
  EXPECT_EQ(served.bad_answers("stall"), 5);
}

TEST(Bad, StallsHttpToo) {
  Served served(bad_config(BadKind::stall, 2));
  Client client(served.http());
  EXPECT_EQ(client.ask(stateless_echo("1")).body, stateless_echoed("1"));
  client.send(stateless_echo("2") + http("GET", "/health"));
  while (served.bad_answers("stall") < 1) usleep(1000);
  shutdown(client.fd(), SHUT_WR);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Bad, TruncatesTheJsonButNotItsFrame) {
  Served served(bad_config(BadKind::bad_json, 1));
  Client client = opened(served);
  send_echoes(client, 1, 1);
  const std::string whole = echoed("1");
  EXPECT_EQ(client.read_line(), whole.substr(0, whole.size() / 2));
  Client web(served.http());
  const std::string web_whole = stateless_echoed("2");
  const HttpResponse response = web.ask(stateless_echo("2"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, web_whole.substr(0, web_whole.size() / 2));
  EXPECT_EQ(served.bad_answers("bad-json"), 2);
}

TEST(Bad, ClosesHalfWay) {
  Served served(bad_config(BadKind::half_close, 2));
  Client client = opened(served);
  send_echoes(client, 1, 3);
  EXPECT_EQ(client.read_line(), echoed("1"));
  const std::string whole = echoed("2");
  EXPECT_EQ(client.read_to_end(), whole.substr(0, whole.size() / 2));

  Client web(served.http());
  EXPECT_EQ(web.ask(stateless_echo("3")).status, 200);
  web.send(stateless_echo("4") + stateless_echo("5"));
  const std::string rest = web.read_to_end();
  const std::string web_whole = stateless_echoed("4");
  EXPECT_THAT(rest, HasSubstr("Content-Length: " + std::to_string(web_whole.size())));
  EXPECT_TRUE(rest.ends_with("\r\n\r\n" + web_whole.substr(0, web_whole.size() / 2)));
  EXPECT_EQ(served.bad_answers("half-close"), 2);
}

TEST(Bad, LeaksWhileItAnswersWell) {
  Served served(bad_config(BadKind::leak, 1));
  Client client = opened(served);
  const double before = served.metric("process_resident_memory_bytes");
  send_echoes(client, 1, 200);
  for (int i = 1; i <= 200; ++i) EXPECT_EQ(client.read_line(), echoed(std::to_string(i)));
  EXPECT_EQ(served.bad_answers("leak"), 200);
  const double grown = served.metric("process_resident_memory_bytes") - before;
  EXPECT_GT(grown, 150.0 * static_cast<double>(kLeakBytes));
}

TEST(Bad, LeaksSessionsWhileItAnswersWell) {
  Served served(bad_config(BadKind::leak_sessions, 2));
  Client client = opened(served);
  const double before = served.metric("gauntlet_server_sessions");
  send_echoes(client, 1, 10);
  for (int i = 1; i <= 10; ++i) EXPECT_EQ(client.read_line(), echoed(std::to_string(i)));
  EXPECT_EQ(served.bad_answers("leak-sessions"), 5);
  EXPECT_EQ(served.metric("gauntlet_server_sessions") - before, 5);
}

TEST(Bad, LateAnswersAreSpoiledAsWell) {
  Served served(bad_config(BadKind::wrong_id, 1));
  Client client = opened(served);
  client.send(call("5", "sleep", R"({"ms":1})") + "\n");
  EXPECT_EQ(client.read_line(), echoed("-5", R"("slept 1 ms")"));
}

}  // namespace
}  // namespace gauntlet::server
