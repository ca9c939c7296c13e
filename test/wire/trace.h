// What a wire parser makes of a stream fed in pieces, as text: equal texts, equal behaviour.
//
// Each piece lies in a heap block of its own with wire::kReadPadding bytes behind it, filled with
// what would mislead a parser that looked there, and goes away before the next piece comes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/http_memo.h"
#include "wire/lines.h"
#include "wire/sse.h"
#include "wire/web_socket.h"

namespace gauntlet::wire::trace {

using Cuts = std::vector<std::size_t>;  // ascending offsets in the stream

inline Cuts cut_every(std::size_t piece_bytes, std::string_view stream) {
  Cuts cuts;
  for (std::size_t at = piece_bytes; at < stream.size(); at += piece_bytes) cuts.push_back(at);
  return cuts;
}

template <typename Feed>
void feed_pieces(std::string_view stream, const Cuts& cuts, Feed feed) {
  std::size_t from = 0;
  const auto feed_to = [&](std::size_t to) {
    std::vector<char> block(stream.begin() + static_cast<std::ptrdiff_t>(from),
                            stream.begin() + static_cast<std::ptrdiff_t>(to));
    from = to;
    const std::size_t size = block.size();
    for (std::size_t i = 0; i < kReadPadding; ++i) block.push_back("\r\n\r\n:"[i % 5]);
    block.shrink_to_fit();
    feed(std::span<char>(block.data(), size));
  };
  for (const std::size_t cut : cuts) feed_to(std::clamp(cut, from, stream.size()));
  feed_to(stream.size());
}

// Reads what must be readable; the sanitizer objects where it is not.
inline std::string_view padded(std::span<char> view) {
  if (view.data() != nullptr) {
    static_cast<void>(*static_cast<volatile char*>(view.data() + view.size() + kReadPadding - 1));
  }
  return {view.data(), view.size()};
}

inline std::string describe(const HttpHead& head) {
  std::string text = head.status == 0 ? std::string(head.method) + ' ' + std::string(head.target)
                                      : std::to_string(head.status);
  text += " 1." + std::to_string(head.version_minor);
  text += head.keep_alive ? " keep" : " close";
  if (head.chunked) text += " chunked";
  if (head.has_length) text += " length=" + std::to_string(head.content_length);
  for (std::size_t i = 0; i < head.header_count; ++i) {
    text += '|';
    text += head.headers[i].name;
    text += '=';
    text += head.headers[i].value;
  }
  return text;
}

class HttpTrace {
 public:
  HttpTrace(HttpParser::Role role, HttpLimits limits) : parser_(role, limits) {}
  explicit HttpTrace(HttpHeadMemo& memo) : parser_(memo) {}

  void feed(std::span<char> bytes) {
    while (!over_ && take(parser_.step(bytes), bytes)) {
    }
    parser_.retain();
  }

  std::string close() {
    if (!over_) {
      const bool whole = parser_.finish();
      std::span<char> nothing;
      while (take(parser_.step(nothing), nothing)) {
      }
      flush_body();
      text_ += whole ? "closed\n" : "cut\n";
    }
    return text_;
  }

  HttpParser& parser() { return parser_; }

 private:
  bool take(const HttpParser::Step& step, std::span<char>& bytes) {
    bytes = bytes.subspan(step.consumed);
    switch (step.event) {
      case HttpParser::Event::head: text_ += describe(parser_.head()) + '\n'; return true;
      case HttpParser::Event::body: body_ += padded(step.body); return true;
      case HttpParser::Event::end:
        flush_body();
        text_ += "end " + std::string(parser_.head().target) + '\n';
        return true;
      case HttpParser::Event::error:
        flush_body();
        text_ += "error " + std::string(to_string(parser_.error())) + '\n';
        over_ = true;
        return false;
      case HttpParser::Event::need_more:
        if (!bytes.empty()) text_ += "need_more left bytes\n";
        return false;
    }
    return false;
  }

  void flush_body() {
    if (!body_.empty()) text_ += "body " + body_ + '\n';
    body_.clear();
  }

