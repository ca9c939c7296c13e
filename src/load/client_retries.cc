// The further attempts of messages that failed and may be repeated: which, how often, when.
// A message keeps its intended time and its phase; each attempt is a call with an id of its own, so
// that a late answer to one attempt is never taken for the answer to another.
#include <algorithm>
#include <functional>

#include "load/clients.h"
#include "run/plan_bounds.h"

namespace gauntlet::load {
namespace {

// A message that cannot be sent yet is looked at again after this.
constexpr core::Nanos kPause = 10 * core::kMillisecond;

// Failures that say nothing about the call itself, so that another attempt may succeed.
bool is_passing(run::ErrorClass error) {
  using enum run::ErrorClass;
  switch (error) {
    case timeout:
    case transport:
    case http_status:
    case rate_limited:
    case unsent:
    case indeterminate: return true;
    default: return false;
  }
}

}  // namespace

// True where the message goes on waiting; then the call is over and nothing has been counted.
bool Clients::retry_later(std::uint32_t index, const Call& call, run::ErrorClass error) {
  const core::Nanos now = core::monotonic_ns();
  const bool was_sent = call.sent != 0;
  Waiting next{.intended = call.intended,
               .client = index,
               .attempt = static_cast<std::uint16_t>(call.attempt + (was_sent ? 1 : 0)),
               .operation = call.operation,
               .phase = call.phase,
               .error = error};
  if (!is_passing(error) || !may_repeat(next, now)) return false;
  if (was_sent && !take_from_budget()) return false;
  next.due = now + (was_sent ? pause_before(next.attempt) : 0);
  wait_for_retry(next);
  tally_.note_signal();
  return true;
}

bool Clients::may_repeat(const Waiting& message, core::Nanos now) const {
  const auto& load = setup_.plan.load;
  const std::uint32_t most =
      load.client.retry == run::Retry::storm ? run::kStormRetriesMax : load.client.retries;
  return load.mix[message.operation].idempotent && message.attempt <= most && load.reconnect &&
         now < message.intended + load.timeout && waiting_.size() < kRetriesWaitingMax;
}

// As many retries as a share of the messages, and what is in flight once at the beginning.
bool Clients::take_from_budget() {
  const auto& load = setup_.plan.load;
  if (load.client.retry == run::Retry::storm) return true;
  std::uint64_t scheduled = 0;
  for (std::size_t i = 0; i < setup_.plan.phases.size(); ++i)
    scheduled += tally_.phases()[i].counts.scheduled;
  const double most = std::max(10.0, static_cast<double>(clients_.size()) * load.burst);
  const double earned =
      load.client.retry_budget * static_cast<double>(scheduled - scheduled_before_);
  retry_tokens_ = std::min(most, retry_tokens_ + earned);
  scheduled_before_ = scheduled;
  if (retry_tokens_ < 1) return false;
  retry_tokens_ -= 1;
  return true;
}

core::Nanos Clients::pause_before(std::uint16_t attempt) {
  constexpr std::uint16_t kDoublingsMax = 10;
  const auto& load = setup_.plan.load;
  if (load.client.retry == run::Retry::storm) return 0;
  const core::Nanos ceiling = std::min<core::Nanos>(
      load.reconnect_max, load.reconnect_min << std::min(attempt, kDoublingsMax));
  return static_cast<core::Nanos>(random_.uniform() * static_cast<double>(ceiling));
}

void Clients::wait_for_retry(const Waiting& message) {
  ++clients_[message.client].retries_waiting;
  waiting_.push_back(message);
  std::ranges::push_heap(waiting_, std::greater<>());
}

void Clients::release_retries(core::Nanos now) {
  while (!waiting_.empty() && waiting_.front().due <= now) {
    const Waiting message = waiting_.front();
    std::ranges::pop_heap(waiting_, std::greater<>());
    waiting_.pop_back();
    --clients_[message.client].retries_waiting;
    release(message, now);
  }
}

void Clients::release(Waiting message, core::Nanos now) {
  Client& client = clients_[message.client];
  const bool over = now >= message.intended + setup_.plan.load.timeout;
  if (over || client.state == State::closed) {
    --outstanding_;
    count_failure(message.client, message.phase, message.operation, message.error);
    if (setup_.plan.load.arrivals == run::Arrivals::closed) idle_.push_back(message.client);
    return;
  }
  const bool away = client.state == State::waiting || client.state == State::half_closed ||
                    client.state == State::unopened;
  if (away || client.calls.full()) {
    const core::Nanos next_attempt = wake_at_[message.client];
    message.due = std::max(now + kPause, next_attempt == kNever ? 0 : next_attempt);
    return wait_for_retry(message);
  }
  Call& call = client.calls.push();
  call.intended = message.intended;
  call.state = Call::State::queued;
  call.operation = message.operation;
  call.phase = message.phase;
  call.attempt = message.attempt;
  if (message.attempt > 0) tally_.retried(message.phase);
  if (client.state == State::resting) return connect(message.client);
  if (client.state == State::ready)
    wake_at_[message.client] = std::min(wake_at_[message.client], now + first_deadline_);
  send_queued(message.client);
}

void Clients::give_up_all() {
  for (const Waiting& message : waiting_) {
    --clients_[message.client].retries_waiting;
    --outstanding_;
    count_failure(message.client, message.phase, message.operation, message.error);
  }
  waiting_.clear();
  for (std::uint32_t i = 0; i < clients_.size(); ++i) {
    Client& client = clients_[i];
    client.resume_id.clear();
    for (std::uint64_t s = client.calls.oldest(); s < client.calls.end(); ++s) {
      Call& call = client.calls.at(s);
      if (call.finished()) continue;
      const bool was_sent = call.state == Call::State::sent;
      count_failure(i, call.phase, call.operation,
                    was_sent ? run::ErrorClass::indeterminate : run::ErrorClass::unsent);
      finish(i, call, Call::State::failed);
    }
  }
}

}  // namespace gauntlet::load
