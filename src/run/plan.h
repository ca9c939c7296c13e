// Plan: everything a run is going to do, decided before it starts: load, phases, faults, limits.
// Made from a suite's TOML (run/suite.h) or from the command line; nothing changes it later.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"

namespace gauntlet::run {

enum class Arrivals : std::uint8_t {
  constant,  // evenly spaced
  poisson,   // exponential gaps, clients drawn at random
  closed,    // each client sends its next burst when the last is answered
};

enum class Mode : std::uint8_t { demo, short_, extended };

struct Operation {
  std::string method = "tools/call";  // tools/call, tools/list or ping
  std::string tool;                   // tools/call
  std::string arguments = "{}";       // a JSON object; "{{nonce}}" becomes each call's own nonce
  double weight = 1;
  bool idempotent = true;  // may be called again; of tools/call only where its user says so
};

enum class Backoff : std::uint8_t { jitter, none };

enum class Retry : std::uint8_t {
  none,
  backoff,  // a bounded number of times, within the budget, after a jittered pause
  storm,    // at once and up to kStormRetriesMax times: a bad client, to study cascades
};

// How a client treats its connection and its calls. A time of 0 leaves the thing out.
struct ClientPlan {
  core::Nanos heartbeat = 0;  // a connection silent for this long is asked whether it lives…
  core::Nanos heartbeat_timeout = 2 * core::kSecond;  // …and given up after this
  core::Nanos tcp_user_timeout = 0;                   // TCP_USER_TIMEOUT; 0: as the system has it
  core::Nanos opening_timeout = 0;    // to connect and open; 0: 10 s, or the message time-out
  bool reconnect_on_timeout = false;  // lines: also where other bytes have come since
  Backoff backoff = Backoff::jitter;  // between attempts to connect
  Retry retry = Retry::none;          // of calls that are idempotent
  std::uint32_t retries = 2;          // of one message, beyond its first attempt
  double retry_budget = 0.1;          // retries / messages, over the run
  core::Nanos attempt_timeout = 0;    // of one attempt; 0: the message's own time-out alone
};

struct LoadPlan {
  std::uint32_t connections = 1;
  double rate = 0;  // messages per second, all connections together; unused when closed
  // Above 0: the rate is this share of the capacity that is found first, and `rate` the most.
  double capacity_share = 0;
  Arrivals arrivals = Arrivals::constant;
  std::uint32_t burst = 1;                              // calls of one client at the same instant
  std::uint32_t pipeline = 1;                           // HTTP requests in flight per connection
  std::uint32_t threads = 0;                            // 0: cores - 1, at least 1
  core::Nanos ramp = core::kSecond;                     // connections open evenly over this time
  core::Nanos timeout = 10 * core::kSecond;             // per message, from its intended time
  core::Nanos reconnect_min = 50 * core::kMillisecond;  // back-off: doubled with full jitter…
  core::Nanos reconnect_max = 2 * core::kSecond;        // …up to this
  bool reconnect = true;
  bool probe = true;  // a probe client beside the load (load/probe_client.h)
  ClientPlan client;
  core::Nanos floor = 0;  // how long the same pattern is echoed before, on this machine; 0: not
  std::string protocol = "auto";   // or the revision to insist on
  std::string transport = "http";  // of our own server: http, tcp or unix
  std::uint32_t workers = 0;       // of our own server; 0: half of the cores
  // How long our own server waits for us to go on with the run (--resume) when we died or were
  // interrupted; 0: it ends with us.
  core::Nanos keep_server = 0;
  std::string
      target_metrics;  // host:port of the target's own /metrics; "": our own server's, or none
  std::vector<Operation> mix;
  std::vector<std::pair<std::string, std::string>> headers;  // added to every HTTP request
};

enum class LabUse : std::uint8_t { automatic, on, off };

// Whether load, link and server are to be in network namespaces of their own (chaos/lab.h).
struct LabPlan {
  LabUse use = LabUse::automatic;  // where a fault needs it and the target is ours to start
  bool tuned_tcp = false;          // a lost packet is found after 20 ms instead of 200
};

// A step of a suite that climbs: a run of its own, with these in place of the load's.
struct Level {
  std::string name;
  std::uint32_t connections = 1;
  double rate = 0;  // 0: a closed loop
  std::uint32_t burst = 1;
  std::uint32_t workers = 0;  // of our own server; 0: as the load says
  core::Nanos timeout = 0;    // of a message; 0: as the load says
  std::string like = {};      // another level, whose phases and faults it has too; "": none
  bool stock = false;         // TCP as the system has it, and clients without ClientPlan
};

struct Phase {
  std::string name;
  core::Nanos duration = 0;
  bool measured = false;   // what is judged; exactly one phase is
  std::string level = {};  // the one that has it; "": all
  double rate_factor = 1;  // of the load's rate, in this phase
};

using Parameters = std::vector<std::pair<std::string, std::string>>;  // name, value

struct Fault {
  std::string id;     // unique in the run
  std::string kind;   // one of run/fault_kind.h
  std::string phase;  // begins `at` after this phase does
  core::Nanos at = 0;
  core::Nanos length = 0;     // 0: it is over as soon as it happened
  core::Nanos every = 0;      // from one occurrence's start to the next; 0: it happens once
  std::uint32_t times = 1;    // how often it happens
  double share = 0.1;         // of the connections
  std::string how = "mixed";  // disconnect: see run/fault_kind.h
  Parameters with = {};       // what else its kind takes
};

enum class Comparison : std::uint8_t { below, at_most, above, at_least };

// One limit on one metric, in the metric's unit (see verdict/metrics.h): ms, s, MB, ratio, msg/s.
struct Limit {
  std::string metric;
  Comparison comparison = Comparison::at_most;
  double value = 0;
  std::optional<double> warn_until;  // between value and this the verdict is WARN, beyond it FAIL
  std::string text;                  // as written, e.g. "p95 <= 102ms"
};

struct Test {
  std::string name;     // without the suite's name
  std::string purpose;  // one sentence
  std::vector<Limit> limits;
  std::string fault;       // the fault that metrics such as `recovery` speak of, or ""
  std::string level = {};  // the one that it judges; "" in a plan with levels: all of them together
  std::string tool = {};   // that metrics of one tool speak of, or ""
};

struct Plan {
  std::string suite;  // "baseline", a file's own name, or "adhoc"
  std::string description;
  Mode mode = Mode::demo;
  std::uint64_t seed = 0;
  LoadPlan load;
  LabPlan lab;
  std::vector<Level> levels;  // none: one run
  std::vector<Phase> phases;  // after the ramp, in order
  std::vector<Fault> faults;
  std::vector<Test> tests;
  double p99_limit_ms = 0;         // of a level that nobody judges: of the one that it is like
  std::uint16_t metrics_port = 0;  // 0: no metrics unless asked for
};

// The tightest limit of p99 among tests; 0: there is none.
double tightest_p99_ms(const std::vector<Test>& tests);

// The plan of one level's run: its load, its phases and their faults, and the tests that judge it.
Plan at_level(const Plan& plan, std::size_t level);

// The index of the judged phase; every plan has exactly one.
std::size_t measured_phase(const Plan& plan);
// When a phase begins, since the load began; for phases.size() the end of the load.
core::Nanos phase_start(const Plan& plan, std::size_t phase);

// The group of clients (Snapshot's) that a fault is aimed at, from 0; nothing: all of them.
std::optional<std::uint32_t> only_group(const Fault& fault);

// When a fault's occurrences begin, since the load began.
std::vector<core::Nanos> fault_starts(const Plan& plan, const Fault& fault);
// The id of the fault of this kind that began last, `t` seconds after the load; "": none has yet.
std::string latest_fault(const Plan& plan, std::string_view kind, double t);

std::string_view to_string(Mode mode);
std::string_view to_string(Arrivals arrivals);
std::string_view to_string(Backoff backoff);
std::string_view to_string(Retry retry);
std::string_view to_string(LabUse use);             // "auto", "on", "off"
std::string_view to_string(Comparison comparison);  // "<", "<=", ">", ">="

}  // namespace gauntlet::run
