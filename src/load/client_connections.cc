// The life of a client's connection: connect, open, lose, come back.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>

#include "load/clients.h"
#include "load/loopback_sources.h"

namespace gauntlet::load {
namespace {

// A connection and its opening may take this long, or the message time-out if that is longer.
constexpr core::Nanos kOpeningTimeout = 10 * core::kSecond;
constexpr core::Nanos kChildGrace = 2 * core::kSecond;
constexpr std::uint8_t kBackoffDoublingsMax = 10;

RequestTemplate heartbeat_for(const Target& target) {
  const bool stateful = mcp::era_of(target.revision) == mcp::Era::stateful;
  return {target, mcp::plain_request(target.revision, stateful ? "ping" : "server/discover")};
}

// Client by client in turn, so that those of one address are a group of clients.
std::vector<net::Endpoint> sources_for(const ClientsSetup& setup) {
  if (setup.target.is_stdio()) return {};
  if (!setup.target.sources.empty()) return setup.target.sources;
  return loopback_sources(setup.target.url.endpoint, setup.plan.load.connections);
}

core::Nanos first_deadline(const run::LoadPlan& load) {
  const core::Nanos attempt = load.client.attempt_timeout;
  return attempt == 0 ? load.timeout : std::min(load.timeout, attempt);
}

}  // namespace

Clients::Clients(const ClientsSetup& setup, net::Loop& loop, Tally& tally, core::Random random)
    : setup_(setup),
      loop_(loop),
      tally_(tally),
      random_(random),
      fault_random_(random.fork(1)),
      outcomes_(setup.count),
      failed_in_(setup.count),
      wake_at_(setup.count, kNever),
      heartbeat_(heartbeat_for(setup.target)),
      opening_timeout_(setup.plan.load.client.opening_timeout != 0
                           ? setup.plan.load.client.opening_timeout
                           : std::max(kOpeningTimeout, setup.plan.load.timeout)),
      first_deadline_(first_deadline(setup.plan.load)),
      sources_(sources_for(setup)) {
  clients_.reserve(setup.count);
  for (std::uint32_t i = 0; i < setup.count; ++i)
    clients_.emplace_back(setup.target.transport(), heads_);
}

void Clients::open(std::uint32_t client) { connect(client); }

void Clients::connect(std::uint32_t index) {
  Client& client = clients_[index];
  ++outcomes_[index].connects;
  client.state = State::connecting;
  client.asked_at = 0;
  wake_at_[index] = core::monotonic_ns() + opening_timeout_;
  if (setup_.target.is_stdio()) return connect_child(index);
  const net::Endpoint* source =
      sources_.empty() ? nullptr : &sources_[(setup_.first + index) % sources_.size()];
  client.stream = loop_.connect(setup_.target.url.endpoint, *this, index, source);
  limit_silence(client.stream);
}

// What the kernel has sent and nobody has acknowledged for that long ends the connection.
void Clients::limit_silence(net::StreamId stream) {
  const core::Nanos limit = setup_.plan.load.client.tcp_user_timeout;
  if (limit == 0 || setup_.target.url.endpoint.is_unix()) return;
  const auto ms = static_cast<unsigned>(limit / core::kMillisecond);
  const int socket = loop_.native_fd(stream);
  if (socket >= 0) setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

void Clients::connect_child(std::uint32_t index) {
  Client& client = clients_[index];
  auto child =
      net::Child::start(setup_.target.command, {.stdio_socket = true, .quiet_stderr = true});
  if (!child) return wait_to_reconnect(index);
  client.child = std::move(*child);
  client.stream = loop_.adopt(client.child->take_stdio(), *this, index);
  begin_opening(index);
}

void Clients::on_connected(net::StreamId stream, std::uint64_t tag) {
  limit_silence(stream);  // a loop may have made the socket only after connect() returned
  begin_opening(static_cast<std::uint32_t>(tag));
}

void Clients::begin_opening(std::uint32_t index) {
  Client& client = clients_[index];
  client.channel = Channel(setup_.target.transport(), &heads_);
  if (!stateful()) return become_ready(index);
  // Over HTTP a session outlives its connections: only a client without one has to open.
  if (!client.session_line.empty()) {
    client.resumed = true;
    return client.confirmed ? become_ready(index) : confirm(index);
  }
  client.state = State::opening;
  client.confirmed = false;
  send_text(index, mcp::initialize_request(setup_.target.revision), "initialize", false);
}

void Clients::confirm(std::uint32_t index) {
  clients_[index].state = State::confirming;
  send_text(index, mcp::initialized_notification(), "notifications/initialized", true);
}

void Clients::send_text(std::uint32_t index, std::string_view json, std::string_view method,
                        bool with_revision) {
  Client& client = clients_[index];
  const auto lines =
      with_revision ? mcp::http_header_lines(setup_.target.revision, method, "") : std::string();
  append_message(loop_.output(client.stream), setup_.target, lines, client.session_line, json);
  loop_.flush(client.stream);
}

bool Clients::on_http_head(std::uint32_t index, const wire::HttpHead& head) {
  Client& client = clients_[index];
  if (client.state != State::opening) return true;
  if (auto line = session_line_of(head); !line.empty()) client.session_line = std::move(line);
  return true;
}

// False where the opening failed and the connection is gone.
bool Clients::on_opening_answer(std::uint32_t index, const mcp::Answer& answer) {
  if (clients_[index].state != State::opening) return true;
  if (answer.kind != mcp::Answer::Kind::result || answer.id != mcp::kOpeningId ||
      answer.protocol_version.empty()) {
    drop_connection(index, net::CloseMode::orderly);
    return false;
  }
  if (http()) return true;  // goes on when the exchange is over
  send_text(index, mcp::initialized_notification(), "notifications/initialized", true);
  become_ready(index);
  return true;
}

bool Clients::end_opening_exchange(std::uint32_t index, const HttpExchange& exchange) {
  Client& client = clients_[index];
  const bool accepted = exchange.status >= 200 && exchange.status < 300;
  if (exchange.status == 404 && client.resumed) return forget_session(index);
  if (!accepted || !exchange.keep_alive) {
    client.session_line.clear();
    drop_connection(index, net::CloseMode::orderly);
    return false;
  }
  if (client.state == State::opening) {
    if (!client.session_line.empty()) ++outcomes_[index].sessions_opened;
    confirm(index);
  } else {
    client.confirmed = true;
    become_ready(index);
  }
  return true;
}

void Clients::become_ready(std::uint32_t index) {
  Client& client = clients_[index];
  if (!client.resume_id.empty()) return resume(index);
  client.state = State::ready;
  client.exchange = client.calls.next_to_send();
  client.asked_at = 0;
  client.last_received = loop_.now();  // silence counts from here
  ++ready_;
  wake_at_[index] = client.calls.unfinished_window() > 0 ? loop_.now() : next_beat(client);
  if (setup_.plan.load.arrivals == run::Arrivals::closed && is_free(client)) idle_.push_back(index);
  send_queued(index);
}

void Clients::leave_ready(Client& client) {
  if (client.state == State::ready || client.state == State::beating) --ready_;
}

// HTTP: this connection takes no more requests. The next call opens another.
void Clients::rest(std::uint32_t index) {
  Client& client = clients_[index];
  const bool in_flight = client.exchange != client.calls.next_to_send();
  loop_.close(client.stream, net::CloseMode::orderly);
  if (in_flight) fail_sent(index, run::ErrorClass::indeterminate);
  leave_ready(client);
  client.state = State::resting;
  client.stream = {};
  wake_at_[index] = kNever;
  if (client.calls.queued() > 0) connect(index);
}

void Clients::wait_to_reconnect(std::uint32_t index) {
  Client& client = clients_[index];
  leave_ready(client);
  if (client.state == State::opening) client.session_line.clear();  // it was never answered in full
  if (client.outage_since == 0) client.outage_since = core::monotonic_ns();
  client.stream = {};
  release_child(client);
  fail_queued(index, run::ErrorClass::unsent);
  if (!setup_.plan.load.reconnect) {
    client.state = State::closed;
    wake_at_[index] = kNever;
    return;
  }
  client.state = State::waiting;
  if (setup_.plan.load.client.backoff == run::Backoff::none) {
    wake_at_[index] = core::monotonic_ns();
    return;
  }
  // Full jitter (Brooker, "Exponential Backoff And Jitter", 2015).
  const auto ceiling = std::min<core::Nanos>(
      setup_.plan.load.reconnect_max, setup_.plan.load.reconnect_min << client.failed_attempts);
  client.failed_attempts = std::min<std::uint8_t>(
      kBackoffDoublingsMax, static_cast<std::uint8_t>(client.failed_attempts + 1));
  wake_at_[index] = core::monotonic_ns() +
                    static_cast<core::Nanos>(random_.uniform() * static_cast<double>(ceiling));
}

// We end the connection: what was sent and not answered stays undecided.
void Clients::drop_connection(std::uint32_t index, net::CloseMode mode) {
  Client& client = clients_[index];
  loop_.close(client.stream, mode);
  ++outcomes_[index].drops;
  tally_.note_signal();
  lose_sent(index);
  wait_to_reconnect(index);
}

void Clients::on_closed(net::StreamId, std::uint64_t tag, net::CloseReason reason, int) {
  const auto index = static_cast<std::uint32_t>(tag);
  Client& client = clients_[index];
  if (reason == net::CloseReason::connect_failed) return wait_to_reconnect(index);
  if (reason == net::CloseReason::peer_closed) {
    const State before = client.state;
    Sink sink{*this, index};
    client.channel.finish(sink);
    if (client.state != before) return;  // the end of the stream was the end of an answer
  }
  ++outcomes_[index].drops;
  const bool idle = client.exchange == client.calls.next_to_send();
  if (http() && client.state == State::ready && idle && reason == net::CloseReason::peer_closed) {
    leave_ready(client);
    client.state = State::resting;
    if (client.calls.queued() > 0) connect(index);
    return;
  }
  tally_.note_signal();
  lose_sent(index);
  wait_to_reconnect(index);
}

// HTTP 404 for a session: it is gone at the server, so open anew at once.
bool Clients::forget_session(std::uint32_t index) {
  Client& client = clients_[index];
  client.session_line.clear();
  client.resume_id.clear();
  client.resumed = false;
  ++outcomes_[index].sessions_lost;
  tally_.note_signal();
  loop_.close(client.stream, net::CloseMode::orderly);
  ++outcomes_[index].drops;
  fail_sent(index, run::ErrorClass::indeterminate);
  leave_ready(client);
  connect(index);
  return false;
}

void Clients::release_child(Client& client) {
  if (!client.child) return;
  client.child->signal(SIGTERM);
  leaving_.push_back({std::move(*client.child), core::monotonic_ns() + kChildGrace});
  client.child.reset();
}

void Clients::reap_children(core::Nanos now) {
  std::erase_if(leaving_, [now](Leaving& leaving) {
    if (leaving.kill_at <= now) leaving.child.signal(SIGKILL);
    return leaving.child.poll_exit().has_value();
  });
}

void Clients::sweep(core::Nanos now) {
  for (std::uint32_t i = 0; i < wake_at_.size(); ++i)
    if (wake_at_[i] <= now) wake(i, now);
  if (!waiting_.empty()) release_retries(now);
  if (watching_ && victims_waiting_ == 0 && now >= fault_at_ + core::kSecond) end_watch(now);
  if (!leaving_.empty()) reap_children(now);
}

void Clients::wake(std::uint32_t index, core::Nanos now) {
  wake_at_[index] = kNever;
  switch (clients_[index].state) {
    case State::waiting:
      if (!clients_[index].resume_id.empty()) expire_broken(index, now);
      return connect(index);
    case State::connecting:
    case State::opening:
    case State::confirming:
    case State::half_closed: return drop_connection(index, net::CloseMode::reset);
    case State::ready:
    case State::beating: return look_after(index, now);
    case State::resuming: return wake_resuming(index, now);
    default: return;
  }
}

std::vector<pid_t> Clients::child_pids() const {
  std::vector<pid_t> pids;
  for (const Client& client : clients_)
    if (client.child) pids.push_back(client.child->pid());
  return pids;
}

void Clients::close_all() {
  for (Client& client : clients_) {
    if (loop_.is_open(client.stream)) {
      if (!client.session_line.empty() && client.state == State::ready)
        append_session_end(loop_.output(client.stream), setup_.target, setup_.target.revision,
                           client.session_line);
      loop_.close(client.stream, net::CloseMode::orderly);
    }
    release_child(client);
    client.state = State::closed;
  }
  leaving_.clear();  // stops what is left
}

}  // namespace gauntlet::load
