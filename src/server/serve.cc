#include "server/serve.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "core/check.h"
#include "core/lease.h"
#include "net/loop.h"
#include "net/signals.h"
#include "server/credentials.h"
#include "server/shared_memory.h"
#include "server/supervisor.h"
#include "server/worker.h"

namespace gauntlet::server {
namespace {

void announce(const Listeners& listeners, std::string_view scheme) {
  for (const net::Endpoint& where : listeners.endpoints(Speaks::http)) {
    const std::string url = fmt::format("{}://{}/mcp", scheme, where.text());
    fmt::print("gauntlet serve: listening on {}\n", url);
    fmt::print(R"({{"mcpServers":{{"gauntlet":{{"url":"{}"}}}}}})"
               "\n",
               url);
  }
  for (const net::Endpoint& where : listeners.endpoints(Speaks::lines))
    fmt::print("gauntlet serve: listening on {}{}\n", where.is_unix() ? "" : "tcp://",
               where.text());
  for (const net::Endpoint& where : listeners.endpoints(Speaks::failpoints))
    fmt::print("gauntlet serve: failpoints on {}\n", where.text());
  std::fflush(stdout);
}

core::Nanos restart_after_ns(BadKind bad) {
  if (bad == BadKind::no_restart) return kNobodyComes;
  return bad == BadKind::slow_restart ? kSlowRestart : 0;
}

// What all workers inherit.
struct Inheritance {
  Config config;
  Listeners listeners;
  PostOffice office;
  Passages passages;
  Board board;
  Registry registry;
  EventLog events;
  JobTable jobs;
  StateKey state_key;
  SharedMemory contents{sizeof(Contents)};
  std::optional<Failpoints> failpoints;
  std::optional<core::LeaseWatch> lease;

  Failpoints* failpoints_or_null() { return failpoints ? &*failpoints : nullptr; }
};

// Letters to a seat that nobody sits in are not missed by anybody.
Mailbox::Way way_between(Inheritance& all, std::size_t from, std::size_t to) {
  const Board& board = all.board;
  if (board.seats()[to].pid.load(std::memory_order_relaxed) == 0) return Mailbox::Way::absent;
  const bool is_cut =
      all.failpoints && all.failpoints->cuts(board.worker_of(from), board.worker_of(to));
  return is_cut ? Mailbox::Way::cut : Mailbox::Way::open;
}

core::Result<void> read_again(Inheritance& all) {
  auto credentials = Credentials::read(all.config);
  if (!credentials) return std::unexpected(credentials.error());
  all.config.credentials = std::move(*credentials);
  return {};
}

core::Result<void> read_lease(const std::optional<LeaseTerms>& lease, Inheritance& all) {
  if (!lease) return {};
  auto watch = core::LeaseWatch::open(lease->file, lease->patience);
  if (!watch) return std::unexpected(watch.error());
  all.lease.emplace(std::move(*watch));
  return {};
}

int work(Inheritance& all, std::size_t seat) {
  if (all.config.bad == BadKind::never_detect) outlive_with_descriptors(getppid());
  // The supervisor's SIGTERM, or the kernel's when the supervisor is dead. A second one changes
  // nothing: who cannot wait any longer sends SIGKILL.
  auto signals = net::Signals::open({SIGTERM});
  GAUNTLET_CHECK(signals.has_value());
  Mailbox mailbox(static_cast<std::uint32_t>(seat), &all.office);
  mailbox.set_way([&](std::uint32_t to) { return way_between(all, seat, to); });
  Shared shared{all.registry,
                all.events,
                &mailbox,
                all.state_key,
                reinterpret_cast<Contents*>(all.contents.data()),
                &all.board,
                seat,
                all.failpoints_or_null(),
                &all.jobs,
                all.board.workers() > 1 ? &all.passages : nullptr};
  if (all.config.bad == BadKind::lose_sessions && all.board.seat(seat).deaths > 0)
    all.registry.forget_all();
  Worker worker(all.config, net::make_loop(all.config.io), shared);
  worker.loop().watch(signals->fd(), [&] {
    signals->take();
    worker.stop();
  });
  worker.start(std::move(all.listeners));
  worker.run();
  return 0;
}

}  // namespace

core::Result<int> serve(const Config& config, const std::optional<LeaseTerms>& lease) {
  // The parent may have ended before this line: then nobody sends the signal any more.
  if (const pid_t parent = getppid(); config.parent_death_signal && !net::end_with_parent(parent))
    return 0;
  auto credentials = Credentials::read(config);
  if (!credentials) return std::unexpected(credentials.error());
  auto listeners = Listeners::open(config, config.workers);
  if (!listeners) return std::unexpected(listeners.error());
  auto office = PostOffice::open(2 * config.workers);  // by seat
  if (!office) return std::unexpected(office.error());
  auto passages = Passages::open(config.workers > 1 ? 2 * config.workers : 0);  // likewise
  if (!passages) return std::unexpected(passages.error());
  Inheritance all{.config = config,
                  .listeners = std::move(*listeners),
                  .office = std::move(*office),
                  .passages = std::move(*passages),
                  .board = Board(config.workers),
                  .registry = {config.limits.sessions_max, config.limits.session_idle_ns},
                  .events = EventLog(config.limits.events_bytes_per_shard),
                  .jobs = {config.limits.jobs_max, config.limits.job_bytes_max},
                  .state_key = random_state_key(),
                  .failpoints = {},
                  .lease = {}};
  if (auto read = read_lease(lease, all); !read) return std::unexpected(read.error());
  new (all.contents.data()) Contents;
  if (config.failpoints) all.failpoints.emplace(all.registry, config.workers);
  all.config.credentials = std::move(*credentials);
  announce(all.listeners, all.config.credentials->tls ? "https" : "http");
  const auto is_wanted = [&] { return all.lease->wanted(core::monotonic_ns()); };
  Supervisor supervisor(all.board, {.work = [&](std::size_t seat) { return work(all, seat); },
                                    .reload = [&] { return read_again(all); },
                                    .stop = [&] { all.listeners.close(); },
                                    .wanted = all.lease ? is_wanted : std::function<bool()>(),
                                    .restart_limit = config.restart_limit,
                                    .restart_after_ns = restart_after_ns(config.bad),
                                    .blind = config.bad == BadKind::never_detect,
                                    .stop_ns = config.limits.stop_ns});
  auto served = supervisor.run();
  if (all.lease) all.lease->remove_file();
  return served;
}

}  // namespace gauntlet::server
