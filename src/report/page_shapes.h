// PageShapes: what the page draws beside its tables: heat map, percentile curve, the strip of
// clients and scaling curves; shapes in web/src/data.ts. Private to report/; plain functions.
#pragma once

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>

#include "run/record.h"
#include "stats/latency_map.h"

namespace gauntlet::report {

boost::json::value heat_json(const stats::LatencyMap& map);
boost::json::object heat_column_json(const stats::LatencyMap::Column& column);

// Ten points a decade of rarity, as far as the samples go. `group`: calls that share their fate.
boost::json::value percentiles_json(const run::Latencies& latencies, std::uint64_t group);

// Who had no connection when: at most kStripRows rows of clients and kStripColumns stretches of
// time. null where nobody ever was without one.
inline constexpr std::size_t kStripRows = 240;
inline constexpr std::size_t kStripColumns = 480;
boost::json::value strip_json(const run::Record& record);

// One a pattern; none of levels that are scenarios or have all the same number of connections.
boost::json::array scaling_curves_json(const run::Record& record);

}  // namespace gauntlet::report
