#include "record/prometheus.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/version.h"
#include "run/error_class.h"

namespace gauntlet::record {

namespace {

// Seconds; OpenTelemetry's advice begins at 10 ms, where a fast server has long answered.
constexpr std::array<double, 17> kBounds = {
    .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

std::string label(std::string_view name, std::string_view value) {
  return fmt::format("{}=\"{}\"", name, escaped(value));
}

std::string number(double value) { return std::isnan(value) ? "NaN" : fmt::format("{}", value); }

class Text {
 public:
  explicit Text(std::string_view prefix) : prefix_(prefix) {}

  void family(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(out_), "# HELP {0}_{1} {2}\n# TYPE {0}_{1} {3}\n", prefix_,
                   name, help, type);
  }
  void sample(std::string_view name, std::string_view labels, double value) {
    const auto braced = labels.empty() ? "" : fmt::format("{{{}}}", labels);
    fmt::format_to(std::back_inserter(out_), "{}_{}{} {}\n", prefix_, name, braced, number(value));
  }
  void count(std::string_view name, std::string_view labels, std::uint64_t value) {
    sample(name, labels, static_cast<double>(value));
  }
  void gauge(std::string_view name, std::string_view help, double value) {
    family(name, "gauge", help);
    sample(name, "", value);
  }
  void counter(std::string_view name, std::string_view help, double value) {
    family(name, "counter", help);
    sample(name, "", value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string_view prefix_;
  std::string out_;
};

double sum_seconds(const stats::Histogram& h) {
  return h.mean_us() * static_cast<double>(h.count()) / 1e6;
}

void histogram(Text& text, std::string_view name, std::string_view help,
               const stats::Histogram& h) {
  text.family(name, "histogram", help);
  const auto bucket = fmt::format("{}_bucket", name);
  for (const double bound : kBounds) {
    const auto above = h.count_above_us(static_cast<std::uint64_t>(std::llround(bound * 1e6)));
    text.count(bucket, label("le", fmt::format("{}", bound)), h.count() - above);
  }
  text.count(bucket, label("le", "+Inf"), h.count());
  text.sample(fmt::format("{}_sum", name), "", sum_seconds(h));
  text.count(fmt::format("{}_count", name), "", h.count());
}

void summary(Text& text, std::string_view name, std::string_view help, const stats::Histogram& h) {
  text.family(name, "summary", help);
  for (const double q : {0.5, 0.95, 0.99}) {
    const double value = h.empty() ? NAN : static_cast<double>(h.quantile_us(q)) / 1e6;
    text.sample(name, label("quantile", fmt::format("{}", q)), value);
  }
  text.sample(fmt::format("{}_sum", name), "", sum_seconds(h));
  text.count(fmt::format("{}_count", name), "", h.count());
}

void run_info(Text& text, const run::Plan& plan, const run::Second& latest) {
  text.family("build_info", "gauge", "Version of Gauntlet; always 1.");
  text.sample("build_info", label("version", core::kVersion), 1);
  const bool connecting = latest.t <= 0;
  const auto phase = connecting || latest.phase >= plan.phases.size()
                         ? std::string_view("connecting")
                         : std::string_view(plan.phases[latest.phase].name);
  text.family("run_info", "gauge", "What is run and where it is; always 1.");
  text.sample("run_info",
              fmt::format("{},{},{}", label("suite", plan.suite),
                          label("mode", run::to_string(plan.mode)), label("phase", phase)),
              1);
}

void load_gauges(Text& text, const run::Plan& plan, const run::Second& latest) {
  const auto per_second = [&](std::uint64_t n) {
    return latest.length > 0 ? static_cast<double>(n) / latest.length : 0;
  };
  const auto scheduled = latest.counts.scheduled;
  const auto errors = run::sum(latest.counts.errors);
  text.gauge("throughput_messages_per_second", "Verified messages in the last second.",
             per_second(latest.counts.completed));
  text.gauge("offered_messages_per_second", "Messages that came due in the last second.",
             per_second(scheduled));
  text.gauge("error_ratio", "Errors to messages that came due, in the last second.",
             scheduled > 0 ? static_cast<double>(errors) / static_cast<double>(scheduled) : 0);
  text.gauge("target_stall_seconds",
             "The longest time without an answer on any connection while some were due, up to the "
             "end of the last second.",
             latest.pause_s);
  text.gauge("outstanding_messages", "Messages sent and not finished.",
             static_cast<double>(latest.outstanding));
  text.family("connections", "gauge", "Connections by state; ready means MCP opening done.");
  text.count("connections", label("state", "ready"), latest.connections_ready);
  const std::uint64_t planned = plan.load.connections;
  text.count("connections", label("state", "not_ready"),
             planned - std::min(planned, latest.connections_ready));
}

void message_counters(Text& text, const Totals& totals) {
  const auto& counts = totals.counts;
  text.counter("scheduled_messages_total", "Messages that came due.",
               static_cast<double>(counts.scheduled));
  text.family("messages_total", "counter", "Messages finished, by outcome.");
  text.count("messages_total", label("outcome", "completed"), counts.completed);
  for (std::size_t i = 0; i < run::kErrorClassCount; ++i) {
    text.count("messages_total", label("outcome", run::kErrorClassNames[i]), counts.errors[i]);
  }
  text.counter("notifications_total", "Notifications from the server; never messages.",
               static_cast<double>(counts.notifications));
  text.counter("sent_bytes_total", "Bytes sent to the target.",
               static_cast<double>(totals.traffic.bytes_sent));
  text.counter("received_bytes_total", "Bytes received from the target.",
               static_cast<double>(totals.traffic.bytes_received));
  text.counter("writes_total", "Gathered writes to the target.",
               static_cast<double>(totals.traffic.writes));
  text.counter("generator_cpu_seconds_total", "CPU time of the load threads.",
               totals.generator_cpu_s);
}

void faults(Text& text, const MetricsState& state) {
  if (state.plan.faults.empty()) return;
  text.family("fault_active", "gauge", "1 while the fault is active.");
  for (const auto& fault : state.plan.faults) {
    const bool active =
        std::ranges::find(state.active_faults, fault.id) != state.active_faults.end();
    text.sample("fault_active", label("fault", fault.id), active ? 1 : 0);
  }
}

}  // namespace

bool valid_metrics_prefix(std::string_view prefix) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto is_allowed = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !prefix.empty() && is_letter(prefix.front()) && std::ranges::all_of(prefix, is_allowed);
}

std::string prometheus_text(const MetricsState& state, std::string_view prefix) {
  const auto& seconds = state.recorder.seconds();
  const auto& totals = state.recorder.totals();
  const run::Second latest = seconds.empty() ? run::Second{} : seconds.back();
  Text text(prefix);
  run_info(text, state.plan, latest);
  load_gauges(text, state.plan, latest);
  message_counters(text, totals);
  histogram(text, "response_time_seconds", "From the intended send time to the verified response.",
            totals.response);
  histogram(text, "service_time_seconds", "From the actual send to the verified response.",
            totals.service);
  summary(text, "send_lag_seconds", "How late the generator got to its messages.", totals.send_lag);
  if (state.target_memory_mb) {
    text.gauge("target_memory_bytes", "Resident memory of the target's processes.",
               *state.target_memory_mb * 1024 * 1024);
  }
  faults(text, state);
  return text.take();
}

}  // namespace gauntlet::record
