// The fault proxy over real sockets: what each toxic does as seen from outside, and its counts.
#include "chaos/proxy.h"

#include <gtest/gtest.h>

#include "chaos/proxy_rig.h"

namespace gauntlet::chaos {
namespace {

constexpr core::Nanos kMs = core::kMillisecond;

// Reads until there are so many bytes.
std::string read_bytes(Client& client, std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) bytes += client.read_some();
  return bytes;
}

// Whether the connection is reset, as opposed to closed in order.
bool is_reset(Client& client) {
  char byte = 0;
  ssize_t n = 0;
  while ((n = recv(client.fd(), &byte, 1, 0)) > 0) {
  }
  return n < 0 && errno == ECONNRESET;
}

std::string pattern(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 31 + i / 251);
  return bytes;
}

TEST(Proxy, PassesBytesBothWaysAndCountsThem) {
  const ProxyRig rig;
  Client client = rig.client();
  const std::string bytes = pattern(3'000'000);
  std::string back;
  for (std::size_t at = 0; at < bytes.size(); at += 100'000) {
    client.send(std::string_view(bytes).substr(at, 100'000));
    back += read_bytes(client, 100'000);
  }
  EXPECT_EQ(back, bytes);
  EXPECT_EQ(rig.count("bytes_upstream"), bytes.size());
  EXPECT_EQ(rig.count("bytes_downstream"), bytes.size());
  EXPECT_EQ(rig.count("accepted"), 1U);
}

TEST(Proxy, PassesTheEndOfEachStreamAlone) {
  const ProxyRig rig;
  Client client = rig.client();
  client.send("last words");
  shutdown(client.fd(), SHUT_WR);
  EXPECT_EQ(client.read_to_end(), "last words");
  rig.wait_for_count("closed", 1);
}

TEST(Proxy, ResetsTheClientOfATargetThatIsNotThere) {
  const auto board = std::move(*ProxyBoard::make(1, 7));
  const auto loop = net::make_loop();
  const core::Fd listener = *net::listen_on(*net::Endpoint::parse("127.0.0.1:auto"));
  Proxy proxy(*loop, listener.get(), *ProxyTarget::parse("127.0.0.1:9"), *board, 0, 10);
  Client client(*net::local_endpoint(listener.get()));
  while (board->totals().unreachable == 0) proxy.turn();
  EXPECT_TRUE(is_reset(client));
  EXPECT_EQ(board->totals().closed, 1U);
}

TEST(Proxy, RefusesOneMoreThanItHasDescriptorsFor) {
  const auto board = std::move(*ProxyBoard::make(1, 7));
  const auto loop = net::make_loop();
  const core::Fd listener = *net::listen_on(*net::Endpoint::parse("127.0.0.1:auto"));
  const core::Fd target = *net::listen_on(*net::Endpoint::parse("127.0.0.1:auto"));
  Proxy proxy(*loop, listener.get(), *ProxyTarget::parse(net::local_endpoint(target.get())->text()),
              *board, 0, 2);
  const net::Endpoint where = *net::local_endpoint(listener.get());
  Client first(where), second(where), third(where);
  while (board->totals().refused == 0) proxy.turn();
  EXPECT_TRUE(is_reset(third));
  EXPECT_EQ(board->totals().accepted, 2U);
}

TEST(Proxy, KeepsNoMoreThanItMayOfWhatNobodyReads) {
  const ProxyRig rig("", [](std::string_view) { return std::string(); });
  rig.add("timeout:stream=upstream,name=stop");  // passes nothing on
  Client client = rig.client();
  const std::string bytes(64 * 1024, 'x');
  timeval patience{.tv_sec = 0, .tv_usec = 300'000};
  setsockopt(client.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  std::size_t sent = 0;
  for (ssize_t n = 0; (n = send(client.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL)) > 0;)
    sent += static_cast<std::size_t>(n);
  EXPECT_EQ(errno, EAGAIN) << "the client is held back";
  EXPECT_LE(rig.count("bytes_upstream"), kHeldBytesMax + 64 * 1024);
  EXPECT_EQ(rig.count("bytes", "stop"), rig.count("bytes_upstream"));
  EXPECT_EQ(rig.server().bytes_read(), 0U);
  rig.remove("stop");
  const core::Nanos limit = core::monotonic_ns() + 20 * core::kSecond;
  while (rig.server().bytes_read() < sent && core::monotonic_ns() < limit) usleep(2000);
  EXPECT_EQ(rig.server().bytes_read(), sent) << "and nothing is lost";
}

TEST(Proxy, HoldsTheServerBackForAClientThatDoesNotRead) {
  const ProxyRig rig("", [](std::string_view) { return std::string(16 << 20, 'x'); });
  Client client = rig.client();
  client.send("go");
  // What the kernel's buffers take beside ours is bounded too; the whole is not read.
  std::uint64_t before = 1, now = 0;
  while (before != now || now == 0) {
    before = now;
    usleep(200'000);
    now = rig.count("bytes_downstream");
  }
  EXPECT_LT(now, 16U << 20);
  EXPECT_EQ(read_bytes(client, 16 << 20).size(), 16U << 20);
}

TEST(ProxyToxic, LatencyMakesTheAnswerLate) {
  const ProxyRig rig;
  rig.add("latency:ms=80");
  Client client = rig.client();
  const core::Nanos begin = core::monotonic_ns();
  client.send("x");
  EXPECT_EQ(client.read_some(), "x");
  EXPECT_GE(core::monotonic_ns() - begin, 80 * kMs);
  EXPECT_EQ(rig.count("connections", "latency"), 1U);
  EXPECT_EQ(rig.count("chunks", "latency"), 1U);
  EXPECT_EQ(rig.count("bytes", "latency"), 1U);
}

TEST(ProxyToxic, HitsConnectionsThatAreOpenAlready) {
  const ProxyRig rig;
  Client client = rig.client();
  client.send("a");
  EXPECT_EQ(client.read_some(), "a");
  rig.add("latency:ms=60,stream=upstream");
  const core::Nanos begin = core::monotonic_ns();
  client.send("b");
  EXPECT_EQ(client.read_some(), "b");
  EXPECT_GE(core::monotonic_ns() - begin, 60 * kMs);
  EXPECT_EQ(rig.count("bytes", "latency"), 1U);
}

TEST(ProxyToxic, BandwidthTakesItsTime) {
  const ProxyRig rig;
  rig.add("bandwidth:rate=100");
  Client client = rig.client();
  const core::Nanos begin = core::monotonic_ns();
  client.send(std::string(20'000, 'x'));
  EXPECT_EQ(read_bytes(client, 20'000), std::string(20'000, 'x'));
  EXPECT_GE(core::monotonic_ns() - begin, 200 * kMs);
  EXPECT_EQ(rig.count("bytes", "bandwidth"), 20'000U);
}

TEST(ProxyToxic, SlowCloseMakesTheEndLate) {
  const ProxyRig rig;
  rig.add("slow_close:ms=80");
  Client client = rig.client();
  const core::Nanos begin = core::monotonic_ns();
  client.send("x");
  shutdown(client.fd(), SHUT_WR);
  EXPECT_EQ(client.read_to_end(), "x");
  EXPECT_GE(core::monotonic_ns() - begin, 80 * kMs);
  EXPECT_EQ(rig.count("connections", "slow_close"), 1U);
}

TEST(ProxyToxic, TimeoutPassesNothingAndCloses) {
  const ProxyRig rig;
  rig.add("timeout:ms=80");
  Client client = rig.client();
  const core::Nanos begin = core::monotonic_ns();
  client.send("x");
  EXPECT_EQ(client.read_to_end(), "") << "closed, not reset";
  EXPECT_GE(core::monotonic_ns() - begin, 80 * kMs);
  EXPECT_EQ(rig.count("connections", "timeout"), 1U);
  EXPECT_EQ(rig.count("bytes", "timeout"), 1U);
}

TEST(ProxyToxic, ResetPeerResetsBothSides) {
  const ProxyRig rig;
  Client client = rig.client();
  client.send("x");
  EXPECT_EQ(client.read_some(), "x");
  rig.add("reset_peer");
  EXPECT_TRUE(is_reset(client));
  rig.wait_for_count("closed", 1);
  EXPECT_EQ(rig.count("connections", "reset_peer"), 1U);
}

TEST(ProxyToxic, SlicerLosesNothing) {
  const ProxyRig rig;
  rig.add("slicer:size=100,variation=50,delay_us=10,stream=both");
  Client client = rig.client();
  const std::string bytes = pattern(20'000);
  client.send(bytes);
  EXPECT_EQ(read_bytes(client, bytes.size()), bytes);
  EXPECT_EQ(rig.count("bytes", "slicer"), 2 * bytes.size());
}

TEST(ProxyToxic, LimitDataClosesAfterItsBytes) {
  const ProxyRig rig;
  rig.add("limit_data:bytes=1000");
  Client client = rig.client();
  const std::string bytes = pattern(1500);
  client.send(bytes);
  std::string back;
  try {
    back = client.read_to_end();
  } catch (const std::runtime_error&) {
    ADD_FAILURE() << "reset, not closed";
  }
  EXPECT_EQ(back, bytes.substr(0, 1000));
  EXPECT_EQ(rig.count("connections", "limit_data"), 1U);
}

TEST(ProxyToxic, DownResetsEverybodyUntilItEnds) {
  const ProxyRig rig;
  Client open = rig.client();
  open.send("x");
  EXPECT_EQ(open.read_some(), "x");
  rig.add("down");
  EXPECT_TRUE(is_reset(open));
  Client fresh = rig.client();
  EXPECT_TRUE(is_reset(fresh));
  EXPECT_EQ(rig.server().accepted(), 1U) << "the target does not hear of it";
  rig.wait_for_count("connections", 2, "down");
  rig.remove("down");
  Client again = rig.client();
  again.send("y");
  EXPECT_EQ(again.read_some(), "y");
}

TEST(ProxyToxic, HitsItsShareAndNoOther) {
  const ProxyRig rig;
  rig.add("reset_peer:share=0.4");
  std::uint64_t resets = 0;
  for (int i = 0; i < 60; ++i) {
    Client client = rig.client();
    try {
      client.send("x");
      const bool passed = client.read_some() == "x";
      resets += !passed;
    } catch (const std::runtime_error&) {
      ++resets;
    }
  }
  rig.wait_for_count("accepted", 60);
  EXPECT_EQ(rig.count("connections", "reset_peer"), resets);
  EXPECT_GT(resets, 5U);
  EXPECT_LT(resets, 50U);
}

TEST(ProxyToxic, EndsByItselfAfterItsTtl) {
  const ProxyRig rig;
  const core::Nanos begin = core::monotonic_ns();
  rig.add("timeout:ttl=300ms");
  Client client = rig.client();
  client.send("x");
  EXPECT_EQ(client.read_some(), "x") << "it was held, not lost";
  EXPECT_GE(core::monotonic_ns() - begin, 300 * kMs);
  const auto toxic = rig.counters().at("toxics").as_array().at(0).as_object();
  EXPECT_EQ(toxic.at("ended_by").as_string(), "ttl");
  EXPECT_EQ(toxic.at("bytes").to_number<int>(), 1) << "its counts stay";
  EXPECT_EQ(rig.order("GET", "/toxics").body, "[]\n");
}

TEST(ProxyTarget, SaysHowMuchOfItIsUnderstood) {
  using enum ProxyTarget::Speaks;
  EXPECT_EQ(ProxyTarget::parse("http://127.0.0.1:3000/mcp")->speaks, http);
  EXPECT_EQ(ProxyTarget::parse("http://127.0.0.1:3000/mcp")->host, "127.0.0.1:3000");
  EXPECT_EQ(ProxyTarget::parse("tcp://127.0.0.1:3000")->speaks, lines);
  EXPECT_EQ(ProxyTarget::parse("unix:/tmp/x")->speaks, lines);
  EXPECT_EQ(ProxyTarget::parse("127.0.0.1:3000")->speaks, bytes);
  EXPECT_EQ(ProxyTarget::parse("https://127.0.0.1/mcp")->speaks, bytes);
  EXPECT_EQ(ProxyTarget::parse("https://127.0.0.1/mcp")->endpoint.port(), 443);
  EXPECT_EQ(ProxyTarget::parse("https://[::1]:8443")->endpoint.port(), 8443);
  EXPECT_FALSE(ProxyTarget::parse("ftp://127.0.0.1:21"));
  EXPECT_FALSE(ProxyTarget::parse("127.0.0.1"));
}

}  // namespace
}  // namespace gauntlet::chaos
