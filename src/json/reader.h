// The JSON reader of the data plane: simdjson on-demand behind a parser kept per thread.
// `bytes` must be followed by wire::kReadPadding readable bytes (simdjson needs 32).
// Depth is limited by simdjson's own maximum (1024); size by the framing's limits.
// Control-plane JSON (suites' arguments, reports) uses Boost.JSON instead.
#pragma once

#include <simdjson.h>

#include <span>
#include <string_view>

namespace gauntlet::json {

namespace ondemand = simdjson::ondemand;

class Reader {
 public:
  // The document borrows the reader and the bytes: one document at a time.
  simdjson::simdjson_result<ondemand::document> open(std::span<const char> bytes) {
    return parser_.iterate(simdjson::padded_string_view(bytes.data(), bytes.size(),
                                                        bytes.size() + simdjson::SIMDJSON_PADDING));
  }

 private:
  ondemand::parser parser_;
};

}  // namespace gauntlet::json
