// The parts of summary.json that tell of faults, and of what became of every call meanwhile.
// Private to report/; plain functions of the record.
#pragma once

#include <boost/json.hpp>

#include <cstddef>
#include <vector>

#include "run/record.h"

namespace gauntlet::report {

// Victims of one fault that are listed one by one; their times are given of all.
inline constexpr std::size_t kVictimsListedMax = 1'000;

boost::json::array faults_json(const std::vector<run::FaultRecord>& all);

// The history of every call of the whole run: answers lost, doubled or somebody else's, and calls
// that nobody can tell the end of.
boost::json::object integrity_json(const run::Record& record);

// Attempts and what else clients did to get their answers, over the whole run.
boost::json::object attempts_json(const run::Record& record);

}  // namespace gauntlet::report
