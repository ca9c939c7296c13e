// Served: a Worker on a loop of its own in a thread, as long as the object lives.
#pragma once

#include <sys/eventfd.h>

#include <memory>
#include <thread>
#include <utility>

#include "client.h"
#include "core/fd.h"
#include "requests.h"
#include "server/worker.h"

namespace gauntlet::server {

inline net::Endpoint any_port() { return *net::Endpoint::tcp("127.0.0.1", 0); }

inline Config test_config() {
  Config config;
  config.http = {any_port()};
  config.lines = {any_port()};
  return config;
}

inline Config bad_config(BadKind kind, std::uint64_t every) {
  Config config = test_config();
  config.bad = kind;
  config.bad_every = every;
  return config;
}

// What the workers of one server have in common.
struct SharedParts {
  explicit SharedParts(const Config& config, std::size_t workers = 1)
      : registry(config.limits.sessions_max, config.limits.session_idle_ns),
        events(1 << 20),
        office(*PostOffice::open(workers + 1)) {}

  Registry registry;
  EventLog events;
  Contents contents;
  PostOffice office;  // the last seat is the test's own
};

class Served {
 public:
  explicit Served(const Config& config = test_config())
      : Served(config, std::make_shared<SharedParts>(config), 0) {}

  Served(const Config& config, std::shared_ptr<SharedParts> parts, std::uint32_t worker)
      : parts_(std::move(parts)),
        mailbox_(worker, &parts_->office),
        shared_{parts_->registry, parts_->events, &mailbox_, {}, &parts_->contents},
        worker_(config, net::make_loop(), shared_),
        stop_(eventfd(0, EFD_CLOEXEC)) {
    worker_.loop().watch(stop_.get(), [this] {
      std::uint64_t count = 0;
      (void)!read(stop_.get(), &count, sizeof count);
      worker_.stop();
    });
    const auto started = worker_.start();
    if (!started) throw std::runtime_error(started.error().text);
    thread_ = std::thread([this] { worker_.run(); });
  }

  ~Served() {
    stop();
    join();
  }

  // A letter to all workers.
  void post(const Letter& letter) {
    const auto seat = static_cast<std::uint32_t>(parts_->office.workers() - 1);
    Mailbox(seat, &parts_->office).broadcast(letter);
  }

  void stop() { (void)!eventfd_write(stop_.get(), 1); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  const net::Endpoint& http() const { return worker_.http_endpoints().front(); }
  const net::Endpoint& lines() const { return worker_.line_endpoints().front(); }

  // A sample of /metrics, "name" or "name{label=…}".
  double metric(const std::string& name) const {
    const std::string text = Client(http()).ask(server::http("GET", "/metrics")).body;
    const std::size_t at = text.find("\n" + name + " ");
    if (at == std::string::npos) throw std::runtime_error("no metric " + name);
    return std::stod(text.substr(at + name.size() + 2));
  }

  double bad_answers(const std::string& kind) const {
    return metric("gauntlet_server_bad_answers_total{kind=\"" + kind + "\"}");
  }

 private:
  std::shared_ptr<SharedParts> parts_;
  Mailbox mailbox_;
  Shared shared_;
  Worker worker_;
  core::Fd stop_;
  std::thread thread_;
};

}  // namespace gauntlet::server
