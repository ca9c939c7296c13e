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
  std::string_view type;  // "message" when the stream names none
  std::span<char> data;   // may be empty
  bool has_data = false;  // a data field was present, though perhaps empty
  std::string_view id;    // last event id of the stream ("" when none yet)
  bool has_id = false;    // this event set it
  std::optional<std::uint32_t> retry_ms;
};

class SseParser {
 public:
  enum class Next : std::uint8_t { need_more, event, too_large };

  explicit SseParser(std::size_t event_bytes_max = 1024 * 1024)
      : event_bytes_max_(event_bytes_max) {}

  // Consumes from the front of `bytes`. Delivers every block that holds a data, id or retry field
  // (the standard drops blocks without data; MCP gives a meaning to id and retry alone).
  // The bound counts the lines of a block, each with one byte for its end. After too_large the
  // parser stays there.
  Next next(std::span<char>& bytes, SseEvent& event);

  // As of the last event; "" when none had one. Holds until the next call of next().
  std::string_view last_id() const { return last_id_; }

 private:
  enum class Line : std::uint8_t { kept, dropped, end_of_event, too_large };
  struct Slice {
    std::size_t at = 0;  // from the start of the block, so that it survives a move to carry_
    std::size_t size = 0;
  };
  struct Block {
    Slice type, data, id;
    std::size_t data_lines = 0;
    bool has_id = false;
    std::optional<std::uint32_t> retry_ms;
    std::size_t bytes = 0;    // of its lines so far
    std::size_t line_at = 0;  // where its next line begins
  };

  Next next_in_place(std::span<char>& bytes, SseEvent& event);
  Next next_carried(std::span<char>& bytes, SseEvent& event);
  Next carry_rest(std::span<char>& bytes);
  Line take_line(const char* block, std::size_t size);
  void take_field(const char* block, Slice line);
  void take_data(const char* block, Slice value);
  std::size_t line_end_size(const char* line_end, const char* end);
  bool fits(std::size_t line_size) const { return line_size <= event_bytes_max_ - block_.bytes; }
  Next give_up();
  Next deliver(char* block, SseEvent& event);

  std::size_t event_bytes_max_;
  bool first_line_ = true;  // of the stream: may begin with a byte order mark
  bool skip_lf_ = false;    // the bytes so far end in CR: an LF that follows belongs to it
  bool delivered_ = false;
  bool too_large_ = false;
  Block block_;
  std::string carry_;   // a split block
  std::string joined_;  // the data of several lines
  std::string last_id_;
};

}  // namespace gauntlet::wire
