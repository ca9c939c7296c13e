// The life of a client's connection: connect, open, lose, come back.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>
#include <sstream>
#include <utility>

#include "load/clients.h"
#include "load/loopback_sources.h"

namespace gauntlet::load {
namespace {

// A connection and its opening may take this long, or the message time-out if that is longer.
constexpr core::Nanos kOpeningTimeout = 10 * core::kSecond;
constexpr core::Nanos kChildGrace = 2 * core::kSecond;
constexpr std::uint8_t kBackoffDoublingsMax = 10;

// TcpOutRsts of this network namespace: how many resets the kernel has sent.
std::uint64_t resets_sent() {
  std::ifstream file("/proc/net/snmp");
  std::string names, values;
  while (std::getline(file, names) && std::getline(file, values)) {
    if (!names.starts_with("Tcp:")) continue;
    std::istringstream name_words(names), value_words(values);
    std::string name, value;
    while (name_words >> name && value_words >> value)
      if (name == "OutRsts") return std::stoull(value);
  }
  return 0;
}

}  // namespace

Clients::Clients(const ClientsSetup& setup, net::Loop& loop, Tally& tally, core::Random random)
    : setup_(setup),
      loop_(loop),
      tally_(tally),
      random_(random),
      outcomes_(setup.count),
      wake_at_(setup.count, kNever),
      sources_(setup.target.is_stdio()
                   ? std::vector<net::Endpoint>()
                   : loopback_sources(setup.target.url.endpoint, setup.plan.load.connections)) {
  clients_.reserve(setup.count);
  for (std::uint32_t i = 0; i < setup.count; ++i) clients_.emplace_back(setup.target.transport());
}

void Clients::open(std::uint32_t client) { connect(client); }

void Clients::connect(std::uint32_t index) {
  Client& client = clients_[index];
  ++outcomes_[index].connects;
  client.state = State::connecting;
  wake_at_[index] = core::monotonic_ns() + std::max(kOpeningTimeout, setup_.plan.load.timeout);
  if (setup_.target.is_stdio()) return connect_child(index);
  const net::Endpoint* source =
      sources_.empty() ? nullptr : &sources_[(setup_.first + index) % sources_.size()];
  client.stream = loop_.connect(setup_.target.url.endpoint, *this, index, source);
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

void Clients::on_connected(net::StreamId, std::uint64_t tag) {
  begin_opening(static_cast<std::uint32_t>(tag));
}

void Clients::begin_opening(std::uint32_t index) {
  Client& client = clients_[index];
  client.channel = Channel(setup_.target.transport());
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
  if (answer.kind == mcp::Answer::Kind::notification) return true;
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
  client.state = State::ready;
  client.exchange = client.calls.next_to_send();
  ++ready_;
  wake_at_[index] = client.calls.unfinished_window() > 0 ? loop_.now() : kNever;
  if (setup_.plan.load.arrivals == run::Arrivals::closed && client.calls.unfinished_window() == 0)
    idle_.push_back(index);
  send_queued(index);
}

void Clients::leave_ready(Client& client) {
  if (client.state == State::ready) --ready_;
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
  // Full jitter (Brooker, "Exponential Backoff And Jitter", 2015).
  const auto ceiling = std::min<core::Nanos>(
      setup_.plan.load.reconnect_max, setup_.plan.load.reconnect_min << client.failed_attempts);
  client.failed_attempts = std::min<std::uint8_t>(
      kBackoffDoublingsMax, static_cast<std::uint8_t>(client.failed_attempts + 1));
  client.state = State::waiting;
  wake_at_[index] = core::monotonic_ns() +
                    static_cast<core::Nanos>(random_.uniform() * static_cast<double>(ceiling));
}

// We end the connection: what was sent and not answered stays undecided.
void Clients::drop_connection(std::uint32_t index, net::CloseMode mode) {
  Client& client = clients_[index];
  loop_.close(client.stream, mode);
  ++outcomes_[index].drops;
  fail_sent(index, run::ErrorClass::indeterminate);
  wait_to_reconnect(index);
}

void Clients::on_closed(net::StreamId, std::uint64_t tag, net::CloseReason reason, int) {
  const auto index = static_cast<std::uint32_t>(tag);
  Client& client = clients_[index];
  if (reason == net::CloseReason::connect_failed) return wait_to_reconnect(index);
  note_loss(index);
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
  fail_sent(index, run::ErrorClass::indeterminate);
  wait_to_reconnect(index);
}

// HTTP 404 for a session: it is gone at the server, so open anew at once.
bool Clients::forget_session(std::uint32_t index) {
  Client& client = clients_[index];
  client.session_line.clear();
  client.resumed = false;
  ++outcomes_[index].sessions_lost;
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
  if (!leaving_.empty()) reap_children(now);
}

void Clients::wake(std::uint32_t index, core::Nanos now) {
  wake_at_[index] = kNever;
  switch (clients_[index].state) {
    case State::waiting: return connect(index);
    case State::connecting:
    case State::opening:
    case State::confirming: return drop_connection(index, net::CloseMode::reset);
    case State::ready: return expire(index, now);
    default: return;
  }
}

run::FaultRecord Clients::disconnect(const run::Fault& fault, core::Nanos since) {
  std::vector<std::uint32_t> candidates;
  for (std::uint32_t i = 0; i < clients_.size(); ++i)
    if (clients_[i].state == State::ready) candidates.push_back(i);
  const auto wanted = std::min<std::size_t>(
      candidates.size(),
      static_cast<std::size_t>(std::lround(fault.share * static_cast<double>(clients_.size()))));
  for (std::size_t i = 0; i < wanted; ++i)
    std::swap(candidates[i], candidates[i + random_.below(candidates.size() - i)]);

  watching_losses_ = false;
  run::FaultRecord record;
  record.id = fault.id;
  record.kind = fault.kind;
  record.victims = wanted;
  const std::uint64_t resets_before = resets_sent();
  record.start_s = core::to_seconds(core::monotonic_ns() - since);
  std::uint64_t reset = 0;
  std::uint64_t still_open = 0;
  for (std::size_t i = 0; i < wanted; ++i) {
    const std::uint32_t victim = candidates[i];
    const net::StreamId stream = clients_[victim].stream;
    const bool by_reset = fault.how == "reset" || (fault.how == "mixed" && i % 2 == 0);
    reset += by_reset ? 1 : 0;
    make_victim(victim);
    drop_connection(victim, by_reset ? net::CloseMode::reset : net::CloseMode::orderly);
    still_open += loop_.is_open(stream) ? 1 : 0;
  }
  record.end_s = core::to_seconds(core::monotonic_ns() - since);
  const bool tcp = !setup_.target.is_stdio() && !setup_.target.url.endpoint.is_unix();
  const std::uint64_t kernel_resets = resets_sent() - resets_before;
  record.has_evidence = wanted > 0 && still_open == 0 && (!tcp || kernel_resets >= reset);
  record.evidence = {{"victims", std::to_string(wanted)},
                     {"closed_by_reset", std::to_string(reset)},
                     {"closed_by_fin", std::to_string(wanted - reset)},
                     {"descriptors_still_open", std::to_string(still_open)}};
  if (tcp) record.evidence.emplace_back("kernel_tcp_out_rsts", std::to_string(kernel_resets));
  return record;
}

void Clients::make_victim(std::uint32_t index) {
  clients_[index].victim = true;
  clients_[index].back_at = 0;
  ++outcomes_[index].victim_of;
  ++victims_waiting_;
}

run::FaultRecord Clients::watch_losses(const run::Fault& fault) {
  watching_losses_ = true;
  losses_ = 0;
  run::FaultRecord record;
  record.id = fault.id;
  record.kind = fault.kind;
  return record;
}

void Clients::note_loss(std::uint32_t index) {
  if (!watching_losses_ || clients_[index].victim) return;
  make_victim(index);
  ++losses_;
  if (clients_[index].outage_since == 0) clients_[index].outage_since = core::monotonic_ns();
}

void Clients::note_reconnections(run::FaultRecord& fault, core::Nanos since) {
  fault.victims += std::exchange(losses_, 0);
  fault.reconnected = fault.victims - victims_waiting_;
  for (const Client& client : clients_)
    if (client.back_at != 0)
      fault.last_reconnect_s =
          std::max(fault.last_reconnect_s, core::to_seconds(client.back_at - since));
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
