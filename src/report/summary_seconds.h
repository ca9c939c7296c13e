// The seconds of a run as summary.json has them, a column a value. Private to report/.
#pragma once

#include <boost/json.hpp>

#include <vector>

#include "run/record.h"

namespace gauntlet::report {

boost::json::object seconds_json(const std::vector<run::Second>& all);

}  // namespace gauntlet::report
