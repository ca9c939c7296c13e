// Record: everything one run found out. The load engine, the recorder and the fault side fill it;
// verdict/ judges it and report/ prints it. Plain values, written by the main thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "run/fault_analysis.h"
#include "run/plan.h"
#include "run/snapshot.h"
#include "stats/scaling.h"

namespace gauntlet::run {

// One second of the run, all threads together. Times are seconds since the load began.
struct Second {
  double t = 0;       // at its end
  double length = 1;  // of the window, in seconds
  std::uint32_t phase = 0;
  Counts counts;
  Traffic traffic;
  double response_p50_ms = 0, response_p95_ms = 0, response_p99_ms = 0, response_max_ms = 0;
  double service_p99_ms = 0;
  double send_lag_p99_ms = 0;
  std::uint64_t connections_ready = 0;
  std::uint64_t outstanding = 0;
  std::uint64_t victims_waiting = 0;
  double first_signal_s = 0;  // of trouble, as a client sees it; 0: none
  double generator_cpu = 0;   // cores
  // The longest time without an answer on any connection while some were due, up to its end.
  double pause_s = 0;
  GroupCounts group_completed{};
};

// Times of the messages completed in one second, or in one minute where that is long ago: each as
// HdrHistogram V2, compressed (stats/histogram.h).
struct TimedHistograms {
  double t = 0;       // at its end, since the load began
  double length = 1;  // seconds
  std::uint32_t phase = 0;
  std::string response, service, send_lag;
};

// Histograms that are not what they should be are a usage error.
core::Result<Latencies> decode(const TimedHistograms& histograms);

// The messages of one entry of the mix in the same window; where the mix has more than one.
struct TimedOperation {
  double t = 0;       // at its end, since the load began
  double length = 1;  // seconds
  std::uint32_t phase = 0;
  std::uint32_t operation = 0;  // of LoadPlan::mix; the last kept one stands for those after it
  OperationCounts counts;
  std::string response;  // as in TimedHistograms
};

struct MemorySample {
  double t = 0;
  double resident_mb = 0;  // all processes of the target together
  // The same with what they share counted once (PSS); at every few samples, where it can be read.
  std::optional<double> proportional_mb = {};
};

// What the target's processes hold, beside memory.
struct HoldingsSample {
  double t = 0;
  std::uint64_t processes = 0;
  std::uint64_t ended = 0;  // of the processes that were there at the first sample
  std::uint64_t descriptors = 0;
  std::uint64_t threads = 0;
};

// What the target itself tells of its inside at /metrics, where it does.
struct GaugeSample {
  double t = 0;
  std::optional<double> sessions = {};
  std::optional<double> heap_mb = {};  // in use, of its allocator or its language's heap
};

// Who had the cores of the machine that the target runs on, in CPU seconds since the respective
// processes or the machine began. Sums of threads may fall where one of them ended.
struct CoreSample {
  double t = 0;
  double target_cpu_s = 0;
  double target_wait_s = 0;  // its threads were ready to run, and waited for a core
  double generator_cpu_s = 0;
  double idle_s = 0;      // of all cores
  double capacity_s = 0;  // of all cores, idle or not
};

// What became of one virtual client.
struct ClientOutcome {
  std::uint64_t completed = 0;  // in the measured phase
  std::uint64_t errors = 0;     // in the measured phase
  std::uint32_t connects = 0;
  std::uint32_t drops = 0;           // connections lost, whoever ended them
  std::uint32_t victim_of = 0;       // faults that hit it
  std::uint32_t recovered_from = 0;  // of those, reconnected since (transport, opening, one call)
  double longest_outage_s = 0;
  // Stateful HTTP: a session outlives its connections.
  std::uint32_t sessions_opened = 0;
  std::uint32_t sessions_kept = 0;  // reconnections on which the session went on: one verified call
  std::uint32_t sessions_lost = 0;  // the server said 404 to its session
};

// One client that a fault hit.
struct Victim {
  std::uint32_t client = 0;            // its number in the run
  std::optional<double> back_after_s;  // since the fault's start; none: it was not back in time
};

// How many messages of other clients got through, beside what they got before the fault.
struct Untargeted {
  std::uint64_t clients = 0;
  double completed_per_s = 0;  // from the fault's start until it was over and its victims back
  double baseline_per_s = 0;   // from the measured phase's start until the fault
};

// A time in which one client had no working connection. Times in seconds since the load began.
struct Outage {
  std::uint32_t client = 0;
  double start_s = 0;
  std::optional<double> back_s;  // reconnected; none: not until the end
};

// One occurrence of a fault.
struct FaultRecord {
  std::string id;
  std::string kind;
  std::uint32_t occurrence = 0;      // the first is 0
  std::string skipped = {};          // why this target was not given it; "": it was
  double start_s = 0;                // evidence shows it active
  double end_s = 0;                  // evidence shows it gone
  std::uint64_t victims = 0;         // exact count
  std::uint64_t reconnected = 0;     // victims that are back
  double last_reconnect_s = 0;       // since the load began
  std::vector<Victim> clients = {};  // where clients were the victims: each of them
  std::optional<Untargeted> untargeted = {};
  std::optional<std::uint32_t> only_group = {};  // of clients, where it was aimed at one
  // What the target's side noticed first, where something watches it: a restart, a breaker.
  std::optional<double> noticed_s = {};
  std::string noticed_by = {};
  bool has_evidence = false;
  std::vector<std::pair<std::string, std::string>> evidence = {};  // name, value
  std::optional<FaultAnalysis> analysis = {};                      // once the run is over

