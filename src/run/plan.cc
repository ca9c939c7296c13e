#include "run/plan.h"

#include <algorithm>
#include <array>

#include "core/check.h"
#include "core/quantity.h"
#include "run/fault_kind.h"

namespace gauntlet::run {

namespace {

template <std::size_t kSize, typename Enum>
std::string_view name_of(const std::array<std::string_view, kSize>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

Plan at_level(const Plan& plan, std::size_t level) {
  const Level& step = plan.levels.at(level);
  Plan run = plan;
  run.levels.clear();
  run.load.connections = step.connections;
  run.load.rate = step.rate;
  run.load.burst = step.burst;
  if (step.workers > 0) run.load.workers = step.workers;
  if (step.timeout > 0) run.load.timeout = step.timeout;
  if (step.stock) run.load.client = {};
  if (step.stock) run.lab.tuned_tcp = false;
  if (step.rate == 0) run.load.arrivals = Arrivals::closed;
  std::erase_if(run.phases, [&](const Phase& phase) {
    return !phase.level.empty() && phase.level != step.name && phase.level != step.like;
  });
  std::erase_if(run.faults, [&](const Fault& fault) {
    return std::ranges::find(run.phases, fault.phase, &Phase::name) == run.phases.end();
  });
  std::erase_if(run.tests, [&](const Test& test) {
    return test.level != step.name && (step.like.empty() || test.level != step.like);
  });
  run.p99_limit_ms = tightest_p99_ms(run.tests);
  std::erase_if(run.tests, [&](const Test& test) { return test.level != step.name; });
  return run;
}

double tightest_p99_ms(const std::vector<Test>& tests) {
  double tightest = 0;
  for (const auto& test : tests) {
    for (const auto& limit : test.limits) {
      if (limit.metric != "p99") continue;
      tightest = tightest > 0 ? std::min(tightest, limit.value) : limit.value;
    }
  }
  return tightest;
}

std::size_t measured_phase(const Plan& plan) {
  const auto found = std::ranges::find_if(plan.phases, &Phase::measured);
  GAUNTLET_CHECK(found != plan.phases.end());
  return static_cast<std::size_t>(found - plan.phases.begin());
}

core::Nanos phase_start(const Plan& plan, std::size_t phase) {
  core::Nanos start = 0;
  for (std::size_t i = 0; i < phase; ++i) start += plan.phases[i].duration;
  return start;
}

std::optional<std::uint32_t> only_group(const Fault& fault) {
  const auto found = std::ranges::find(fault.with, kOnlyGroup, &Parameters::value_type::first);
  if (found == fault.with.end()) return std::nullopt;
  const auto number = core::parse_count(found->second);
  if (!number || *number == 0) return std::nullopt;
  return static_cast<std::uint32_t>(*number - 1);
}

std::vector<core::Nanos> fault_starts(const Plan& plan, const Fault& fault) {
  const auto phase = std::ranges::find(plan.phases, fault.phase, &Phase::name);
  if (phase == plan.phases.end()) return {};
  const auto index = static_cast<std::size_t>(phase - plan.phases.begin());
  std::vector<core::Nanos> starts;
  for (std::uint32_t i = 0; i < fault.times; ++i)
    starts.push_back(phase_start(plan, index) + fault.at + i * fault.every);
  return starts;
}

std::string latest_fault(const Plan& plan, std::string_view kind, double t) {
  std::string id;
  double latest = -1;
  for (const auto& fault : plan.faults) {
    if (fault.kind != kind) continue;
    for (const core::Nanos start : fault_starts(plan, fault)) {
      const double at = core::to_seconds(start);
      if (at > t || at < latest) continue;
      latest = at;
      id = fault.id;
    }
  }
  return id;
}

std::string_view to_string(Mode mode) { return name_of<3>({"demo", "short", "extended"}, mode); }

std::string_view to_string(Arrivals arrivals) {
  return name_of<3>({"constant", "poisson", "closed"}, arrivals);
}

std::string_view to_string(Backoff backoff) { return name_of<2>({"jitter", "none"}, backoff); }

std::string_view to_string(Retry retry) { return name_of<3>({"none", "backoff", "storm"}, retry); }

std::string_view to_string(LabUse use) { return name_of<3>({"auto", "on", "off"}, use); }

std::string_view to_string(Comparison comparison) {
  return name_of<4>({"<", "<=", ">", ">="}, comparison);
}

}  // namespace gauntlet::run
