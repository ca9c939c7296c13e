// HTTP/1.1 messages as a sans-I/O parser (RFC 9112): bytes in, events out, for both directions.
//
//   HttpParser parser(HttpParser::Role::response, limits);
//   for (bool more = true; more;) {
//     const auto step = parser.step(bytes);
//     bytes = bytes.subspan(step.consumed);
//     switch (step.event) { case head: … case body: use(step.body); … case end: …
//                           case need_more: case error: more = false; }
//   }
//
// need_more takes all bytes. A body that ends with the bytes has its `end` still due: step on until
// need_more. Interim responses (1xx except 101) and an empty line before a request are skipped.
// Zero-copy: views in head() and step.body point into the caller's bytes where the message lies
// whole in them. Before those bytes go away with a message unfinished, call retain().
// `kReadPadding` readable bytes must follow the caller's span; the same then holds for every body
// view, so that simdjson can parse it in place.
// Strict where leniency smuggles: a bare LF, a space before a colon, an obsolete fold, two
// different lengths, a length together with chunked, a control byte in a value: all are errors.
// Parsers of one thread may share a memo of heads (http_memo.h): then a head that came before costs
// a comparison, and retain() is due before another of them steps.
// Not thread-safe; one parser a connection and direction. Allocates only for split messages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gauntlet::wire {

// simdjson reads up to 32 bytes beyond a document; receive buffers keep this many readable.
inline constexpr std::size_t kReadPadding = 64;

struct HttpLimits {
  std::size_t head_bytes_max = 16 * 1024;
  std::uint64_t body_bytes_max = 1024 * 1024;
};

enum class HttpError : std::uint8_t {
  none,
  bad_start_line,
  unsupported_version,  // not HTTP/1.0 or HTTP/1.1
  bad_header,           // also: Host given twice
  too_many_headers,
  head_too_large,
  bad_length,  // not a number, repeated with another value, or given with chunked
  bad_chunk,
  unsupported_coding,  // a Transfer-Encoding other than chunked
  body_too_large,
};
std::string_view to_string(HttpError error);

struct HttpHeader {
  std::string_view name;
  std::string_view value;  // surrounding blanks removed
};

struct HttpHead {
  static constexpr std::size_t kHeadersMax = 64;

  std::string_view method;  // requests
  std::string_view target;  // requests
  int status = 0;           // responses
  int version_minor = 1;
  bool keep_alive = true;  // as version and Connection say
  bool chunked = false;
  bool has_length = false;
  std::uint64_t content_length = 0;
  std::size_t header_count = 0;
  std::array<HttpHeader, kHeadersMax> headers;

  // The first header of that name (case-insensitive), or nullptr.
  const HttpHeader* find(std::string_view name) const;
  std::string_view value_of(std::string_view name) const;  // "" when absent
  std::size_t count_of(std::string_view name) const;
  // The bytes that all views point into have moved.
  void move_views(const char* from, const char* to);
};

struct ParsedLine;
class HttpHeadMemo;

class HttpParser {
 public:
  enum class Role : std::uint8_t { request, response };
  enum class Event : std::uint8_t { need_more, head, body, end, error };

  struct Step {
    Event event = Event::need_more;
    std::size_t consumed = 0;
    std::span<char> body = {};  // Event::body only; may be a part of the body
  };

  HttpParser(Role role, HttpLimits limits);
  // The memo outlives it, and says the role and the limits.
  explicit HttpParser(HttpHeadMemo& memo);

  // Takes bytes up to the next event. An empty span is allowed and gives `end` where that is due.
  // After `error` the parser stays in error and takes nothing.
  Step step(std::span<char> bytes);

  // The message now in progress: valid from Event::head until the step after Event::end.
  const HttpHead& head() const { return *head_; }
  // Where that head lies in the memo, and a number that only it has ever had; 0: not there.
  std::size_t memo_place() const { return memo_place_; }
  std::uint64_t memo_number() const { return memo_number_; }

  // Copies what head() points at, so that it outlives the caller's bytes.
  void retain();

  // The connection was closed by the peer. True where this ends the message properly: a response
  // without length or chunks (then its `end` is due), or nothing was in progress.
  bool finish();

  // The response in progress, or the next one, answers a HEAD request or is otherwise without a
  // body. Call it before the first step after Event::head.
  void expect_no_body() {
    no_body_ = true;
    if (state_ != State::head && state_ != State::error) state_ = State::end;
  }

  bool idle() const { return state_ == State::head && !begun_; }
  HttpError error() const { return error_; }

 private:
  enum class State : std::uint8_t {
    head,
    body_length,
    body_until_close,
    chunk_size,
    chunk_data,
    chunk_end,
    trailer,
    end,
    error
  };
  enum class Progress : std::uint8_t { more, done, blank, bad };

  Step step_head(std::span<char> bytes);
  Step step_length(std::span<char> bytes);
  Step step_until_close(std::span<char> bytes);
  Step step_chunked(std::span<char> bytes);
  Step finish_head(std::size_t consumed);
  Step finish_message(std::size_t consumed);
  Step fail(HttpError error);

  void begin_message();
  bool recall(std::span<const char> bytes);
  void memorize();
  Progress parse_in_place(std::span<const char> bytes, std::size_t& consumed);
  Progress parse_carried(std::span<const char> bytes, std::size_t& consumed);
  Progress parse_lines(const char* data, std::size_t size);
  ParsedLine parse_line(const char* from, const char* end);
  Progress more_head(std::size_t head_bytes);
  void carry(std::span<const char> bytes);
  void own_head();

  std::string_view take_line(std::span<const char> bytes, std::size_t bytes_max, HttpError error);
  std::size_t take_chunk_size(std::span<const char> bytes);
  std::size_t take_chunk_end(std::span<const char> bytes);
  std::size_t take_trailer(std::span<const char> bytes);

  // What every message touches lies together.
  Role role_;
  State state_ = State::head;
  HttpError error_ = HttpError::none;
  bool no_body_ = false;
  bool begun_ = false;  // a byte of the message was taken
  bool start_line_done_ = false;
  HttpHeadMemo* memo_ = nullptr;
  std::size_t memo_place_ = 0;
  std::uint64_t memo_number_ = 0;
  std::unique_ptr<HttpHead> own_;  // with a memo only of a split or retained head
  HttpHead* head_;                 // own_, or the memo's
  const char* head_begin_ = nullptr;
  std::size_t line_at_ = 0;       // offset in the head of the line to parse next
  std::uint64_t remaining_ = 0;   // of the length, or of the chunk
  std::string carry_;             // the head, where it was split or retained
  std::uint64_t body_bytes_ = 0;  // of the chunks so far, or taken until close
  std::size_t trailer_bytes_ = 0;
  std::string line_;  // a split line of the chunked coding
  HttpLimits limits_;
};

}  // namespace gauntlet::wire
