// A server made by hand that answers one client of the load engine, and can be told to misbehave.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "load/clients.h"
#include "load/engine.h"

namespace gauntlet::load {

inline constexpr core::Nanos kPatience = 20 * core::kSecond;

// Answers each request that arrives whole in one read, and writes down what was asked for.
class FakeServer final : public net::StreamHandler, public net::AcceptHandler {
 public:
  explicit FakeServer(net::Loop& loop)
      : loop_(loop), listener_(*net::listen_on(*net::Endpoint::tcp("127.0.0.1", 0))) {
    loop_.listen(listener_.get(), *this, 0);
  }

  std::string url() const {
    return "http://" + net::local_endpoint(listener_.get())->text() + "/mcp";
  }
  int asked(const std::string& method) { return asked_[method]; }
  void forget_sessions() { known_.clear(); }
  // Ends all connections: answers that are due are never sent.
  void cut(net::CloseMode mode) {
    for (const net::StreamId stream : streams_) loop_.close(stream, mode);
    streams_.clear();
  }
  bool cut_at_initialized = false;  // once: the connection ends instead of the answer
  bool silent = false;              // no answer to anything but openings
  bool busy = false;                // 503 to anything but openings
  bool streams_break = false;   // answers are event streams that break off after their first event
  bool streams_forget = false;  // what broke off is not known any more: 404… never 200
  int gets() const { return gets_; }
  const std::string& last_event_id() const { return last_event_id_; }
  int half_closes() const { return half_closes_; }

  void on_accepted(core::Fd socket, std::uint64_t) override {
    streams_.push_back(loop_.adopt(std::move(socket), *this, 0));
  }
  void on_connected(net::StreamId, std::uint64_t) override {}
  void on_closed(net::StreamId, std::uint64_t, net::CloseReason reason, int) override {
    half_closes_ += reason == net::CloseReason::peer_closed ? 1 : 0;
  }
  void on_data(net::StreamId stream, std::uint64_t, std::span<char> bytes) override {
    const std::string_view text(bytes.data(), bytes.size());
    if (text.starts_with("GET ")) return resume(stream, text);
    const std::string method = between(text, "\"method\":\"", "\"");
    ++asked_[method];
    if (method == "initialize") return initialize(stream, text);
    if (!known_.contains(between(text, "Mcp-Session-Id: ", "\r\n")))
      return reply(stream, "404 Not Found", "", "");
    const bool asks = method != "notifications/initialized";
    if (asks && silent) return;
    if (asks && busy) return reply(stream, "503 Service Unavailable", "", "");
    if (asks && streams_break) return break_off(stream, between(text, "\"id\":", ","));
    if (asks)
      return reply(
          stream, "200 OK", "",
          R"({"jsonrpc":"2.0","id":)" + between(text, "\"id\":", ",") + R"(,"result":{}})");
    if (std::exchange(cut_at_initialized, false)) return cut(net::CloseMode::reset);
    reply(stream, "202 Accepted", "", "");
  }

 private:
  static std::string between(std::string_view text, std::string_view before,
                             std::string_view after) {
    const std::size_t at = text.find(before);
    if (at == std::string_view::npos) return "";
    const std::size_t from = at + before.size();
    return std::string(text.substr(from, text.find(after, from) - from));
  }
  // The head and one event with an id, then the connection ends.
  void break_off(net::StreamId stream, std::string id) {
    broken_ = std::move(id);
    loop_.output(stream) +=
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        "11\r\nid: e1\r\ndata:\r\n\r\n\r\n";
    loop_.flush(stream);
    loop_.close(stream, net::CloseMode::reset);
  }
  void resume(net::StreamId stream, std::string_view text) {
    ++gets_;
    last_event_id_ = between(text, "Last-Event-ID: ", "\r\n");
    if (streams_forget) return reply(stream, "405 Method Not Allowed", "", "");
    const std::string event =
        "id: e2\r\ndata: {\"jsonrpc\":\"2.0\",\"id\":" + broken_ + ",\"result\":{}}\r\n\r\n";
    loop_.output(stream) +=
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " +
        std::to_string(event.size()) + "\r\n\r\n" + event;
  }
  void initialize(net::StreamId stream, std::string_view text) {
    const std::string session = "session-" + std::to_string(++made_);
    known_[session] = true;
    reply(stream, "200 OK", "Mcp-Session-Id: " + session + "\r\n",
          R"({"jsonrpc":"2.0","id":)" + between(text, "\"id\":", ",") +
              R"(,"result":{"protocolVersion":"2025-11-25","capabilities":{},)"
              R"("serverInfo":{"name":"fake","version":"1"}}})");
  }
  void reply(net::StreamId stream, const std::string& status, const std::string& headers,
             const std::string& body) {
    loop_.output(stream) += "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" +
                            headers + "Content-Length: " + std::to_string(body.size()) +
                            "\r\n\r\n" + body;
  }

  net::Loop& loop_;
  core::Fd listener_;
  std::vector<net::StreamId> streams_;
  std::map<std::string, bool> known_;
  std::map<std::string, int> asked_;
  int made_ = 0;
  int gets_ = 0;
  int half_closes_ = 0;
  std::string broken_, last_event_id_;
};

inline run::Plan ping_plan() {
  run::Plan plan;
  plan.load.connections = 1;
  plan.load.arrivals = run::Arrivals::closed;
  plan.load.reconnect_min = plan.load.reconnect_max = core::kMillisecond;
  plan.load.mix.resize(1);
  plan.load.mix[0].method = "ping";
  plan.phases = {{"steady", core::kSecond, true}};
  return plan;
}

// `change` is the test's part of the plan.
class SessionsTest : public testing::Test {
 protected:
  explicit SessionsTest(const std::function<void(run::Plan&)>& change = [](run::Plan&) {}) {
    change(plan_);
    target_.url = *net::Url::parse(server_.url());
    target_.revision = mcp::Revision::v2025_11_25;
    operations_ = prepare_operations(plan_, target_);
    clients_.emplace(ClientsSetup{.target = target_,
                                  .plan = plan_,
                                  .operations = operations_,
                                  .coder = NonceCoder(1),
                                  .first = 0,
                                  .count = 1,
                                  .measured_phase = 0},
                     *loop_, tally_, core::Random(1));
    clients_->open(0);
  }

  template <typename Condition>
  void turn_until(Condition condition) {
    const core::Nanos limit = core::monotonic_ns() + kPatience;
    while (!condition() && core::monotonic_ns() < limit) {
      clients_->sweep(core::monotonic_ns());
      loop_->turn(core::monotonic_ns() + core::kMillisecond);
    }
    ASSERT_TRUE(condition());
  }
  // One call of the client, to its end.
  void call() {
    turn_until([&] { return clients_->is_idle(0); });
    const core::Nanos now = core::monotonic_ns();
    tally_.scheduled(0);
    clients_->enqueue(0, now, 0, 0);
    clients_->send_queued(0);
    turn_until([&] { return clients_->outstanding() == 0; });
  }
  const run::ClientOutcome& outcome() const { return clients_->outcomes()[0]; }
  // Every message is sent and answered between two turns: the cut finds the connection idle.
  void cut(net::CloseMode mode) {
    server_.cut(mode);
    const auto drops = outcome().drops;
    turn_until([&] { return outcome().drops > drops; });
  }

  std::unique_ptr<net::Loop> loop_ = net::make_loop();
  FakeServer server_{*loop_};
  Target target_;
  run::Plan plan_ = ping_plan();
  std::vector<RequestTemplate> operations_;
  Tally tally_{1};
  std::optional<Clients> clients_;
};

}  // namespace gauntlet::load