  // Another thread's share of the same fault: victims add up, and so do counts among the evidence.
  void merge(const FaultRecord& other);
};

// What the separate probe client saw of the measured phase (load/probe_client.h).
struct ProbeRecord {
  std::uint32_t connections = 0;
  double rate_per_s = 0;  // planned
  PhaseTotals totals = {};
  std::string none_because = {};  // why there was no probe; "" where there was one
};

// One quantile of the service time as the load and as the probe saw it, with its bounds; no upper
// bound where the samples are too few for one.
struct ProbeComparison {
  std::string quantile;  // "p99"
  double load_ms = 0, load_low_ms = 0;
  double probe_ms = 0, probe_low_ms = 0;
  std::optional<double> load_high_ms, probe_high_ms;
  double allowed_ms = 0;       // how far the bounds may be apart
  std::optional<bool> agrees;  // nothing where it cannot be told
};

// A thread of this process in the measured phase.
struct OwnThread {
  std::string name;
  double cpu = 0;                    // cores
  double run_queue_delay_share = 0;  // of the time: ready to run, and without a core
};

struct SelfCheck {
  bool trusted = true;
  std::vector<std::string> reasons;  // why not
  double send_lag_ms_p50 = 0, send_lag_ms_p95 = 0, send_lag_ms_p99 = 0, send_lag_ms_max = 0;
  double offered_per_s = 0;
  double dispatched_per_s = 0;
  double cpu_busiest_thread = 0;     // cores, mean over the measured phase
  double run_queue_delay_share = 0;  // of the measured phase, worst thread
  double steal_share = 0;            // of all cores (/proc/stat)
  // Where the target's processes are visible from here, and over the measured phase.
  std::optional<double> target_wait_share;  // of the time that it wanted to run
  std::optional<double> others_cpu_share;   // of all cores
  std::string machine_busy;  // why the target cannot be blamed for being slow; "" where it can
  double achieved_per_s = 0;
  std::optional<double> floor_share;  // achieved / what this machine carries of the pattern
  std::vector<OwnThread> threads;     // the main thread's first
  std::vector<ProbeComparison> probe;
  std::string probe_unjudged;  // why the probe says nothing; "" where it does
};

struct TargetInfo {
  std::string url;
  std::string protocol;   // negotiated revision
  std::string transport;  // http, tcp, unix, stdio
  std::string server_name;
  std::string server_version;
  std::int64_t pid = 0;  // 0: not visible from here
  bool own_server = false;
  std::string answers;  // "json", "sse" or "json+sse", as seen over HTTP
  // To find it again: when that process began (core::process_start; 0: not visible), what it
  // consisted of when the load began, and where our own server tells its metrics.
  std::uint64_t pid_start = 0;
  std::vector<std::int64_t> processes = {};
  std::string metrics = {};
};

struct Host {
  std::string cpu_model;
  std::uint32_t cores = 0;
  std::string kernel;
  std::uint64_t memory_bytes = 0;
  std::string loop_backend;
};

struct RunInfo {
  std::string id;
  std::vector<std::string> argv;
  std::string repro;  // the line that repeats this run
  std::string started_at;
  double duration_s = 0;
  double load_began_s = 0;  // since 1970; 0: it has not
};

// A time without Gauntlet, which died or was interrupted, after which the same run went on. Nothing
// was sent in it and nothing seen: it counts neither as good time nor as bad, and its phase is as
// much longer.
struct Gap {
  double start_s = 0;           // what was known last
  double end_s = 0;             // the load begins again
  std::uint32_t phase = 0;      // that it lies in
  std::uint64_t undecided = 0;  // messages that had come due, and whose end nobody saw
  std::string how;              // "died" or "interrupted"

