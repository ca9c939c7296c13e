#include "server/sessions.h"

#include <gtest/gtest.h>

namespace gauntlet::server {
namespace {

std::string_view text(const SessionId& id) { return {id.data(), id.size()}; }

TEST(Sessions, KnowsWhatItOpenedUntilItIsClosed) {
  Sessions sessions(10, core::kSecond);
  const auto id = sessions.open(mcp::Revision::v2025_06_18, 0);
  ASSERT_TRUE(id);
  ASSERT_NE(sessions.find(text(*id), 0), nullptr);
  EXPECT_EQ(sessions.find(text(*id), 0)->revision, mcp::Revision::v2025_06_18);
  EXPECT_TRUE(sessions.close(text(*id)));
  EXPECT_EQ(sessions.find(text(*id), 0), nullptr);
  EXPECT_FALSE(sessions.close(text(*id)));
}

TEST(Sessions, IdsAreLowerCaseHexOfOneLength) {
  Sessions sessions(10, core::kSecond);
  const auto id = sessions.open(mcp::kLatestStateful, 0);
  EXPECT_EQ(text(*id).find_first_not_of("0123456789abcdef"), std::string_view::npos);
  std::string other(text(*id));
  other[0] = other[0] == 'z' ? 'y' : 'z';
  EXPECT_EQ(sessions.find(other, 0), nullptr);
  EXPECT_EQ(sessions.find(text(*id).substr(1), 0), nullptr);
  EXPECT_EQ(sessions.find(std::string(text(*id)) + "0", 0), nullptr);
  EXPECT_EQ(sessions.find("", 0), nullptr);
}

TEST(Sessions, AreBounded) {
  Sessions sessions(2, core::kSecond);
  const auto first = sessions.open(mcp::kLatestStateful, 0);
  EXPECT_TRUE(sessions.open(mcp::kLatestStateful, 0));
  EXPECT_FALSE(sessions.open(mcp::kLatestStateful, 0));
  sessions.close(text(*first));
  EXPECT_TRUE(sessions.open(mcp::kLatestStateful, 0));
}

TEST(Sessions, AreForgottenWhenIdle) {
  Sessions sessions(10, core::kSecond);
  const auto used = sessions.open(mcp::kLatestStateful, 0);
  const auto idle = sessions.open(mcp::kLatestStateful, 0);
  sessions.find(text(*used), core::kSecond / 2);
  sessions.forget_idle(core::kSecond + 1);
  EXPECT_EQ(sessions.count(), 1U);
  EXPECT_EQ(sessions.find(text(*idle), core::kSecond + 1), nullptr);
  EXPECT_NE(sessions.find(text(*used), core::kSecond + 1), nullptr);
}

}  // namespace
}  // namespace gauntlet::server
