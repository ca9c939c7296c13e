// JSON-RPC batches: what is one, who may send one, and what comes back.
#include "server/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "events.h"
#include "served.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

std::expected<std::vector<std::string>, mcp::Refusal> split(std::string json) {
  const std::size_t size = json.size();
  json.append(wire::kReadPadding, '\0');
  return split_batch({json.data(), size}, 3);
}

int code_of(const std::string& json) {
  const auto batch = split(json);
  return batch ? 0 : batch.error().code;
}

TEST(Batch, IsSplitIntoItsMessages) {
  const auto batch = split(" [ {\"a\" : [1, {}]} , {\"b\":\"]\"} ] ");
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 2U);
  const auto text = [](std::span<const char> part) {
    return std::string(part.data(), part.size());
  };
  EXPECT_THAT(text(message_of((*batch)[0])), HasSubstr(R"({"a" : [1, {}]})"));
  EXPECT_THAT(text(message_of((*batch)[1])), HasSubstr(R"({"b":"]"})"));
}

TEST(Batch, IsRefusedAsAWholeWhereItIsNone) {
  for (const char* json : {"[", "[{}", "[{}]x", "[{},]", "[}", "[{]"})
    EXPECT_EQ(code_of(json), mcp::kParseError) << json;
  EXPECT_EQ(code_of("[]"), mcp::kInvalidRequest);
  EXPECT_EQ(code_of("[{},{},{}]"), 0);
  EXPECT_EQ(code_of("[{},{},{},{}]"), mcp::kInvalidRequest) << "too long";
  EXPECT_EQ(code_of("[" + echo("1") + "," + initialize() + "]"), mcp::kInvalidRequest);
  EXPECT_EQ(code_of("[" + stateless("1", "tools/list") + "]"), mcp::kInvalidRequest);
}

RC_GTEST_PROP(Batch, NoBytesDoHarm, ()) {
  std::string json = "[";
  for (const char* part : *rc::gen::container<std::vector<const char*>>(
           rc::gen::element("[", "]", "{", "}", ",", ":", "\"", "\\", "1", "null", "\"a\"", " ",
                            "\xff", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}")))
    json += part;
  (void)split(json);
}

class Batches : public testing::Test {
 protected:
  HttpResponse ask(const std::string& body) { return client_.ask(post(body, session_)); }

  Served served_;
  std::string session_ = open_session(served_.http(), "2025-03-26");
  Client client_{served_.http()};
};

TEST_F(Batches, AnArrayOfAnswersComesBack) {
  const HttpResponse answer =
      ask("[" + echo("1") + "," + message("", "notifications/initialized") + "," + echo("2") + "]");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  EXPECT_EQ(answer.body, "[" + echoed("1") + "," + echoed("2") + "]");
}

TEST_F(Batches, NotificationsAloneAreAccepted) {
  const HttpResponse answer = ask("[" + message("", "notifications/initialized") + "]");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body, "");
}

TEST_F(Batches, WhatIsWrongInOneIsAnsweredThere) {
  const HttpResponse answer = ask("[" + echo("1") + ",7,{\"jsonrpc\":\"2.0\",\"id\":null}]");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(echoed("1")));
  EXPECT_THAT(answer.body, HasSubstr("-32600"));
}

TEST_F(Batches, WaitForTheLastAnswer) {
  const HttpResponse answer = ask("[" + call("1", "sleep", R"({"ms":20})") + "," + echo("2") + "]");
  EXPECT_THAT(answer.body, HasSubstr(echoed("2")));
  EXPECT_THAT(answer.body, HasSubstr("slept"));
  EXPECT_EQ(ask(echo("3")).body, echoed("3")) << "the connection goes on";
}

TEST_F(Batches, BecomeEventsWithTheFirstMessage) {
  EventReader reader(served_.http(),
                     post("[" + echo("1") + "," + call("2", "stream", R"({"count":1,"ms":5})") +
                              "," + call("3", "sleep", R"({"ms":20})") + "]",
                          session_));
  EXPECT_EQ(reader.head().headers.at("content-type"), "text/event-stream");
  std::string all;
  int events = 0;
  for (const TestEvent& event : reader.rest()) {
    all += event.data;
    ++events;
  }
  EXPECT_EQ(events, 4);
  EXPECT_THAT(all, HasSubstr(echoed("1")));
  EXPECT_THAT(all, HasSubstr("streamed"));
  EXPECT_THAT(all, HasSubstr("slept"));
}

TEST_F(Batches, AreForTheirRevisionOnly) {
  const std::string batch = "[" + echo("1") + "]";
  for (const char* revision : {"2024-11-05", "2025-06-18", "2025-11-25"}) {
    const HttpResponse answer = client_.ask(post(batch, open_session(served_.http(), revision)));
    EXPECT_EQ(answer.status, 400) << revision;
    EXPECT_THAT(answer.body, HasSubstr("-32600"));
  }
  EXPECT_EQ(
      client_.ask(post("[" + stateless("1", "tools/list") + "]", stateless_headers("tools/list")))
          .status,
      400);
  EXPECT_EQ(ask("[]").status, 400);
  EXPECT_EQ(ask("[" + initialize() + "]").status, 400);
}

TEST_F(Batches, WorkOnLinesToo) {
  Client client(served_.lines());
  client.send(initialize("2025-03-26") + "\n");
  client.read_line();
  client.send("[" + call("1", "sleep", R"({"ms":20})") + "," + echo("2") + "]\n" + echo("3") +
              "\n");
  EXPECT_EQ(client.read_line(), echoed("3"));
  const std::string answers = client.read_line();
  EXPECT_EQ(answers.front(), '[');
  EXPECT_THAT(answers, HasSubstr(echoed("2")));
  EXPECT_THAT(answers, HasSubstr("slept"));
  client.send("[" + message("", "notifications/initialized") + "]\n" + echo("4") + "\n");
  EXPECT_EQ(client.read_line(), echoed("4"));
}

}  // namespace
}  // namespace gauntlet::server
