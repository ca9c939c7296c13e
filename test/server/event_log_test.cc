#include "server/event_log.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace gauntlet::server {
namespace {

constexpr std::size_t kBytes = 4096;
using Replay = EventLog::Replay;

std::vector<std::string> texts(EventLog& log, const SessionKey& session, std::uint32_t stream,
                               std::uint64_t after) {
  std::vector<std::string> texts;
  log.read(session, stream, after, [&](EventId id, std::string_view json) {
    texts.push_back(text_of(id) + " " + std::string(json));
  });
  return texts;
}

Replay replay(EventLog& log, const SessionKey& session, std::uint32_t stream, std::uint64_t after) {
  return log.read(session, stream, after, [](EventId, std::string_view) {});
}

TEST(EventId, IsWrittenAndReadBack) {
  EXPECT_EQ(text_of(EventId{0, 17}), "0-17");
  const auto id = parse_event_id("4294967295-18446744073709551615");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->stream, UINT32_MAX);
  EXPECT_EQ(id->number, UINT64_MAX);
  EXPECT_TRUE(parse_event_id("0-0"));
}

TEST(EventId, OtherTextsAreNone) {
  for (const char* text :
       {"", "-", "1", "1-", "-1", "1-2-3", "+1-2", "1-+2", " 1-2", "1-2 ", "01-2", "1-02", "1--2",
        "0x1-2", "4294967296-1", "1-18446744073709551616"})
    EXPECT_FALSE(parse_event_id(text)) << text;
}

TEST(EventLog, ReplaysWhatCameAfter) {
  EventLog log(kBytes);
  const SessionKey session = random_session_key();
  EXPECT_EQ(log.append(session, 3, "one", false), 1u);
  EXPECT_EQ(log.append(session, 3, "two", false), 2u);
  EXPECT_EQ(log.append(session, 3, "three", true), 3u);
  EXPECT_EQ(texts(log, session, 3, 1), (std::vector<std::string>{"3-2 two", "3-3 three"}));
}

TEST(EventLog, SaysHowCompleteAReplayIs) {
  EventLog log(kBytes);
  const SessionKey session = random_session_key();
  EXPECT_EQ(replay(log, session, 0, 0), Replay::unknown);
  log.append(session, 0, "one", false);
  EXPECT_EQ(replay(log, session, 0, 0), Replay::complete);
  EXPECT_EQ(replay(log, session, 0, 2), Replay::unknown);
  for (int i = 0; i < 10; ++i) log.append(session, 0, std::string(900, 'x'), false);
  EXPECT_EQ(replay(log, session, 0, 0), Replay::gap);
  EXPECT_EQ(replay(log, session, 0, 9), Replay::complete);
  log.append(session, 0, "last", true);
  EXPECT_EQ(replay(log, session, 0, 0), Replay::gap_ended);
  EXPECT_EQ(replay(log, session, 0, 9), Replay::ended);
  log.forget(session);
  EXPECT_EQ(replay(log, session, 0, 9), Replay::unknown);
}

TEST(EventLog, MayBeUsedFromWithinARead) {
  EventLog log(kBytes);
  const SessionKey session = random_session_key();
  log.append(session, 0, "one", false);
  log.read(session, 0, 0, [&](EventId, std::string_view) { log.append(session, 0, "two", false); });
  EXPECT_EQ(texts(log, session, 0, 1), std::vector<std::string>{"0-2 two"});
}

TEST(EventLog, IsOneForAllProcesses) {
  EventLog log(kBytes);
  const SessionKey session = random_session_key();
  log.append(session, 0, "one", false);
  const pid_t child = fork();
  if (child == 0) _exit(log.append(session, 0, "two", false) == 2 ? 0 : 1);
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(texts(log, session, 0, 1), std::vector<std::string>{"0-2 two"});
  EXPECT_EQ(log.repaired(), 0u);
}

}  // namespace
}  // namespace gauntlet::server
