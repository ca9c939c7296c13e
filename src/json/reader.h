// The JSON reader of the data plane: simdjson on-demand behind a parser kept per thread.
// `bytes` must be followed by wire::kReadPadding readable bytes (simdjson needs 32).
// Depth is limited by simdjson's own maximum (1024); size by the framing's limits.
// Control-plane JSON (suites' arguments, reports) uses Boost.JSON instead.
#pragma once

#include <simdjson.h>

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include "json/marks.h"

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

// The text from behind an opening quote to the closing one; false where it holds an escape. Only
// within a document that was opened: there every string ends, is UTF-8 and has no control byte.
inline bool plain_text(const char* from, std::string_view& text) {
  for (const char* at = from;; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = eight_bytes(at);  // at most into the padding
    const std::uint64_t found = marks_equal(word, '"') | marks_equal(word, '\\');
    if (found == 0) continue;
    at += std::countr_zero(found) / 8;
    text = {from, at};
    return *at == '"';
  }
}

// Keys and strings of an open document, unescaped. Those without an escape, nearly all, are not
// copied: the views lie in the bytes then, and else in the reader.
inline simdjson::error_code read_key(simdjson::simdjson_result<ondemand::field>& field,
                                     std::string_view& key) {
  ondemand::raw_json_string raw;
  if (const auto error = field.key().get(raw)) return error;
  if (plain_text(raw.raw(), key)) return simdjson::SUCCESS;
  return field.unescaped_key().get(key);
}

inline simdjson::error_code read_string(ondemand::value& from, std::string_view& text) {
  const char* const token = from.raw_json_token().data();
  if (*token == '"' && plain_text(token + 1, text)) return from.get_raw_json_string().error();
  return from.get_string().get(text);
}

}  // namespace gauntlet::json
