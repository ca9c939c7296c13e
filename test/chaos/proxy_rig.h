// ProxyRig: a fault proxy and its control in front of a server, on a loop in a thread of its own;
// the test is the client, with blocking sockets.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "chaos/proxy.h"
#include "chaos/proxy_control.h"
#include "server/client.h"

namespace gauntlet::chaos {

using server::Client;

// Answers what it reads with what `answer` makes of it; ends its side when the client has.
class TestServer final : net::AcceptHandler, net::StreamHandler {
 public:
  using Answer = std::function<std::string(std::string_view)>;
  TestServer(net::Loop& loop, Answer answer)
      : loop_(loop),
        answer_(std::move(answer)),
        listener_(*net::listen_on(*net::Endpoint::parse("127.0.0.1:auto"))) {
    loop_.listen(listener_.get(), *this, 0);
  }
  std::string address() const { return net::local_endpoint(listener_.get())->text(); }
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t accepted() const { return accepted_; }

 private:
  void on_accepted(core::Fd socket, std::uint64_t) override {
    ++accepted_;
    loop_.adopt(std::move(socket), *this, 0);
  }
  void on_connected(net::StreamId, std::uint64_t) override {}
  void on_data(net::StreamId stream, std::uint64_t, std::span<char> bytes) override {
    bytes_read_ += bytes.size();
    loop_.output(stream) += answer_({bytes.data(), bytes.size()});
  }
  void on_closed(net::StreamId, std::uint64_t, net::CloseReason, int) override {}

  net::Loop& loop_;
  Answer answer_;
  core::Fd listener_;
  std::atomic<std::uint64_t> bytes_read_ = 0;
  std::atomic<std::uint64_t> accepted_ = 0;
};

class ProxyRig {
 public:
  explicit ProxyRig(
      const std::string& scheme = "",
      TestServer::Answer answer = [](std::string_view b) { return std::string(b); })
      : server_(*loop_, std::move(answer)),
        board_(std::move(*ProxyBoard::make(1, 7))),
        listener_(*net::listen_on(*net::Endpoint::parse("127.0.0.1:auto"))),
        control_listener_(*net::listen_on(*net::Endpoint::parse("127.0.0.1:auto"))),
        proxy_(*loop_, listener_.get(), *ProxyTarget::parse(scheme + server_.address()), *board_, 0,
               1000),
        control_(*loop_, control_listener_.get(), "secret", *board_, !scheme.empty()),
        thread_([this] {
          while (!stop_) proxy_.turn();
        }) {}
  ~ProxyRig() {
    stop_ = true;
    thread_.join();
  }

  net::Endpoint address() const { return *net::local_endpoint(listener_.get()); }
  net::Endpoint control() const { return *net::local_endpoint(control_listener_.get()); }
  Client client() const { return Client(address()); }
  const TestServer& server() const { return server_; }

  // An order over the control socket: status and body.
  server::HttpResponse order(const std::string& method, const std::string& path,
                             const std::string& body = "",
                             const std::string& token = "secret") const {
    return Client(control()).ask(
        method + " " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
        "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  // Puts a toxic in force, as --toxic has it, and waits until the proxy knows.
  void add(const std::string& text) const {
    const auto toxic = parse_toxic(text);
    ASSERT_TRUE(toxic) << toxic.error().text;
    const auto answer = order("POST", "/toxics", boost::json::serialize(json_of(*toxic)));
    ASSERT_EQ(answer.status, 200) << answer.body;
    settle();
  }
  void remove(const std::string& name) const {
    EXPECT_EQ(order("DELETE", "/toxics/" + name).status, 200);
    settle();
  }
  boost::json::object counters() const {
    return boost::json::parse(order("GET", "/counters").body).as_object();
  }
  // One number of GET /counters; of a toxic where one is named.
  std::uint64_t count(const std::string& what, const std::string& toxic = "") const {
    const auto all = counters();
    if (toxic.empty()) return all.at(what).to_number<std::uint64_t>();
    for (const auto& found : all.at("toxics").as_array())
      if (found.at("name").as_string() == toxic) return found.at(what).to_number<std::uint64_t>();
    ADD_FAILURE() << "no toxic " << toxic;
    return 0;
  }
  void wait_for_count(const std::string& what, std::uint64_t wanted,
                      const std::string& toxic = "") const {
    const core::Nanos limit = core::monotonic_ns() + 20 * core::kSecond;
    while (count(what, toxic) != wanted && core::monotonic_ns() < limit) usleep(2000);
    EXPECT_EQ(count(what, toxic), wanted) << what;
  }

 private:
  void settle() const {
    while (!counters().at("settled").as_bool()) usleep(1000);
  }

  std::unique_ptr<net::Loop> loop_ = net::make_loop();
  TestServer server_;
  ProxyBoard::Owner board_;
  core::Fd listener_, control_listener_;
  Proxy proxy_;
  ProxyControl control_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace gauntlet::chaos
