#include "run/suite_parts.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "run/limit.h"
#include "run/nearest.h"
#include "run/plan_bounds.h"
#include "run/suite.h"

namespace gauntlet::run {

namespace {

// Of rate = "auto": a soak is to measure the server, and not a machine at its limit.
constexpr double kCapacityShare = 0.6;
constexpr double kAutoRateMax = 500'000;

void read_headers(TomlTable& load, Plan& plan) {
  const auto* node = load.find("headers");
  if (node == nullptr) return;
  const auto* headers = node->as_table();
  if (headers == nullptr) return load.complain("headers", "has to be a table of strings");
  for (const auto& [name, value] : *headers) {
    const auto* text = value.as_string();
    if (text == nullptr) return load.complain("headers", "has to be a table of strings");
    auto header = checked_header(name.str(), text->get());
    if (!header) return load.problems().report(value, header.error().text);
    plan.load.headers.push_back(std::move(*header));
  }
}

Arrivals read_arrivals(TomlTable& load) {
  const auto text = load.choice("arrivals", "constant", {"constant", "poisson", "closed"});
  if (text == "poisson") return Arrivals::poisson;
  return text == "closed" ? Arrivals::closed : Arrivals::constant;
}

std::uint32_t narrow(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

bool rate_is_auto(const TomlTable& load) {
  const auto* node = load.find("rate");
  return node != nullptr && node->value<std::string_view>() == "auto";
}

void read_rate(TomlTable& load, Plan& plan) {
  if (rate_is_auto(load)) {
    plan.load.capacity_share = load.ratio("capacity_share", kCapacityShare);
    plan.load.rate = load.has("rate_max") ? load.rate("rate_max", {0, kRateMax}) : kAutoRateMax;
    if (plan.load.arrivals == Arrivals::closed)
      load.complain("rate", "has no meaning where arrivals = \"closed\"");
    return;
  }
  for (const std::string_view key : {"capacity_share", "rate_max"})
    if (load.has(key)) load.complain(key, "only goes with rate = \"auto\"");
  plan.load.rate = load.rate("rate", {0, kRateMax});
  if (plan.load.arrivals != Arrivals::closed) return load.require("rate");
  if (load.has("rate")) load.complain("rate", "has no meaning where arrivals = \"closed\"");
}

// How many connections, and how much on them. Where there are levels, each says so for itself.
void read_size(TomlTable& load, bool has_levels, Plan& plan) {
  if (has_levels) {
    for (const std::string_view key : {"connections", "rate"}) {
      if (load.has(key)) load.complain(key, "each [[level]] has its own");
    }
    return;
  }
  load.require("connections");
  plan.load.connections = narrow(load.count("connections", 1, {1, kConnectionsMax}));
  read_rate(load, plan);
}

// JSON for an inline table of arguments; dates have no JSON form and are refused.
std::optional<boost::json::value> to_json(const toml::node& node) {
  if (const auto* text = node.as_string()) return boost::json::value(text->get());
  if (const auto* integer = node.as_integer()) return boost::json::value(integer->get());
  if (const auto* number = node.as_floating_point()) return boost::json::value(number->get());
  if (const auto* boolean = node.as_boolean()) return boost::json::value(boolean->get());
  if (const auto* array = node.as_array()) {
    boost::json::array values;
    for (const auto& element : *array) {
      const auto value = to_json(element);
      if (!value) return std::nullopt;
      values.push_back(*value);
    }
    return values;
  }
  const auto* table = node.as_table();
  if (table == nullptr) return std::nullopt;
  boost::json::object object;
  for (const auto& [key, element] : *table) {
    const auto value = to_json(element);
    if (!value) return std::nullopt;
    object[key.str()] = *value;
  }
  return object;
}

std::string read_arguments(TomlTable& mix) {
  const auto* node = mix.find("arguments");
  if (node == nullptr) return "{}";
  std::string json;
  if (node->is_table()) {
    const auto value = to_json(*node);
    if (!value) {
      mix.complain("arguments", "dates and times have no JSON form");
      return "{}";
    }
    json = boost::json::serialize(*value);
  } else {
    json = mix.text("arguments", "{}");
  }
  auto checked = checked_arguments(json);
  if (checked) return *checked;
  mix.complain("arguments", checked.error().text);
  return "{}";
}

Operation read_operation(const toml::table& table, TomlProblems& problems) {
  TomlTable mix(table, "[[mix]]", {"method", "tool", "arguments", "weight", "idempotent"},
                problems);
  Operation operation;
  operation.method = mix.choice("method", "tools/call", {"tools/call", "tools/list", "ping"});
  operation.tool = mix.text("tool", "");
  operation.weight = mix.number("weight", 1, {0, kWeightMax});
  operation.arguments = read_arguments(mix);
  operation.idempotent = mix.flag("idempotent", operation.method != "tools/call");
  if (operation.method == "tools/call") {
    mix.require("tool");
    if (mix.has("tool") && operation.tool.empty()) mix.complain("tool", "must not be empty");
    return operation;
  }
  for (const std::string_view key : {"tool", "arguments"}) {
    if (mix.has(key)) mix.complain(key, fmt::format("only tools/call has one"));
  }
  return operation;
}

void read_level(const toml::table& table, TomlProblems& problems, Plan& plan) {
  TomlTable level(table, "[[level]]",
                  {"name", "connections", "rate", "burst", "workers", "timeout", "like", "stock"},
                  problems);
  Level result;
  result.name = read_new_name(level, "name", plan.levels, &Level::name);
  level.require("connections");
  result.connections = narrow(level.count("connections", 1, {1, kConnectionsMax}));
  result.rate = level.rate("rate", {0, kRateMax});
  result.burst = narrow(level.count("burst", plan.load.burst, {1, kBurstMax}));
  result.workers = narrow(level.count("workers", 0, {0, kWorkersMax}));
  result.timeout = level.duration("timeout", 0, {kTimeoutMin, kTimeoutMax});
  if (level.has("like")) result.like = read_reference(level, "like", plan.levels, &Level::name);
  result.stock = level.flag("stock", false);
  plan.levels.push_back(std::move(result));
}

// Reads which level something belongs to; "" where it says none.
std::string read_level_of(TomlTable& table, const Plan& plan) {
  if (!table.has("level")) return "";
  return read_reference(table, "level", plan.levels, &Level::name);
}

void read_phase(const toml::table& table, TomlProblems& problems, Plan& plan) {
  TomlTable phase(table, "[[phase]]", {"name", "duration", "measured", "level", "rate_factor"},
                  problems);
  Phase result;
  result.name = read_new_name(phase, "name", plan.phases, &Phase::name);
  phase.require("duration");
  result.duration = phase.duration_of(plan.mode, "duration", core::kSecond, {kPhaseMin, kPhaseMax});
  result.measured = phase.flag("measured", false);
  if (result.measured && std::ranges::any_of(plan.phases, &Phase::measured)) {
    phase.complain("measured", "only one phase can be measured");
  }
  result.level = read_level_of(phase, plan);
  if (result.measured && !result.level.empty()) {
    phase.complain("level", "the measured phase belongs to every level");
  }
  result.rate_factor = phase.number("rate_factor", result.rate_factor, {0, kRateFactorMax});
  if (result.rate_factor != 1 && result.measured)
    phase.complain("rate_factor", "the measured phase has the load's own rate");
  if (result.rate_factor != 1 && plan.load.arrivals == Arrivals::closed)
    phase.complain("rate_factor", "has no meaning where arrivals = \"closed\"");
  plan.phases.push_back(std::move(result));
}

bool needs_levels(const Limit& limit) { return speaks_of_levels(find_metric(limit.metric)->kind); }

bool needs_fault(const Limit& limit) { return speaks_of_fault(find_metric(limit.metric)->kind); }

bool needs_tool(const Limit& limit) {
  return find_metric(limit.metric)->kind == MetricKind::tool_error_rate;
}

// The tool that metrics of one tool speak of: one of the mix.
void read_tool(TomlTable& test, const Plan& plan, Test& result) {
  if (test.has("tool")) result.tool = read_reference(test, "tool", plan.load.mix, &Operation::tool);
  const auto asking = std::ranges::find_if(result.limits, needs_tool);
  if (result.tool.empty() && asking != result.limits.end())
    test.complain("limits", fmt::format("`{}` needs the test's `tool`", asking->metric));
}

void read_limits(TomlTable& test, Test& result) {
  test.require("limits");
  const auto* node = test.find("limits");
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr || array->empty() || array->size() > kEntriesMax) {
    return test.complain("limits", "has to be an array of limits such as \"p95 <= 85ms\"");
  }
  for (const auto& element : *array) {
    const auto* text = element.as_string();
    if (text == nullptr) return test.complain("limits", "each limit has to be a string");
    auto limit = parse_limit(text->get());
    if (!limit) return test.problems().report(element, limit.error().text);
    result.limits.push_back(std::move(*limit));
  }
}

void read_test(const toml::table& table, TomlProblems& problems, Plan& plan) {
  TomlTable test(table, "[[test]]", {"name", "purpose", "limits", "fault", "level", "tool"},
                 problems);
  Test result;
  result.name = read_new_name(test, "name", plan.tests, &Test::name);
  result.purpose = test.text("purpose", "");
  read_limits(test, result);
  const bool names_fault = test.has("fault") && !test.text("fault", "").empty();
  if (names_fault) result.fault = read_reference(test, "fault", plan.faults, &Fault::id);
  const auto asking = std::ranges::find_if(result.limits, needs_fault);
  if (!names_fault && asking != result.limits.end()) {
    test.complain("limits", fmt::format("`{}` needs the test's `fault`", asking->metric));
  }
  result.level = read_level_of(test, plan);
  read_tool(test, plan, result);
  const auto climbing = std::ranges::find_if(result.limits, needs_levels);
  if (climbing != result.limits.end() && (plan.levels.empty() || !result.level.empty())) {
    test.complain("limits", fmt::format("`{}` needs [[level]]s, and a test of all of them",
                                        climbing->metric));
  }
  plan.tests.push_back(std::move(result));
}

}  // namespace

bool is_name(std::string_view text) {
  constexpr std::string_view kMarks = "_-.";
  constexpr std::size_t kLengthMax = 64;
  const auto allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.contains(c);
  };
  return !text.empty() && text.size() <= kLengthMax && text.front() != '.' &&
         std::ranges::all_of(text, allowed);
}

