#include "server/session.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace gauntlet::server {
namespace {

std::string text(const SessionKey& key) {
  const SessionId id = text_of(key);
  return {id.begin(), id.end()};
}

TEST(SessionKey, IsWrittenAsThirtyTwoHexDigits) {
  EXPECT_EQ(text({0x0123456789ABCDEF, 0xFEDCBA9876543210}), "0123456789abcdeffedcba9876543210");
  EXPECT_EQ(text({0, 1}), "00000000000000000000000000000001");
}

TEST(SessionKey, IsReadBack) {
  const SessionKey key = random_session_key();
  EXPECT_EQ(parse_session_id(text(key)), key);
}

TEST(SessionKey, OtherTextsAreNone) {
  const std::string good = text(random_session_key());
  EXPECT_FALSE(parse_session_id(""));
  EXPECT_FALSE(parse_session_id(good.substr(1)));
  EXPECT_FALSE(parse_session_id(good + "0"));
  for (const char wrong : {'A', 'g', ' ', '-', '\0', '/', ':', '`'})
    for (const std::size_t place : {0, 15, 16, 31}) {
      std::string bad = good;
      bad[place] = wrong;
      EXPECT_FALSE(parse_session_id(bad)) << bad;
    }
}

TEST(SessionKey, RandomOnesDifferInBothHalves) {
  std::set<std::uint64_t> halves;
  for (int i = 0; i < 100; ++i) {
    const SessionKey key = random_session_key();
    halves.insert(key.high);
    halves.insert(key.low);
  }
  EXPECT_EQ(halves.size(), 200u);
}

// Published vectors of FNV-1a 64.
TEST(UriHash, IsFnv1a) {
  EXPECT_EQ(uri_hash(""), 0xCBF29CE484222325u);
  EXPECT_EQ(uri_hash("a"), 0xAF63DC4C8601EC8Cu);
  EXPECT_EQ(uri_hash("foobar"), 0x85944171F73967E8u);
}

TEST(Session, WatchesWhatItSubscribedTo) {
  Session session;
  EXPECT_FALSE(session.watches(0));
  EXPECT_TRUE(session.subscribe(1));
  EXPECT_TRUE(session.subscribe(2));
  EXPECT_TRUE(session.watches(1));
  EXPECT_TRUE(session.watches(2));
  EXPECT_FALSE(session.watches(3));
  session.unsubscribe(1);
  session.unsubscribe(7);
  EXPECT_FALSE(session.watches(1));
  EXPECT_TRUE(session.watches(2));
}

TEST(Session, TwiceIsOnce) {
  Session session;
  session.subscribe(5);
  session.subscribe(5);
  EXPECT_EQ(session.subscription_count, 1);
  session.unsubscribe(5);
  EXPECT_FALSE(session.watches(5));
}

TEST(Session, HasRoomForSoMany) {
  Session session;
  for (std::uint64_t i = 1; i <= kSubscriptionsMax; ++i) EXPECT_TRUE(session.subscribe(i));
  EXPECT_FALSE(session.subscribe(1000));
  EXPECT_TRUE(session.subscribe(1));
  session.unsubscribe(1);
  EXPECT_TRUE(session.subscribe(1000));
  for (std::uint64_t i = 2; i <= kSubscriptionsMax; ++i) EXPECT_TRUE(session.watches(i));
}

}  // namespace
}  // namespace gauntlet::server
