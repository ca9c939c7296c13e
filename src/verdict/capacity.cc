#include "verdict/capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "run/capacity_text.h"
#include "run/measured.h"
#include "stats/capacity_search.h"
#include "verdict/judge.h"

namespace gauntlet::verdict {
namespace {

using run::GaveWay;
using run::Outcome;
using Who = run::GaveWay::Who;

constexpr std::string_view kMachineBusy = "machine_busy";

std::vector<run::CheckResult> checks_of(const run::Record& record) {
  std::vector<run::CheckResult> checks;
  for (const auto& test : judge(record).tests)
    checks.insert(checks.end(), test.checks.begin(), test.checks.end());
  return checks;
}

// A WARN is beyond the limit too.
bool is_missed(const run::CheckResult& check) {
  return check.outcome == Outcome::fail || check.outcome == Outcome::warn;
}

GaveWay missed_limits(const std::vector<run::CheckResult>& checks) {
  GaveWay gave_way{.who = Who::limits, .metrics = {}, .reason = {}};
  for (const auto& check : checks) {
    if (!is_missed(check)) continue;
    gave_way.metrics.push_back(check.metric);
    gave_way.reason += fmt::format("{}{} {}, limit {}", gave_way.reason.empty() ? "" : "; ",
                                   check.metric, check.observed, check.limit);
  }
  return gave_way;
}

GaveWay unjudged(const std::vector<run::CheckResult>& checks) {
  for (const auto& check : checks) {
    if (check.outcome != Outcome::inconclusive) continue;
    const bool busy = check.reason.starts_with(kMachineBusy);
    return {.who = busy ? Who::machine : Who::unknown, .metrics = {}, .reason = check.reason};
  }
  return {};
}

GaveWay gave_way_of(const run::Record& record) {
  const auto because = [](Who who, std::string reason) {
    return GaveWay{.who = who, .metrics = {}, .reason = std::move(reason)};
  };
  if (record.target_exited) return because(Who::target, "it ended: " + record.target_exit);
  const auto checks = checks_of(record);
  if (std::ranges::any_of(checks, is_missed)) return missed_limits(checks);
  const auto& self_check = record.self_check;
  if (!self_check.trusted)
    return because(Who::generator, self_check.reasons.empty() ? "the self-check failed"
                                                              : self_check.reasons.front());
  if (run::measured_totals(record).counts.completed == 0)
    return because(Who::limits, "no message was verified");
  return unjudged(checks);
}

Outcome outcome_of(const GaveWay& gave_way) {
  switch (gave_way.who) {
    case Who::nobody: return Outcome::pass;
    case Who::limits:
    case Who::target: return Outcome::fail;
    case Who::generator:
    case Who::machine:
    case Who::unknown: return Outcome::inconclusive;
  }
  std::unreachable();
}

run::TestResult row(std::string name, run::CheckResult check, std::string evidence) {
  return {.name = "capacity." + name,
          .outcome = check.outcome,
          .observed = check.observed,
          .limit = check.limit,
          .evidence = std::move(evidence),
          .reason = check.reason,
          .checks = {check}};
}

// Whether the load that was found counts, and why it does not.
std::pair<Outcome, std::string> judge_found(const run::Record& record) {
  const run::Capacity& capacity = *record.capacity;
  if (!capacity.lost.empty()) return {Outcome::fail, capacity.lost};
  if (record.interrupted && !capacity.hold)
    return {Outcome::inconclusive,
            fmt::format("interrupted: after {} steps", capacity.steps.size())};
  if (!capacity.found) return {Outcome::inconclusive, "no_samples: no step was finished"};
  if (capacity.below_from >= 0.5) {
    const auto why = fmt::format("not even {}: {}", run::load_text(capacity, capacity.from),
                                 run::gave_way_text(capacity));
    return {outcome_of(capacity.gave_way), why};
  }
  if (outcome_of(capacity.gave_way) == Outcome::inconclusive)
    return {
        Outcome::inconclusive,
        fmt::format("{}: {}",
                    capacity.gave_way.who == Who::generator ? "generator_saturated" : "uncertain",
                    run::gave_way_text(capacity))};
  constexpr double kTail = (1 - stats::CapacitySearch::kConfidence) / 2;
  if (capacity.below_from > kTail)
    return {Outcome::inconclusive,
            fmt::format("uncertain: below {} with a probability of {:.0f} %",
                        run::load_text(capacity, capacity.from), 100 * capacity.below_from)};
  return {Outcome::pass, ""};
}

run::TestResult found_row(const run::Record& record) {
  const run::Capacity& capacity = *record.capacity;
  auto [outcome, reason] = judge_found(record);
  auto evidence = fmt::format("{} steps", capacity.steps.size());
  if (!capacity.narrow && capacity.found) evidence += ", a wide interval";
  return row("found",
             {.metric = "capacity",
              .limit = ">= " + run::load_text(capacity, capacity.from),
              .observed = run::found_text(capacity),
              .outcome = outcome,
              .reason = std::move(reason)},
             std::move(evidence));
}

run::TestResult hold_row(const run::Record& record) {
  const run::Capacity& capacity = *record.capacity;
  const auto& hold = *capacity.hold;
  run::CheckResult check{
      .metric = "hold",
      .limit = "all limits",
      .observed = fmt::format("{} for {:.1f} s", run::load_text(capacity, hold.load),
                              run::measure(record).length_s()),
      .outcome = outcome_of(hold.gave_way),
      .reason = hold.gave_way.reason};
  auto test = row("hold", std::move(check), "");
  if (hold.gave_way.who == Who::target) return test;  // of which there may be no record
  const auto checks = checks_of(record);
  test.checks.insert(test.checks.end(), checks.begin(), checks.end());
  return test;
}

std::optional<run::TestResult> lost_target_row(const run::Capacity& capacity) {
  auto all = capacity.steps;
  if (capacity.hold) all.push_back(*capacity.hold);
  const auto lost =
      std::ranges::find_if(all, [](const auto& step) { return step.gave_way.who == Who::target; });
  if (lost == all.end()) return std::nullopt;
  return row("target_survives",
             {.metric = "target",
              .limit = "runs to the end",
              .observed = "at " + run::load_text(capacity, lost->load),
              .outcome = Outcome::fail,
              .reason = lost->gave_way.reason},
             "");
}

}  // namespace

run::CapacityStep capacity_step(const run::Record& record, double load) {
  run::CapacityStep step{
      .load = load, .result = run::level_result(record), .gave_way = gave_way_of(record)};
  step.result.level = {.name = "",
                       .connections = record.plan.load.connections,
                       .rate = record.plan.load.rate,
                       .burst = record.plan.load.burst};
  step.result.judged = true;
  return step;
}

void find_what_gave_way(run::Capacity& capacity) {
  const run::CapacityStep* first = nullptr;
  const double low = capacity.found ? capacity.found->low : 0;
  const auto counts = [&](const run::CapacityStep& step) { return step.load >= low; };
  for (const auto& step : capacity.steps) {
    if (step.kept()) continue;
    const bool better = first == nullptr || (counts(step) && !counts(*first)) ||
                        (counts(step) == counts(*first) && step.load < first->load);
    if (better) first = &step;
  }
  if (first == nullptr) return;
  capacity.gave_way = first->gave_way;
  capacity.gave_way_at = first->load;
}

run::Verdict judge_capacity(const run::Record& record) {
  run::Verdict verdict;
  verdict.tests.push_back(found_row(record));
  if (record.capacity->hold) verdict.tests.push_back(hold_row(record));
  if (auto lost = lost_target_row(*record.capacity)) verdict.tests.push_back(std::move(*lost));
  verdict.outcome = Outcome::pass;
  for (const auto& test : verdict.tests) verdict.outcome = std::max(verdict.outcome, test.outcome);
  if (record.interrupted) verdict.outcome = std::max(verdict.outcome, Outcome::inconclusive);
  return verdict;
}

}  // namespace gauntlet::verdict