void for_each_table(TomlTable& top, std::string_view key,
                    const std::function<void(const toml::table&)>& read) {
  const auto* node = top.find(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr) return top.complain(key, fmt::format("write it as [[{}]]", key));
  if (array->size() > kEntriesMax) {
    return top.complain(key, fmt::format("more than {} of them", kEntriesMax));
  }
  for (const auto& element : *array) {
    const auto* table = element.as_table();
    if (table == nullptr) return top.complain(key, fmt::format("write it as [[{}]]", key));
    read(*table);
  }
}

void read_load(TomlTable& top, Plan& plan) {
  top.require("load");
  const auto* node = top.find("load");
  if (node == nullptr) return;
  if (!node->is_table()) return top.complain("load", "has to be a table, [load]");
  TomlTable load(*node->as_table(), "[load]",
                 {"connections",   "rate",    "arrivals",       "burst",     "pipeline",
                  "threads",       "ramp",    "timeout",        "reconnect", "reconnect_min",
                  "reconnect_max", "headers", "protocol",       "transport", "workers",
                  "floor",         "probe",   "capacity_share", "rate_max",  "keep_server",
                  "target_metrics"},
                 top.problems());
  LoadPlan& result = plan.load;
  result.arrivals = read_arrivals(load);
  read_size(load, top.has("level"), plan);
  result.floor = load.duration("floor", result.floor, {0, kPhaseMax});
  result.protocol = load.text("protocol", result.protocol);
  result.transport = load.choice("transport", result.transport, {"http", "tcp", "unix"});
  result.workers = narrow(load.count("workers", result.workers, {0, kWorkersMax}));
  result.keep_server = load.duration("keep_server", result.keep_server, {0, kKeepServerMax});
  result.target_metrics = load.text("target_metrics", "");
  result.burst = narrow(load.count("burst", result.burst, {1, kBurstMax}));
  result.pipeline = narrow(load.count("pipeline", result.pipeline, {1, kPipelineMax}));
  result.threads = narrow(load.count("threads", result.threads, {0, kThreadsMax}));
  result.ramp = load.duration("ramp", result.ramp, {0, kRampMax});
  result.timeout = load.duration("timeout", result.timeout, {kTimeoutMin, kTimeoutMax});
  result.reconnect = load.flag("reconnect", result.reconnect);
  result.probe = load.flag("probe", result.probe);
  const Range<core::Nanos> back_off{kReconnectMin, kReconnectMax};
  result.reconnect_min = load.duration("reconnect_min", result.reconnect_min, back_off);
  result.reconnect_max = load.duration("reconnect_max", result.reconnect_max, back_off);
  if (result.reconnect_min > result.reconnect_max) {
    load.complain("reconnect_min", "is longer than reconnect_max");
  }
  read_headers(load, plan);
}

