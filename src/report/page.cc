#include "report/page.h"

#include "core/check.h"
#include "report/json_values.h"
#include "report/page_series.h"
#include "report/page_shapes.h"
#include "report/summary_facts.h"
#include "run/measured.h"

namespace gauntlet::report {
namespace {

namespace json = boost::json;

constexpr std::string_view kNoDocument = R"(id="data">null<)";

// One run, or one level of a climb; its facts are null where they are the whole page's.
json::object part_json(const run::Record& record, std::string_view name, json::value facts) {
  Unpacked unpacked;
  for (const auto& histograms : record.histograms) unpacked.add(histograms);
  return {
      {"name", text(name)},
      {"facts", std::move(facts)},
      {"seconds", table_json(seconds_table(record.seconds, unpacked.service))},
      {"memory", table_json(memory_table(record.memory))},
      {"cores", table_json(cores_table(record.cores))},
      {"heat", heat_json(unpacked.response)},
      {"curve", percentiles_json(run::measured_totals(record).latencies, record.plan.load.burst)},
      {"strip", strip_json(record)}};
}

json::array parts_json(const run::Record& record) {
  json::array parts;
  for (std::size_t i = 0; i < record.level_records.size(); ++i) {
    const auto& level = record.level_records[i];
    const bool named = i < record.levels.size();
    parts.push_back(
        part_json(level, named ? record.levels[i].level.name : "", page_facts(level, {})));
  }
  if (parts.empty()) parts.push_back(part_json(record, "", nullptr));
  return parts;
}

json::object document_of(const run::Record& record, const run::Verdict& verdict) {
  return {{"schema", kPageSchema},
          {"live", nullptr},
          {"facts", page_facts(record, verdict)},
          {"parts", parts_json(record)},
          {"scaling", scaling_curves_json(record)}};
}

// Nothing in it may end the element that holds it.
std::string without_markup(const std::string& document) {
  std::string out;
  for (const char c : document) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

json::object page_facts(const run::Record& record, const run::Verdict& verdict) {
  json::object facts = summary_facts(record, verdict);
  for (auto& level : facts["levels"].as_array())  // told by its own part
    for (const auto* course : {"phases", "faults", "integrity", "attempts"})
      level.as_object().erase(course);
  for (auto& fault : facts["faults"].as_array())
    if (auto* analysis = fault.as_object()["analysis"].if_object())
      (*analysis)["reconnects"].as_object().erase("clients");
  return facts;
}

std::string_view live_page() { return shipped_pages().front().text; }

std::string last_document(const run::Record& record, const run::Verdict& verdict,
                          std::string_view report_path, bool more_runs) {
  json::object document = document_of(record, verdict);
  document["over"] = json::object{{"report", text_or_null(report_path)}, {"more", more_runs}};
  return json::serialize(document);
}

std::string report_page(const run::Record& record, const run::Verdict& verdict) {
  const json::object document = document_of(record, verdict);
  std::string page(live_page());
  const auto at = page.find(kNoDocument);
  GAUNTLET_CHECK(at != std::string::npos);
  const std::size_t null_at = at + kNoDocument.size() - std::string_view("null<").size();
  return page.replace(null_at, 4, without_markup(json::serialize(document)));
}

}  // namespace gauntlet::report
