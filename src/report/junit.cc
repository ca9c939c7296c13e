#include "report/junit.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/utf8.h"
#include "run/measured.h"

namespace gauntlet::report {

namespace {

constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

// XML 1.0, section 2.2, beside what is no UTF-8 at all.
bool xml_allows(char32_t code) {
  const bool blank = code == '\t' || code == '\n' || code == '\r';
  return blank || (code >= ' ' && code != 0xFFFE && code != 0xFFFF);
}

void append_escaped(std::string& out, std::string_view character) {
  switch (character.front()) {
    case '&': out += "&amp;"; return;
    case '<': out += "&lt;"; return;
    case '>': out += "&gt;"; return;
    case '"': out += "&quot;"; return;
    case '\t': out += "&#9;"; return;
    case '\n': out += "&#10;"; return;
    case '\r': out += "&#13;"; return;
    default: out += character;
  }
}

struct Tally {
  std::size_t failures = 0;
  std::size_t skipped = 0;
};

Tally tally(const run::Verdict& verdict) {
  const auto count = [&](run::Outcome outcome) {
    return static_cast<std::size_t>(
        std::ranges::count(verdict.tests, outcome, &run::TestResult::outcome));
  };
  return {.failures = count(run::Outcome::fail),
          .skipped = count(run::Outcome::inconclusive) + count(run::Outcome::skipped)};
}

std::string property(std::string_view name, std::string_view value) {
  return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, xml_escaped(value));
}

std::string properties(const run::Record& record) {
  const auto& plan = record.plan;
  std::string out = "    <properties>\n";
  out += property("run.id", record.run.id);
  out += property("run.mode", run::to_string(plan.mode));
  out += property("run.seed", fmt::format("{}", plan.seed));
  out += property("run.repro", record.run.repro);
  if (!record.gaps.empty()) out += property("run.gaps", record.gaps_text());
  out += property("target.url", record.target.url);
  out += property("target.transport", record.target.transport);
  out += property("target.protocol", record.target.protocol);
  out += property("load.connections", fmt::format("{}", plan.load.connections));
  out += property("load.offered_per_s", fmt::format("{:.1f}", run::offered_per_s(record)));
  out +=
      property("load.achieved_per_s", fmt::format("{:.1f}", run::measure(record).achieved_per_s));
  out += property("self_check.trusted", record.self_check.trusted ? "true" : "false");
  out += property("host.cpu_model", record.host.cpu_model);
  out += property("host.cores", fmt::format("{}", record.host.cores));
  out += property("host.kernel", record.host.kernel);
  return out + "    </properties>\n";
}

// What a reader of the report needs to know of one test.
std::string details(const run::TestResult& test) {
  std::string out;
  for (const auto& check : test.checks) {
    out += fmt::format("{} {}: observed {}, limit {}", run::to_string(check.outcome), check.metric,
                       check.observed, check.limit);
    out += check.reason.empty() ? "\n" : fmt::format(" ({})\n", check.reason);
  }
  return out + test.evidence;
}

// The checks that make the test what it is, in one line: most viewers show no more.
std::string message(const run::TestResult& test) {
  if (!test.reason.empty()) return test.reason;
  std::string out;
  for (const auto& check : test.checks) {
    if (check.outcome != test.outcome) continue;
    out += fmt::format("{}{} {}, limit {}", out.empty() ? "" : "; ", check.metric, check.observed,
                       check.limit);
  }
  return out;
}

std::string outcome_element(const run::TestResult& test) {
  const auto text = xml_escaped(details(test));
  switch (test.outcome) {
    case run::Outcome::fail:
      return fmt::format("      <failure message=\"{}\" type=\"limit\">{}</failure>\n",
                         xml_escaped(message(test)), text);
    case run::Outcome::inconclusive:
    case run::Outcome::skipped:
      return fmt::format("      <skipped message=\"{}: {}\"/>\n", run::to_string(test.outcome),
                         xml_escaped(message(test)));
    case run::Outcome::warn:
    case run::Outcome::pass: break;
  }
  return fmt::format("      <system-out>{}: {}</system-out>\n", run::to_string(test.outcome), text);
}

std::string test_case(const run::Record& record, const run::TestResult& test) {
  return fmt::format(
      "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">\n{}"
      "    </testcase>\n",
      xml_escaped(run::suite_title(record)), xml_escaped(test.name),
      run::measure(record).length_s(), outcome_element(test));
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto [code, length] = first_code_point(text);
    const bool allowed = length > 0 && xml_allows(code);
    append_escaped(out, allowed ? text.substr(0, length) : kReplacementCharacter);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string junit_xml(const run::Record& record, const run::Verdict& verdict) {
  const auto [failures, skipped] = tally(verdict);
  const auto counts = fmt::format(
      "name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{:.3f}\" "
      "timestamp=\"{}\"",
      xml_escaped(run::suite_title(record)), verdict.tests.size(), failures, skipped,
      record.run.duration_s, xml_escaped(record.run.started_at));
  std::string cases;
  for (const auto& test : verdict.tests) cases += test_case(record, test);
  return fmt::format("{}<testsuites>\n  <testsuite {}>\n{}{}  </testsuite>\n</testsuites>\n",
                     kDeclaration, counts, properties(record), cases);
}

}  // namespace gauntlet::report
