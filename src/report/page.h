// report.html: a run, its verdict and its evidence as one page that needs nothing else: the page of
// web/ (embedded) with its document inside; shapes in web/src/data.ts. Text that came from outside
// stays text: '<' is escaped in the document, and the page makes only text nodes of it.
// Pure functions.
#pragma once

#include <boost/json.hpp>

#include <span>
#include <string>

#include "run/record.h"
#include "run/shipped.h"
#include "run/verdict.h"

namespace gauntlet::report {

inline constexpr std::string_view kPageSchema = "gauntlet/page/v1";

std::string report_page(const run::Record& record, const run::Verdict& verdict);

// The same page without a document: it asks the server that it came from (live_feed.h).
std::string_view live_page();
// The document that such a page hears last: the report's own, with where that lies ("": nowhere)
// and whether the same command makes more runs.
std::string last_document(const run::Record& record, const run::Verdict& verdict,
                          std::string_view report_path, bool more_runs);

std::span<const run::ShippedFile> shipped_pages();  // web/page.html

// What the page shows of a run beside its series: the facts of the summary, without the victims of
// each fault one by one.
boost::json::object page_facts(const run::Record& record, const run::Verdict& verdict);

}  // namespace gauntlet::report
