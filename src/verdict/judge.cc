#include "verdict/judge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/check.h"
#include "run/limit.h"
#include "run/measured.h"
#include "verdict/core_share.h"
#include "verdict/metrics.h"
#include "verdict/observation.h"

namespace gauntlet::verdict {

namespace {

using run::CheckResult;
using run::Comparison;
using run::Outcome;
using run::TestResult;

bool within(double value, Comparison comparison, double limit) {
  switch (comparison) {
    case Comparison::below: return value < limit;
    case Comparison::at_most: return value <= limit;
    case Comparison::above: return value > limit;
    case Comparison::at_least: return value >= limit;
  }
  std::unreachable();
}

Outcome zone(double value, const run::Limit& limit) {
  if (within(value, limit.comparison, limit.value)) return Outcome::pass;
  const bool upper =
      limit.comparison == Comparison::below || limit.comparison == Comparison::at_most;
  const auto inclusive = upper ? Comparison::at_most : Comparison::at_least;
  const bool warns = limit.warn_until && within(value, inclusive, *limit.warn_until);
  return warns ? Outcome::warn : Outcome::fail;
}

// The verdict that holds wherever between low and high the true value lies, if one does.
std::pair<Outcome, std::string> judge_value(const Observation& seen, const run::Limit& limit) {
  const auto [best, worst] = std::minmax({zone(seen.low, limit), zone(seen.high, limit)});
  if (best == worst || worst != Outcome::fail) return {worst, ""};
  return {Outcome::inconclusive, seen.doubt};
}

// Whether a metric's value depends on how fast things went, and so on the generator's punctuality
// and on the cores that the target got.
bool depends_on_speed(run::MetricKind kind) {
  using enum run::MetricKind;
  if (run::speaks_of_fault(kind)) return kind != reconnected;
  switch (kind) {
    case throughput:
    case achieved:
    case response_quantile:
    case response_mean:
    case service_quantile:
    case service_mean:
    case p95_slices:
    case pause:
    case spread_p:  // what was not answered in time is missing from the counts
    case spread_max_mean:
    case throughput_gain:
    case residual_p50_worst:
    case residual_goodput_worst: return true;
    default: return false;
  }
}

std::string interruption(const run::Record& record) {
  const auto measured = run::measure(record);
  const double planned = core::to_seconds(record.plan.phases[record.measured_phase()].duration);
  return fmt::format("interrupted: {:.1f} of {:.1f} s of the measured phase", measured.length_s(),
                     planned);
}

// Why the target cannot be blamed for being slow while the test was measured; "" where it can.
// What is said of a fault is measured from it on. The seconds before it are only its baseline,
// which a busy machine makes easier to reach.
std::string machine_busy(const run::Record& record, const run::Test& test, run::MetricKind kind) {
  if (!run::speaks_of_fault(kind)) return record.self_check.machine_busy;
  const auto fault = std::ranges::find(record.faults, test.fault, &run::FaultRecord::id);
  if (fault == record.faults.end()) return "";
  return why_busy(core_shares(record, fault->start_s, std::numeric_limits<double>::infinity()));
}

struct Check {
  CheckResult result;
  std::string evidence;
};

// What the whole run says about a check, whatever its own value says.
void apply_run_state(const run::Record& record, const run::Test& test, run::MetricKind kind,
                     CheckResult& result) {
  const bool judged = result.outcome == Outcome::pass || result.outcome == Outcome::warn ||
                      result.outcome == Outcome::fail;
  if (!judged) return;
  const auto withdraw = [&](std::string reason) {
    result.outcome = Outcome::inconclusive;
    result.reason = std::move(reason);
  };
  const auto& self_check = record.self_check;
  const auto busy = depends_on_speed(kind) || kind == run::MetricKind::reconnected
                        ? machine_busy(record, test, kind)
                        : "";
  // Who is back is back; who is not may have waited for the generator's attention.
  const bool not_back = kind == run::MetricKind::reconnected && result.outcome != Outcome::pass;
  if (!self_check.trusted && (depends_on_speed(kind) || not_back)) {
    const auto& reasons = self_check.reasons;
    withdraw(fmt::format("generator_saturated: {}",
                         reasons.empty() ? "the self-check failed" : reasons.front()));
  } else if (!busy.empty() && result.outcome != Outcome::pass) {
    withdraw(fmt::format("machine_busy: {}", busy));
  } else if (record.interrupted && !run::measure(record).complete &&
             result.outcome != Outcome::fail) {
    withdraw(interruption(record));
  }
}

Check judge_limit(const run::Record& record, const run::Test& test, const run::Limit& limit) {
  const auto* metric = run::find_metric(limit.metric);
  GAUNTLET_CHECK(metric != nullptr);
  Check check;
  auto& result = check.result;
  result.metric = limit.metric;
  result.limit = run::format_limit(limit);
  if (const auto seen = observe(record, test, *metric, limit)) {
    result.observed = seen->text;
    std::tie(result.outcome, result.reason) = judge_value(*seen, limit);
    check.evidence = seen->evidence;
  } else {
    result.observed = seen.error().text;
    result.outcome = seen.error().outcome;
    result.reason = seen.error().reason;
    check.evidence = seen.error().evidence;
  }
  apply_run_state(record, test, metric->kind, result);
  return check;
}

void append_new(std::vector<std::string>& all, std::string text) {
  if (std::ranges::find(all, text) == all.end()) all.push_back(std::move(text));
}

// What one check rests on is often a part of what another does.
void append_evidence(std::vector<std::string>& all, const std::string& text) {
  const auto holds_it = [&](const std::string& other) { return other.contains(text); };
  if (!text.empty() && std::ranges::none_of(all, holds_it)) all.push_back(text);
}

// Puts a test together from its checks.
TestResult conclude(std::string name, const std::vector<Check>& checks) {
  TestResult result;
  result.name = std::move(name);
  result.outcome = Outcome::pass;
  std::vector<std::string> observed, limits, evidence;
  for (const auto& check : checks) {
    const auto& [metric, limit, seen, outcome, reason] = check.result;
    append_new(observed, fmt::format("{} {}", metric, seen));
    append_new(limits, fmt::format("{} {}", metric, limit));
    append_evidence(evidence, check.evidence);
    if (outcome > result.outcome) result.reason = reason;
    if (outcome == result.outcome && result.reason.empty()) result.reason = reason;
    result.outcome = std::max(result.outcome, outcome);
    result.checks.push_back(check.result);
  }
  result.observed = fmt::format("{}", fmt::join(observed, "; "));
  result.limit = fmt::format("{}", fmt::join(limits, "; "));
  result.evidence = fmt::format("{}", fmt::join(evidence, "; "));
  return result;
}

std::string full_name(std::string_view suite, std::string_view test) {
  return fmt::format("{}.{}", suite, test);
}

TestResult judge_test(const run::Record& record, const run::Test& test) {
  std::vector<Check> checks;
  for (const auto& limit : test.limits) checks.push_back(judge_limit(record, test, limit));
  return conclude(full_name(record.plan.suite, test.name), checks);
}

TestResult target_survives(const run::Record& record) {
  Check check{{.metric = "target",
               .limit = "runs to the end",
               .observed = record.target_exit,
               .outcome = Outcome::fail,
               .reason = fmt::format("the target ended during the run: {}", record.target_exit)},
              "exit status of the process that was started for this run"};
  return conclude(full_name(record.plan.suite, "target_survives"), {check});
}

// A run without limits is judged by whether it measured anything.
TestResult measured_at_all(const run::Record& record) {
  const auto& counts = run::measured_totals(record).counts;
  Check check{
      {.metric = "messages",
       .limit = "> 0",
       .observed = run::format_value(static_cast<double>(counts.completed), run::Unit::count),
       .outcome = Outcome::pass,
       .reason = {}},
      message_evidence(record)};
  if (counts.completed == 0) {
    check.result.outcome = Outcome::inconclusive;
    check.result.reason = "no_samples: no message was verified";
  }
  apply_run_state(record, {}, run::MetricKind::throughput, check.result);
  return conclude(full_name(record.plan.suite, "measured"), {check});
}

Outcome worst_of(const std::vector<TestResult>& tests) {
  Outcome worst = Outcome::pass;
  bool any = false;
  for (const auto& test : tests) {
    if (test.outcome == Outcome::skipped) continue;
    any = true;
    worst = std::max(worst, test.outcome);
  }
  return any ? worst : Outcome::inconclusive;
}

}  // namespace

run::Verdict judge(const run::Record& record) {
  run::Verdict verdict;
  for (const auto& test : record.plan.tests) verdict.tests.push_back(judge_test(record, test));
  if (verdict.tests.empty()) verdict.tests.push_back(measured_at_all(record));
  if (record.target_exited) verdict.tests.push_back(target_survives(record));
  for (auto& test : verdict.tests)
    if (!record.gaps.empty())
      test.evidence += (test.evidence.empty() ? "" : "; ") + record.gaps_text();
  verdict.outcome = worst_of(verdict.tests);
  if (record.interrupted) verdict.outcome = std::max(verdict.outcome, Outcome::inconclusive);
  return verdict;
}

run::Verdict judge_climb(const run::Record& record, std::vector<run::TestResult> tests) {
  run::Verdict verdict;
  verdict.tests = std::move(tests);
  for (const auto& test : record.plan.tests) verdict.tests.push_back(judge_test(record, test));
  verdict.outcome = worst_of(verdict.tests);
  if (record.interrupted) verdict.outcome = std::max(verdict.outcome, Outcome::inconclusive);
  return verdict;
}

std::vector<run::TestResult> not_run(const run::Plan& level, run::Outcome outcome,
                                     const std::string& reason) {
  std::vector<run::TestResult> tests;
  for (const auto& test : level.tests) {
    std::vector<Check> checks;
    for (const auto& limit : test.limits) {
      checks.push_back({{.metric = limit.metric,
                         .limit = run::format_limit(limit),
                         .observed = "none",
                         .outcome = outcome,
                         .reason = reason},
                        ""});
    }
    tests.push_back(conclude(full_name(level.suite, test.name), checks));
  }
  return tests;
}

int exit_code(const run::Verdict& verdict, bool strict, bool interrupted) {
  if (interrupted) return 130;
  switch (verdict.outcome) {
    case Outcome::pass: return 0;
    case Outcome::warn: return strict ? 1 : 0;
    case Outcome::fail: return 1;
    case Outcome::skipped:
    case Outcome::inconclusive: return 4;
  }
  std::unreachable();
}

}  // namespace gauntlet::verdict
