#include "report/github.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "core/quantity.h"
#include "report/sparkline.h"
#include "report/utf8.h"
#include "run/limit.h"
#include "run/measured.h"

namespace gauntlet::report {
namespace {

using run::Outcome;

std::string replaced(std::string_view text, auto replacement_of) {
  std::string out;
  for (const char c : valid_utf8(text)) {
    const std::string_view replacement = replacement_of(c);
    replacement.empty() ? out.push_back(c) : void(out += replacement);
  }
  return out;
}

std::string as_message(std::string_view text) {
  return replaced(text, [](char c) -> std::string_view {
    switch (c) {
      case '%': return "%25";
      case '\r': return "%0D";
      case '\n': return "%0A";
      default: return "";
    }
  });
}

std::string as_property(std::string_view text) {
  return replaced(as_message(text), [](char c) -> std::string_view {
    return c == ':' ? "%3A" : c == ',' ? "%2C" : "";
  });
}

// In a cell of a table.
std::string as_markdown(std::string_view text) {
  return replaced(text, [](char c) -> std::string_view {
    switch (c) {
      case '|': return "\\|";
      case '<': return "&lt;";
      case '&': return "&amp;";
      case '`': return "&#96;";
      case '\r':
      case '\n': return " ";
      default: return "";
    }
  });
}

// One line of a block that is shown as it is: a fence cannot be closed from within.
std::string as_one_line(std::string_view text) {
  return replaced(text,
                  [](char c) -> std::string_view { return c == '\n' || c == '\r' ? " " : ""; });
}

std::string_view kind_of(const run::TestResult& test) {
  return test.outcome == Outcome::fail ? "error" : "warning";
}

std::string annotation(const run::TestResult& test) {
  auto message = fmt::format("{}: observed {}, limit {}", run::to_string(test.outcome),
                             test.observed, test.limit);
  if (!test.reason.empty()) message += "\n" + test.reason;
  return fmt::format("::{} title={}::{}\n", kind_of(test), as_property(test.name),
                     as_message(message));
}

std::vector<run::TestResult> worst_first(const run::Verdict& verdict) {
  std::vector<run::TestResult> tests;
  for (const auto outcome : {Outcome::fail, Outcome::inconclusive, Outcome::warn})
    std::ranges::copy_if(verdict.tests, std::back_inserter(tests),
                         [=](const auto& test) { return test.outcome == outcome; });
  return tests;
}

std::string_view icon_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass: return ":white_check_mark:";
    case Outcome::skipped: return ":fast_forward:";
    case Outcome::warn: return ":warning:";
    case Outcome::inconclusive: return ":grey_question:";
    case Outcome::fail: return ":x:";
  }
  return "";
}

std::string verdict_table(const run::Verdict& verdict) {
  std::string out = "| test | verdict | observed | limit |\n|---|---|---|---|\n";
  for (const auto& test : verdict.tests) {
    const auto reason = test.reason.empty() ? "" : fmt::format("<br>{}", as_markdown(test.reason));
    out += fmt::format("| {} | {} {} | {}{} | {} |\n", as_markdown(test.name),
                       icon_of(test.outcome), run::to_string(test.outcome),
                       as_markdown(test.observed), reason, as_markdown(test.limit));
  }
  return out;
}

std::string times_row(std::string_view name, const stats::Histogram& h) {
  const auto ms = [&](double q) {
    return run::format_value(h.quantile_ms(q), run::Unit::milliseconds);
  };
  return h.empty() ? ""
                   : fmt::format("| {} | {} | {} | {} | {} | {} |\n", name, ms(0.5), ms(0.9),
                                 ms(0.95), ms(0.99), ms(1));
}

std::string times_table(const run::Record& record) {
  const auto& latencies = run::measured_totals(record).latencies;
  return "| | p50 | p90 | p95 | p99 | max |\n|---|---|---|---|---|---|\n" +
         times_row("response time", latencies.response) +
         times_row("service time", latencies.service);
}

// At most this many bars: what is left over shares one, with its mean.
std::vector<double> squeezed(const std::vector<double>& values) {
  constexpr std::size_t kBars = 100;
  std::vector<double> bars;
  const std::size_t count = std::min(kBars, values.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = i * values.size() / count;
    const std::size_t end = (i + 1) * values.size() / count;
    double sum = 0;
    for (std::size_t j = begin; j < end; ++j) sum += values[j];
    bars.push_back(sum / static_cast<double>(end - begin));
  }
  return bars;
}

std::string curve(std::string_view name, const run::Record& record, auto value_of) {
  std::vector<double> values;
  for (const auto& second : record.seconds) values.push_back(value_of(second));
  return fmt::format("{:<10} {}\n", name, sparkline(squeezed(values)));
}

std::string curves(const run::Record& record) {
  if (record.seconds.size() < 2) return "";
  using run::Second;
  return "```text\n" +
         curve("msg/s", record,
               [](const Second& s) {
                 return s.length > 0 ? static_cast<double>(s.counts.completed) / s.length : 0;
               }) +
         curve("p95", record, [](const Second& s) { return s.response_p95_ms; }) +
         curve("errors", record,
               [](const Second& s) { return static_cast<double>(run::sum(s.counts.errors)); }) +
         "```\n";
}

}  // namespace

std::string github_annotations(const run::Verdict& verdict) {
  const auto tests = worst_first(verdict);
  const std::size_t shown = tests.size() <= kAnnotationsMax ? tests.size() : kAnnotationsMax - 1;
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) out += annotation(tests[i]);
  if (shown == tests.size()) return out;
  return out + fmt::format("::{} title=gauntlet::{} more tests, in the step's summary\n",
                           kind_of(tests[shown]), tests.size() - shown);
}

std::string github_summary(const run::Record& record, const run::Verdict& verdict,
                           std::string_view folder) {
  auto out = fmt::format("### {} {} {}\n\n", icon_of(verdict.outcome),
                         as_markdown(run::suite_title(record)), run::to_string(verdict.outcome));
  out += verdict_table(verdict) + "\n";
  out += fmt::format(
      "{} achieved with {} connections, on {} cores ({}). {}\n\n",
      core::format_rate(run::measure(record).achieved_per_s), record.plan.load.connections,
      record.host.cores, as_markdown(record.host.cpu_model),
      record.self_check.trusted ? "The self-check trusts the generator."
                                : "The self-check does **not** trust the generator.");
  out += times_table(record) + "\n" + curves(record);
  return out + fmt::format("\n```sh\n{}\n```\nFiles: {}\n\n", as_one_line(record.run.repro),
                           as_markdown(folder));
}

std::string github_outputs(const run::Record& record, const run::Verdict& verdict, int exit_code,
                           std::string_view folder) {
  return fmt::format("verdict={}\nexit-code={}\nrun={}\nfolder={}\n",
                     run::to_string(verdict.outcome), exit_code, as_one_line(record.run.id),
                     as_one_line(folder));
}

}  // namespace gauntlet::report
