// Failpoints: what is ordered takes effect in every process, is counted, and ends.
#include "server/failpoints.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client.h"
#include "server/failpoint_control.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

constexpr core::Nanos kMs = core::kMillisecond;

class FailpointsTest : public testing::Test {
 protected:
  std::uint64_t hits(const std::string& name) const {
    for (const FailpointReport& report : failpoints_.report())
      if (report.name == name) return report.hits;
    return 12345;
  }
  int status(std::string_view method, std::string_view target) {
    return obey(failpoints_, method, target).status;
  }

  Registry registry_{1000, 60 * core::kSecond};
  Failpoints failpoints_{registry_, 3};
};

TEST_F(FailpointsTest, NothingHappensUnasked) {
  EXPECT_FALSE(failpoints_.on_call("echo"));
  EXPECT_FALSE(failpoints_.cuts(0, 1));
  for (const FailpointReport& report : failpoints_.report()) {
    EXPECT_EQ(report.settings, "") << report.name;
    EXPECT_EQ(report.hits, 0U) << report.name;
  }
}

TEST_F(FailpointsTest, ADelayHitsEveryTool) {
  failpoints_.delay_handlers(200 * kMs);
  EXPECT_EQ(failpoints_.on_call("echo").delay_ns, 200 * kMs);
  EXPECT_EQ(failpoints_.on_call("sleep").delay_ns, 200 * kMs);
  EXPECT_EQ(hits("handler-delay"), 2U);
  EXPECT_TRUE(failpoints_.take_back("handler-delay"));
  EXPECT_FALSE(failpoints_.on_call("echo"));
  EXPECT_EQ(hits("handler-delay"), 2U) << "counts stay";
}

TEST_F(FailpointsTest, AToolCanBeSlowOrFailAlone) {
  EXPECT_TRUE(failpoints_.set_tool("echo", {.delay_ns = 100 * kMs, .fails = true}));
  EXPECT_TRUE(failpoints_.set_tool("sleep", {.delay_ns = 0, .fails = true}));
  failpoints_.delay_handlers(kMs);
  const CallFault fault = failpoints_.on_call("echo");
  EXPECT_EQ(fault.delay_ns, 101 * kMs) << "both";
  EXPECT_TRUE(fault.fails);
  EXPECT_TRUE(failpoints_.on_call("sleep").fails);
  EXPECT_FALSE(failpoints_.on_call("ech").fails);
  EXPECT_EQ(hits("tool/echo"), 1U);
  EXPECT_EQ(hits("tool/sleep"), 1U);
}

TEST_F(FailpointsTest, ToolsAreBounded) {
  for (std::size_t i = 0; i < kToolFaultsMax; ++i)
    EXPECT_TRUE(failpoints_.set_tool("tool" + std::to_string(i), {.delay_ns = kMs}));
  EXPECT_TRUE(failpoints_.set_tool("tool0", {.delay_ns = 2 * kMs}));
  EXPECT_FALSE(failpoints_.set_tool("another", {.delay_ns = kMs}));
  EXPECT_FALSE(failpoints_.set_tool(std::string(kToolNameBytesMax + 1, 'x'), {.delay_ns = kMs}));
  EXPECT_FALSE(failpoints_.set_tool("", {.delay_ns = kMs}));
}

TEST_F(FailpointsTest, AShardOutOfReachIsCountedPerAttempt) {
  const auto key = registry_.open({}, 1);
  ASSERT_TRUE(key);
  failpoints_.make_unreachable(~std::uint64_t{0});
  EXPECT_FALSE(registry_.find(*key, 2));
  EXPECT_FALSE(registry_.reachable(*key));
  EXPECT_EQ(hits("registry"), 1U);
  failpoints_.make_unreachable(~(std::uint64_t{1} << Registry::shard_of(*key)));
  EXPECT_TRUE(registry_.find(*key, 3));
  EXPECT_EQ(hits("registry"), 1U);
}

TEST_F(FailpointsTest, ACutIsOneWay) {
  EXPECT_TRUE(failpoints_.cut(0, 1));
  EXPECT_TRUE(failpoints_.cut(0, 1));
  EXPECT_FALSE(failpoints_.cut(0, 3));
  EXPECT_FALSE(failpoints_.cut(3, 0));
  EXPECT_TRUE(failpoints_.cuts(0, 1));
  EXPECT_FALSE(failpoints_.cuts(1, 0));
  EXPECT_EQ(hits("cut"), 1U);
  failpoints_.take_all_back();
  EXPECT_FALSE(failpoints_.cuts(0, 1));
}

TEST_F(FailpointsTest, AnotherProcessObeysAndIsCounted) {
  failpoints_.set_tool("echo", {.delay_ns = 0, .fails = true});
  const pid_t child = fork();
  if (child == 0) {
    const bool obeyed = failpoints_.on_call("echo").fails;
    failpoints_.cut(2, 1);
    _exit(obeyed ? 0 : 1);
  }
  int wait_status = 1;
  ASSERT_EQ(waitpid(child, &wait_status, 0), child);
  EXPECT_EQ(wait_status, 0);
  EXPECT_EQ(hits("tool/echo"), 1U);
  EXPECT_TRUE(failpoints_.cuts(2, 1));
}

