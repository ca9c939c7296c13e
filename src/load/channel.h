// Channel: what comes back on one connection, cut into JSON-RPC messages: lines, or HTTP answers
// whose bodies are JSON or server-sent events. Sans I/O.
//
// The sink (a template parameter: no virtual call per message) has three members; each returns
// false to stop, because it closed the connection:
//   bool on_http_head(const wire::HttpHead&);   HTTP only
//   bool on_message(std::span<char> json);      kReadPadding readable bytes follow
//   bool on_http_end(const HttpExchange&);      HTTP only: this answer is over
// Not thread-safe. Allocates only for messages that arrive in pieces.
// Channels of one thread may share the heads of their answers (AnswerHeads).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "load/target.h"
#include "wire/http_memo.h"
#include "wire/lines.h"
#include "wire/sse.h"

namespace gauntlet::load {

inline constexpr std::size_t kAnswerBytesMax = 16 * 1024 * 1024;

struct HttpExchange {
  int status = 0;
  bool keep_alive = true;
  bool refused_for_load = false;  // 429, or 503 with Retry-After
  bool event_stream = false;
};

// What the head of an answer says by itself.
struct AnswerFacts {
  HttpExchange exchange;
  bool json_body = false;
};

// The heads that came before on any of a thread's channels, and what they said.
struct AnswerHeads {
  AnswerHeads();

  wire::HttpHeadMemo memo;
  wire::HttpHeadFacts<AnswerFacts> facts;
};

class Channel {
 public:
  // `heads` outlives it, where it is given.
  explicit Channel(Transport transport, AnswerHeads* heads = nullptr);

  // False where the bytes break the framing itself (never what the sink said).
  template <typename Sink>
  bool feed(std::span<char> bytes, Sink& sink) {
    return http_ ? feed_http(bytes, sink) : feed_lines(bytes, sink);
  }

  // The peer ended the stream. Delivers the end of an answer that lasts until then; true where the
  // stream ended between messages.
  template <typename Sink>
  bool finish(Sink& sink) {
    if (!http_) return !lines_.partial();
    const bool in_answer = http_->in_answer;
    if (!http_->parser.finish()) return false;
    http_->exchange.keep_alive = false;
    if (in_answer) end_answer(sink);
    return true;
  }

  const HttpExchange& exchange() const { return http_->exchange; }
  bool in_answer() const { return http_ && http_->in_answer; }
  // HTTP: what to resume the event stream of the answer from, as far as it has come; "": it cannot
  // be, or it is no stream. How long the server asks to wait before that.
  std::string_view last_event_id() const {
    return http_->exchange.event_stream ? http_->events.last_id() : std::string_view();
  }
  std::uint32_t retry_ms() const { return http_->retry_ms; }

 private:
  struct Http {
    explicit Http(wire::HttpParser made) : parser(std::move(made)) {}

    wire::HttpParser parser;
    AnswerHeads* heads = nullptr;
    HttpExchange exchange;
    bool in_answer = false;
    bool json_body = false;
    std::uint32_t retry_ms = 0;
    std::string body;  // JSON that arrives in pieces
    wire::SseParser events{kAnswerBytesMax};
  };

  void begin_answer();
  AnswerFacts answer_facts() const;

  template <typename Sink>
  bool feed_lines(std::span<char> bytes, Sink& sink) {
    std::span<char> line;
    for (;;) {
      const auto next = lines_.next(bytes, line);
      if (next == wire::LineFramer::Next::too_large) return false;
      if (next == wire::LineFramer::Next::need_more || !sink.on_message(line)) return true;
    }
  }

  template <typename Sink>
  bool feed_http(std::span<char> bytes, Sink& sink) {
    for (;;) {
      const auto step = http_->parser.step(bytes);
      bytes = bytes.subspan(step.consumed);
      switch (step.event) {
        case wire::HttpParser::Event::need_more: http_->parser.retain(); return true;
        case wire::HttpParser::Event::error: return false;
        case wire::HttpParser::Event::head:
          begin_answer();
          if (!sink.on_http_head(http_->parser.head())) return true;
          break;
        case wire::HttpParser::Event::body: {
          const Fed fed = feed_body(step.body, sink);
          if (fed != Fed::more) return fed == Fed::stopped;
          break;
        }
        case wire::HttpParser::Event::end:
          if (!end_answer(sink)) return true;
          break;
      }
    }
  }

  enum class Fed : std::uint8_t { more, stopped, bad };

  template <typename Sink>
  Fed feed_body(std::span<char> part, Sink& sink) {
    if (http_->exchange.event_stream) return feed_events(part, sink);
    if (!http_->json_body) return Fed::more;
    const auto& head = http_->parser.head();
    if (head.has_length && head.content_length == part.size())
      return sink.on_message(part) ? Fed::more : Fed::stopped;
    if (http_->body.size() + part.size() > kAnswerBytesMax) return Fed::bad;
    http_->body.append(part.data(), part.size());
    return Fed::more;
  }

  template <typename Sink>
  Fed feed_events(std::span<char> part, Sink& sink) {
    wire::SseEvent event;
    for (;;) {
      const auto next = http_->events.next(part, event);
      if (next == wire::SseParser::Next::too_large) return Fed::bad;
      if (next == wire::SseParser::Next::need_more) return Fed::more;
      if (event.data.empty()) {  // priming event, or retry alone
        http_->retry_ms = event.retry_ms.value_or(http_->retry_ms);
        continue;
      }
      if (!sink.on_message(event.data)) return Fed::stopped;
    }
  }

  template <typename Sink>
  bool end_answer(Sink& sink) {
    http_->in_answer = false;
    if (!http_->body.empty()) {
      std::string body = std::move(http_->body);
      http_->body = {};
      const std::size_t size = body.size();
      body.resize(size + wire::kReadPadding);
      if (!sink.on_message({body.data(), size})) return false;
    }
    return sink.on_http_end(http_->exchange);
  }

  wire::LineFramer lines_{kAnswerBytesMax};
  std::unique_ptr<Http> http_;  // null for lines
};

}  // namespace gauntlet::load
