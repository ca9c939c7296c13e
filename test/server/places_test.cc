#include "server/places.h"

#include <gtest/gtest.h>

namespace gauntlet::server {
namespace {

TEST(Places, AreClosedUntilTheyAreOpened) {
  Places places;
  EXPECT_FALSE(places.now().is_open());
  EXPECT_FALSE(places.take_any());
  EXPECT_EQ(places.close(), 0u);
  places.open();
  EXPECT_TRUE(places.now().is_open());
  EXPECT_EQ(places.now().taken, 0u);
}

TEST(Places, AreTakenOnlyWhereNothingHasChanged) {
  Places places;
  places.open();
  const Places::Now seen = places.now();
  EXPECT_TRUE(places.take(seen));
  EXPECT_FALSE(places.take(seen)) << "somebody else has taken one";
  EXPECT_TRUE(places.take_any());
  EXPECT_EQ(places.now().taken, 2u);
}

TEST(Places, AreGivenBackInTheirOwnTermOnly) {
  Places places;
  places.open();
  const std::uint32_t term = places.now().term;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(places.take_any());
  places.give_back(term, 2);
  EXPECT_EQ(places.now().taken, 1u);
  EXPECT_EQ(places.close(), 1u);
  places.give_back(term, 1);
  EXPECT_FALSE(places.now().is_open());
  places.open();
  EXPECT_NE(places.now().term, term);
  EXPECT_TRUE(places.take_any());
  places.give_back(term, 1);
  EXPECT_EQ(places.now().taken, 1u) << "what was given back was taken from a dead worker";
}

TEST(Places, OfOneTermAreNotThoseOfTheNext) {
  Places places;
  places.open();
  const Places::Now seen = places.now();
  places.close();
  EXPECT_FALSE(places.take(seen));
  places.open();
  EXPECT_FALSE(places.take(seen)) << "as empty as before, but another worker's";
}

}  // namespace
}  // namespace gauntlet::server
