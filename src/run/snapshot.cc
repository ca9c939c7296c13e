#include "run/snapshot.h"

#include <algorithm>

namespace gauntlet::run {

void Counts::add(const Counts& other) {
  scheduled += other.scheduled;
  dispatched += other.dispatched;
  completed += other.completed;
  for (std::size_t i = 0; i < errors.size(); ++i) errors[i] += other.errors[i];
  for (std::size_t i = 0; i < breaches.size(); ++i) breaches[i] += other.breaches[i];
  notifications += other.notifications;
  retries += other.retries;
  resumed += other.resumed;
  heartbeats += other.heartbeats;
  heartbeats_missed += other.heartbeats_missed;
}

void Traffic::add(const Traffic& other) {
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  writes += other.writes;
  reads += other.reads;
}

void Latencies::merge(const Latencies& other) {
  response.merge(other.response);
  service.merge(other.service);
  send_lag.merge(other.send_lag);
}

void Latencies::reset() {
  response.reset();
  service.reset();
  send_lag.reset();
}

void OperationCounts::add(const OperationCounts& other) {
  scheduled += other.scheduled;
  completed += other.completed;
  errors += other.errors;
}

void OperationWindow::merge(const OperationWindow& other) {
  counts.add(other.counts);
  response.merge(other.response);
}

void PhaseTotals::merge(const PhaseTotals& other) {
  counts.add(other.counts);
  latencies.merge(other.latencies);
  operations.resize(std::max(operations.size(), other.operations.size()));
  for (std::size_t i = 0; i < other.operations.size(); ++i) operations[i].add(other.operations[i]);
  clients_hit += other.clients_hit;
}

void Snapshot::merge(const Snapshot& other) {
  start = std::min(start, other.start);
  end = std::max(end, other.end);
  phase = std::max(phase, other.phase);
  counts.add(other.counts);
  traffic.add(other.traffic);
  latencies.merge(other.latencies);
  operations.resize(std::max(operations.size(), other.operations.size()));
  for (std::size_t i = 0; i < other.operations.size(); ++i)
    operations[i].merge(other.operations[i]);
  for (std::size_t i = 0; i < kClientGroups; ++i) group_completed[i] += other.group_completed[i];
  connections_ready += other.connections_ready;
  outstanding += other.outstanding;
  victims_waiting += other.victims_waiting;
  if (other.first_signal != 0 && (first_signal == 0 || other.first_signal < first_signal))
    first_signal = other.first_signal;
  pause_start = std::max(pause_start, other.pause_start);
  pause_end = std::min(pause_end, other.pause_end);
  if (pause_end <= pause_start) pause_start = pause_end = 0;
  cpu += other.cpu;
  run_queue_delay += other.run_queue_delay;
}

}  // namespace gauntlet::run
