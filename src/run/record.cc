#include "run/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "core/check.h"

namespace gauntlet::run {

namespace {

// A connection that a fault broke may be found out about this much after the fault is gone.
constexpr double kOutageDelayS = 1;

using Evidence = std::vector<std::pair<std::string, std::string>>;

std::optional<std::uint64_t> as_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Counts of one name are shares of the whole and add up; any other fact is kept once.
void append_fact(Evidence& all, const std::pair<std::string, std::string>& fact) {
  const auto known =
      std::ranges::find(all, fact.first, &std::pair<std::string, std::string>::first);
  if (known == all.end()) return all.push_back(fact);
  const auto ours = as_count(known->second);
  const auto theirs = as_count(fact.second);
  if (ours && theirs) {
    known->second = std::to_string(*ours + *theirs);
  } else if (known->second != fact.second) {
    all.push_back(fact);
  }
}

}  // namespace

void FaultRecord::merge(const FaultRecord& other) {
  if (other.has_evidence) {
    start_s = has_evidence ? std::min(start_s, other.start_s) : other.start_s;
    end_s = has_evidence ? std::max(end_s, other.end_s) : other.end_s;
  }
  // A thread that hit somebody and cannot show it spoils the evidence of all.
  const bool unproven =
      (victims > 0 && !has_evidence) || (other.victims > 0 && !other.has_evidence);
  victims += other.victims;
  reconnected += other.reconnected;
  last_reconnect_s = std::max(last_reconnect_s, other.last_reconnect_s);
  clients.insert(clients.end(), other.clients.begin(), other.clients.end());
  if (untargeted && other.untargeted) {
    untargeted->clients += other.untargeted->clients;
    untargeted->completed_per_s += other.untargeted->completed_per_s;
    untargeted->baseline_per_s += other.untargeted->baseline_per_s;
  } else if (other.untargeted) {
    untargeted = other.untargeted;
  }
  has_evidence = !unproven && (has_evidence || other.has_evidence);
  for (const auto& fact : other.evidence) append_fact(evidence, fact);
}

void Record::attribute_outages() {
  for (auto& fault : faults) {
    if (fault.victims > 0 || !fault.has_evidence) continue;
    // A client is back when its last outage of this fault is over.
    std::map<std::uint32_t, std::optional<double>> back;
    for (const auto& outage : outages) {
      if (outage.start_s < fault.start_s || outage.start_s > fault.end_s + kOutageDelayS) continue;
      auto& until = back.try_emplace(outage.client, 0.0).first->second;
      until =
          until && outage.back_s ? std::optional(std::max(*until, *outage.back_s)) : std::nullopt;
    }
    for (const auto& [client, until] : back) {
      ++fault.victims;
      fault.clients.push_back({client, {}});
      if (!until) continue;
      ++fault.reconnected;
      fault.clients.back().back_after_s = *until - fault.start_s;
      fault.last_reconnect_s = std::max(fault.last_reconnect_s, *until);
    }
  }
}

void Record::note_skipped_faults() {
  for (const auto& fault : plan.faults) {
    if (std::ranges::find(faults, fault.id, &FaultRecord::id) != faults.end()) continue;
    if (interrupted) continue;  // it may only have been due later
    FaultRecord record;
    record.id = fault.id;
    record.kind = fault.kind;
    record.skipped = "no part of this run can bring about a `" + fault.kind + "`";
    faults.push_back(std::move(record));
  }
}

core::Result<Latencies> decode(const TimedHistograms& histograms) {
  auto response = stats::Histogram::decode_v2_compressed(histograms.response);
  auto service = stats::Histogram::decode_v2_compressed(histograms.service);
  auto send_lag = stats::Histogram::decode_v2_compressed(histograms.send_lag);
  for (const auto* each : {&response, &service, &send_lag})
    if (!*each) return std::unexpected(each->error());
  return Latencies{std::move(*response), std::move(*service), std::move(*send_lag)};
}

std::size_t Record::measured_phase() const { return run::measured_phase(plan); }

double Record::gaps_s(double from_s, double to_s) const {
  double sum = 0;
  for (const auto& gap : gaps)
    sum += std::max(std::min(gap.end_s, to_s) - std::max(gap.start_s, from_s), 0.0);
  return sum;
}

double Record::begin_of_phase_s(std::size_t phase) const {
  double begin = core::to_seconds(phase_start(plan, phase));
  for (const auto& gap : gaps)
    if (gap.phase < phase) begin += gap.length_s();
  return begin;
}

std::string Record::gaps_text() const {
  if (gaps.empty()) return "";
  double sum = 0;
  for (const auto& gap : gaps) sum += gap.length_s();
  const auto times = gaps.size() == 1 ? "once" : fmt::format("{} times", gaps.size());
  return fmt::format("resumed {}, gap {:.1f} s", times, sum);
}

}  // namespace gauntlet::run
