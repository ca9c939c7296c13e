// Fields: the members of every value that a run's record is made of, by name, so that the store can
// write and read them without a line of code for each. A list that lacks a member, or names one
// that is gone, does not compile. Members may be added (what a file lacks keeps its default);
// renaming or removing one is another format (kStoreVersion in database.h).
#pragma once

#include <boost/describe.hpp>

#include "run/record.h"
#include "run/verdict.h"

// The structured binding is what fails where the list is not complete.
#define GAUNTLET_FIELDS(Type, ...)                             \
  BOOST_DESCRIBE_STRUCT(Type, (), (__VA_ARGS__))               \
  inline void fields_are_complete(const Type& of_this_type) {  \
    [[maybe_unused]] const auto& [__VA_ARGS__] = of_this_type; \
  }

namespace gauntlet::stats {

GAUNTLET_FIELDS(Estimate, value, low, high)
GAUNTLET_FIELDS(Shift, value, low, high)
GAUNTLET_FIELDS(Impact, windows, lost, lost_share, worst_share, worst_t, error_rate,
                peak_error_rate, attempts_per_message)
GAUNTLET_FIELDS(RecoveryBaseline, goodput_per_s, error_rate, p99_ms, outstanding, outstanding_limit)
GAUNTLET_FIELDS(RecoveryTime, since_start_s, since_end_s)
BOOST_DESCRIBE_ENUM(RecoveryStatus, recovered, never, no_baseline, too_short)
GAUNTLET_FIELDS(Recovery, status, baseline, detected_s, recovered, recovered_earliest, censored,
                relapses, metastable)

}  // namespace gauntlet::stats

