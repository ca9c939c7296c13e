#include "server/worker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "server/credentials.h"

namespace gauntlet::server {
namespace {

constexpr core::Nanos kSweepInterval = core::kSecond;

std::string path_of_socket(const net::Endpoint& where) { return where.text().substr(5); }

// Whether somebody accepts connections there.
bool answers(const net::Endpoint& where) {
  const core::Fd probe(socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(probe.get(), where.address(), where.length()) == 0;
}

// A Unix socket that its server left behind is removed; anything else at that path is not ours.
core::Result<void> make_way(const net::Endpoint& where) {
  const std::string path = path_of_socket(where);
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode))
    return core::usage_error("'" + path + "' exists and is not a socket");
  if (answers(where)) return core::usage_error("another server listens on '" + path + "'");
  unlink(path.c_str());
  return {};
}

}  // namespace

Worker::Worker(Config config, std::unique_ptr<net::Loop> loop, Shared& shared)
    : config_(std::move(config)),
      loop_(std::move(loop)),
      tls_(config_.credentials != nullptr && config_.credentials->tls ? &*config_.credentials->tls
                                                                      : nullptr),
      service_(config_, timers_, shared),
      http_(*loop_, service_, config_, [this] { return metrics_text(); }),
      lines_(*loop_, service_, config_.limits) {
  service_.add_transport(http_);
  service_.add_transport(lines_);
  shared.mailbox->listen(*loop_, [this](const Letter& letter) { service_.on_letter(letter); });
}

Worker::~Worker() {
  service_.shared().mailbox->close(*loop_);
  close_listeners();
  http_.close_all();
  lines_.close_all();
}

core::Result<void> Worker::start() {
  started_ns_ = core::monotonic_ns();
  next_sweep_ns_ = started_ns_ + kSweepInterval;
  for (const net::Endpoint& where : config_.http)
    if (auto open = listen(where, http_, http_endpoints_); !open) return open;
  for (const net::Endpoint& where : config_.lines)
    if (auto open = listen(where, lines_, line_endpoints_); !open) return open;
  for (std::size_t i = 0; i < listeners_.size(); ++i)
    loop_->listen(listeners_[i].fd.get(), *this, i);
  return {};
}

core::Result<void> Worker::listen(const net::Endpoint& where, Transport& transport,
                                  std::vector<net::Endpoint>& endpoints) {
  if (where.is_unix())
    if (auto way = make_way(where); !way) return way;
  auto fd = net::listen_on(where);
  if (!fd) return std::unexpected(fd.error());
  const auto bound = net::local_endpoint(fd->get());
  if (!bound) return std::unexpected(bound.error());
  endpoints.push_back(*bound);
  listeners_.push_back({std::move(*fd), *bound, &transport});
  return {};
}

void Worker::close_listeners() {
  for (Listener& listener : listeners_) {
    if (!listener.fd.valid()) continue;
    loop_->stop_listening(listener.fd.get());
    listener.fd.reset();
    if (listener.where.is_unix()) unlink(path_of_socket(listener.where).c_str());
  }
}

void Worker::on_accepted(core::Fd socket, std::uint64_t tag) {
  if (connection_count() >= config_.limits.connections_max) {
    ++service_.counters().connections_refused;
    return;
  }
  ++service_.counters().connections_accepted;
  Listener& listener = listeners_[tag];
  listener.transport->add(std::move(socket), listener.where.is_loopback(),
                          listener.transport == &http_ ? tls_ : nullptr);
}

void Worker::run() {
  bool busy = false;
  while (!finished(loop_->now())) {
    loop_->turn(busy ? 0 : std::min({timers_.next_ns(), next_sweep_ns_, stop_by_ns_}));
    const core::Nanos now_ns = loop_->now();
    timers_.run_due(now_ns);
    if (now_ns >= next_sweep_ns_) sweep(now_ns);
    busy = http_.after_turn(now_ns);
    busy |= lines_.after_turn(now_ns);
  }
}

void Worker::sweep(core::Nanos now_ns) {
  next_sweep_ns_ = now_ns + kSweepInterval;
  http_.sweep(now_ns);
  lines_.sweep(now_ns);
  service_.sweep(now_ns);
}

bool Worker::finished(core::Nanos now_ns) const {
  return abandoned_ ||
         (stop_by_ns_ != Timers::kNever && (connection_count() == 0 || now_ns >= stop_by_ns_));
}

void Worker::stop() {
  if (stop_by_ns_ != Timers::kNever) return;
  stop_by_ns_ = core::monotonic_ns() + config_.limits.stop_ns;
  close_listeners();
  service_.stop();
  http_.drain();
  lines_.drain();
}

void Worker::abandon() { abandoned_ = true; }

std::string Worker::metrics_text() const {
  return prometheus_text(service_.counters(),
                         {.connections = connection_count(),
                          .sessions = service_.session_count(),
                          .later_calls = service_.later_count(),
                          .uptime_seconds = core::to_seconds(loop_->now() - started_ns_),
                          .bad = service_.bad().kind(),
                          .bad_answers = service_.bad().count()});
}

}  // namespace gauntlet::server