  HttpParser parser_;
  bool over_ = false;
  std::string body_;
  std::string text_;
};

inline std::string of_http(HttpParser::Role role, HttpLimits limits, std::string_view stream,
                           const Cuts& cuts = {}) {
  HttpTrace trace(role, limits);
  feed_pieces(stream, cuts, [&](std::span<char> piece) { trace.feed(piece); });
  return trace.close();
}

// The stream on two connections in turn, whose parsers share a memo: what the second of them says.
// "differ": the first says something else.
inline std::string of_http(HttpHeadMemo& memo, std::string_view stream, const Cuts& cuts = {}) {
  HttpTrace first(memo);
  HttpTrace second(memo);
  feed_pieces(stream, cuts, [&](std::span<char> piece) {
    std::vector<char> copy(piece.data(), piece.data() + piece.size() + kReadPadding);
    first.feed({copy.data(), piece.size()});
    copy.clear();
    copy.shrink_to_fit();
    second.feed(piece);
  });
  const std::string text = second.close();
  return first.close() == text ? text : "differ";
}

inline std::string of_sse(std::size_t event_bytes_max, std::string_view stream,
                          const Cuts& cuts = {}) {
  SseParser parser(event_bytes_max);
  std::string text;
  feed_pieces(stream, cuts, [&](std::span<char> piece) {
    SseEvent event;
    SseParser::Next next = SseParser::Next::need_more;
    while ((next = parser.next(piece, event)) == SseParser::Next::event) {
      text += std::string(event.type) + '|' + std::string(padded(event.data)) + '|';
      text += event.has_data ? "data|" : "no data|";
      text += std::string(event.id) + (event.has_id ? "|id|" : "|no id|");
      text += event.retry_ms ? std::to_string(*event.retry_ms) : "";
      text += '\n';
    }
    const bool too_large = next == SseParser::Next::too_large;
    if (too_large && !text.ends_with("too large\n")) text += "too large\n";
    if (!too_large && !piece.empty()) text += "need_more left bytes\n";
  });
  return text;
}

inline std::string of_lines(std::size_t line_bytes_max, std::string_view stream,
                            const Cuts& cuts = {}) {
  LineFramer framer(line_bytes_max);
  std::string text;
  bool too_large = false;
  feed_pieces(stream, cuts, [&](std::span<char> piece) {
    std::span<char> line;
    LineFramer::Next next = LineFramer::Next::need_more;
    while ((next = framer.next(piece, line)) == LineFramer::Next::line) {
      text += '<' + std::string(padded(line)) + ">\n";
    }
    too_large = next == LineFramer::Next::too_large;
    if (!too_large && !piece.empty()) text += "need_more left bytes\n";
  });
  if (too_large) return text + "too large\n";
  return text + (framer.partial() ? "partial\n" : "");
}

inline std::string describe(const WebSocketParser& parser, WebSocketParser::Event event,
                            std::span<char> payload) {
  using Event = WebSocketParser::Event;
  switch (event) {
    case Event::text: return "text " + std::string(padded(payload));
    case Event::binary: return "binary " + std::string(padded(payload));
    case Event::ping: return "ping " + std::string(padded(payload));
    case Event::pong: return "pong " + std::string(padded(payload));
    case Event::close:
      return "close " + std::to_string(parser.close_code()) + ' ' + std::string(padded(payload));
    case Event::error: return "error " + std::string(to_string(parser.error()));
    case Event::need_more: break;
  }
  return "need_more";
}

inline std::string of_web_socket(WebSocketParser::Role role, std::size_t message_bytes_max,
                                 std::string_view stream, const Cuts& cuts = {}) {
  using Event = WebSocketParser::Event;
  WebSocketParser parser(role, message_bytes_max);
  std::string text;
  feed_pieces(stream, cuts, [&](std::span<char> piece) {
    if (parser.error() != WebSocketError::none) return;
    for (Event event = Event::text; event != Event::need_more && event != Event::error;) {
      std::span<char> payload;
      event = parser.next(piece, payload);
      if (event != Event::need_more) text += describe(parser, event, payload) + '\n';
      if (event == Event::need_more && !piece.empty()) text += "need_more left bytes\n";
    }
  });
  return text + (parser.partial() && parser.error() == WebSocketError::none ? "partial\n" : "");
}

}  // namespace gauntlet::wire::trace
