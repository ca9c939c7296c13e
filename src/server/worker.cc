#include "server/worker.h"

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <span>

#include "core/proc.h"
#include "server/credentials.h"
#include "server/descriptors.h"
#include "server/metrics.h"

namespace gauntlet::server {
namespace {

constexpr core::Nanos kSweepInterval = core::kSecond;

Board& board_of(Shared& shared, std::optional<Board>& own) {
  if (shared.board == nullptr) shared.board = &own.emplace(1);
  return *shared.board;
}

}  // namespace

Worker::Worker(Config config, std::unique_ptr<net::Loop> loop, Shared& shared)
    : config_(std::move(config)),
      loop_(std::move(loop)),
      tls_(config_.credentials != nullptr && config_.credentials->tls ? &*config_.credentials->tls
                                                                      : nullptr),
      board_(board_of(shared, own_board_)),
      seat_(shared.seat),
      stands_in_(board_.workers()),
      service_(config_, timers_, shared),
      http_(*loop_, service_, config_, [this] { return metrics_text(); }),
      lines_(*loop_, service_, config_.limits),
      web_sockets_(*loop_, service_, config_.limits) {
  for (Transport* const transport : transports()) service_.add_transport(*transport);
  http_.upgrade_to(web_sockets_);
  shared.mailbox->listen(*loop_, [this](const Letter& letter) { service_.on_letter(letter); });
}

Worker::~Worker() {
  close_listeners();
  service_.abandon_all();
  service_.shared().mailbox->close(*loop_);
  for (Transport* const transport : transports()) transport->close_all();
  if (own_board_) service_.shared().board = nullptr;
}

core::Result<void> Worker::start() {
  auto listeners = Listeners::open(config_, 1);
  if (!listeners) return std::unexpected(listeners.error());
  start(std::move(*listeners));
  return {};
}

void Worker::start(Listeners listeners) {
  fit_to_descriptors(config_.limits);
  next_sweep_ns_ = core::monotonic_ns() + kSweepInterval;
  bad_answers_before_ = board_.seat(seat_).counters.bad_answers;
  letters_lost_before_ = board_.seat(seat_).counters.letters_lost;
  breaker_opened_before_ = board_.seat(seat_).counters.breaker_opened;
  listeners_ = std::move(listeners);
  if (const Passages* const passages = service_.shared().passages)
    dealer_.emplace(board_, seat_, *passages, *loop_,
                    [this](core::Fd socket, std::uint64_t tag) { serve(std::move(socket), tag); });
  http_endpoints_ = listeners_.endpoints(Speaks::http);
  line_endpoints_ = listeners_.endpoints(Speaks::lines);
  for (std::size_t i = 0; i < listeners_.all().size(); ++i) {
    const Listener& listener = listeners_.all()[i];
    origins_.push_back({listener.speaks, listener.where.is_loopback()});
    if (listener.speaks == Speaks::failpoints)
      failpoint_control_.emplace(*loop_, socket_of(listener), config_.failpoints->token,
                                 *service_.shared().failpoints);
    else
      loop_->listen(socket_of(listener), *this, i);
  }
}

void Worker::close_listeners() {
  failpoint_control_.reset();
  for (const Listener& listener : listeners_.all()) loop_->stop_listening(socket_of(listener));
  for (std::size_t other = 0; other < stands_in_.size(); ++other)
    if (stands_in_[other]) stand_in(other, false);
  listeners_.close();
}

void Worker::on_accepted(core::Fd socket, std::uint64_t tag) {
  if (dealer_) return dealer_->deal(std::move(socket), tag);
  serve(std::move(socket), tag);
}

// `tag`: which of the listeners it came in by, at this worker or another one.
void Worker::serve(core::Fd socket, std::uint64_t tag) {
  const std::size_t refused = refused_count();
  const bool room = connection_count() - refused < config_.limits.connections_max;
  ++(room ? service_.counters().connections_accepted : service_.counters().connections_refused);
  if (!room && refused >= config_.limits.refusals_max) return;
  const Origin origin = origins_[tag];
  const bool is_http = origin.speaks == Speaks::http;
  Transport& transport = is_http ? static_cast<Transport&>(http_) : lines_;
  const auto take = room ? &Transport::add : &Transport::turn_away;
  (transport.*take)(std::move(socket), origin.loopback, is_http ? tls_ : nullptr);
}

// Those that came before the end: closing a listening socket would reset them.
void Worker::accept_waiting() {
  for (std::size_t i = 0; i < listeners_.all().size(); ++i) {
    if (listeners_.all()[i].speaks == Speaks::failpoints) continue;
    const int fd = socket_of(listeners_.all()[i]);
    while (true) {
      core::Fd socket(accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!socket.valid()) break;
      on_accepted(std::move(socket), i);
    }
  }
}

void Worker::run() {
  core::Nanos next_turn_ns = Timers::kNever;
  publish();  // over what an earlier worker in this seat left
  board_.seat(seat_).note_up(core::monotonic_ns());
  while (!finished(loop_->now())) {
    loop_->turn(std::min({next_turn_ns, timers_.next_ns(), next_sweep_ns_, stop_by_ns_}));
    const core::Nanos now_ns = loop_->now();
    timers_.run_due(now_ns);
    if (now_ns >= next_sweep_ns_) sweep(now_ns);
    next_turn_ns = service_.tell_pressure() ? 0 : Timers::kNever;
    for (Transport* const transport : transports())
      next_turn_ns = std::min(next_turn_ns, transport->after_turn(now_ns));
    publish();
  }
}

void Worker::sweep(core::Nanos now_ns) {
  next_sweep_ns_ = now_ns + kSweepInterval;
  for (Transport* const transport : transports()) transport->sweep(now_ns);
  service_.sweep(now_ns);
  // Here, since it walks the allocator's free lists: too much for every turn.
  const auto heap = mallinfo2();
  board_.seat(seat_).gauges.heap_bytes = heap.uordblks + heap.hblkhd;
  if (dealer_) dealer_->mend();
  look_after_others(now_ns);
  if (service_.gate().measures()) observe_process(now_ns);
}

// What the kernel has dealt to a worker that stands still waits in that one's listening socket: it
// is accepted here meanwhile, and dealt to whoever does not.
void Worker::look_after_others(core::Nanos now_ns) {
  for (std::size_t other = 0; other < stands_in_.size(); ++other) {
    if (other == board_.worker_of(seat_)) continue;
    const bool still = board_.seat(other).stands_still(now_ns) ||
                       board_.seat(board_.other_seat(other)).stands_still(now_ns);
    if (still != stands_in_[other]) stand_in(other, still);
  }
}

void Worker::stand_in(std::size_t other, bool begin) {
  stands_in_[other] = begin;
  for (std::size_t i = 0; i < listeners_.all().size(); ++i) {
    const Listener& listener = listeners_.all()[i];
    const int fd = listener.socket_of(other);
    if (listener.speaks == Speaks::failpoints || fd == socket_of(listener)) continue;
    if (begin)
      loop_->listen(fd, *this, i);
    else
      loop_->stop_listening(fd);
  }
}

void Worker::observe_process(core::Nanos now_ns) {
  const core::Nanos cpu_ns = core::thread_cpu_ns();
  const auto share = static_cast<double>(cpu_ns - observed_cpu_ns_) /
                     static_cast<double>(std::max<core::Nanos>(1, now_ns - observed_ns_));
  const pid_t self = getpid();
  if (observed_ns_ != 0)
    service_.gate().observe(share, core::resident_bytes(std::span(&self, 1)).value_or(0));
  observed_ns_ = now_ns;
  observed_cpu_ns_ = cpu_ns;
}

bool Worker::finished(core::Nanos now_ns) const {
  if (abandoned_ || now_ns >= stop_by_ns_) return true;
  const bool awaits = dealer_ && dealer_->awaited() > 0;
  return stop_by_ns_ != Timers::kNever && connection_count() == 0 && !awaits;
}

void Worker::stop() {
  if (stop_by_ns_ != Timers::kNever) return;
  stop_by_ns_ = core::monotonic_ns() + config_.limits.stop_ns;
  if (dealer_) dealer_->stop();
  accept_waiting();
  close_listeners();
  service_.stop();
  for (Transport* const transport : transports()) transport->drain();
}

void Worker::abandon() { abandoned_ = true; }

void Worker::publish() {
  Seat& seat = board_.seat(seat_);
  if (dealer_) dealer_->note_served(connection_count());
  seat.turned_ns.store(loop_->now(), std::memory_order_relaxed);
  seat.gauges.connections = connection_count();
  seat.gauges.later_calls = service_.later_count();
  seat.counters.bad_answers = bad_answers_before_ + service_.bad().count();
  seat.counters.letters_lost = letters_lost_before_ + service_.shared().mailbox->lost();
  const Gate& gate = service_.gate();
  seat.gauges.breaker_state = static_cast<std::uint64_t>(gate.breaker().state());
  seat.gauges.calls_pressure = static_cast<std::uint64_t>(gate.calls_pressure());
  seat.counters.breaker_opened = breaker_opened_before_ + gate.breaker().opened();
}

std::string Worker::metrics_text() {
  publish();
  const Shared& shared = service_.shared();
  return prometheus_text({.board = board_,
                          .registry = shared.registry,
                          .failpoints = shared.failpoints,
                          .jobs = shared.jobs,
                          .bad = config_.bad,
                          .loop_backend = loop_->backend()});
}

}  // namespace gauntlet::server