namespace gauntlet::run {

BOOST_DESCRIBE_ENUM(Arrivals, constant, poisson, closed)
BOOST_DESCRIBE_ENUM(Mode, demo, short_, extended)
BOOST_DESCRIBE_ENUM(Backoff, jitter, none)
BOOST_DESCRIBE_ENUM(Retry, none, backoff, storm)
BOOST_DESCRIBE_ENUM(LabUse, automatic, on, off)
BOOST_DESCRIBE_ENUM(Comparison, below, at_most, above, at_least)
BOOST_DESCRIBE_ENUM(Outcome, pass, skipped, warn, inconclusive, fail)
using GaveWayWho = GaveWay::Who;
BOOST_DESCRIBE_ENUM(GaveWayWho, nobody, limits, target, generator, machine, unknown)

GAUNTLET_FIELDS(Operation, method, tool, arguments, weight, idempotent)
GAUNTLET_FIELDS(ClientPlan, heartbeat, heartbeat_timeout, tcp_user_timeout, opening_timeout,
                reconnect_on_timeout, backoff, retry, retries, retry_budget, attempt_timeout)
GAUNTLET_FIELDS(LoadPlan, connections, rate, capacity_share, arrivals, burst, pipeline, threads,
                ramp, timeout, reconnect_min, reconnect_max, reconnect, probe, client, floor,
                protocol, transport, workers, keep_server, target_metrics, mix, headers)
GAUNTLET_FIELDS(LabPlan, use, tuned_tcp)
GAUNTLET_FIELDS(Level, name, connections, rate, burst, workers, timeout, like, stock)
GAUNTLET_FIELDS(Phase, name, duration, measured, level, rate_factor)
GAUNTLET_FIELDS(Fault, id, kind, phase, at, length, every, times, share, how, with)
GAUNTLET_FIELDS(Limit, metric, comparison, value, warn_until, text)
GAUNTLET_FIELDS(Test, name, purpose, limits, fault, level, tool)
GAUNTLET_FIELDS(Plan, suite, description, mode, seed, load, lab, levels, phases, faults, tests,
                p99_limit_ms, metrics_port)

GAUNTLET_FIELDS(Counts, scheduled, dispatched, completed, errors, breaches, notifications, retries,
                resumed, heartbeats, heartbeats_missed)
GAUNTLET_FIELDS(Traffic, bytes_sent, bytes_received, writes, reads)
GAUNTLET_FIELDS(Latencies, response, service, send_lag)
GAUNTLET_FIELDS(OperationCounts, scheduled, completed, errors)
GAUNTLET_FIELDS(PhaseTotals, counts, latencies, operations, clients_hit)
GAUNTLET_FIELDS(Second, t, length, phase, counts, traffic, response_p50_ms, response_p95_ms,
                response_p99_ms, response_max_ms, service_p99_ms, send_lag_p99_ms,
                connections_ready, outstanding, victims_waiting, first_signal_s, generator_cpu,
                pause_s, group_completed)
GAUNTLET_FIELDS(TimedHistograms, t, length, phase, response, service, send_lag)
GAUNTLET_FIELDS(TimedOperation, t, length, phase, operation, counts, response)
GAUNTLET_FIELDS(MemorySample, t, resident_mb, proportional_mb)
GAUNTLET_FIELDS(HoldingsSample, t, processes, ended, descriptors, threads)
GAUNTLET_FIELDS(GaugeSample, t, sessions, heap_mb)
GAUNTLET_FIELDS(CoreSample, t, target_cpu_s, target_wait_s, generator_cpu_s, idle_s, capacity_s)
GAUNTLET_FIELDS(ClientOutcome, completed, errors, connects, drops, victim_of, recovered_from,
                longest_outage_s, sessions_opened, sessions_kept, sessions_lost)
GAUNTLET_FIELDS(Victim, client, back_after_s)
GAUNTLET_FIELDS(Untargeted, clients, completed_per_s, baseline_per_s)
GAUNTLET_FIELDS(Outage, client, start_s, back_s)
GAUNTLET_FIELDS(ReconnectTimes, victims, back, p50_s, p95_s, p99_s, max_s)
GAUNTLET_FIELDS(FaultAnalysis, end_s, looked_s, baseline_windows, recovery, detected_s, detected_by,
                impact, residual_p50, residual_goodput, reconnects)
GAUNTLET_FIELDS(FaultRecord, id, kind, occurrence, skipped, start_s, end_s, victims, reconnected,
                last_reconnect_s, clients, untargeted, only_group, noticed_s, noticed_by,
                has_evidence, evidence, analysis)
GAUNTLET_FIELDS(ProbeRecord, connections, rate_per_s, totals, none_because)
GAUNTLET_FIELDS(ProbeComparison, quantile, load_ms, load_low_ms, probe_ms, probe_low_ms,
                load_high_ms, probe_high_ms, allowed_ms, agrees)
GAUNTLET_FIELDS(OwnThread, name, cpu, run_queue_delay_share)
GAUNTLET_FIELDS(SelfCheck, trusted, reasons, send_lag_ms_p50, send_lag_ms_p95, send_lag_ms_p99,
                send_lag_ms_max, offered_per_s, dispatched_per_s, cpu_busiest_thread,
                run_queue_delay_share, steal_share, target_wait_share, others_cpu_share,
                machine_busy, achieved_per_s, floor_share, threads, probe, probe_unjudged)
GAUNTLET_FIELDS(TargetInfo, url, protocol, transport, server_name, server_version, pid, own_server,
                answers, pid_start, processes, metrics)
GAUNTLET_FIELDS(Host, cpu_model, cores, kernel, memory_bytes, loop_backend)
GAUNTLET_FIELDS(RunInfo, id, argv, repro, started_at, duration_s, load_began_s)
GAUNTLET_FIELDS(Gap, start_s, end_s, phase, undecided, how)
GAUNTLET_FIELDS(LabRecord, used, reason, tcp)
GAUNTLET_FIELDS(FloorRecord, messages_per_s, burst_p50_ms, burst_p99_ms, message_bytes)
GAUNTLET_FIELDS(LevelResult, level, judged, opened_s, offered_per_s, achieved_per_s,
                messages_per_write, response_p50_ms, response_p95_ms, response_p99_ms,
                response_max_ms, scheduled, errors, memory_peak_mb, proportional_peak_mb,
                target_cpu, generator_cpu, floor_per_s, trusted)
GAUNTLET_FIELDS(GaveWay, who, metrics, reason)
GAUNTLET_FIELDS(CapacityStep, load, result, gave_way)
GAUNTLET_FIELDS(Capacity, of_connections, from, to, per_connection_per_s, steps, found, below_from,
                above_to, narrow, hold_share, hold, gave_way, gave_way_at, lost, notes)
GAUNTLET_FIELDS(Record, plan, run, host, target, phases, phase_start_s, seconds, histograms,
                operations, memory, memory_reason, holdings, gauges, cores, clients, outages,
                faults, probe, self_check, lab, floor, levels, level_records, capacity, opened_s,
                connections_peak, unmatched_answers, nonce_verified, interrupted, died,
                target_exited, target_exit, gaps)

GAUNTLET_FIELDS(CheckResult, metric, limit, observed, outcome, reason)
GAUNTLET_FIELDS(TestResult, name, outcome, observed, limit, evidence, reason, checks)
GAUNTLET_FIELDS(Verdict, outcome, tests)

}  // namespace gauntlet::run

#undef GAUNTLET_FIELDS
