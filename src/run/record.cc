#include "run/record.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "core/check.h"

namespace gauntlet::run {

namespace {

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
  has_evidence = !unproven && (has_evidence || other.has_evidence);
  for (const auto& fact : other.evidence) append_fact(evidence, fact);
}

std::size_t Record::measured_phase() const { return run::measured_phase(plan); }

}  // namespace gauntlet::run