TEST_F(FailpointsTest, OrdersAreRead) {
  EXPECT_EQ(status("POST", "/failpoints/handler-delay?ms=200"), 200);
  EXPECT_EQ(status("POST", "/failpoints/tool?name=echo&ms=5&fail=1"), 200);
  EXPECT_EQ(status("POST", "/failpoints/cut?from=2&to=1"), 200);
  const CallFault fault = failpoints_.on_call("echo");
  EXPECT_EQ(fault.delay_ns, 205 * kMs);
  EXPECT_TRUE(fault.fails);
  EXPECT_TRUE(failpoints_.cuts(2, 1));
  EXPECT_EQ(status("DELETE", "/failpoints/tool"), 200);
  EXPECT_EQ(failpoints_.on_call("echo").delay_ns, 200 * kMs);
  const auto answer = obey(failpoints_, "DELETE", "/failpoints");
  EXPECT_THAT(answer.body, HasSubstr(R"({"name":"handler-delay","settings":"","hits":2})"));
  EXPECT_THAT(answer.body, HasSubstr(R"({"name":"tool/echo","settings":"","hits":1})"));
  EXPECT_FALSE(failpoints_.on_call("echo"));
}

TEST_F(FailpointsTest, ShardsAreARange) {
  const auto unreachable = [this] {
    std::uint64_t bits = 0;
    for (std::uint64_t shard = 0; shard < kShardCount; ++shard)
      bits |= std::uint64_t{!registry_.reachable({shard << 58, 0})} << shard;
    return bits;
  };
  EXPECT_EQ(status("POST", "/failpoints/registry?shards=3"), 200);
  EXPECT_EQ(unreachable(), std::uint64_t{8});
  EXPECT_EQ(status("POST", "/failpoints/registry?shards=0-63"), 200);
  EXPECT_EQ(unreachable(), ~std::uint64_t{0});
  EXPECT_EQ(status("POST", "/failpoints/registry?shards=62-63"), 200);
  EXPECT_EQ(unreachable(), std::uint64_t{3} << 62);
  for (const char* const wrong :
       {"", "?shards=", "?shards=64", "?shards=5-4", "?shards=1-", "?shards=-1", "?shards=a"})
    EXPECT_EQ(status("POST", std::string("/failpoints/registry") + wrong), 400) << wrong;
  EXPECT_EQ(unreachable(), std::uint64_t{3} << 62) << "a wrong order changes nothing";
}

TEST_F(FailpointsTest, WrongOrdersAreRefused) {
  EXPECT_EQ(status("POST", "/failpoints/handler-delay"), 400);
  EXPECT_EQ(status("POST", "/failpoints/handler-delay?ms=-1"), 400);
  EXPECT_EQ(status("POST", "/failpoints/handler-delay?ms=99999999999999999999"), 400);
  EXPECT_EQ(status("POST", "/failpoints/tool?ms=1"), 400);
  EXPECT_EQ(status("POST", "/failpoints/tool?name=echo&fail=2"), 400);
  EXPECT_EQ(status("POST", "/failpoints/cut?from=0&to=3"), 400);
  EXPECT_EQ(status("POST", "/failpoints/other"), 404);
  EXPECT_EQ(status("GET", "/"), 404);
  EXPECT_EQ(status("GET", "/failpointsx"), 404);
  EXPECT_EQ(status("PUT", "/failpoints/tool"), 405);
  EXPECT_EQ(status("POST", "/failpoints"), 405);
  EXPECT_FALSE(failpoints_.on_call("echo"));
}

// The control on a loop in a thread.
class ControlTest : public FailpointsTest {
 protected:
  ControlTest() {
    thread_ = std::thread([this] {
      while (!stop_) loop_->turn(core::monotonic_ns() + 10 * kMs);
    });
  }
  ~ControlTest() override {
    stop_ = true;
    thread_.join();
  }
  HttpResponse ask(const std::string& method, const std::string& target,
                   const std::string& token = "secret") {
    const auto where = *net::local_endpoint(listener_.get());
    return Client(where).ask(method + " " + target + " HTTP/1.1\r\nHost: x\r\n" +
                             "Authorization: Bearer " + token + "\r\nContent-Length: 2\r\n\r\n{}");
  }

  core::Fd listener_ = *net::listen_on(*net::Endpoint::tcp("127.0.0.1", 0));
  std::unique_ptr<net::Loop> loop_ = net::make_loop();
  FailpointControl control_{*loop_, listener_.get(), "secret", failpoints_};
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

TEST_F(ControlTest, TakesOrders) {
  EXPECT_EQ(ask("POST", "/failpoints/handler-delay?ms=7").status, 200);
  EXPECT_EQ(failpoints_.on_call("echo").delay_ns, 7 * kMs);
  const HttpResponse response = ask("GET", "/failpoints");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body,
              HasSubstr(R"({"name":"handler-delay","settings":"delay 7.0ms","hits":1})"));
}

TEST_F(ControlTest, WantsTheToken) {
  for (const char* const token : {"", "secre", "secretx", "Secret"})
    EXPECT_EQ(ask("POST", "/failpoints/handler-delay?ms=7", token).status, 401) << token;
  EXPECT_FALSE(failpoints_.on_call("echo"));
}

TEST_F(ControlTest, RefusesWhatIsNoRequest) {
  const auto where = *net::local_endpoint(listener_.get());
  EXPECT_EQ(Client(where).ask("nonsense\r\n\r\n").status, 400);
  Client in_parts(where);
  in_parts.send("GET /failpoints HTTP/1.1\r\nHo");
  usleep(20'000);
  in_parts.send("st: x\r\nAuthorization: Bearer secret\r\n\r\n");
  EXPECT_EQ(in_parts.read_response().status, 200);
  EXPECT_EQ(in_parts.read_to_end(), "");
}

}  // namespace
}  // namespace gauntlet::server
