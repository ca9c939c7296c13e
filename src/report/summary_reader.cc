#include "report/summary_reader.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace gauntlet::report {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// A member that may not be there, or not be what it should: then null.
const json::value& at(const json::value& object, std::string_view name) {
  static const json::value kNull;
  const auto* members = object.if_object();
  const auto* found = members != nullptr ? members->if_contains(name) : nullptr;
  return found != nullptr ? *found : kNull;
}

template <typename... Names>
const json::value& at(const json::value& object, std::string_view name, Names... names) {
  return at(at(object, name), names...);
}

double number(const json::value& value) {
  return value.is_number() ? value.to_number<double>() : 0;
}

// A count that a double holds exactly; else 0.
std::uint64_t count(const json::value& value) {
  const double counted = number(value);
  return counted >= 0 && counted <= 0x1p53 ? static_cast<std::uint64_t>(counted) : 0;
}

std::string text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  return value.is_null() ? "" : json::serialize(value);
}

std::vector<double> column(const json::value& seconds, std::string_view name) {
  std::vector<double> values;
  if (const auto* all = at(seconds, name).if_array())
    for (const auto& value : *all) values.push_back(number(value));
  return values;
}

// Which of the phases is measured; nothing matches where none is.
double measured_phase(const json::value& document) {
  const auto* phases = at(document, "phases").if_array();
  for (std::size_t i = 0; phases != nullptr && i < phases->size(); ++i)
    if ((*phases)[i].is_object() && at((*phases)[i], "measured") == json::value(true))
      return static_cast<double>(i);
  return -1;
}

std::vector<run::ComparableSecond> seconds_of(const json::value& document) {
  const auto& all = at(document, "seconds");
  const auto phase = column(all, "phase");
  const auto length = column(all, "length"), scheduled = column(all, "scheduled"),
             completed = column(all, "completed"), errors = column(all, "errors"),
             p50 = column(all, "response_p50_ms"), p95 = column(all, "response_p95_ms"),
             p99 = column(all, "response_p99_ms");
  std::size_t rows = phase.size();
  for (const auto* each : {&length, &scheduled, &completed, &errors, &p50, &p95, &p99})
    rows = std::min(rows, each->size());
  const double measured = measured_phase(document);
  std::vector<run::ComparableSecond> seconds;
  for (std::size_t i = 0; i < rows; ++i) {
    if (phase[i] != measured || !(length[i] > 0)) continue;
    seconds.push_back({.length = length[i],
                       .scheduled = scheduled[i],
                       .completed = completed[i],
                       .errors = errors[i],
                       .p50_ms = p50[i],
                       .p95_ms = p95[i],
                       .p99_ms = p99[i]});
  }
  return seconds;
}

std::uint64_t errors_of(const json::value& document) {
  std::uint64_t sum = 0;
  if (const auto* classes = at(document, "errors").if_object())
    for (const auto& each : *classes) sum += count(each.value());
  return sum;
}

run::QuantilesMs quantiles(const json::value& times) {
  return {.p50 = number(at(times, "p50")),
          .p95 = number(at(times, "p95")),
          .p99 = number(at(times, "p99"))};
}

std::string doubt_of(const json::value& document) {
  const auto& check = at(document, "self_check");
  if (at(document, "run", "interrupted") == json::value(true)) return "it was interrupted";
  if (at(check, "trusted") != json::value(true)) {
    const auto* reasons = at(check, "reasons").if_array();
    const bool has_reason = reasons != nullptr && !reasons->empty();
    return "not trusted: " + (has_reason ? text(reasons->front()) : "it does not say why");
  }
  const auto busy = text(at(check, "machine_busy"));
  return busy.empty() ? "" : "machine busy: " + busy;
}

std::vector<std::pair<std::string, std::string>> load_of(const json::value& document) {
  const auto& load = at(document, "load");
  std::vector<std::pair<std::string, std::string>> all = {
      {"suite", text(at(document, "run", "suite"))},
      {"mode", text(at(document, "run", "mode"))},
      {"transport", text(at(document, "target", "transport"))},
      {"protocol", text(at(document, "target", "protocol"))}};
  for (const auto* name : {"model", "connections", "burst", "pipeline"})
    all.emplace_back(name, text(at(load, name)));
  const bool closed = text(at(load, "model")) == "closed";
  all.emplace_back("rate", closed ? "" : text(at(load, "offered_per_s")));
  return all;
}

std::vector<std::pair<std::string, std::string>> surroundings_of(const json::value& document) {
  return {{"processor", text(at(document, "host", "cpu_model"))},
          {"cores", text(at(document, "host", "cores"))},
          {"kernel", text(at(document, "host", "kernel"))},
          {"gauntlet", text(at(document, "tool", "version"))}};
}

std::string title_of(const json::value& document) {
  const auto suite = text(at(document, "run", "suite"));
  const auto variant = text(at(document, "run", "variant"));
  return variant.empty() ? suite : fmt::format("{}[{}]", suite, variant);
}

core::Result<run::Comparable> read_file(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return core::usage_error(fmt::format("{}: {}", path.string(), error.message()));
  if (size > kSummaryBytesMax)
    return core::usage_error(fmt::format("{}: too large for a summary", path.string()));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream whole;
  whole << file.rdbuf();
  auto run = read_summary(whole.view());
  if (!run) return core::usage_error(fmt::format("{}: {}", path.string(), run.error().text));
  return run;
}

std::vector<fs::path> summaries_below(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (fs::exists(entry.path() / "summary.json", error))
      found.push_back(entry.path() / "summary.json");
  return found;
}

}  // namespace

core::Result<run::Comparable> read_summary(std::string_view text_of_it) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  const json::value document = json::parse(text_of_it, error, {}, options);
  if (error) return core::usage_error(fmt::format("no JSON: {}", error.message()));
  if (!text(at(document, "schema")).starts_with("gauntlet"))
    return core::usage_error("not a summary of Gauntlet's");
  return run::Comparable{.id = text(at(document, "run", "id")),
                         .title = title_of(document),
                         .started_at = text(at(document, "run", "started_at")),
                         .verdict = text(at(document, "verdict")),
                         .load = load_of(document),
                         .surroundings = surroundings_of(document),
                         .doubt = doubt_of(document),
                         .achieved_per_s = number(at(document, "load", "achieved_per_s")),
                         .scheduled = count(at(document, "load", "scheduled")),
                         .errors = errors_of(document),
                         .response_ms = quantiles(at(document, "response_time_ms")),
                         .lag_ms = quantiles(at(document, "self_check", "send_lag_ms")),
                         .seconds = seconds_of(document)};
}

core::Result<std::vector<run::Comparable>> read_runs(const fs::path& path) {
  std::error_code error;
  std::vector<fs::path> files;
  if (!fs::is_directory(path, error))
    files = {path};
  else if (fs::exists(path / "summary.json", error))
    files = {path / "summary.json"};
  else
    files = summaries_below(path);
  if (files.empty())
    return core::usage_error(
        fmt::format("{}: no summary.json in it, nor one folder deeper", path.string()));
  std::vector<run::Comparable> runs;
  for (const auto& file : files) {
    auto run = read_file(file);
    if (!run) return std::unexpected(run.error());
    runs.push_back(std::move(*run));
  }
  std::ranges::sort(runs, {}, [](const auto& run) { return std::tie(run.started_at, run.id); });
  return runs;
}

}  // namespace gauntlet::report
