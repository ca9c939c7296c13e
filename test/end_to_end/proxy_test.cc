// `gauntlet proxy` between `gauntlet run` and `gauntlet serve`: what is done to messages is found
// in its class, as often as it was done; and the proxy as a process.
#include <csignal>

#include "end_to_end/workers.h"
#include "server/requests.h"

namespace gauntlet::end_to_end {
namespace {

using server::Client;

class ProxyProcess {
 public:
  explicit ProxyProcess(const std::string& upstream, std::vector<std::string> more = {}) {
    std::vector<std::string> argv = {GAUNTLET_BINARY,   "proxy",  "--listen",  "127.0.0.1:auto",
                                     "--upstream",      upstream, "--control", "unix:" + control(),
                                     "--control-token", "secret"};
    argv.insert(argv.end(), more.begin(), more.end());
    server_ = std::make_unique<Server>(argv, "listening on ");
  }
  const std::string& url() const { return server_->url(); }
  Server& process() { return *server_; }
  server::HttpResponse order(const std::string& method, const std::string& path,
                             const std::string& body = "") const {
    return Client(*net::Endpoint::parse("unix:" + control()))
        .ask(method + " " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n" +
             "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  boost::json::object counters() const {
    return boost::json::parse(order("GET", "/counters").body).as_object();
  }
  std::int64_t messages() const {  // that its first toxic had an effect on
    return counters().at("toxics").at(0).at("messages").to_number<std::int64_t>();
  }
  std::string control() const { return (scratch_.path() / "orders").string(); }

 private:
  Scratch scratch_;
  std::unique_ptr<Server> server_;
};

struct Case {
  std::string toxic;
  std::string transport;    // http, sse or tcp
  std::string error_class;  // that it has to be found in, as often as it happened
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.toxic << " over " << c.transport; }

class ProxyMessages : public testing::TestWithParam<Case> {};

TEST_P(ProxyMessages, AreFoundByClassAndCount) {
  const Case& given = GetParam();
  // Where nothing resumes a stream that broke off.
  const bool sse = given.transport == "sse";
  Server server({given.transport == "tcp" ? "--tcp" : "--http", "127.0.0.1:auto", "--answers",
                 sse ? "sse" : "auto"});
  std::unique_ptr<ProxyProcess> proxy;
  const auto gauntlet = judged([&] {
    proxy = std::make_unique<ProxyProcess>(
        server.url(),
        std::vector<std::string>{"--toxic",
                                 given.toxic + (given.toxic.contains(':') ? "," : ":") + "nth=40"});
    return std::make_unique<Gauntlet>(std::vector<std::string>{
        "run", "--url", proxy->url(), "-c", "8", "-R", "400", "-d", "3s", "--warmup", "0s",
        "--timeout", "700ms", "--protocol", sse ? "2026-07-28" : "2025-11-25", "--slo",
        "error_rate<0.1%", "--no-probe", "-q"});
  });
  EXPECT_TRUE(gauntlet->failed_its_target()) << gauntlet->out() << gauntlet->err();
  const auto summary = gauntlet->summary();
  ASSERT_FALSE(summary.empty());
  const std::int64_t done = proxy->messages();
  EXPECT_GE(done, 5);
  EXPECT_EQ(count(summary, "errors", given.error_class), done) << summary.at("errors");
  for (const auto& [name, n] : summary.at("errors").as_object()) {
    // While a client comes back its calls are unsent; anything else would be a wrong class.
    if (name != given.error_class && name != "unsent") {
      EXPECT_EQ(n.to_number<std::int64_t>(), 0) << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Proxy, ProxyMessages,
                         testing::Values(Case{"wrong_id", "http", "protocol"},
                                         Case{"wrong_id", "tcp", "protocol"},
                                         Case{"duplicate_answer", "http", "integrity"},
                                         Case{"duplicate_answer", "tcp", "integrity"},
                                         Case{"drop_answer", "http", "timeout"},
                                         Case{"drop_answer", "sse", "integrity"},
                                         Case{"drop_answer", "tcp", "timeout"},
                                         Case{"corrupt_answer", "http", "protocol"},
                                         Case{"corrupt_answer", "tcp", "protocol"},
                                         Case{"cut_sse", "sse", "indeterminate"},
                                         Case{"http_status:status=404", "http", "http_status"},
                                         Case{"http_status:status=503", "http", "rate_limited"}));

TEST(ProxyProcesses, ShareThePortAndObeyTheSameOrders) {
  Server server({"--http", "127.0.0.1:auto", "--workers", "1"});
  ProxyProcess proxy(server.url(), {"--processes", "2"});
  EXPECT_EQ(children_of(proxy.process().pid()).size(), 1U);
  std::vector<Client> clients;
  for (int i = 0; i < 40; ++i) {
    clients.emplace_back(endpoint_of(proxy.url()));
    EXPECT_EQ(clients.back().ask(server::stateless_echo("1")).status, 200);
  }
  const auto order = proxy.order("POST", "/toxics", R"({"type":"drop_answer","ttl_ms":60000})");
  EXPECT_EQ(order.status, 200) << order.body;
  while (!proxy.counters().at("settled").as_bool()) usleep(1000);
  for (Client& client : clients) client.send(server::stateless_echo("2"));
  while (proxy.messages() < 40) usleep(1000);
  EXPECT_EQ(proxy.messages(), 40) << "all of them, in whichever process";
  EXPECT_EQ(proxy.counters().at("accepted").to_number<int>(), 40);
}

TEST(ProxyProcesses, LeaveNothingBehindWhenOneIsKilled) {
  Server server({"--http", "127.0.0.1:auto", "--workers", "1"});
  for (int round = 0; round < 4; ++round) {
    ProxyProcess proxy(server.url(), {"--processes", "3", "--toxic", "timeout"});
    Client client(endpoint_of(proxy.url()));
    const auto others = children_of(proxy.process().pid());
    ASSERT_EQ(others.size(), 2U);
    kill(round % 2 == 0 ? proxy.process().pid() : others[0], SIGKILL);
    for (const pid_t other : others)
      for (int i = 0; kill(other, 0) == 0 && i < 5000; ++i) usleep(1000);
    for (const pid_t other : others) EXPECT_NE(kill(other, 0), 0);
    const net::Endpoint where = endpoint_of(proxy.url());
    EXPECT_TRUE(net::listen_on(where)) << "nobody listens there any more";
  }
}

TEST(ProxyProcesses, EndInOrderAndSayWhatTheyDid) {
  Server server({"--http", "127.0.0.1:auto", "--workers", "1"});
  Gauntlet proxy({"proxy", "--listen", "127.0.0.1:auto", "--upstream", server.url(), "--toxic",
                  "latency:ms=1,name=late"});
  while (!proxy.out().contains("listening on")) usleep(1000);
  const std::string out = proxy.out();
  const std::size_t at = out.find("listening on ") + 13;
  Client client(endpoint_of(out.substr(at, out.find('\n', at) - at)));
  EXPECT_EQ(client.ask(server::stateless_echo("1")).status, 200);
  proxy.signal(SIGTERM);
  EXPECT_EQ(proxy.wait(), 0);
  EXPECT_NE(proxy.out().find("gauntlet proxy: 1 connections"), std::string::npos) << proxy.out();
  EXPECT_NE(proxy.out().find("late hit 1 connections, 1 chunks"), std::string::npos) << proxy.out();
}

TEST(ProxyProcesses, LeaveNoSocketFile) {
  const Scratch scratch;
  const std::string path = (scratch.path() / "in").string();
  Server server({"--tcp", "127.0.0.1:auto", "--workers", "1"});
  Gauntlet proxy({"proxy", "--listen", "unix:" + path, "--upstream", server.url()});
  while (!proxy.out().contains("listening on")) usleep(1000);
  Client client(*net::Endpoint::parse("unix:" + path));
  client.send(server::initialize() + "\n");
  EXPECT_NE(client.read_line().find("\"result\""), std::string::npos);
  proxy.signal(SIGINT);
  EXPECT_EQ(proxy.wait(), 0);
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace gauntlet::end_to_end
