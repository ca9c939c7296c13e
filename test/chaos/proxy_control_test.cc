// Orders to the fault proxy, and toxics as faults.
#include "chaos/proxy_control.h"

#include <gtest/gtest.h>

#include "chaos/proxy_fault.h"
#include "chaos/proxy_rig.h"

namespace gauntlet::chaos {
namespace {

constexpr std::string_view kSlow =
    R"({"name":"slow","type":"latency","attributes":{"latency":10,"jitter":2}})";

Toxic toxic(const std::string& text) { return *parse_toxic(text); }

std::string fact(const Evidence& evidence, std::string_view name) {
  for (const auto& [known, value] : evidence.facts)
    if (known == name) return value;
  return "no such fact";
}

TEST(ProxyControl, ObeysAndLists) {
  const ProxyRig rig;
  EXPECT_EQ(rig.order("GET", "/toxics").body, "[]\n");
  const auto added = rig.order("POST", "/toxics", std::string(kSlow));
  EXPECT_EQ(added.status, 200) << added.body;
  EXPECT_EQ(added.body, R"([{"name":"slow","type":"latency","stream":"downstream","toxicity":1E0,)"
                        R"("attributes":{"ms":10,"jitter":2}}])"
                        "\n");
  EXPECT_EQ(rig.order("GET", "/toxics").body, added.body);
  EXPECT_EQ(rig.order("DELETE", "/toxics/slow").body, "[]\n");
  EXPECT_EQ(rig.order("DELETE", "/toxics/slow").status, 404);
  EXPECT_EQ(rig.order("POST", "/toxics", std::string(kSlow)).status, 200) << "and once more";
  EXPECT_EQ(rig.order("DELETE", "/toxics").body, "[]\n");
}

TEST(ProxyControl, RefusesBadOrdersInOneLine) {
  const ProxyRig rig;
  const auto refused = [&](const std::string& body, const std::string& reason) {
    const auto answer = rig.order("POST", "/toxics", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_TRUE(answer.body.starts_with("{\"error\":\"")) << answer.body;
    EXPECT_NE(answer.body.find(reason), std::string::npos) << answer.body;
    EXPECT_EQ(answer.body.find('\n'), answer.body.size() - 1);
  };
  refused("", "not a JSON object");
  refused(R"({"type":"lag"})", "is no toxic");
  refused(R"({"type":"latency"})", "latency needs ms");
  refused(R"({"type":"drop_answer"})", "needs to see messages");
  refused(std::string(20'000, '{'), "body too large");
  EXPECT_EQ(rig.order("POST", "/toxics", std::string(kSlow)).status, 200);
  refused(std::string(kSlow), "there is a toxic named 'slow' already");
  EXPECT_EQ(rig.order("PUT", "/toxics").status, 405);
  EXPECT_EQ(rig.order("GET", "/toxics/slow").status, 405);
  EXPECT_EQ(rig.order("DELETE", "/counters").status, 405);
  EXPECT_EQ(rig.order("GET", "/").status, 404);
}

TEST(ProxyControl, TakesNoOrdersWithoutTheToken) {
  const ProxyRig rig;
  for (const char* token : {"", "secre", "secret2", "Secret"}) {
    EXPECT_EQ(rig.order("POST", "/toxics", std::string(kSlow), token).status, 401);
    EXPECT_EQ(rig.order("GET", "/counters", "", token).status, 401);
  }
  EXPECT_EQ(rig.order("GET", "/toxics").body, "[]\n");
}

TEST(ProxyControl, TakesAnOrderInPieces) {
  const ProxyRig rig;
  Client client(rig.control());
  const std::string body(kSlow);
  const std::string order =
      "POST /toxics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  for (const char c : order) {
    client.send({&c, 1});
    usleep(100);
  }
  EXPECT_EQ(client.read_response().status, 200);
}

TEST(ProxyControl, CountsForPrometheus) {
  const ProxyRig rig;
  rig.add("latency:ms=1,name=slow");
  Client client = rig.client();
  client.send("abc");
  EXPECT_EQ(client.read_some(), "abc");
  const auto metrics = rig.order("GET", "/metrics").body;
  for (const char* line :
       {"gauntlet_proxy_accepted_total 1\n", "gauntlet_proxy_bytes_upstream_total 3\n",
        "gauntlet_proxy_toxic_active{toxic=\"slow\",type=\"latency\"} 1\n",
        "gauntlet_proxy_toxic_bytes_total{toxic=\"slow\",type=\"latency\"} 3\n"})
    EXPECT_NE(metrics.find(line), std::string::npos) << line << metrics;
}

TEST(ProxyFault, HappensShowsItselfAndLeavesNothing) {
  const ProxyRig rig;
  ProxyFault fault(rig.control(), "secret", toxic("latency:ms=50"));
  ASSERT_TRUE(fault.probe());
  ASSERT_TRUE(fault.arm(30 * core::kSecond));
  EXPECT_FALSE(fault.evidence().shown) << "it has not begun";
  ASSERT_TRUE(fault.start());
  EXPECT_FALSE(fault.evidence().shown) << "nobody has been hit";
  EXPECT_FALSE(fault.verify_clean());
  Client client = rig.client();
  client.send("x");
  EXPECT_EQ(client.read_some(), "x");
  const Evidence during = fault.evidence();
  EXPECT_TRUE(during.shown);
  EXPECT_EQ(fact(during, "bytes"), "1");
  EXPECT_EQ(fact(during, "connections"), "1");
  EXPECT_EQ(fact(during, "active"), "true");
  ASSERT_TRUE(fault.stop());
  EXPECT_TRUE(fault.verify_clean());
  const Evidence after = fault.evidence();
  EXPECT_TRUE(after.shown) << "it did happen";
  EXPECT_EQ(fact(after, "ended_by"), "order");
}

TEST(ProxyFault, EndsInTheProxyWhenItsTimeIsOver) {
  const ProxyRig rig;
  ProxyFault fault(rig.control(), "secret", toxic("timeout"));
  ASSERT_TRUE(fault.arm(200 * core::kMillisecond));
  ASSERT_TRUE(fault.start());
  Client client = rig.client();
  client.send("x");
  EXPECT_EQ(client.read_some(), "x");
  EXPECT_TRUE(fault.verify_clean());
  EXPECT_EQ(fact(fault.evidence(), "ended_by"), "ttl");
  EXPECT_TRUE(fault.evidence().shown);
  EXPECT_TRUE(fault.stop()) << "what is over is no error";
}

TEST(ProxyFault, StopsWhenItGoes) {
  const ProxyRig rig;
  {
    ProxyFault fault(rig.control(), "secret", toxic("down"));
    ASSERT_TRUE(fault.arm(core::kSecond * 60));
    ASSERT_TRUE(fault.start());
  }
  EXPECT_EQ(rig.order("GET", "/toxics").body, "[]\n");
}

TEST(ProxyFault, IsRefusedBeforeAnythingHappens) {
  const ProxyRig rig;
  EXPECT_FALSE(ProxyFault(rig.control(), "guess", toxic("down")).probe());
  const auto nowhere =
      ProxyFault(*net::Endpoint::parse("unix:/nowhere"), "secret", toxic("down")).probe();
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, core::ErrorKind::unreachable);
  ProxyFault unseen(rig.control(), "secret", toxic("drop_answer"));
  const auto probed = unseen.probe();
  ASSERT_FALSE(probed);
  EXPECT_NE(probed.error().text.find("needs to see messages"), std::string::npos)
      << probed.error().text;
  ProxyFault first(rig.control(), "secret", toxic("down:share=0"));
  ASSERT_TRUE(first.arm(core::kSecond * 60));
  EXPECT_FALSE(first.arm(0));
  ASSERT_TRUE(first.start());
  const auto second = ProxyFault(rig.control(), "secret", toxic("down")).probe();
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().text.find("'down'"), std::string::npos) << second.error().text;
}

}  // namespace
}  // namespace gauntlet::chaos
