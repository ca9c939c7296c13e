#include "chaos/disconnect_fault.h"

#include <cerrno>
#include <set>

#include "chaos/wire.h"

namespace gauntlet::chaos {
namespace {

constexpr core::Nanos kLong = 60 * core::kSecond;

class DisconnectFaultTest : public InLab {};
GAUNTLET_IN_LAB(DisconnectFaultTest);

TEST_P(DisconnectFaultTest, ExactlyTheDrawnConnectionsEnd) {
  in_lab([](Lab& lab) {
    start_echo(lab);
    std::vector<core::Fd> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(connect_echo(i % 2));
    for (const auto& client : clients) ASSERT_TRUE(echoes(client));
    DisconnectFault fault({.port = kEchoPort, .count = 5, .seed = 7});
    ASSERT_TRUE(fault.probe()) << fault.probe().error().text;
    ASSERT_TRUE(fault.arm(kLong));
    EXPECT_FALSE(fault.evidence().shown);
    ASSERT_TRUE(fault.start());
    const Evidence evidence = fault.evidence();
    EXPECT_TRUE(evidence.shown);
    EXPECT_EQ(number(evidence, "connections_found"), 20);
    EXPECT_EQ(number(evidence, "connections_destroyed"), 5);
    EXPECT_EQ(number(evidence, "TcpEstabResets"), 5);
    EXPECT_EQ(number(evidence, "TcpOutRsts"), 5);
    const std::set<std::string> victims(fault.victims().begin(), fault.victims().end());
    EXPECT_EQ(victims.size(), 5U);
    for (const auto& client : clients) {
      const std::string name = net::local_endpoint(client.get())->text();
      EXPECT_EQ(echoes(client), !victims.contains(name)) << name;
    }
  });
}

TEST_P(DisconnectFaultTest, OneClientOnlyAndNobodyElse) {
  in_lab([](Lab& lab) {
    start_echo(lab);
    const core::Fd hit = connect_echo(1), spared = connect_echo(0);
    ASSERT_TRUE(echoes(hit) && echoes(spared));
    DisconnectFault fault({.port = kEchoPort, .only_client = Lab::load_address(1)});
    ASSERT_TRUE(fault.arm(kLong));
    ASSERT_TRUE(fault.start());
    EXPECT_FALSE(echoes(hit));
    EXPECT_EQ(errno, ECONNABORTED);
    EXPECT_TRUE(echoes(spared));
  });
}

TEST_P(DisconnectFaultTest, NobodyToDisconnectShowsNothing) {
  in_lab([](Lab&) {
    DisconnectFault fault({.port = 9});
    ASSERT_TRUE(fault.arm(kLong));
    ASSERT_TRUE(fault.start());
    EXPECT_FALSE(fault.evidence().shown);
    EXPECT_FALSE(DisconnectFault({}).probe()) << "without a port it would be everybody's";
  });
}

TEST(DisconnectFault, AnOrdinaryUserOutsideTheLabIsToldWhyNot) {
  EXPECT_TRUE(passes_in_child([] {
    ASSERT_TRUE(geteuid() != 0 || become_ordinary());
    const auto may = DisconnectFault({.port = kEchoPort}).probe();
    ASSERT_FALSE(may);
    EXPECT_NE(may.error().text.find("not permitted"), std::string::npos) << may.error().text;
  }));
}

}  // namespace
}  // namespace gauntlet::chaos
