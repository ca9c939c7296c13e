// The life of a client's calls: due, queued, sent, answered and verified, or failed.
#include <algorithm>
#include <utility>

#include "load/clients.h"
#include "load/verify.h"

namespace gauntlet::load {
namespace {

// Newline JSON takes many calls at once; this bounds what one connection holds in flight.
constexpr std::uint64_t kLinesInFlightMax = 4096;

// Why an HTTP exchange ended without an answer in it.
run::ErrorClass error_without_answer(const HttpExchange& exchange) {
  if (exchange.refused_for_load) return run::ErrorClass::rate_limited;
  if (exchange.status >= 300) return run::ErrorClass::http_status;
  // A stream that ended has lost its answer; any other body is no answer at all.
  return exchange.event_stream ? run::ErrorClass::integrity : run::ErrorClass::protocol;
}

}  // namespace

void Clients::enqueue(std::uint32_t index, core::Nanos intended, std::size_t phase,
                      std::uint8_t operation) {
  Client& client = clients_[index];
  tally_.scheduled_of(phase, operation);
  const bool no_connection = client.state == State::waiting || client.state == State::closed ||
                             client.state == State::unopened || client.state == State::half_closed;
  if (no_connection || client.calls.full()) {
    Call unsent;
    unsent.intended = intended;
    unsent.operation = operation;
    unsent.phase = static_cast<std::uint8_t>(phase);
    if (!retries() || !retry_later(index, unsent, run::ErrorClass::unsent))
      return count_failure(index, phase, operation, run::ErrorClass::unsent);
    ++outstanding_;
    return;
  }
  Call& call = client.calls.push();
  call.intended = intended;
  call.state = Call::State::queued;
  call.operation = operation;
  call.phase = static_cast<std::uint8_t>(phase);
  ++outstanding_;
  if (client.state == State::resting) return connect(index);
  if (client.state == State::ready)
    wake_at_[index] = std::min(wake_at_[index], intended + first_deadline_);
}

// The exchanges on an HTTP connection are the calls sent on it: those that timed out while still
// queued have none.
void Clients::skip_never_sent(Client& client) {
  while (client.exchange < client.calls.next_to_send()) {
    const Call* call = client.calls.find(client.exchange);
    if (call != nullptr && call->sent != 0) return;
    ++client.exchange;
  }
}

bool Clients::may_send(const Client& client) const {
  if (client.calls.queued() == 0) return false;
  const std::uint64_t first = http() ? client.exchange : client.calls.oldest();
  const std::uint64_t limit = http() ? setup_.plan.load.pipeline : kLinesInFlightMax;
  return client.calls.next_to_send() - first < limit;
}

void Clients::send_queued(std::uint32_t index) {
  Client& client = clients_[index];
  if (client.state != State::ready) return;
  if (http()) skip_never_sent(client);
  if (!may_send(client)) return;
  const core::Nanos now = core::monotonic_ns();
  std::string& out = loop_.output(client.stream);
  const std::size_t before = out.size();
  while (may_send(client)) {
    const std::uint64_t sequence = client.calls.next_to_send();
    Call& call = client.calls.send_next();
    if (call.finished()) continue;  // timed out in the queue
    const CallName name{setup_.first + index, sequence};
    setup_.operations[call.operation].append(out, client.session_line, mcp::kFirstCallId + sequence,
                                             setup_.coder.encode(name));
    call.state = Call::State::sent;
    call.sent = now;
  }
  const std::size_t written = out.size() - before;
  if (written == 0) return;
  tally_.second().traffic.bytes_sent += written;
  ++tally_.second().traffic.writes;
  loop_.flush(client.stream);
}

void Clients::on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) {
  const auto index = static_cast<std::uint32_t>(tag);
  Client& client = clients_[index];
  received_at_ = core::monotonic_ns();
  client.last_received = received_at_;
  ++tally_.second().traffic.reads;
  tally_.second().traffic.bytes_received += bytes.size();
  Sink sink{*this, index};
  const bool framed = client.channel.feed(bytes, sink);
  if (client.stream != stream) return;  // the sink has dropped this connection
  if (!framed) {
    Call* call = http() ? client.calls.find(client.exchange) : nullptr;
    if (call != nullptr && call->state == Call::State::sent)
      fail(index, *call, run::ErrorClass::protocol);
    return drop_connection(index, net::CloseMode::reset);
  }
  send_queued(index);
}

