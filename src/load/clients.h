// Clients: the virtual MCP clients of one load thread. Each has its own connection (over stdio, its
// own server process), goes through MCP's opening, sends the calls that come due, verifies every
// answer, and comes back with jittered back-off when its connection goes. As run::ClientPlan says
// it asks silent connections whether they live, and calls again what failed and may be repeated;
// a broken event stream is resumed (Last-Event-ID) before anything is called lost.
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
#include "mcp/answer_memo.h"
#include "mcp/request.h"
#include "net/child.h"
#include "net/loop.h"
#include "run/plan.h"
#include "run/record.h"

namespace gauntlet::load {

inline constexpr core::Nanos kNever = INT64_MAX;
// Messages of one thread that wait for their next attempt; beyond it they fail.
inline constexpr std::size_t kRetriesWaitingMax = 1 << 20;
// The id of heartbeats: more calls than it takes to get there are not made in a run.
inline constexpr std::uint64_t kHeartbeatId = mcp::kLastCallId;
// Outages of one thread's clients that are kept.
inline constexpr std::size_t kOutagesMax = 1 << 20;
// Beyond so many phases, two of them count as one where clients that had an error are counted.
inline constexpr std::size_t kPhaseBits = 64;

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
  // Which of the fault's victims are back, and when, and what the others did meanwhile.
  void note_reconnections(run::FaultRecord& fault, core::Nanos since);

