// SummaryFacts: a whole run and its verdict but for its seconds and histograms: what summary.json
// and the page have in common. Private to report/; a plain function of the record.
#pragma once

#include <boost/json.hpp>

#include "run/record.h"
#include "run/verdict.h"

namespace gauntlet::report {

boost::json::object summary_facts(const run::Record& record, const run::Verdict& verdict);

// Of these what the measured phase came to: load, errors, response_time_ms, service_time_ms.
boost::json::object measured_facts(const run::Record& record);

}  // namespace gauntlet::report