  double length_s() const { return end_s - start_s; }
};

// Where the run took place (chaos/lab.h).
struct LabRecord {
  bool used = false;
  std::string reason = {};  // why there was none, where one was wanted; else ""
  std::string tcp = {};     // "stock" or "tuned"; "" without a lab
};

// The same byte pattern against a peer that only echoes, before the run: the most that this machine
// carries of it.
struct FloorRecord {
  double messages_per_s = 0;
  double burst_p50_ms = 0;
  double burst_p99_ms = 0;
  std::uint64_t message_bytes = 0;
};

// What one level of a climbing suite came to. Times in milliseconds.
struct LevelResult {
  Level level;
  bool judged = false;  // a test holds limits against it
  double opened_s = 0;  // from the first connection's beginning until all were ready
  double offered_per_s = 0;
  double achieved_per_s = 0;
  double messages_per_write = 0;  // 0: nothing was written
  double response_p50_ms = 0, response_p95_ms = 0, response_p99_ms = 0, response_max_ms = 0;
  std::uint64_t scheduled = 0;
  std::uint64_t errors = 0;
  std::optional<double> memory_peak_mb;  // of the target, resident
  std::optional<double> proportional_peak_mb;
  std::optional<double> target_cpu;  // cores
  double generator_cpu = 0;          // cores, of its busiest thread
  std::optional<double> floor_per_s;
  bool trusted = false;
};

// What kept a load from being carried.
struct GaveWay {
  enum class Who : std::uint8_t {
    nobody,     // it was carried
    limits,     // the target missed them
    target,     // it ended, or could not be reached
    generator,  // the self-check failed: nothing is known of the target
    machine,    // others had its cores: the target cannot be blamed
    unknown,    // the limits could not be judged
  };
  Who who = Who::nobody;
  std::vector<std::string> metrics;  // of the limits that were missed
  std::string reason;                // "p99 132 ms, limit < 100 ms"
};

// One short run of a search for capacity.
struct CapacityStep {
  double load = 0;  // messages per second, or connections
  LevelResult result;
  GaveWay gave_way;

  bool kept() const { return gave_way.who == GaveWay::Who::nobody; }
  // Whether it says anything about the target; else it is measured again.
  bool tells() const { return gave_way.who <= GaveWay::Who::target; }
};

// What a search for capacity came to.
struct Capacity {
  bool of_connections = false;           // else of messages per second
  double from = 0, to = 0;               // what it searched
  double per_connection_per_s = 0;       // of_connections: the rate of each
  std::vector<CapacityStep> steps;       // in order, those that were measured again too
  std::optional<stats::Estimate> found;  // nothing before the first answer
  double below_from = 0, above_to = 0;   // probability that it lies outside
  bool narrow = false;                   // the interval is as narrow as was asked for
  double hold_share = 0;                 // of what was found
  std::optional<CapacityStep> hold;      // nothing where it was not run
  GaveWay gave_way;                      // first, as the load rose
  double gave_way_at = 0;
  std::string lost;                // why the search ended early, or ""
  std::vector<std::string> notes;  // such as restarts of the target
};

struct Record {
  Plan plan;
  RunInfo run;
  Host host;
  TargetInfo target;
  std::vector<PhaseTotals> phases;  // as Plan::phases
  std::vector<double> phase_start_s;
  // In a long run the older ones are minutes (record/roll_up.h).
  std::vector<Second> seconds;
  std::vector<TimedHistograms> histograms;
  std::vector<TimedOperation> operations;  // by their times, then by their number
  std::vector<MemorySample> memory;
  std::string memory_reason;  // why there are no samples, if there are none
  std::vector<HoldingsSample> holdings;
  std::vector<GaugeSample> gauges;
  std::vector<CoreSample> cores;  // none where the target's processes are not visible
  std::vector<ClientOutcome> clients;
  std::vector<Outage> outages;  // of all clients, by their end
  std::vector<FaultRecord> faults;
  ProbeRecord probe;
  SelfCheck self_check;
  LabRecord lab;
  std::optional<FloorRecord> floor;
  std::vector<LevelResult> levels;  // of a climbing suite; the rest is then of its last judged one
  std::vector<Record> level_records;  // of each of them, in order
  std::optional<Capacity> capacity;   // of a search; the rest is then of its hold, or its last step
  double opened_s = 0;                // until all connections were ready
  std::uint64_t connections_peak = 0;
  std::uint64_t unmatched_answers = 0;  // answers that belonged to no outstanding call
  bool nonce_verified = false;          // every tools/call answer had to carry its call's own nonce
  bool interrupted = false;
  bool died = false;  // Gauntlet itself ended before the run did: this is what its store held
  bool target_exited = false;  // the process that we started ended during the run
  std::string target_exit;     // "killed by signal 9", "exited with status 1"
  std::vector<Gap> gaps;       // in the order of their times

  // Faults that hit clients without choosing them: their victims are the clients whose connection
  // went while they were active.
  void attribute_outages();

  // Faults of the plan that nobody gave the target: each becomes a record that says so.
  void note_skipped_faults();

  // The judged phase's index; Plan guarantees there is one.
  std::size_t measured_phase() const;

  // How much of a time there was no Gauntlet.
  double gaps_s(double from_s, double to_s) const;
  // When a phase of the plan begins, gaps before it included; for phases.size() the load's end.
  double begin_of_phase_s(std::size_t phase) const;
  // "resumed 2 times, gap 31.2 s"; "" where it never was.
  std::string gaps_text() const;
};

}  // namespace gauntlet::run
