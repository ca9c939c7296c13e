// Verdict: what the judgement says, and why. Ordered by severity where one has to be picked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gauntlet::run {

enum class Outcome : std::uint8_t { pass, skipped, warn, inconclusive, fail };

std::string_view to_string(Outcome outcome);  // "PASS", "SKIPPED", …

// One limit held against the record.
struct CheckResult {
  std::string metric;
  std::string limit;     // "<= 102 ms"
  std::string observed;  // "2.1 ms", or "none"
  Outcome outcome = Outcome::inconclusive;
  std::string reason;  // why it is not PASS: "no_evidence: …", "generator_saturated: …", or ""
};

struct TestResult {
  std::string name;  // "baseline.connections_150"
  Outcome outcome = Outcome::inconclusive;
  std::string observed;  // the checks' observed values in one line
  std::string limit;
  std::string evidence;  // what the observation rests on: sample counts, sources, windows
  std::string reason;    // the first reason among its checks, or ""
  std::vector<CheckResult> checks;
};

struct Verdict {
  Outcome outcome = Outcome::inconclusive;  // the worst of the tests (SKIPPED alone is not a pass)
  std::vector<TestResult> tests;
};

}  // namespace gauntlet::run
