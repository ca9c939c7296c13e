// Whose calls are in flight.
#include "server/call_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gauntlet::server {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(CallIndex, FindsACallByItsOwnerAndId) {
  CallIndex index;
  index.add("me", "1", 10);
  index.add("me", R"("1")", 11);
  index.add("you", "1", 12);
  EXPECT_EQ(index.find("me", "1"), 10U);
  EXPECT_EQ(index.find("me", R"("\u0031")"), 11U) << "the same string, written otherwise";
  EXPECT_EQ(index.find("you", "1"), 12U);
  EXPECT_EQ(index.find("me", "2"), 0U);
  EXPECT_EQ(index.find("they", "1"), 0U);
}

TEST(CallIndex, KnowsAllCallsOfAnOwner) {
  CallIndex index;
  EXPECT_THAT(index.of("me"), IsEmpty());
  for (const CallId call : {10U, 11U, 12U}) index.add("me", "1", call);
  EXPECT_THAT(index.of("me"), UnorderedElementsAre(10, 11, 12));
  EXPECT_EQ(index.count("me"), 3U);
  EXPECT_EQ(index.find("me", "1"), 12U) << "the latest";
  index.remove("me", "1", 11);
  index.remove("me", "1", 99);
  index.remove("you", "1", 10);
  EXPECT_THAT(index.of("me"), UnorderedElementsAre(10, 12));
  index.remove("me", "1", 12);
  EXPECT_EQ(index.find("me", "1"), 10U);
  index.remove("me", "1", 10);
  EXPECT_EQ(index.count("me"), 0U);
}

}  // namespace
}  // namespace gauntlet::server
