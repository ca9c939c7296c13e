// Clients: the virtual MCP clients of one load thread. Each has its own connection (over stdio, its
// own server process), goes through MCP's opening, sends the calls that come due, verifies every
// answer, and comes back with jittered back-off when its connection goes.
// Belongs to its loop's thread. No allocation per message once rings and buffers have grown.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "json/reader.h"
#include "load/call_ring.h"
#include "load/channel.h"
#include "load/nonce.h"
#include "load/request_template.h"
#include "load/tally.h"
#include "load/target.h"
#include "mcp/answer.h"
#include "net/child.h"
#include "net/loop.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::load {

inline constexpr core::Nanos kNever = INT64_MAX;

struct ClientsSetup {
  const Target& target;
  const run::Plan& plan;
  const std::vector<RequestTemplate>& operations;  // as plan.load.mix
  NonceCoder coder;
  std::uint32_t first = 0;  // number of this thread's first client in the run
  std::uint32_t count = 0;
  std::size_t measured_phase = 0;
};

class Clients final : public net::StreamHandler {
 public:
  Clients(const ClientsSetup& setup, net::Loop& loop, Tally& tally, core::Random random);

  // Opens a client's connection for the first time.
  void open(std::uint32_t client);

  // A call of this client is due (`intended`); it is queued, or counted as unsent. send_queued()
  // puts all that is queued and allowed onto the connection, in one write.
  void enqueue(std::uint32_t client, core::Nanos intended, std::size_t phase,
               std::uint8_t operation);
  void send_queued(std::uint32_t client);

  // Time-outs and reconnections that are due.
  void sweep(core::Nanos now);

  // Cuts `share` of the clients that are ready, as the fault says; `since` is when the load began.
  run::FaultRecord disconnect(const run::Fault& fault, core::Nanos since);
  // The same of a fault that somebody else brings about: until the next one, whoever loses its
  // connection is its victim.
  run::FaultRecord watch_losses(const run::Fault& fault);
  // How many of the fault's victims are back, and when the last of them was.
  void note_reconnections(run::FaultRecord& fault, core::Nanos since);

  // Ends every connection, with DELETE for sessions that the server holds.
  void close_all();

  std::uint32_t count() const { return static_cast<std::uint32_t>(clients_.size()); }
  std::uint64_t ready() const { return ready_; }
  std::uint64_t outstanding() const { return outstanding_; }
  std::uint64_t victims_waiting() const { return victims_waiting_; }
  std::uint64_t unmatched_answers() const { return unmatched_answers_; }
  const std::vector<run::ClientOutcome>& outcomes() const { return outcomes_; }
  std::vector<pid_t> child_pids() const;
  // Closed loop: clients that may have become idle since the last call of this.
  std::vector<std::uint32_t> take_idle();
  bool is_idle(std::uint32_t client) const {
    return clients_[client].state == State::ready &&
           clients_[client].calls.unfinished_window() == 0;
  }