bool Clients::on_message(std::uint32_t index, std::span<char> json) {
  Client& client = clients_[index];
  const mcp::Answer& answer = answers_.read(reader_, json);
  if (answer.kind == mcp::Answer::Kind::notification) {
    ++tally_.second().counts.notifications;
    return true;
  }
  if (answer.kind == mcp::Answer::Kind::request) {
    answer_request(index, answer);
    return true;
  }
  if (client.state != State::ready) return on_aside_message(index, answer, json);
  if (http()) return on_http_answer(index, answer, json);
  on_line_answer(index, answer, json);
  return true;
}

// A ping is answered; all else is refused, since we declare no capabilities. Over HTTP the answer
// would need a connection of its own, so it is left out.
void Clients::answer_request(std::uint32_t index, const mcp::Answer& request) {
  if (http()) return;
  std::string& out = loop_.output(clients_[index].stream);
  out.append(R"({"jsonrpc":"2.0","id":)").append(request.raw_id);
  out += request.method == "ping" ? R"(,"result":{}})"
                                  : R"(,"error":{"code":-32601,"message":"Method not found"}})";
  out += '\n';
}

// An HTTP answer belongs to its exchange; its id says whether that is what the server meant.
bool Clients::on_http_answer(std::uint32_t index, const mcp::Answer& answer,
                             std::span<const char> json) {
  Client& client = clients_[index];
  Call* call = client.calls.find(client.exchange);
  if (call == nullptr || client.exchange >= client.calls.next_to_send()) {
    ++unmatched_answers_;  // an answer that nobody asked for
    drop_connection(index, net::CloseMode::reset);
    return false;
  }
  const auto& exchange = client.channel.exchange();
  if (exchange.refused_for_load) return true;  // on_http_end counts it
  const bool own = answer.has_number_id && answer.id == mcp::kFirstCallId + client.exchange;
  if (call->state == Call::State::completed && own) {
    finish(index, *call, Call::State::completed);
    return true;
  }
  if (call->state != Call::State::sent) return true;
  if (own) {
    settle(index, client.exchange, answer, json);
  } else if (exchange.status >= 300 && answer.kind == mcp::Answer::Kind::error) {
    fail(index, *call, run::ErrorClass::jsonrpc);  // refused before its id was read
  } else if (exchange.status < 300) {
    const auto nonce = find_nonce(json, setup_.coder, setup_.plan.load.connections);
    const bool foreign = nonce && *nonce != CallName{setup_.first + index, client.exchange};
    if (foreign) tally_.breached(call->phase, run::Breach::foreign);
    fail(index, *call, foreign ? run::ErrorClass::integrity : run::ErrorClass::protocol);
  }
  return true;
}

bool Clients::on_http_end(std::uint32_t index, const HttpExchange& exchange) {
  Client& client = clients_[index];
  if (client.state != State::ready) return on_aside_end(index, exchange);
  Call* call = client.calls.find(client.exchange);
  if (call != nullptr && call->state == Call::State::sent) {
    // The exchange is over without an answer in it.
    const bool alone = client.exchange + 1 == client.calls.next_to_send();
    if (alone && note_broken_answer(index)) return go_on_resuming(index, exchange);
    fail_unanswered(index, *call, exchange);
  }
  ++client.exchange;
  skip_never_sent(client);
  if (exchange.status == 404 && !client.session_line.empty()) return forget_session(index);
  if (!exchange.keep_alive) {
    rest(index);
    return false;
  }
  return true;
}

void Clients::fail_unanswered(std::uint32_t index, Call& call, const HttpExchange& exchange) {
  const auto error = error_without_answer(exchange);
  if (error == run::ErrorClass::integrity) tally_.breached(call.phase, run::Breach::lost);
  fail(index, call, error);
}