void read_lab(TomlTable& top, Plan& plan) {
  const auto* node = top.find("lab");
  if (node == nullptr) return;
  if (!node->is_table()) return top.complain("lab", "has to be a table, [lab]");
  TomlTable lab(*node->as_table(), "[lab]", {"use", "tcp"}, top.problems());
  const auto use = lab.choice("use", "auto", {"auto", "on", "off"});
  if (use == "on") plan.lab.use = LabUse::on;
  if (use == "off") plan.lab.use = LabUse::off;
  plan.lab.tuned_tcp = lab.choice("tcp", "stock", {"stock", "tuned"}) == "tuned";
}

void read_levels(TomlTable& top, Plan& plan) {
  for_each_table(top, "level",
                 [&](const toml::table& table) { read_level(table, top.problems(), plan); });
}

void read_mix(TomlTable& top, Plan& plan) {
  for_each_table(top, "mix", [&](const toml::table& table) {
    plan.load.mix.push_back(read_operation(table, top.problems()));
  });
  if (plan.load.mix.empty()) top.require("mix");
  if (plan.load.mix.empty()) top.complain("mix", "must not be empty");
  if (plan.load.client.retry != Retry::none &&
      std::ranges::none_of(plan.load.mix, &Operation::idempotent))
    top.complain("client", "`retry` has nothing to retry: no [[mix]] says idempotent = true");
}

void read_phases(TomlTable& top, Plan& plan) {
  for_each_table(top, "phase",
                 [&](const toml::table& table) { read_phase(table, top.problems(), plan); });
  top.require("phase");
  if (!std::ranges::any_of(plan.phases, &Phase::measured)) {
    top.complain("phase", "one phase has to be measured (measured = true)");
  }
}

void read_tests(TomlTable& top, Plan& plan) {
  for_each_table(top, "test",
                 [&](const toml::table& table) { read_test(table, top.problems(), plan); });
  top.require("test");
  if (plan.tests.empty()) top.complain("test", "must not be empty");
}

}  // namespace gauntlet::run