  void on_connected(net::StreamId stream, std::uint64_t tag) override;
  void on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) override;
  void on_closed(net::StreamId stream, std::uint64_t tag, net::CloseReason reason,
                 int error) override;

 private:
  enum class State : std::uint8_t {
    unopened,
    waiting,  // for its next attempt to connect
    connecting,
    opening,     // initialize sent
    confirming,  // HTTP: notifications/initialized sent
    ready,
    resting,  // HTTP: the server ended an idle connection; the next call opens another
    closed,
  };

  struct Client {
    Client(Transport transport) : channel(transport) {}

    net::StreamId stream;
    State state = State::unopened;
    std::uint8_t failed_attempts = 0;
    std::string session_line;  // HTTP: "Mcp-Session-Id: …\r\n"
    bool confirmed = false;    // HTTP: the server took notifications/initialized of that session
    bool resumed = false;      // HTTP: it came back with that session, no call verified yet
    Channel channel;
    CallRing calls;
    std::uint64_t exchange = 0;  // HTTP: the call that the answer now arriving belongs to
    core::Nanos last_received = 0;
    core::Nanos outage_since = 0;     // 0: none
    core::Nanos back_at = 0;          // when it last came back from a fault
    std::uint32_t unmatched = 0;      // answers that could not be told to a call
    bool victim = false;              // of a fault, and not back yet
    std::optional<net::Child> child;  // stdio
  };

  // Binds a channel's events to the client they belong to.
  struct Sink {
    Clients& clients;
    std::uint32_t index;
    bool on_http_head(const wire::HttpHead& head) { return clients.on_http_head(index, head); }
    bool on_message(std::span<char> json) { return clients.on_message(index, json); }
    bool on_http_end(const HttpExchange& e) { return clients.on_http_end(index, e); }
  };

  bool http() const { return setup_.target.transport() == Transport::http; }
  bool stateful() const { return mcp::era_of(setup_.target.revision) == mcp::Era::stateful; }

  // client_connections.cc
  void connect(std::uint32_t index);
  void connect_child(std::uint32_t index);
  void begin_opening(std::uint32_t index);
  void confirm(std::uint32_t index);
  void send_text(std::uint32_t index, std::string_view json, std::string_view method,
                 bool with_revision);
  void become_ready(std::uint32_t index);
  void leave_ready(Client& client);
  void wait_to_reconnect(std::uint32_t index);
  void drop_connection(std::uint32_t index, net::CloseMode mode);
  void release_child(Client& client);
  void reap_children(core::Nanos now);
  void wake(std::uint32_t index, core::Nanos now);
  bool on_http_head(std::uint32_t index, const wire::HttpHead& head);
  bool on_opening_answer(std::uint32_t index, const mcp::Answer& answer);
  bool end_opening_exchange(std::uint32_t index, const HttpExchange& exchange);
  bool forget_session(std::uint32_t index);
  void make_victim(std::uint32_t index);
  void note_loss(std::uint32_t index);

  // client_calls.cc
  static void skip_never_sent(Client& client);
  bool may_send(const Client& client) const;
  bool on_message(std::uint32_t index, std::span<char> json);
  bool on_http_end(std::uint32_t index, const HttpExchange& exchange);
  bool on_http_answer(std::uint32_t index, const mcp::Answer& answer, std::span<const char> json);
  void on_line_answer(std::uint32_t index, const mcp::Answer& answer, std::span<const char> json);
  void answer_request(std::uint32_t index, const mcp::Answer& request);
  void settle(std::uint32_t index, std::uint64_t sequence, const mcp::Answer& answer,
              std::span<const char> json);
  void settle_unmatched(std::uint32_t index, std::span<const char> json);
  void complete(std::uint32_t index, Call& call);
  void fail(std::uint32_t index, Call& call, run::ErrorClass error);
  void finish(std::uint32_t index, Call& call, Call::State state);
  void fail_sent(std::uint32_t index, run::ErrorClass error);
  void fail_queued(std::uint32_t index, run::ErrorClass error);
  void expire(std::uint32_t index, core::Nanos now);
  void note_recovery(std::uint32_t index);

  ClientsSetup setup_;
  net::Loop& loop_;
  Tally& tally_;
  core::Random random_;
  json::Reader reader_;
  std::vector<Client> clients_;
  std::vector<run::ClientOutcome> outcomes_;
  // When sweep() has to look at a client; apart from Client, so that a sweep stays in the cache.
  std::vector<core::Nanos> wake_at_;
  std::vector<net::Endpoint> sources_;  // loopback addresses to spread many connections over
  std::vector<std::uint32_t> idle_;
  struct Leaving {
    net::Child child;
    core::Nanos kill_at;
  };
  std::vector<Leaving> leaving_;  // stdio servers that were told to go
  core::Nanos received_at_ = 0;   // of the bytes being handled
  std::uint64_t ready_ = 0;
  std::uint64_t outstanding_ = 0;
  std::uint64_t victims_waiting_ = 0;
  bool watching_losses_ = false;  // who loses its connection is a victim
  std::uint64_t losses_ = 0;
  std::uint64_t unmatched_answers_ = 0;
};

}  // namespace gauntlet::load