void Clients::on_line_answer(std::uint32_t index, const mcp::Answer& answer,
                             std::span<const char> json) {
  Client& client = clients_[index];
  const std::uint64_t sequence = answer.id - mcp::kFirstCallId;  // wraps for foreign ids
  const bool was_sent = answer.has_number_id && sequence < client.calls.next_to_send();
  Call* call = was_sent ? client.calls.find(sequence) : nullptr;
  if (call == nullptr && answer.has_number_id && answer.id == kHeartbeatId) {
    client.asked_at = 0;
    return;
  }
  if (call == nullptr && was_sent && may_be_late(index, json)) return;
  if (call == nullptr) return settle_unmatched(index, json);
  switch (call->state) {
    case Call::State::sent: return settle(index, sequence, answer, json);
    case Call::State::completed:  // answered before
      return finish(index, *call, Call::State::completed);
    default: return;  // late: it has been counted as timed out
  }
}

// Whether the answer to a call that is finished, and so long that its ring has gone on without it,
// may be one to a call that timed out. That is no error of its own.
bool Clients::may_be_late(std::uint32_t index, std::span<const char> json) const {
  const auto nonce = find_nonce(json, setup_.coder, setup_.plan.load.connections);
  const bool foreign = nonce && nonce->client != setup_.first + index;
  return !foreign && clients_[index].failures > 0;
}

// An answer whose id names no call of ours. Its nonce may; with one call in flight there is no
// doubt either; else some call will time out, and expire() blames this answer for it.
void Clients::settle_unmatched(std::uint32_t index, std::span<const char> json) {
  Client& client = clients_[index];
  ++unmatched_answers_;
  tally_.note_signal();
  Call* call = nullptr;
  const auto nonce = find_nonce(json, setup_.coder, setup_.plan.load.connections);
  if (nonce && nonce->client == setup_.first + index) call = client.calls.find(nonce->sequence);
  const std::uint64_t in_flight = client.calls.next_to_send() - client.calls.oldest();
  if (call == nullptr && in_flight == 1) call = client.calls.find(client.calls.oldest());
  if (call != nullptr && call->state == Call::State::sent)
    return fail(index, *call, run::ErrorClass::protocol);
  ++client.unmatched;
}

void Clients::settle(std::uint32_t index, std::uint64_t sequence, const mcp::Answer& answer,
                     std::span<const char> json) {
  Call& call = clients_[index].calls.at(sequence);
  const auto fault =
      find_fault(answer, json, setup_.operations[call.operation], setup_.target.revision,
                 setup_.coder, {setup_.first + index, sequence}, setup_.plan.load.connections);
  if (fault) {
    if (*fault == run::ErrorClass::integrity) tally_.breached(call.phase, run::Breach::foreign);
    return fail(index, call, *fault);
  }
  complete(index, call);
}

void Clients::complete(std::uint32_t index, Call& call) {
  tally_.completed(call.phase, received_at_ - call.intended, received_at_ - call.sent);
  tally_.completed_by(setup_.first + index);
  tally_.completed_of(call.phase, call.operation, received_at_ - call.intended);
  if (call.phase == setup_.measured_phase) ++outcomes_[index].completed;
  note_recovery(index);
  finish(index, call, Call::State::completed);
}

// A verified call: whatever was wrong with this client's connection is over.
void Clients::note_recovery(std::uint32_t index) {
  Client& client = clients_[index];
  client.failed_attempts = 0;
  if (std::exchange(client.resumed, false)) ++outcomes_[index].sessions_kept;
  if (client.outage_since != 0 && client.state != State::half_closed) end_outage(index);
}

void Clients::end_outage(std::uint32_t index) {
  Client& client = clients_[index];
  const double outage_s = core::to_seconds(received_at_ - client.outage_since);
  if (outages_.size() < kOutagesMax)
    outages_.push_back({setup_.first + index, core::to_seconds(client.outage_since),
                        core::to_seconds(received_at_)});
  client.outage_since = 0;
  outcomes_[index].longest_outage_s = std::max(outcomes_[index].longest_outage_s, outage_s);
  if (!client.victim) return;
  client.victim = false;
  client.back_at = received_at_;
  ++outcomes_[index].recovered_from;
  --victims_waiting_;
}

void Clients::fail(std::uint32_t index, Call& call, run::ErrorClass error) {
  if (retries() && retry_later(index, call, error)) {
    // The message goes on under another id: a late answer to this attempt counts for nothing.
    call.state = Call::State::failed;
    ++clients_[index].failures;
    clients_[index].calls.advance();
    return;
  }
  ++clients_[index].failures;
  count_failure(index, call.phase, call.operation, error);
  finish(index, call, Call::State::failed);
}

