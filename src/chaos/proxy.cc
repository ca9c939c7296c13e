#include "chaos/proxy.h"

#include <algorithm>
#include <utility>

namespace gauntlet::chaos {
namespace {

constexpr std::size_t kClient = 0, kServer = 1;  // sides
constexpr core::Nanos kStrikeInterval = 5 * core::kMillisecond;

std::uint64_t tag_of(std::uint32_t slot, std::size_t side) {
  return static_cast<std::uint64_t>(slot) << 1 | side;
}

}  // namespace

core::Result<ProxyTarget> ProxyTarget::parse(std::string_view text) {
  ProxyTarget target;
  target.text = text;
  if (text.starts_with("https://")) {
    const std::string_view rest = text.substr(8);
    const std::string host(rest.substr(0, rest.find('/')));
    const bool has_port = host.find(':', host.rfind(']') + 1) != std::string::npos;
    const auto endpoint = net::Endpoint::parse(has_port ? host : host + ":443");
    if (!endpoint) return std::unexpected(endpoint.error());
    target.endpoint = *endpoint;
    return target;
  }
  if (!text.contains("://") && !text.starts_with("unix:")) {
    const auto endpoint = net::Endpoint::parse(text);
    if (!endpoint) return std::unexpected(endpoint.error());
    target.endpoint = *endpoint;
    return target;
  }
  const auto url = net::Url::parse(text);
  if (!url) return std::unexpected(url.error());
  target.endpoint = url->endpoint;
  target.speaks = Speaks::lines;
  if (url->scheme != net::Url::Scheme::http) return target;
  target.speaks = Speaks::http;
  target.host = url->host;
  return target;
}

Proxy::Proxy(net::Loop& loop, int listening_fd, ProxyTarget target, ProxyBoard& board,
             std::size_t process, std::size_t connections_max)
    : loop_(loop),
      listening_fd_(listening_fd),
      target_(std::move(target)),
      toxics_(board, process),
      connections_max_(connections_max),
      next_number_(process),
      number_step_(board.processes()) {
  loop_.listen(listening_fd_, *this, 0);
  look_at_toxics();
}

Proxy::~Proxy() {
  loop_.stop_listening(listening_fd_);
  for (const auto& connection : connections_)
    if (connection) close(*connection, net::CloseMode::orderly);
}

void Proxy::turn() {
  core::Nanos until = core::monotonic_ns() + kProxyLookInterval;
  if (!timers_.empty()) until = std::min(until, timers_.top().due_ns);
  loop_.turn(until);
  look_at_toxics();
  run_timers();
  strike_all();
  settle_waiting();
}

void Proxy::on_accepted(core::Fd socket, std::uint64_t) {
  look_at_toxics();
  if (open_ >= connections_max_) {
    toxics_.totals().refused.fetch_add(1);
    loop_.close(loop_.adopt(std::move(socket), *this, 0), net::CloseMode::reset);
    return;
  }
  open(std::move(socket));
}

void Proxy::open(core::Fd socket) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(connections_.size()));
    connections_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  ++open_;
  toxics_.totals().accepted.fetch_add(1);
  const std::uint64_t number = std::exchange(next_number_, next_number_ + number_step_);
  connections_[slot] = std::make_unique<Connection>(*this, number, slot);
  Connection& connection = *connections_[slot];
  if (target_.speaks == ProxyTarget::Speaks::http)
    connection.tap = make_http_tap(toxics_, number, target_.host);
  if (target_.speaks == ProxyTarget::Speaks::lines) connection.tap = make_line_tap(toxics_, number);
  auto& [client, server] = connection.sides;
  client.stream = loop_.adopt(std::move(socket), *this, tag_of(slot, kClient));
  server.connected = false;
  if (strike(connection)) return;  // the target does not hear of it
  server.stream = loop_.connect(target_.endpoint, *this, tag_of(slot, kServer));
}

void Proxy::on_connected(net::StreamId, std::uint64_t tag) {
  Connection& connection = connection_of(tag);
  connection.sides[kServer].connected = true;
  settle(connection);
}

void Proxy::on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) {
  look_at_toxics();
  if (!loop_.is_open(stream)) return;
  Connection& connection = connection_of(tag);
  const auto from = static_cast<ProxyStream>(tag & 1);
  toxics_.totals().bytes[tag & 1].fetch_add(bytes.size(), std::memory_order_relaxed);
  if (connection.tap)
    connection.tap->feed(from, bytes, connection);
  else
    connection.pass(from, {bytes.data(), bytes.size()}, 0, 0);
  settle(connection);
}

bool Proxy::on_half_closed(net::StreamId stream, std::uint64_t tag) {
  look_at_toxics();
  if (!loop_.is_open(stream)) return true;
  Connection& connection = connection_of(tag);
  const auto from = static_cast<ProxyStream>(tag & 1);
  if (connection.tap) connection.tap->finish(from, connection);
  connection.shaper.shape_end(from, loop_.now(), connection.sides[tag & 1].pipe);
  settle(connection);
  return true;
}

void Proxy::on_closed(net::StreamId, std::uint64_t tag, net::CloseReason reason, int) {
  Connection& connection = connection_of(tag);
  if (reason == net::CloseReason::connect_failed) toxics_.totals().unreachable.fetch_add(1);
  if (reason != net::CloseReason::peer_closed) return close(connection, net::CloseMode::reset);
  connection.sides[1 - (tag & 1)].ended = true;  // nobody is there to be written to
  settle(connection);
}

