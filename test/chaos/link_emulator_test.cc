#include "chaos/link_emulator.h"

#include <csignal>

#include "chaos/nft_table.h"
#include "chaos/wire.h"

namespace gauntlet::chaos {
namespace {

constexpr core::Nanos kLong = 60 * core::kSecond;
constexpr core::Nanos kMs = core::kMillisecond;

class LinkEmulatorTest : public InLab {
 protected:
  static void on_link(const std::function<void(Lab&, LinkEmulator&)>& body) {
    in_lab([&](Lab& lab) {
      start_echo(lab);
      const auto emulator = LinkEmulator::start(lab);
      ASSERT_TRUE(emulator) << emulator.error().text;
      body(lab, **emulator);
    });
  }
};
GAUNTLET_IN_LAB(LinkEmulatorTest);

void begin(Fault& fault, core::Nanos ttl = kLong) {
  ASSERT_TRUE(fault.probe()) << fault.probe().error().text;
  ASSERT_TRUE(fault.arm(ttl));
  const auto started = fault.start();
  ASSERT_TRUE(started) << started.error().text;
}

TEST_P(LinkEmulatorTest, PassesEverythingAndIsInThePath) {
  on_link([](Lab&, LinkEmulator& emulator) {
    EXPECT_EQ(echo_datagrams(1'000), 1'000U);
    const core::Fd client = connect_echo();
    EXPECT_TRUE(echoes(client));
    const auto found = emulator.report(0);
    ASSERT_TRUE(found);
    EXPECT_GE(found->report.forwarded, 2'000U);
    EXPECT_EQ(found->report.failed + found->report.missed + found->report.overtaken, 0U);
  });
}

// Large writes arrive as packets of up to 64 KB; what the kernel notes about them is kept.
TEST_P(LinkEmulatorTest, ALargeStreamArrivesWhole) {
  on_link([](Lab&, LinkEmulator& emulator) {
    const core::Fd client = connect_echo();
    std::string sent(2'000'000, 'x');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7 + i / 251);
    std::string got;
    std::array<char, 64 * 1024> bytes;
    std::size_t written = 0;
    while (got.size() < sent.size()) {
      if (written < sent.size()) {
        const ssize_t n = send(client.get(), &sent[written],
                               std::min<std::size_t>(30'000, sent.size() - written), 0);
        ASSERT_GT(n, 0);
        written += static_cast<std::size_t>(n);
      }
      const ssize_t n = recv(client.get(), bytes.data(), bytes.size(), 0);
      ASSERT_GT(n, 0);
      got.append(bytes.data(), static_cast<std::size_t>(n));
    }
    EXPECT_TRUE(got == sent);
    EXPECT_EQ(emulator.report(0)->report.failed, 0U);
  });
}

TEST_P(LinkEmulatorTest, DelayShowsInTheHistogramAndInARoundTrip) {
  on_link([](Lab&, LinkEmulator& emulator) {
    LinkFault fault(emulator, {.to_server = {.delay_ns = 40 * kMs, .jitter_ns = 20 * kMs},
                               .to_load = {.delay_ns = 10 * kMs}});
    begin(fault);
    const core::Nanos begun = core::monotonic_ns();
    EXPECT_EQ(echo_datagrams(1), 1U);
    EXPECT_GE(core::monotonic_ns() - begun, 30 * kMs);
    EXPECT_EQ(echo_datagrams(500), 500U);
    const Evidence evidence = fault.evidence();
    EXPECT_TRUE(evidence.shown);
    EXPECT_EQ(number(evidence, "packets_seen_to_server"),
              501 + number(evidence, "side_probe_asked"));
    EXPECT_GE(std::stod(fact(evidence, "delay_ms_p50_to_server")), 20);
    EXPECT_LE(std::stod(fact(evidence, "delay_ms_max_to_server")), 60.1);
    EXPECT_NEAR(std::stod(fact(evidence, "delay_ms_p50_to_load")), 10, 0.01);
    ASSERT_TRUE(fault.stop());
    EXPECT_TRUE(eventually([&] { return fault.verify_clean().has_value(); }));
    EXPECT_GE(number(fault.evidence(), "packets_seen_to_server"), 501);
  });
}

TEST_P(LinkEmulatorTest, DelayShowsInTheRoundTripsOfASideProbe) {
  on_link([](Lab&, LinkEmulator& emulator) {
    LinkFault fault(emulator, {.to_server = {.delay_ns = 40 * kMs, .jitter_ns = 20 * kMs},
                               .to_load = {.delay_ns = 10 * kMs},
                               .only_client = Lab::load_address(2)});
    begin(fault);
    EXPECT_EQ(echo_datagrams(1, 2), 1U);
    EXPECT_TRUE(eventually([&] { return number(fault.evidence(), "side_probe_answered") > 8; }));
    const Evidence evidence = fault.evidence();
    EXPECT_TRUE(evidence.shown) << fact(evidence, "rtt_added_ms_p50");
    EXPECT_EQ(fact(evidence, "rtt_added_ms_ordered"), "30-70");
    EXPECT_GE(std::stod(fact(evidence, "rtt_ms_min")), 30);
    EXPECT_LT(std::stod(fact(evidence, "rtt_added_ms_p50")),
              std::stod(fact(evidence, "rtt_ms_p50")));
  });
}

// The emulator's word alone is not believed. Here it does what was ordered to all packets but the
// side probe's, which somebody nearer answers.
TEST_P(LinkEmulatorTest, ADelayThatNoSideProbeSeesIsNotShown) {
  on_link([](Lab& lab, LinkEmulator& emulator) {
    auto shortcut = NftTable::open(lab, Place::load, "shortcut");
    ASSERT_TRUE(shortcut);
    const auto led = shortcut->fill(
        " chain leaving {\n  type route hook output priority -150; policy accept;\n"
        "  ip protocol icmp ip daddr set 10.77.1.254\n }\n");
    ASSERT_TRUE(led) << led.error().text;
    LinkFault fault(emulator,
                    {.to_server = {.delay_ns = 500 * kMs}, .to_load = {.delay_ns = 500 * kMs}});
    begin(fault);
    echo_datagrams(10);
    EXPECT_TRUE(eventually([&] { return number(fault.evidence(), "packets_passed_to_load") > 0; }));
    const Evidence evidence = fault.evidence();
    EXPECT_NEAR(std::stod(fact(evidence, "delay_ms_p50_to_server")), 500, 1);
    EXPECT_NEAR(std::stod(fact(evidence, "delay_ms_p50_to_load")), 500, 1);
    EXPECT_GT(number(evidence, "side_probe_answered"), 0);
    EXPECT_FALSE(evidence.shown) << fact(evidence, "rtt_ms_p50");
  });
}

// A round trip tells of both together, and what one of them adds is at least its own.
TEST_P(LinkEmulatorTest, TwoDelaysAtOnceAreBothShown) {
  on_link([](Lab&, LinkEmulator& emulator) {
    LinkFault forth(emulator, {.to_server = {.delay_ns = 20 * kMs}});
    LinkFault back(emulator, {.to_load = {.delay_ns = 200 * kMs}});
    begin(forth);
    begin(back);
    echo_datagrams(10);
    for (LinkFault* fault : {&forth, &back}) {
      EXPECT_TRUE(eventually([&] { return number(fault->evidence(), "side_probe_answered") > 8; }));
      EXPECT_TRUE(fault->evidence().shown);
      EXPECT_EQ(fact(fault->evidence(), "rtt_beside"), "another fault of the link");
    }
  });
}

TEST_P(LinkEmulatorTest, LossAndDuplicatesAreExactlyCounted) {
  on_link([](Lab&, LinkEmulator& emulator) {
    LinkFault loss(emulator, {.to_server = {.loss = 0.02}, .seed = 42});
    LinkFault twice(emulator, {.to_load = {.duplicate = 0.1}, .seed = 43});
    begin(loss);
    begin(twice);
    constexpr int kSent = 20'000;
    const auto back = static_cast<long long>(echo_datagrams(kSent));
    const Evidence lost = loss.evidence(), doubled = twice.evidence();
    EXPECT_EQ(number(lost, "packets_seen_to_server"), kSent);
    EXPECT_TRUE(lost.shown) << fact(lost, "packets_lost_to_server") << " of "
                            << fact(lost, "packets_lost_expected_to_server");
    EXPECT_EQ(number(lost, "packets_lost_to_load"), 0);
    EXPECT_TRUE(doubled.shown);
    if (number(lost, "emulator_missed") == 0) {
      const long long arrived = kSent - number(lost, "packets_lost_to_server");
      EXPECT_EQ(back, arrived + number(doubled, "packets_duplicated_to_load"));
    }
  });
}

TEST_P(LinkEmulatorTest, HeldBackPacketsAreOvertaken) {
  on_link([](Lab&, LinkEmulator& emulator) {
    LinkFault fault(emulator, {.to_server = {.reorder = 0.1, .reorder_by_ns = 5 * kMs}});
    begin(fault);
    EXPECT_EQ(echo_datagrams(2'000), 2'000U);
    EXPECT_TRUE(fault.evidence().shown);
    EXPECT_GT(number(fault.evidence(), "packets_overtaken"), 0);
  });
}

TEST_P(LinkEmulatorTest, OnlyTheClientThatWasMeantIsHit) {
  on_link([](Lab&, LinkEmulator& emulator) {
    LinkFault fault(emulator,
                    {.to_server = {.loss = 1}, .to_load = {}, .only_client = Lab::load_address(2)});
    begin(fault);
    EXPECT_EQ(echo_datagrams(100, 0), 100U);
    EXPECT_EQ(echo_datagrams(100, 2), 0U);
    EXPECT_EQ(number(fault.evidence(), "packets_lost_to_server"), 100);
  });
}

TEST_P(LinkEmulatorTest, EndsByItselfWhenItsTimeIsUp) {
  on_link([](Lab&, LinkEmulator& emulator) {
    LinkFault fault(emulator, {.to_server = {.loss = 1}});
    begin(fault, 200 * kMs);
    EXPECT_TRUE(eventually([] { return echo_datagrams(1) == 1; }));
    EXPECT_TRUE(fault.verify_clean());
  });
}

TEST_P(LinkEmulatorTest, NothingSentShowsNothing) {
  on_link([](Lab&, LinkEmulator& emulator) {
    LinkFault fault(emulator, {.to_server = {.delay_ns = kMs}});
    begin(fault);
    EXPECT_TRUE(eventually([&] { return number(fault.evidence(), "side_probe_answered") > 8; }));
    EXPECT_FALSE(fault.evidence().shown) << "what the side probe sends is no load";
    EXPECT_FALSE(fault.verify_clean()) << "it is still on";
  });
}

TEST_P(LinkEmulatorTest, TheKernelRoutesAgainWhenItIsGone) {
  in_lab([](Lab& lab) {
    start_echo(lab);
    {
      const auto emulator = LinkEmulator::start(lab);
      ASSERT_TRUE(emulator);
      EXPECT_EQ(lab.get(Place::link, "ipv4/ip_forward"), "0");
      kill((*emulator)->pid(), SIGKILL);
      EXPECT_TRUE(eventually([&] { return !(*emulator)->report(0); }));
      EXPECT_EQ(echo_datagrams(1), 0U) << "there was no other way";
    }
    EXPECT_EQ(echo_datagrams(10), 10U);
  });
}

TEST_P(LinkEmulatorTest, NonsenseIsRefused) {
  on_link([](Lab&, LinkEmulator& emulator) {
    EXPECT_FALSE(LinkFault(emulator, {}).probe());
    EXPECT_FALSE(LinkFault(emulator, {.to_server = {.loss = 1.5}}).probe());
    EXPECT_FALSE(LinkFault(emulator, {.to_load = {.delay_ns = -1}}).probe());
  });
}

}  // namespace
}  // namespace gauntlet::chaos