void Clients::count_failure(std::uint32_t index, std::size_t phase, std::size_t operation,
                            run::ErrorClass error) {
  tally_.failed(phase, error);
  tally_.failed_of(phase, operation);
  const std::uint64_t bit = std::uint64_t{1} << (phase % kPhaseBits);
  if ((failed_in_[index] & bit) == 0) tally_.client_hit(phase);
  failed_in_[index] |= bit;
  if (phase == setup_.measured_phase) ++outcomes_[index].errors;
}

// Ends a call. A completed call that is completed again was answered twice: its message is revoked.
void Clients::finish(std::uint32_t index, Call& call, Call::State state) {
  Client& client = clients_[index];
  if (call.state == Call::State::completed) {
    call.state = Call::State::failed;
    ++client.failures;
    tally_.revoke(call.phase);
    tally_.revoke_of(call.phase, call.operation);
    if (call.phase == setup_.measured_phase) {
      --outcomes_[index].completed;
      ++outcomes_[index].errors;
    }
    return;
  }
  call.state = state;
  --outstanding_;
  client.calls.advance();
  if (setup_.plan.load.arrivals == run::Arrivals::closed && client.state == State::ready &&
      is_free(client))
    idle_.push_back(index);
}

// What was sent on a connection that is gone; an answer that can be resumed is not lost yet.
void Clients::fail_sent(std::uint32_t index, run::ErrorClass error) {
  Client& client = clients_[index];
  CallRing& calls = client.calls;
  for (std::uint64_t s = calls.oldest(); s < calls.next_to_send(); ++s) {
    if (s == client.exchange && !client.resume_id.empty()) continue;
    if (calls.at(s).state == Call::State::sent) fail(index, calls.at(s), error);
  }
}

void Clients::lose_sent(std::uint32_t index) {
  Client& client = clients_[index];
  const bool broken = !client.resume_id.empty() || client.channel.in_answer();
  if (!broken || !note_broken_answer(index)) client.resume_id.clear();
  fail_sent(index, run::ErrorClass::indeterminate);
}

void Clients::fail_queued(std::uint32_t index, run::ErrorClass error) {
  CallRing& calls = clients_[index].calls;
  for (std::uint64_t s = calls.next_to_send(); s < calls.end(); ++s)
    if (calls.at(s).state == Call::State::queued) fail(index, calls.at(s), error);
}

core::Nanos Clients::deadline_of(const Call& call) const {
  const auto& load = setup_.plan.load;
  const core::Nanos last = call.intended + load.timeout;
  if (load.client.attempt_timeout == 0 || call.sent == 0) return last;
  return std::min(last, call.sent + load.client.attempt_timeout);
}

void Clients::expire(std::uint32_t index, core::Nanos now) {
  Client& client = clients_[index];
  bool stuck = false;
  for (std::uint64_t s = client.calls.oldest(); s < client.calls.end(); ++s) {
    Call& call = client.calls.at(s);
    if (call.finished()) continue;
    const core::Nanos deadline = deadline_of(call);
    if (deadline > now) {
      wake_at_[index] = std::min(wake_at_[index], deadline);
      // Those after it came due later, unless some of them are further attempts.
      if (!retries() && first_deadline_ == setup_.plan.load.timeout) break;
      continue;
    }
    const bool was_sent = call.state == Call::State::sent;
    // HTTP cannot go on past a missing answer; on lines silence since the call says as much.
    stuck |= was_sent && (http() || setup_.plan.load.client.reconnect_on_timeout ||
                          client.last_received < call.sent);
    const bool blamed = was_sent && client.unmatched > 0;
    if (blamed) --client.unmatched;
    fail(index, call, blamed ? run::ErrorClass::protocol : run::ErrorClass::timeout);
  }
  if (!stuck) return;
  fail_sent(index, run::ErrorClass::timeout);  // what was behind it is given up with it
  drop_connection(index, net::CloseMode::reset);
}

std::vector<std::uint32_t> Clients::take_idle() {
  std::vector<std::uint32_t> taken;
  taken.swap(idle_);
  return taken;
}

}  // namespace gauntlet::load