void Proxy::Connection::cut() {
  sides[kServer].pipe.push_end(StreamEnd::whole, {.due_ns = proxy.loop_.now()});
}

// Straight on where nothing is in the way.
void Proxy::pass(Connection& connection, ProxyStream stream, std::string_view bytes,
                 core::Nanos delay_ns, ToxicSet by) {
  const auto from = static_cast<std::size_t>(stream);
  Side& side = connection.sides[from];
  if (bytes.empty() || connection.over) return;
  if (toxics_.on_bytes() == 0 && delay_ns == 0 && side.pipe.empty()) {
    loop_.output(connection.sides[1 - from].stream).append(bytes);
    return;
  }
  connection.shaper.shape(stream, bytes, {.due_ns = loop_.now() + delay_ns, .by = by}, side.pipe);
}

// Writes what may be written, ends what has come to its end, and reads on where there is room.
// The connection may be gone after it.
void Proxy::settle(Connection& connection) {
  const std::uint32_t slot = connection.slot;
  const std::uint64_t number = connection.number;
  for (const std::size_t from : {kClient, kServer}) {
    settle(connection, from);
    if (!is_open(slot, number)) return;
  }
  auto& [client, server] = connection.sides;
  if (client.ended && server.ended) close(connection, net::CloseMode::orderly);
}

void Proxy::settle(Connection& connection, std::size_t from) {
  Side& side = connection.sides[from];
  Side& other = connection.sides[1 - from];
  std::size_t unsent = 0;
  do {
    unsent = loop_.unsent_bytes(other.stream);
    const std::size_t room = kHeldBytesMax - std::min(unsent, kHeldBytesMax);
    const auto end = side.pipe.release(loop_.now(), room, loop_.output(other.stream));
    side.ending = side.ending || end == StreamEnd::half;
    connection.over = connection.over || end == StreamEnd::whole;
    if (other.connected) loop_.flush(other.stream);
    unsent = loop_.unsent_bytes(other.stream);
  } while (unsent == 0 && side.pipe.next_due_ns() <= loop_.now() && !connection.over);
  if (connection.over && unsent == 0) return close(connection, net::CloseMode::orderly);
  if (side.ending && !side.ended && other.connected && unsent == 0) {
    side.ended = true;
    loop_.end_output(other.stream);
  }
  const bool full = side.pipe.held_bytes() + unsent > kHeldBytesMax;
  loop_.pause_reading(side.stream, full);
  const bool waits = full || (unsent > 0 && (connection.over || side.ending || !side.pipe.empty()));
  if (waits && !std::exchange(connection.waiting, true))
    waiting_.emplace_back(connection.slot, connection.number);
  wait_for(connection, from);
}

void Proxy::wait_for(Connection& connection, std::size_t from) {
  Side& side = connection.sides[from];
  const core::Nanos due_ns = side.pipe.next_due_ns();
  if (due_ns >= side.timer_ns || due_ns <= loop_.now()) return;
  side.timer_ns = due_ns;
  timers_.push({due_ns, connection.number, connection.slot, from});
}

void Proxy::settle_waiting() {
  for (const auto& [slot, number] : std::exchange(waiting_, {})) {
    if (!is_open(slot, number)) continue;
    connections_[slot]->waiting = false;
    settle(*connections_[slot]);
  }
}

void Proxy::close(Connection& connection, net::CloseMode mode) {
  for (const Side& side : connection.sides) loop_.close(side.stream, mode);
  toxics_.totals().closed.fetch_add(1);
  --open_;
  free_slots_.push_back(connection.slot);
  connections_[connection.slot].reset();
}

void Proxy::look_at_toxics() {
  const auto [begun, ended] = toxics_.refresh(core::monotonic_ns());
  if (begun != 0) next_strikes_ns_ = 0;
  if (ended == 0) return;
  for (const auto& connection : connections_) {
    if (!connection) continue;
    for (Side& side : connection->sides) side.pipe.forgive(ended, loop_.now());
    settle(*connection);
  }
}

void Proxy::run_timers() {
  while (!timers_.empty() && timers_.top().due_ns <= loop_.now()) {
    const auto [due_ns, number, slot, from] = timers_.top();
    timers_.pop();
    if (!is_open(slot, number)) continue;
    connections_[slot]->sides[from].timer_ns = INT64_MAX;
    settle(*connections_[slot]);
  }
}

void Proxy::strike_all() {
  if (toxics_.ending() == 0 || loop_.now() < next_strikes_ns_) return;
  next_strikes_ns_ = loop_.now() + kStrikeInterval;
  for (const auto& connection : connections_)
    if (connection) strike(*connection);
}

// Ends the connection if a toxic's time for it has come: true, and it is gone.
bool Proxy::strike(Connection& connection) {
  for (std::size_t i = 0; toxics_.ending() >> i != 0; ++i) {
    if ((toxics_.ending() >> i & 1U) == 0 || !toxics_.concerns(i, connection.number)) continue;
    const ToxicRow& row = toxics_.row(i);
    const core::Nanos since_ns = std::max(row.started_ns, connection.opened_ns);
    if (core::monotonic_ns() < since_ns + row.toxic.ms_ns()) continue;
    connection.shaper.count_connection(i);
    const bool orderly = row.toxic.kind == ToxicKind::timeout;
    close(connection, orderly ? net::CloseMode::orderly : net::CloseMode::reset);
    return true;
  }
  return false;
}

}  // namespace gauntlet::chaos
