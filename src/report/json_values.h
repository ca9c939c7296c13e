// JsonValues: how the summary writes what JSON has no form for: text that may not be UTF-8, numbers
// that may not be finite, and values that may not be there (null). Pure functions.
#pragma once

#include <boost/json.hpp>

#include <cmath>
#include <optional>
#include <string_view>

#include "report/utf8.h"

namespace gauntlet::report {

inline boost::json::value text(std::string_view value) {
  return boost::json::value(valid_utf8(value));
}

inline boost::json::value text_or_null(std::string_view value) {
  return value.empty() ? boost::json::value(nullptr) : text(value);
}

inline boost::json::value number(double value) {
  return std::isfinite(value) ? boost::json::value(value) : boost::json::value(nullptr);
}

inline boost::json::value number(const std::optional<double>& value) {
  return value ? number(*value) : boost::json::value(nullptr);
}

}  // namespace gauntlet::report
