// PageTable: columns over time for the page, as few rows as a screen can show. A table of more than
// kRowsMax rows is thinned: each stretch of rows becomes two, the least and the most of each column
// in the order in which they came, so that no peak is lost and nothing is averaged.
// Private to report/; plain functions.
#pragma once

#include <boost/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace gauntlet::report {

inline constexpr std::size_t kRowsMax = 2'400;

struct PageColumn {
  std::string name;
  std::vector<double> values;  // NaN: none
};

// `t` rises; every column is as long as it.
struct PageTable {
  std::vector<double> t;
  std::vector<PageColumn> columns;
};

// {"merged", "t", "columns"}: see Table in web/src/data.ts.
boost::json::object table_json(const PageTable& table, std::size_t rows_max = kRowsMax);

// To five significant digits; null where it is not finite.
boost::json::value rounded(double value);

}  // namespace gauntlet::report
