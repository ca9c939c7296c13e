#include "chaos/order_fault.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include <sstream>

namespace gauntlet::chaos {

core::Result<void> ExecFault::probe() {
  if (commands_.start.empty() || commands_.evidence.empty() || commands_.stop.empty())
    return core::usage_error("exec needs three commands: start, evidence, stop");
  if (run_command(commands_.evidence))
    return core::usage_error("the evidence command succeeds before the fault: '" +
                             commands_.evidence + "'");
  return {};
}

core::Result<void> ExecFault::arm(core::Nanos ttl) {
  ttl_ = ttl;
  return {};
}

core::Result<void> ExecFault::start() {
  if (auto noted = note(Undo::command(commands_.stop), ttl_); !noted) return noted;
  const auto started = run_command(commands_.start);
  return started ? core::Result<void>() : std::unexpected(started.error());
}

Evidence ExecFault::evidence() {
  const auto printed = run_command(commands_.evidence);
  if (!printed) return last_;
  last_ = {.shown = true, .facts = {}};
  std::istringstream lines(*printed);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t blank = line.find(' ');
    const bool pair = blank != std::string::npos;
    last_.facts.emplace_back(pair ? line.substr(0, blank) : "evidence",
                             pair ? line.substr(blank + 1) : line);
  }
  return last_;
}

core::Result<void> ExecFault::verify_clean() {
  if (!run_command(commands_.evidence)) return {};
  return core::internal_error("the evidence command still succeeds: '" + commands_.evidence + "'");
}

std::string FailpointFault::request(const std::string& method, const std::string& what) const {
  return fmt::format(
      "{} /failpoints{} HTTP/1.1\r\nHost: failpoints\r\nAuthorization: Bearer {}\r\n\r\n", method,
      what, order_.token);
}

core::Result<FailpointFault::State> FailpointFault::read() const {
  const auto body = send_request(order_.endpoint, request("GET", ""));
  if (!body) return std::unexpected(body.error());
  boost::system::error_code error;
  const auto list = boost::json::parse(*body, error);
  if (error || !list.is_array()) return core::unreachable_error("that is no list of failpoints");
  State state;
  bool known = order_.name() == "tool";  // listed by its tool's name, once it was ordered
  for (const auto& entry : list.as_array()) {
    const auto* point = entry.if_object();
    const auto* name = point == nullptr ? nullptr : point->if_contains("name");
    const auto* settings = name == nullptr ? nullptr : point->if_contains("settings");
    const auto* hits = name == nullptr ? nullptr : point->if_contains("hits");
    if (hits == nullptr || settings == nullptr || !name->is_string() || !settings->is_string() ||
        !hits->is_number())
      continue;
    const std::string_view listed = name->as_string();
    if (listed.substr(0, listed.find('/')) != order_.name()) continue;
    known = true;
    if (!settings->as_string().empty()) state.settings = settings->as_string();
    state.hits += hits->to_number<std::uint64_t>(error);
  }
  if (!known) return core::usage_error("the server has no failpoint '" + order_.name() + "'");
  return state;
}

core::Result<void> FailpointFault::probe() {
  const auto state = read();
  return state ? core::Result<void>() : std::unexpected(state.error());
}

core::Result<void> FailpointFault::arm(core::Nanos ttl) {
  ttl_ = ttl;
  const auto state = read();
  if (!state) return std::unexpected(state.error());
  if (!state->settings.empty())
    return core::usage_error("the failpoint '" + order_.name() + "' is on already");
  hits_before_ = state->hits;
  return {};
}

core::Result<void> FailpointFault::start() {
  const std::string off = request("DELETE", "/" + order_.name());
  if (auto noted = note(Undo::request(order_.endpoint, off), ttl_); !noted) return noted;
  const auto ordered = send_request(order_.endpoint, request("POST", "/" + order_.order));
  return ordered ? core::Result<void>() : std::unexpected(ordered.error());
}

Evidence FailpointFault::evidence() {
  const auto state = read();
  if (!state) return {};
  const std::uint64_t hits = state->hits - hits_before_;
  return {.shown = hits > 0,
          .facts = {{"settings", state->settings}, {"hits", std::to_string(hits)}}};
}

core::Result<void> FailpointFault::verify_clean() {
  const auto state = read();
  if (!state) return std::unexpected(state.error());
  if (state->settings.empty()) return {};
  return core::internal_error("the failpoint is still on: " + state->settings);
}

}  // namespace gauntlet::chaos
