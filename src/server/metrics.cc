#include "server/metrics.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/proc.h"
#include "server/breaker.h"
#include "server/metric_text.h"
#include "server/registry_metrics.h"

namespace gauntlet::server {
namespace {

using Text = std::string;

template <typename Number>
void single(Text& out, std::string_view name, std::string_view type, std::string_view help,
            Number value) {
  describe(out, name, type, help);
  sample(out, name, value);
}

// `read` of every seat, added up.
template <typename Read>
std::uint64_t total(const Board& board, Read read) {
  std::uint64_t sum = 0;
  for (const Seat& seat : board.seats()) sum += read(seat);
  return sum;
}

bool is_up(const Seat& seat) { return seat.up.load(std::memory_order_relaxed); }

// One sample a worker: what `read` says of its two seats, added up.
template <typename Read>
void by_worker(Text& out, const Board& board, std::string_view name, std::string_view type,
               std::string_view help, Read read) {
  describe(out, name, type, help);
  for (std::size_t worker = 0; worker < board.workers(); ++worker)
    labelled(out, name, "worker", worker,
             read(board.seats()[worker]) + read(board.seats()[board.other_seat(worker)]));
}

void append_requests(Text& out, const Board& board) {
  constexpr std::string_view kName = "gauntlet_server_requests_total";
  describe(out, kName, "counter", "Messages received, by method.");
  for (std::size_t i = 0; i < kMethodNames.size(); ++i)
    labelled(out, kName, "method", kMethodNames[i],
             total(board, [i](const Seat& seat) { return seat.counters.requests[i].get(); }));
}

void append_errors(Text& out, const Board& board) {
  constexpr std::string_view kName = "gauntlet_server_errors_total";
  describe(out, kName, "counter", "Error answers sent, by JSON-RPC code.");
  for (std::size_t i = 0; i <= kErrorCodes.size(); ++i)
    labelled(out, kName, "code",
             i < kErrorCodes.size() ? std::to_string(kErrorCodes[i]) : std::string("other"),
             total(board, [i](const Seat& seat) { return seat.counters.errors[i].get(); }));
}

void append_bad(Text& out, const ServerNow& server) {
  constexpr std::string_view kName = "gauntlet_server_bad_answers_total";
  describe(out, kName, "counter", "Answers spoiled on purpose, by kind.");
  const auto spoiled =
      total(server.board, [](const Seat& seat) { return seat.counters.bad_answers.get(); });
  for (std::size_t i = 1; i < kBadKindNames.size(); ++i)
    labelled(out, kName, "kind", kBadKindNames[i],
             static_cast<BadKind>(i) == server.bad ? spoiled : 0);
}

void append_connections(Text& out, const Board& board) {
  single(out, "gauntlet_server_connections_accepted_total", "counter", "Connections accepted.",
         total(board, [](const Seat& seat) { return seat.counters.connections_accepted.get(); }));
  single(out, "gauntlet_server_connections_refused_total", "counter",
         "Connections refused because the limit was reached.",
         total(board, [](const Seat& seat) { return seat.counters.connections_refused.get(); }));
  single(out, "gauntlet_server_connections", "gauge", "Connections open now.",
         total(board, [](const Seat& seat) { return seat.gauges.connections.get(); }));
  by_worker(out, board, "gauntlet_server_worker_connections", "gauge",
            "Connections open now, by worker.",
            [](const Seat& seat) { return seat.gauges.connections.get(); });
}

// In Prometheus' way: each bound counts everything up to it.
void append_restart_times(Text& out, const Board& board) {
  constexpr std::string_view kName = "gauntlet_server_worker_restart_seconds";
  describe(out, kName, "histogram",
           "From finding a worker dead to its successor being ready to serve.");
  std::uint64_t within = 0;
  for (std::size_t i = 0; i <= kRestartBounds.size(); ++i) {
    within += total(board, [i](const Seat& seat) { return seat.restarts[i].get(); });
    const bool last = i == kRestartBounds.size();
    labelled(out, fmt::format("{}_bucket", kName), "le",
             last ? "+Inf" : fmt::format("{}", core::to_seconds(kRestartBounds[i])), within);
  }
  const auto sum = total(board, [](const Seat& seat) {
    return static_cast<std::uint64_t>(seat.restart_ns_sum.load(std::memory_order_relaxed));
  });
  sample(out, fmt::format("{}_sum", kName), core::to_seconds(static_cast<core::Nanos>(sum)));
  sample(out, fmt::format("{}_count", kName), within);
}

void append_workers(Text& out, const Board& board) {
  by_worker(out, board, "gauntlet_server_worker_up", "gauge",
            "Processes that serve as this worker: 1, or 2 for a moment during a reload.",
            [](const Seat& seat) -> int {
              return seat.pid.load(std::memory_order_relaxed) != 0 &&
                     seat.up.load(std::memory_order_relaxed);
            });
  by_worker(out, board, "gauntlet_server_worker_deaths_total", "counter",
            "Workers that ended unasked.",
            [](const Seat& seat) { return seat.deaths.load(std::memory_order_relaxed); });
  append_restart_times(out, board);
  single(out, "gauntlet_server_letters_lost_total", "counter",
         "Letters between workers that did not arrive.",
         total(board, [](const Seat& seat) { return seat.counters.letters_lost.get(); }));
}

void append_loop(Text& out, std::string_view backend) {
  constexpr std::string_view kName = "gauntlet_server_loop_info";
  describe(out, kName, "gauge", "What stands behind the workers' event loops.");
  labelled(out, kName, "backend", backend, 1);
}

void append_failpoints(Text& out, const Failpoints& failpoints) {
  const auto reports = failpoints.report();
  constexpr std::string_view kActive = "gauntlet_server_failpoint_active";
  describe(out, kActive, "gauge", "Whether a fault is on that was ordered.");
  for (const FailpointReport& report : reports)
    labelled(out, kActive, "failpoint", report.name, report.settings.empty() ? 0 : 1);
  constexpr std::string_view kHits = "gauntlet_server_failpoint_hits_total";
  describe(out, kHits, "counter", "How often a fault that was ordered had its effect.");
  for (const FailpointReport& report : reports)
    labelled(out, kHits, "failpoint", report.name, report.hits);
}

void append_flow(Text& out, const Board& board) {
  constexpr std::string_view kRefused = "gauntlet_server_refused_total";
  describe(out, kRefused, "counter", "Messages refused by flow control, by reason.");
  for (std::size_t i = 0; i < kReasonNames.size(); ++i)
    labelled(out, kRefused, "reason", kReasonNames[i],
             total(board, [i](const Seat& seat) { return seat.counters.refused[i].get(); }));
  single(out, "gauntlet_server_notifications_shed_total", "counter",
         "Progress and log messages not sent because of load.",
         total(board, [](const Seat& seat) { return seat.counters.notifications_shed.get(); }));
  constexpr std::string_view kState = "gauntlet_server_breaker_state";
  describe(out, kState, "gauge", "Workers whose breaker is in this state.");
  for (std::size_t i = 0; i < Breaker::kStateNames.size(); ++i)
    labelled(out, kState, "state", Breaker::kStateNames[i], total(board, [i](const Seat& seat) {
               return std::uint64_t{is_up(seat) && seat.gauges.breaker_state == i};
             }));
  single(out, "gauntlet_server_breaker_opened_total", "counter", "Times that a breaker opened.",
         total(board, [](const Seat& seat) { return seat.counters.breaker_opened.get(); }));
  constexpr std::string_view kPressure = "gauntlet_server_queue_pressure";
  describe(
      out, kPressure, "gauge",
      "Of the fullest such queue of a worker: 0 normal, 1 from 80 %, 2 from 90 %, 3 from 99 %.");
  std::uint64_t pressure = 0;
  for (const Seat& seat : board.seats())
    if (is_up(seat)) pressure = std::max(pressure, seat.gauges.calls_pressure.get());
  labelled(out, kPressure, "queue", "calls", pressure);
}

// The supervisor, if there is one, and its workers.
std::uint64_t resident_bytes(const Board& board) {
  std::vector<pid_t> pids;
  for (const Seat& seat : board.seats())
    if (const pid_t pid = seat.pid.load(std::memory_order_relaxed); pid != 0) pids.push_back(pid);
  pids.push_back(pids.empty() ? getpid() : getppid());
  return core::resident_bytes(pids).value_or(0);
}

}  // namespace

std::string prometheus_text(const ServerNow& server) {
  const Board& board = server.board;
  Text out;
  append_requests(out, board);
  append_errors(out, board);
  append_bad(out, server);
  append_connections(out, board);
  append_workers(out, board);
  append_loop(out, server.loop_backend);
  append_flow(out, board);
  if (server.failpoints != nullptr) append_failpoints(out, *server.failpoints);
  append_registry_metrics(out, server.registry);
  single(out, "gauntlet_server_sessions", "gauge", "Sessions known now.", server.registry.count());
  single(out, "gauntlet_server_heap_bytes", "gauge",
         "What the workers' allocators have handed out, as of about a second ago.",
         total(board, [](const Seat& seat) { return seat.gauges.heap_bytes.get(); }));
  if (server.jobs != nullptr)
    single(out, "gauntlet_server_tasks", "gauge", "Tasks kept now, over or not.",
           server.jobs->count());
  single(out, "gauntlet_server_later_calls", "gauge", "Calls whose answer is still to come.",
         total(board, [](const Seat& seat) { return seat.gauges.later_calls.get(); }));
  single(out, "gauntlet_server_uptime_seconds", "gauge", "Time since the server started.",
         core::to_seconds(core::monotonic_ns() - board.started_ns()));
  single(out, "process_resident_memory_bytes", "gauge",
         "Resident memory of all processes of the server; what they share counts in each.",
         resident_bytes(board));
  return out;
}

}  // namespace gauntlet::server
