#include "server/metrics.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "core/proc.h"

namespace gauntlet::server {
namespace {

using Text = std::string;

void describe(Text& out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

template <typename Number>
void sample(Text& out, std::string_view name, Number value) {
  fmt::format_to(std::back_inserter(out), "{} {}\n", name, value);
}

void labelled(Text& out, std::string_view name, std::string_view label, std::string_view text,
              std::uint64_t value) {
  fmt::format_to(std::back_inserter(out), "{}{{{}=\"{}\"}} {}\n", name, label, text, value);
}

template <typename Number>
void single(Text& out, std::string_view name, std::string_view type, std::string_view help,
            Number value) {
  describe(out, name, type, help);
  sample(out, name, value);
}

void append_requests(Text& out, const Counters& counters) {
  constexpr std::string_view kName = "gauntlet_server_requests_total";
  describe(out, kName, "counter", "Messages received, by method.");
  for (std::size_t i = 0; i < kMethodNames.size(); ++i)
    labelled(out, kName, "method", kMethodNames[i], counters.requests[i]);
}

void append_errors(Text& out, const Counters& counters) {
  constexpr std::string_view kName = "gauntlet_server_errors_total";
  describe(out, kName, "counter", "Error answers sent, by JSON-RPC code.");
  for (std::size_t i = 0; i < kErrorCodes.size(); ++i)
    labelled(out, kName, "code", std::to_string(kErrorCodes[i]), counters.errors[i]);
  labelled(out, kName, "code", "other", counters.errors.back());
}

void append_bad(Text& out, const Gauges& gauges) {
  constexpr std::string_view kName = "gauntlet_server_bad_answers_total";
  describe(out, kName, "counter", "Answers spoiled on purpose, by kind.");
  for (std::size_t i = 1; i < kBadKindNames.size(); ++i)
    labelled(out, kName, "kind", kBadKindNames[i],
             static_cast<BadKind>(i) == gauges.bad ? gauges.bad_answers : 0);
}

}  // namespace

Method method_of(std::string_view name) {
  const auto found = std::find(kMethodNames.begin(), kMethodNames.end() - 2, name);
  if (found != kMethodNames.end() - 2) return static_cast<Method>(found - kMethodNames.begin());
  return name.starts_with("notifications/") ? Method::notification : Method::other;
}

void Counters::count_error(int code) {
  const auto found = std::find(kErrorCodes.begin(), kErrorCodes.end(), code);
  ++errors[static_cast<std::size_t>(found - kErrorCodes.begin())];
}

std::string prometheus_text(const Counters& counters, const Gauges& gauges) {
  Text out;
  append_requests(out, counters);
  append_errors(out, counters);
  append_bad(out, gauges);
  single(out, "gauntlet_server_connections_accepted_total", "counter", "Connections accepted.",
         counters.connections_accepted);
  single(out, "gauntlet_server_connections_refused_total", "counter",
         "Connections closed at once because the limit was reached.", counters.connections_refused);
  single(out, "gauntlet_server_connections", "gauge", "Connections open now.", gauges.connections);
  single(out, "gauntlet_server_sessions", "gauge", "Sessions known now.", gauges.sessions);
  single(out, "gauntlet_server_later_calls", "gauge", "Calls whose answer is still to come.",
         gauges.later_calls);
  single(out, "gauntlet_server_uptime_seconds", "gauge", "Time since the server started.",
         gauges.uptime_seconds);
  single(out, "process_resident_memory_bytes", "gauge", "Resident memory of the process.",
         core::resident_bytes(std::array{getpid()}).value_or(0));
  return out;
}

}  // namespace gauntlet::server
