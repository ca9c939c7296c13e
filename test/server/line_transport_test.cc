// MCP over streams of lines, from outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "served.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

std::string ask(Client& client, const std::string& line) {
  client.send(line + "\n");
  return client.read_line();
}

Client opened(const Served& served) {
  Client client(served.lines());
  ask(client, initialize());
  return client;
}

TEST(Lines, TheConnectionIsTheSession) {
  Served served;
  Client client(served.lines());
  EXPECT_THAT(ask(client, echo("1")), HasSubstr(R"("id":1,"error":{"code":-32000)"));
  EXPECT_EQ(ask(client, message("2", "ping")), R"({"jsonrpc":"2.0","id":2,"result":{}})");
  EXPECT_THAT(ask(client, initialize("2024-11-05")), HasSubstr("2024-11-05"));
  client.send(message("", "notifications/initialized") + "\r\n\n");
  EXPECT_EQ(ask(client, echo("3")), echoed("3"));
  EXPECT_EQ(served.metric("gauntlet_server_sessions"), 0);
  Client other(served.lines());
  EXPECT_THAT(ask(other, echo("1")), HasSubstr("-32000"));
}

TEST(Lines, StatelessMessagesNeedNoOpening) {
  Served served;
  Client client(served.lines());
  EXPECT_EQ(ask(client, stateless_call("1", "echo", R"({"message":"x"})")), stateless_echoed("1"));
  EXPECT_THAT(ask(client, stateless("2", "server/discover")), HasSubstr("2026-07-28"));
  EXPECT_THAT(ask(client, stateless("3", "ping")), HasSubstr(R"("id":3,"error":{"code":-32601)"));
}

TEST(Lines, TheIdComesBackByteForByte) {
  Served served;
  Client client = opened(served);
  for (const char* id : {"0", "-1", "123456789012345678901234567890", "-9223372036854775808",
                         R"("a b")", R"("\u0041\"\\\n")", "\"\xE2\x82\xAC\"", R"("7")"})
    EXPECT_EQ(ask(client, echo(id)), echoed(id));
}

RC_GTEST_PROP(Lines, TheMessageComesBackByteForByte, ()) {
  static Served served;
  static Client client = opened(served);
  std::string token = "\"";
  for (const char* part : *rc::gen::container<std::vector<const char*>>(
           rc::gen::element("a", " ", R"(\")", R"(\\)", R"(\n)", R"(\u00e9)", R"(\ud83d\ude00)",
                            "\xC3\xA9", "{", "]", ",", ":")))
    token += part;
  token += '"';
  RC_ASSERT(ask(client, echo("1", token)) == echoed("1", token));
}

TEST(Lines, ManyLinesOfOneWriteAreAllAnswered) {
  Served served;
  Client client = opened(served);
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += echo(std::to_string(i)) + "\n";
  client.send(lines);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(client.read_line(), echoed(std::to_string(i)));
}

TEST(Lines, ALineMayComeInPieces) {
  Served served;
  Client client = opened(served);
  for (const char c : echo("1") + "\n") client.send({&c, 1});
  EXPECT_EQ(client.read_line(), echoed("1"));
}

TEST(Lines, WhatIsReadyFirstIsAnsweredFirst) {
  Served served;
  Client client = opened(served);
  client.send(call("1", "sleep", R"({"ms":120})") + "\n" + call("2", "sleep", R"({"ms":10})") +
              "\n" + echo("3") + "\n");
  EXPECT_EQ(client.read_line(), echoed("3"));
  EXPECT_EQ(client.read_line(), echoed("2", R"("slept 10 ms")"));
  EXPECT_EQ(client.read_line(), echoed("1", R"("slept 120 ms")"));
}

TEST(Lines, AnAnswerToAConnectionThatIsGoneGoesNowhere) {
  Served served;
  {
    Client client = opened(served);
    ask(client, call("1", "sleep", R"({"ms":50})") + "\n" + echo("2"));
  }
  Client next = opened(served);  // may get the same place; must not get the answer
  EXPECT_EQ(ask(next, call("9", "sleep", R"({"ms":100})")), echoed("9", R"("slept 100 ms")"));
}

TEST(Lines, BadLinesAreAnsweredAndTheConnectionGoesOn) {
  Served served;
  Client client = opened(served);
  EXPECT_THAT(ask(client, "{"), HasSubstr("-32700"));
  EXPECT_THAT(ask(client, "[]"), HasSubstr("-32600"));
  EXPECT_EQ(ask(client, echo("1")), echoed("1"));
}

TEST(Lines, NotificationsAndResponsesAreNeverAnswered) {
  Served served;
  Client client(served.lines());
  client.send(message("", "notifications/cancelled") + "\n" + message("", "no/such") + "\n" +
              R"({"jsonrpc":"2.0","id":1,"result":{}})" + "\n");
  EXPECT_THAT(ask(client, message("1", "ping")), HasSubstr(R"("result":{})"));
}

TEST(Lines, ALineThatIsTooLongEndsTheConnection) {
  Served served;
  Client client(served.lines());
  client.send(std::string((1 << 20) + 1, 'x'));
  EXPECT_THAT(client.read_line(), HasSubstr("-32600"));
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Lines, CallsThatWaitAreBounded) {
  Config config = test_config();
  config.limits.later_max = 1;
  Served served(config);
  Client client = opened(served);
  client.send(call("1", "sleep", R"({"ms":50})") + "\n");
  client.send(call("2", "sleep", R"({"ms":1})") + "\n");
  EXPECT_THAT(client.read_answer(), HasSubstr(R"("id":2,"error":{"code":-31503)"));
  EXPECT_EQ(client.read_answer(), echoed("1", R"("slept 50 ms")"));
  client.send(call("3", "sleep", R"({"ms":0})") + "\n");
  EXPECT_EQ(client.read_answer(), echoed("3", R"("slept 0 ms")"));
}

TEST(Lines, UnixSocketsWorkTheSame) {
  const std::string path = testing::TempDir() + "gauntlet_lines_" + std::to_string(getpid());
  Config config;
  config.lines = {*net::Endpoint::unix_path(path)};
  {
    Served served(config);
    Client client = opened(served);
    EXPECT_EQ(ask(client, echo("1")), echoed("1"));
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);  // taken away at the end
}

}  // namespace
}  // namespace gauntlet::server
