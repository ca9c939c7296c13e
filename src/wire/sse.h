// Server-sent events as a sans-I/O parser (WHATWG HTML, "Server-sent events", section 9.2.6).
//
//   while (parser.next(bytes, event) == SseParser::Event::event) use(event);
//
// Takes LF, CRLF and CR line ends, comments, multi-line data, and empty data (a priming event),
// however the bytes are split. Views in an event hold until the next call of next(); `data` is
// followed by wire::kReadPadding readable bytes, given that the input is.
// Not thread-safe; one parser a stream. Allocates only for split or multi-line events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wire/http.h"

namespace gauntlet::wire {

struct SseEvent {
  std::string_view type;      // "message" when the stream names none
  std::span<char> data;       // may be empty
  bool has_data = false;      // a data field was present, though perhaps empty
  std::string_view id;        // last event id of the stream ("" when none yet)
  bool has_id = false;        // this event set it
  std::optional<std::uint32_t> retry_ms;
};

class SseParser {
 public:
  enum class Next : std::uint8_t { need_more, event, too_large };

  explicit SseParser(std::size_t event_bytes_max = 1024 * 1024) : event_bytes_max_(event_bytes_max) {}

  // Consumes from the front of `bytes`. Delivers every block that holds a data, id or retry field
  // (the standard drops blocks without data; MCP gives a meaning to id and retry alone).
  Next next(std::span<char>& bytes, SseEvent& event);

 private:
  std::size_t event_bytes_max_;
};

}  // namespace gauntlet::wire
