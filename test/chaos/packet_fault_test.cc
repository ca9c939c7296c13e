#include "chaos/packet_fault.h"

#include <array>
#include <cerrno>
#include <csignal>

#include "chaos/wire.h"
#include "stats/binomial.h"

namespace gauntlet::chaos {
namespace {

constexpr core::Nanos kLong = 60 * core::kSecond;

class PacketFaultTest : public InLab {};
GAUNTLET_IN_LAB(PacketFaultTest);

void begin(Fault& fault, core::Nanos ttl = kLong) {
  ASSERT_TRUE(fault.probe()) << fault.probe().error().text;
  ASSERT_TRUE(fault.arm(ttl));
  const auto started = fault.start();
  ASSERT_TRUE(started) << started.error().text;
}

TEST_P(PacketFaultTest, APartitionPassesNothingAndHeals) {
  in_lab([](Lab& lab) {
    start_echo(lab);
    const core::Fd client = connect_echo(0, 3);
    ASSERT_TRUE(echoes(client));
    PacketFault fault(lab, {});
    begin(fault);
    EXPECT_FALSE(fault.evidence().shown) << "nothing was sent yet";
    EXPECT_FALSE(echoes(client));
    EXPECT_FALSE(connect_echo(0, 1).valid());
    const Evidence during = fault.evidence();
    EXPECT_TRUE(during.shown);
    EXPECT_GT(number(during, "packets_dropped_to_server"), 2);
    EXPECT_EQ(fact(during, "bytes_passed_to_server"), "0");
    EXPECT_EQ(fact(during, "bytes_passed_to_load"), "0");
    EXPECT_FALSE(fault.verify_clean()) << "it is still on";
    ASSERT_TRUE(fault.stop());
    EXPECT_TRUE(fault.verify_clean());
    EXPECT_TRUE(echoes(connect_echo()));
    EXPECT_TRUE(fault.evidence().shown) << "what happened, happened";
  });
}

TEST_P(PacketFaultTest, OneWayLosesTheAnswersOnly) {
  in_lab([](Lab& lab) {
    start_echo(lab);
    PacketFault fault(lab, {.direction = Direction::to_load});
    begin(fault);
    EXPECT_EQ(echo_datagrams(100), 0U);
    const Evidence evidence = fault.evidence();
    EXPECT_TRUE(evidence.shown);
    EXPECT_EQ(number(evidence, "packets_dropped_to_load"), 100) << "so they all arrived";
    EXPECT_EQ(number(evidence, "packets_dropped_to_server"), -1);
  });
}

TEST_P(PacketFaultTest, LossLiesInItsBinomialInterval) {
  in_lab([](Lab& lab) {
    start_echo(lab);
    PacketFault fault(lab, {.effect = PacketRule::Effect::lose, .share = 0.02});
    begin(fault);
    constexpr int kSent = 20'000;
    const std::size_t back = echo_datagrams(kSent);
    const Evidence evidence = fault.evidence();
    EXPECT_EQ(number(evidence, "packets_seen_to_server"), kSent);
    // Wider than the fault's own, which one run in thousands may miss: these are true draws.
    const auto dropped = static_cast<std::uint64_t>(number(evidence, "packets_dropped_to_server"));
    EXPECT_TRUE(stats::binomial_interval(kSent, 0.02, 1 - 1e-9).contains(dropped)) << dropped;
    EXPECT_LE(static_cast<long long>(back), number(evidence, "packets_passed_to_load"));
    ASSERT_TRUE(fault.stop());
    EXPECT_EQ(number(fault.evidence(), "packets_seen_to_server"), kSent);
  });
}

TEST_P(PacketFaultTest, AResetEndsConnections) {
  in_lab([](Lab& lab) {
    start_echo(lab);
    const core::Fd client = connect_echo();
    ASSERT_TRUE(echoes(client));
    PacketFault fault(lab,
                      {.effect = PacketRule::Effect::reset, .direction = Direction::to_server});
    begin(fault);
    EXPECT_FALSE(echoes(client));
    EXPECT_EQ(errno, ECONNRESET);
    EXPECT_FALSE(connect_echo().valid());
    EXPECT_EQ(errno, ECONNREFUSED);
    EXPECT_TRUE(fault.evidence().shown);
    ASSERT_TRUE(fault.stop());
    EXPECT_TRUE(echoes(connect_echo()));
  });
}

TEST_P(PacketFaultTest, OnlyTheClientThatWasMeantIsHit) {
  in_lab([](Lab& lab) {
    start_echo(lab);
    PacketFault fault(lab, {.only_client = Lab::load_address(1)});
    begin(fault);
    EXPECT_EQ(echo_datagrams(50, 0), 50U);
    EXPECT_EQ(echo_datagrams(50, 1), 0U);
    EXPECT_EQ(number(fault.evidence(), "packets_dropped_to_server"), 50);
  });
}

TEST_P(PacketFaultTest, TheKernelEndsItWhenItsTimeIsUp) {
  in_lab([](Lab& lab) {
    start_echo(lab);
    PacketFault fault(lab, {});
    begin(fault, 300 * core::kMillisecond);
    EXPECT_FALSE(fault.verify_clean());
    EXPECT_TRUE(eventually([&] { return echo_datagrams(1) == 1; }));
    EXPECT_TRUE(fault.verify_clean()) << "nobody stopped it";
  });
}

// Another process, in the same lab: it makes the partition and is killed in the midst of it.
TEST_P(PacketFaultTest, ItEndsWithWhoMadeIt) {
  in_lab([](Lab& lab) {
    start_echo(lab);
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t maker = fork();
    if (maker == 0) {
      PacketFault fault(lab, {});
      begin(fault);
      (void)!write(ends[1], "s", 1);
      for (;;) pause();
    }
    char byte = 0;
    ASSERT_EQ(read(ends[0], &byte, 1), 1);
    EXPECT_EQ(echo_datagrams(10), 0U);
    kill(maker, SIGKILL);
    waitpid(maker, nullptr, 0);
    EXPECT_TRUE(eventually([] { return echo_datagrams(1) == 1; }));
  });
}

TEST_P(PacketFaultTest, NonsenseIsRefusedBeforeAnythingHappens) {
  in_lab([](Lab& lab) {
    PacketFault nothing(lab, {.effect = PacketRule::Effect::lose, .share = 0});
    EXPECT_EQ(nothing.probe().error().kind, core::ErrorKind::usage);
    PacketFault nobody(lab, {.only_client = "10.77.1.99"});
    ASSERT_TRUE(nobody.arm(kLong));
    EXPECT_FALSE(nobody.start());
  });
}

}  // namespace
}  // namespace gauntlet::chaos
