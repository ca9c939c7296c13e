// Abuse of sessions: ids that are stale, made up or guessed.
#include <array>
#include <cmath>
#include <set>

#include "abused.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

std::string list_in(std::string_view session) {
  return post(message("1", "tools/list"), "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: " +
                                              std::string(session) + "\r\n");
}

class AbusiveSessions : public Abused {
 protected:
  std::string open() { return witness_.ask(post(initialize())).headers.at("mcp-session-id"); }

  void expect_not_found(const std::string& id) {
    const HttpResponse response = witness_.ask(list_in(id));
    EXPECT_EQ(response.status, 404) << id;
    EXPECT_THAT(response.body, HasSubstr("-32001")) << id;
    const HttpResponse closed =
        witness_.ask(http("DELETE", "/mcp", "Mcp-Session-Id: " + id + "\r\n"));
    EXPECT_EQ(closed.status, 404) << id;
  }
};

TEST_F(AbusiveSessions, AStaleOneIsNotFound) {
  const std::string id = open();
  EXPECT_EQ(witness_.ask(list_in(id)).status, 200);
  EXPECT_EQ(witness_.ask(http("DELETE", "/mcp", "Mcp-Session-Id: " + id + "\r\n")).status, 200);
  expect_not_found(id);
}

TEST_F(AbusiveSessions, AForeignOneIsNotFound) {
  const std::string id = open();
  std::string upper = id;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const std::string& foreign :
       {std::string(32, '0'), std::string(32, 'f'), id.substr(1), id + "0",
        upper == id ? "x" : upper, std::string("../../etc/passwd"), std::string("%00"),
        std::string(4000, 'a'), std::string("1 OR 1=1"), std::string("\xff\xfe")})
    expect_not_found(foreign);
  EXPECT_EQ(witness_.ask(list_in(id)).status, 200);
}

// Every id one bit away from a real one.
TEST_F(AbusiveSessions, NeighboursAreNotFound) {
  const std::string id = open();
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t at = 0; at < id.size(); ++at) {
    for (std::size_t bit = 1; bit < 16; bit *= 2) {
      std::string near = id;
      near[at] = kDigits[kDigits.find(id[at]) ^ bit];
      EXPECT_EQ(witness_.ask(list_in(near)).status, 404) << near;
    }
  }
}

// 128 random bits: all distinct, each bit set in half of the ids, no bit following another. The
// bounds are six standard deviations of a fair coin, so that a good generator fails once in a
// million runs.
TEST_F(AbusiveSessions, IdsCannotBeGuessed) {
  constexpr int kIds = 4000;
  constexpr std::size_t kBits = 128;
  const double slack = 6 * std::sqrt(kIds) / 2;
  std::set<std::string> seen;
  std::array<int, kBits> ones{};
  std::array<int, kBits> changes{};
  std::array<bool, kBits> last{};
  for (int i = 0; i < kIds; ++i) {
    const std::string id = open();
    ASSERT_EQ(id.size(), kBits / 4);
    EXPECT_TRUE(seen.insert(id).second);
    for (std::size_t bit = 0; bit < kBits; ++bit) {
      const int digit = std::stoi(id.substr(bit / 4, 1), nullptr, 16);
      const bool one = (digit >> (bit % 4) & 1) != 0;
      ones[bit] += one ? 1 : 0;
      changes[bit] += one != last[bit] ? 1 : 0;
      last[bit] = one;
    }
  }
  for (std::size_t bit = 0; bit < kBits; ++bit) {
    EXPECT_NEAR(ones[bit], kIds / 2, slack) << bit;
    EXPECT_NEAR(changes[bit], kIds / 2, slack) << bit;
  }
}

class AbusiveOpenings : public Abused {
 protected:
  static Config small() {
    Config config = abused_config();
    config.limits.sessions_max = 64;
    return config;
  }
  AbusiveOpenings() : Abused(small()) {}
};

TEST_F(AbusiveOpenings, AreRefusedOnceThereIsNoRoomAndTheOldOnesStay) {
  const std::string id = witness_.ask(post(initialize())).headers.at("mcp-session-id");
  int refused = 0;
  for (int i = 0; i < 20'000 && refused < 100; ++i) {
    const HttpResponse response = witness_.ask(post(initialize()));
    if (response.status == 200) continue;
    ++refused;
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.headers.count("retry-after"), 1U);
  }
  EXPECT_EQ(refused, 100);
  EXPECT_EQ(witness_.ask(list_in(id)).status, 200);
}

}  // namespace
}  // namespace gauntlet::server
