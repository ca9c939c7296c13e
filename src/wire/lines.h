// Newline-delimited JSON framing (MCP stdio transport, also over TCP and Unix sockets):
// one message a line, LF or CRLF, blank lines skipped.
//
//   while (framer.next(bytes, line) == LineFramer::Next::line) use(line);
//
// A line lies in the caller's bytes where it is whole there, else in the framer; it holds until
// the next call, and wire::kReadPadding readable bytes follow it, given that the input has them.
// Not thread-safe; one framer a stream. Allocates only for split lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "wire/http.h"

namespace gauntlet::wire {

class LineFramer {
 public:
  enum class Next : std::uint8_t { need_more, line, too_large };

  explicit LineFramer(std::size_t line_bytes_max = 1024 * 1024) : line_bytes_max_(line_bytes_max) {}

  // Consumes from the front of `bytes`. After too_large the framer stays there. The bound holds
  // for a line without its end, finished or not.
  Next next(std::span<char>& bytes, std::span<char>& line);

  // A line was begun and not ended: at the end of the stream this is a truncated message.
  bool partial() const { return !carry_.empty() && !handed_; }

 private:
  Next hand_out(std::span<char> text, std::span<char>& line);

  std::size_t line_bytes_max_;
  bool handed_ = false;  // the carried line is with the caller
  bool too_large_ = false;
  std::string carry_;
};

}  // namespace gauntlet::wire
