// Whether a client's connection still lives, and how it goes on with an answer that broke off.
//
// A connection that was silent for `heartbeat` is asked: `ping`, or `server/discover` where there
// is no ping. Silence of another `heartbeat_timeout` is a missed heartbeat, and the connection is
// given up. HTTP/1.1 answers in order, so with a call in flight nothing can be asked: silence alone
// decides, and `heartbeat_timeout` has to be longer than the slowest call.
//
// An event stream that breaks off before the answer, and whose events had ids, is gone on with on
// the next connection of the same session: GET with Last-Event-ID.
#include <algorithm>

#include "load/clients.h"

namespace gauntlet::load {
namespace {

// An answer has come by GET and the stream stays open: it gets this long to end.
constexpr core::Nanos kResumeGrace = 100 * core::kMillisecond;
// A stream that ends again without its answer is asked for again after this at the earliest.
constexpr core::Nanos kResumePauseMin = 50 * core::kMillisecond;

}  // namespace

core::Nanos Clients::next_beat(const Client& client) const {
  const auto& plan = setup_.plan.load.client;
  if (plan.heartbeat == 0) return kNever;
  if (client.asked_at != 0) return client.asked_at + plan.heartbeat_timeout;
  return client.last_received + plan.heartbeat;
}

// False where the connection was given up.
bool Clients::check_life(std::uint32_t index, core::Nanos now) {
  Client& client = clients_[index];
  if (client.asked_at != 0 && client.last_received >= client.asked_at &&
      client.state != State::beating)
    client.asked_at = 0;
  if (now < next_beat(client)) return true;
  if (client.asked_at == 0) {
    ask(index, now);
    return true;
  }
  ++tally_.second().counts.heartbeats_missed;
  drop_connection(index, net::CloseMode::reset);
  return false;
}

void Clients::ask(std::uint32_t index, core::Nanos now) {
  Client& client = clients_[index];
  client.asked_at = now;
  if (http()) {
    skip_never_sent(client);
    if (client.exchange != client.calls.next_to_send()) return;
    client.state = State::beating;
  }
  ++tally_.second().counts.heartbeats;
  heartbeat_.append(loop_.output(client.stream), client.session_line, kHeartbeatId, 0);
  loop_.flush(client.stream);
}

void Clients::look_after(std::uint32_t index, core::Nanos now) {
  const bool beats = setup_.plan.load.client.heartbeat != 0;
  if (beats && !check_life(index, now)) return;
  expire(index, now);
  const State state = clients_[index].state;
  if (state == State::ready || state == State::beating)
    wake_at_[index] = std::min(wake_at_[index], next_beat(clients_[index]));
}

// A message on a connection that is not simply ready.
bool Clients::on_aside_message(std::uint32_t index, const mcp::Answer& answer,
                               std::span<const char> json) {
  Client& client = clients_[index];
  switch (client.state) {
    case State::beating: return true;  // whatever it says, it lives
    case State::half_closed:
      if (http()) return on_http_answer(index, answer, json);
      on_line_answer(index, answer, json);
      return true;
    case State::resuming: {
      if (client.channel.exchange().status != 200) return true;  // end_resumption() reads it
      const bool open = is_open_call(client);
      if (!on_http_answer(index, answer, json)) return false;
      if (!open || is_open_call(client)) return true;
      ++tally_.second().counts.resumed;
      wake_at_[index] = core::monotonic_ns() + kResumeGrace;
      return true;
    }
    default: return on_opening_answer(index, answer);
  }
}

bool Clients::on_aside_end(std::uint32_t index, const HttpExchange& exchange) {
  Client& client = clients_[index];
  switch (client.state) {
    case State::beating: return end_heartbeat(index, exchange);
    case State::resuming: return end_resumption(index, exchange);
    case State::half_closed: {
      Call* call = client.calls.find(client.exchange);
      if (call != nullptr && call->state == Call::State::sent)
        fail_unanswered(index, *call, exchange);
      ++client.exchange;
      skip_never_sent(client);
      return true;
    }
    default: return end_opening_exchange(index, exchange);
  }
}

bool Clients::end_heartbeat(std::uint32_t index, const HttpExchange& exchange) {
  Client& client = clients_[index];
  client.state = State::ready;
  client.asked_at = 0;
  if (exchange.status == 404 && !client.session_line.empty()) return forget_session(index);
  if (!exchange.keep_alive) {
    rest(index);
    return false;
  }
  if (setup_.plan.load.arrivals == run::Arrivals::closed && is_free(client)) idle_.push_back(index);
  return true;  // what was queued meanwhile leaves at the end of on_data()
}

// The answer to call `exchange` has broken off. True where it can be gone on with.
bool Clients::note_broken_answer(std::uint32_t index) {
  Client& client = clients_[index];
  if (!stateful() || client.session_line.empty() || !is_open_call(client)) return false;
  const auto id = client.channel.last_event_id();
  if (!id.empty()) client.resume_id = id;
  client.resume_at = core::monotonic_ns() + client.channel.retry_ms() * core::kMillisecond;
  return !client.resume_id.empty();
}

// Whether call `exchange` was sent and has no answer yet.
bool Clients::is_open_call(Client& client) {
  const Call* call = client.calls.find(client.exchange);
  return call != nullptr && call->state == Call::State::sent;
}

// Its exchange ended in order before the answer, as a server may that wants to be polled.
bool Clients::go_on_resuming(std::uint32_t index, const HttpExchange& exchange) {
  Client& client = clients_[index];
  leave_ready(client);
  client.state = State::resuming;
  client.asked_at = 0;
  if (!exchange.keep_alive) {
    loop_.close(client.stream, net::CloseMode::orderly);
    connect(index);
    return false;
  }
  wake_at_[index] = client.resume_at;
  return true;
}

// Asks for the rest, on a connection that has nothing else to do.
void Clients::resume(std::uint32_t index) {
  Client& client = clients_[index];
  const core::Nanos now = core::monotonic_ns();
  client.state = State::resuming;
  if (now < client.resume_at) {
    wake_at_[index] = client.resume_at;
    return;
  }
  client.asked_at = now;
  const Call* call = client.calls.find(client.exchange);
  wake_at_[index] = call == nullptr ? now : call->intended + setup_.plan.load.timeout;
  append_resumption(loop_.output(client.stream), setup_.target, client.session_line,
                    client.resume_id);
  loop_.flush(client.stream);
}

bool Clients::end_resumption(std::uint32_t index, const HttpExchange& exchange) {
  Client& client = clients_[index];
  if (exchange.status == 404) return forget_session(index);
  const bool open = is_open_call(client);
  if (open && exchange.status == 200 && note_broken_answer(index)) {
    client.resume_at = std::max(client.resume_at, core::monotonic_ns() + kResumePauseMin);
    return go_on_resuming(index, exchange);
  }
  client.resume_id.clear();
  if (open && exchange.status == 200)
    fail_unanswered(index, *client.calls.find(client.exchange), exchange);
  else if (open)
    fail(index, *client.calls.find(client.exchange), run::ErrorClass::indeterminate);
  if (exchange.keep_alive) {
    become_ready(index);
    return true;
  }
  loop_.close(client.stream, net::CloseMode::orderly);
  connect(index);
  return false;
}

// The broken answer is not worth waiting for any more once its message has timed out.
void Clients::expire_broken(std::uint32_t index, core::Nanos now) {
  Client& client = clients_[index];
  if (!is_open_call(client)) return client.resume_id.clear();
  Call& call = *client.calls.find(client.exchange);
  if (now < call.intended + setup_.plan.load.timeout) return;
  client.resume_id.clear();
  fail(index, call, run::ErrorClass::timeout);
}

void Clients::wake_resuming(std::uint32_t index, core::Nanos now) {
  Client& client = clients_[index];
  if (!is_open_call(client)) {  // its answer has come, and the stream goes on without end
    client.resume_id.clear();
    loop_.close(client.stream, net::CloseMode::orderly);
    return connect(index);
  }
  if (client.asked_at == 0) return resume(index);
  expire_broken(index, now);
  drop_connection(index, net::CloseMode::reset);
}

}  // namespace gauntlet::load