  // After the load: whatever still waits fails.
  void give_up_all();
  // The outages there were, those that last included; `since` is when the load began.
  std::vector<run::Outage> outages(core::Nanos since) const;

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
    return clients_[client].state == State::ready && is_free(clients_[client]);
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
    resting,      // HTTP: the server ended an idle connection; the next call opens another
    beating,      // HTTP: ready, and a heartbeat has the connection
    resuming,     // HTTP: the rest of a broken answer has the connection
    half_closed,  // by a fault: it may only hear what still comes
    closed,
  };

  struct Client {
    Client(Transport transport, AnswerHeads& heads) : channel(transport, &heads) {}

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
    core::Nanos outage_since = 0;  // 0: none
    core::Nanos back_at = 0;       // when it last came back from a fault
    core::Nanos asked_at = 0;      // since when a heartbeat waits; 0: none does
    core::Nanos resume_at = 0;     // not before this, as the server asked
    std::string resume_id;         // last event of the broken answer to call `exchange`; "": none
    std::int64_t failures = 0;     // calls of calls.oldest() that were not completed
    std::uint32_t retries_waiting = 0;
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

  // What the kernel says of the connections that a fault cut.
  struct CutCounts {
    std::uint64_t reset = 0;
    std::uint64_t still_open = 0;
    std::uint64_t to_half_close = 0, half_closed = 0;
    std::uint64_t abandoned_bytes = 0;
    std::uint64_t kernel_resets = 0;
  };

  // A message that waits for its next attempt.
  struct Waiting {
    core::Nanos due = 0;
    core::Nanos intended = 0;
    std::uint32_t client = 0;
    std::uint16_t attempt = 0;  // of the next one; 0: it has had none
    std::uint8_t operation = 0;
    std::uint8_t phase = 0;
    run::ErrorClass error = {};  // of the last one

    bool operator>(const Waiting& other) const { return due > other.due; }
  };

  static bool is_free(const Client& client) {
    return client.calls.unfinished_window() == 0 && client.retries_waiting == 0;
  }
  bool http() const { return setup_.target.transport() == Transport::http; }
  bool stateful() const { return mcp::era_of(setup_.target.revision) == mcp::Era::stateful; }

  // client_connections.cc
  void connect(std::uint32_t index);
  void limit_silence(net::StreamId stream);
  void connect_child(std::uint32_t index);
  void begin_opening(std::uint32_t index);
  void confirm(std::uint32_t index);
  void send_text(std::uint32_t index, std::string_view json, std::string_view method,
                 bool with_revision);
  void become_ready(std::uint32_t index);
  void leave_ready(Client& client);
  void rest(std::uint32_t index);
  void wait_to_reconnect(std::uint32_t index);
  void drop_connection(std::uint32_t index, net::CloseMode mode);
  void release_child(Client& client);
  void reap_children(core::Nanos now);
  void wake(std::uint32_t index, core::Nanos now);
  bool on_http_head(std::uint32_t index, const wire::HttpHead& head);
  bool on_opening_answer(std::uint32_t index, const mcp::Answer& answer);
  bool end_opening_exchange(std::uint32_t index, const HttpExchange& exchange);
  bool forget_session(std::uint32_t index);

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
  void fail_unanswered(std::uint32_t index, Call& call, const HttpExchange& exchange);
  bool may_be_late(std::uint32_t index, std::span<const char> json) const;
  void settle_unmatched(std::uint32_t index, std::span<const char> json);
  void complete(std::uint32_t index, Call& call);
  void fail(std::uint32_t index, Call& call, run::ErrorClass error);
  void count_failure(std::uint32_t index, std::size_t phase, std::size_t operation,
                     run::ErrorClass error);
  void finish(std::uint32_t index, Call& call, Call::State state);
  void fail_sent(std::uint32_t index, run::ErrorClass error);
  void lose_sent(std::uint32_t index);
  void fail_queued(std::uint32_t index, run::ErrorClass error);
  void expire(std::uint32_t index, core::Nanos now);
  void note_recovery(std::uint32_t index);
  void end_outage(std::uint32_t index);
  core::Nanos deadline_of(const Call& call) const;

  // client_retries.cc
  bool retries() const { return setup_.plan.load.client.retry != run::Retry::none; }
  bool retry_later(std::uint32_t index, const Call& call, run::ErrorClass error);
  bool may_repeat(const Waiting& message, core::Nanos now) const;
  bool take_from_budget();
  core::Nanos pause_before(std::uint16_t attempt);
  void wait_for_retry(const Waiting& message);
  void release_retries(core::Nanos now);
  void release(Waiting message, core::Nanos now);

  // client_liveness.cc
  core::Nanos next_beat(const Client& client) const;
  bool check_life(std::uint32_t index, core::Nanos now);
  void ask(std::uint32_t index, core::Nanos now);
  void look_after(std::uint32_t index, core::Nanos now);
  bool on_aside_message(std::uint32_t index, const mcp::Answer& answer, std::span<const char> json);
  bool on_aside_end(std::uint32_t index, const HttpExchange& exchange);
  bool end_heartbeat(std::uint32_t index, const HttpExchange& exchange);
  static bool is_open_call(Client& client);
  bool note_broken_answer(std::uint32_t index);
  void resume(std::uint32_t index);
  bool go_on_resuming(std::uint32_t index, const HttpExchange& exchange);
  bool end_resumption(std::uint32_t index, const HttpExchange& exchange);
  void expire_broken(std::uint32_t index, core::Nanos now);
  void wake_resuming(std::uint32_t index, core::Nanos now);

  // client_faults.cc
  std::vector<std::uint32_t> choose_victims(double share);
  void cut(std::uint32_t victim, std::string_view how, CutCounts& counts);
  bool half_close(std::uint32_t victim);
  std::size_t write_half_a_request(std::uint32_t victim);
  std::int64_t completed_of(std::uint32_t index) const;
  void watch_others(core::Nanos since);
  void end_watch(core::Nanos now);

  ClientsSetup setup_;
  net::Loop& loop_;
  Tally& tally_;
  core::Random random_;
  core::Random fault_random_;  // apart, so that who is a victim follows from the seed alone
  json::Reader reader_;
  AnswerHeads heads_;
  mcp::AnswerMemo answers_;
  std::vector<Client> clients_;
  std::vector<run::ClientOutcome> outcomes_;
  std::vector<std::uint64_t> failed_in_;  // phases in which a client had an error, a bit each
  // When sweep() has to look at a client; apart from Client, so that a sweep stays in the cache.
  std::vector<core::Nanos> wake_at_;
  const RequestTemplate heartbeat_;
  core::Nanos opening_timeout_;
  core::Nanos first_deadline_;    // of a call, from its intended time to when it is looked at
  std::vector<Waiting> waiting_;  // a heap, the first due in front
  double retry_tokens_ = 0;
  std::uint64_t scheduled_before_ = 0;  // when the tokens were last counted
  std::vector<run::Outage> outages_;    // times are monotonic until outages() is asked
  // The latest fault: whom it hit, and what all clients had completed by then.
  std::vector<std::uint32_t> victims_;
  core::Nanos fault_at_ = 0;
  std::vector<std::int64_t> completed_before_;    // the latest fault
  std::vector<std::int64_t> completed_at_first_;  // the first one: the baseline of others…
  double baseline_s_ = 0;                         // …over this time
  std::optional<run::Untargeted> untargeted_;
  bool watching_ = false;
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
  std::uint64_t unmatched_answers_ = 0;
};

}  // namespace gauntlet::load
