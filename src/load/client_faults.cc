// Faults that clients bring about themselves: connections cut in several ways, with an exact list
// of who was hit, when each was back, and what the others did meanwhile.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <sstream>

#include "load/clients.h"

namespace gauntlet::load {
namespace {

// TcpOutRsts of this thread's network namespace: how many resets the kernel has sent.
std::uint64_t resets_sent() {
  std::ifstream file("/proc/thread-self/net/snmp");
  std::string names, values;
  while (std::getline(file, names) && std::getline(file, values)) {
    if (!names.starts_with("Tcp:")) continue;
    std::istringstream name_words(names), value_words(values);
    std::string name, value;
    while (name_words >> name && value_words >> value)
      if (name == "OutRsts") return std::stoull(value);
  }
  return 0;
}

// The kernel's word that nothing more can be written: even an empty send is refused.
bool output_has_ended(int socket) {
  return socket >= 0 && send(socket, "", 0, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE;
}

// Shares are rounded over all threads together, so that 10 % of 1,000 are 100 however many there
// are.
std::size_t part_of(double share, std::uint32_t first, std::uint32_t count) {
  return static_cast<std::size_t>(std::lround(share * (first + count)) -
                                  std::lround(share * first));
}

}  // namespace

std::vector<std::uint32_t> Clients::choose_victims(double share) {
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t i = 0; i < clients_.size(); ++i)
    if (clients_[i].state == State::ready || clients_[i].state == State::beating)
      chosen.push_back(i);
  const auto wanted = std::min(chosen.size(), part_of(share, setup_.first, setup_.count));
  for (std::size_t i = 0; i < wanted; ++i)
    std::swap(chosen[i], chosen[i + fault_random_.below(chosen.size() - i)]);
  chosen.resize(wanted);
  return chosen;
}

run::FaultRecord Clients::disconnect(const run::Fault& fault, core::Nanos since) {
  run::FaultRecord record;
  record.id = fault.id;
  record.kind = fault.kind;
  victims_ = choose_victims(fault.share);
  record.victims = victims_.size();
  const std::uint64_t resets_before = resets_sent();
  fault_at_ = core::monotonic_ns();
  record.start_s = core::to_seconds(fault_at_ - since);
  watch_others(since);
  CutCounts counts;
  for (std::size_t i = 0; i < victims_.size(); ++i) {
    Client& client = clients_[victims_[i]];
    if (!client.victim) ++victims_waiting_;
    client.victim = true;
    client.back_at = 0;
    ++outcomes_[victims_[i]].victim_of;
    const std::string_view mixed = i % 2 == 0 ? "reset" : "fin";
    cut(victims_[i], fault.how == "mixed" ? mixed : std::string_view(fault.how), counts);
  }
  record.end_s = core::to_seconds(core::monotonic_ns() - since);
  const bool tcp = !setup_.target.is_stdio() && !setup_.target.url.endpoint.is_unix();
  counts.kernel_resets = resets_sent() - resets_before;
  record.has_evidence = !victims_.empty() && counts.still_open == 0 &&
                        counts.half_closed == counts.to_half_close &&
                        (!tcp || counts.kernel_resets >= counts.reset);
  const std::uint64_t by_fin = victims_.size() - counts.reset - counts.half_closed;
  record.evidence = {{"victims", std::to_string(victims_.size())},
                     {"closed_by_reset", std::to_string(counts.reset)},
                     {"closed_by_fin", std::to_string(by_fin)},
                     {"descriptors_still_open", std::to_string(counts.still_open)}};
  const auto add = [&](const char* name, std::uint64_t count) {
    record.evidence.emplace_back(name, std::to_string(count));
  };
  if (tcp) add("kernel_tcp_out_rsts", counts.kernel_resets);
  if (fault.how == "half_close") add("half_closed_refusing_output", counts.half_closed);
  if (fault.how == "abandon") add("bytes_of_abandoned_requests", counts.abandoned_bytes);
  return record;
}

void Clients::cut(std::uint32_t victim, std::string_view how, CutCounts& counts) {
  const net::StreamId stream = clients_[victim].stream;
  if (how == "half_close") {
    ++counts.to_half_close;
    counts.half_closed += half_close(victim) ? 1 : 0;
    return;
  }
  if (how == "abandon") counts.abandoned_bytes += write_half_a_request(victim);
  const bool by_reset = how != "fin";
  counts.reset += by_reset ? 1 : 0;
  drop_connection(victim, by_reset ? net::CloseMode::reset : net::CloseMode::orderly);
  counts.still_open += loop_.is_open(stream) ? 1 : 0;
}

// FIN, while it goes on to listen: what is in flight may still be answered. The server ends the
// connection, or the client does when opening one would have taken too long.
bool Clients::half_close(std::uint32_t victim) {
  Client& client = clients_[victim];
  loop_.end_output(client.stream);
  leave_ready(client);
  client.state = State::half_closed;
  if (client.outage_since == 0) client.outage_since = core::monotonic_ns();
  wake_at_[victim] = core::monotonic_ns() + opening_timeout_;
  fail_queued(victim, run::ErrorClass::unsent);
  return output_has_ended(loop_.native_fd(client.stream));
}

// A request whose end never comes. It is no message: nobody waits for its answer.
std::size_t Clients::write_half_a_request(std::uint32_t victim) {
  Client& client = clients_[victim];
  std::string whole;
  setup_.operations.front().append(whole, client.session_line, kHeartbeatId, 0);
  const std::size_t half = whole.size() / 2;
  loop_.output(client.stream).append(whole, 0, half);
  loop_.flush(client.stream);
  return half - std::min(half, loop_.unsent_bytes(client.stream));
}

// Finished calls in the order they came due, less those that failed. Answers out of order count
// late; over a window of a second that does not matter.
std::int64_t Clients::completed_of(std::uint32_t index) const {
  const Client& client = clients_[index];
  return static_cast<std::int64_t>(client.calls.oldest()) - client.failures;
}

void Clients::watch_others(core::Nanos since) {
  const bool first = completed_at_first_.empty();
  completed_before_.clear();
  for (std::uint32_t i = 0; i < count(); ++i) completed_before_.push_back(completed_of(i));
  if (first) {
    completed_at_first_ = completed_before_;
    baseline_s_ = core::to_seconds(fault_at_ - since);
  }
  untargeted_.reset();
  watching_ = true;
}

void Clients::end_watch(core::Nanos now) {
  watching_ = false;
  std::vector<bool> hit(count());
  for (const std::uint32_t victim : victims_) hit[victim] = true;
  std::int64_t before = 0, meanwhile = 0;
  for (std::uint32_t i = 0; i < count(); ++i) {
    if (hit[i]) continue;
    before += completed_at_first_[i];
    meanwhile += completed_of(i) - completed_before_[i];
  }
  const double length_s = core::to_seconds(now - fault_at_);
  if (length_s <= 0 || baseline_s_ <= 0 || victims_.size() == count()) return;
  untargeted_ = run::Untargeted{.clients = count() - victims_.size(),
                                .completed_per_s = static_cast<double>(meanwhile) / length_s,
                                .baseline_per_s = static_cast<double>(before) / baseline_s_};
}

void Clients::note_reconnections(run::FaultRecord& fault, core::Nanos since) {
  if (watching_) end_watch(core::monotonic_ns());
  fault.untargeted = untargeted_;
  for (const std::uint32_t victim : victims_) {
    fault.clients.push_back({setup_.first + victim, {}});
    const core::Nanos back_at = clients_[victim].back_at;
    if (back_at == 0) continue;
    ++fault.reconnected;
    fault.clients.back().back_after_s = core::to_seconds(back_at - fault_at_);
    fault.last_reconnect_s = std::max(fault.last_reconnect_s, core::to_seconds(back_at - since));
  }
}

std::vector<run::Outage> Clients::outages(core::Nanos since) const {
  const double since_s = core::to_seconds(since);
  std::vector<run::Outage> all;
  for (const auto& outage : outages_)
    all.push_back({outage.client, outage.start_s - since_s, *outage.back_s - since_s});
  for (std::uint32_t i = 0; i < clients_.size(); ++i)
    if (clients_[i].outage_since != 0)
      all.push_back({setup_.first + i, core::to_seconds(clients_[i].outage_since) - since_s, {}});
  return all;
}

}  // namespace gauntlet::load
