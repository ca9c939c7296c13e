// Any stream of valid messages gives the same events however it is cut.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "trace.h"
#include "wire/http_write.h"
#include "wire/web_socket_write.h"

namespace gauntlet::wire {
namespace {

using Role = HttpParser::Role;
using Texts = std::vector<std::string>;

rc::Gen<std::string> text_of(const std::string& alphabet) {
  return rc::gen::container<std::string>(rc::gen::elementOf(alphabet));
}

rc::Gen<trace::Cuts> cuts_of(std::size_t size) {
  return rc::gen::map(rc::gen::container<trace::Cuts>(rc::gen::inRange<std::size_t>(0, size + 1)),
                      [](trace::Cuts cuts) {
                        std::sort(cuts.begin(), cuts.end());
                        return cuts;
                      });
}

std::string any_headers() {
  std::string lines;
  const auto values = *rc::gen::container<Texts>(text_of("ab9 \t,;:=\"\xE9"));
  for (std::size_t i = 0; i < std::min<std::size_t>(values.size(), 50); ++i) {
    lines += "X-" + std::to_string(i) + ": " + values[i] + "\r\n";
  }
  return lines;
}

// The headers that frame the body, an empty line and the body.
std::string any_framing(const std::string& body) {
  std::string out;
  if (*rc::gen::arbitrary<bool>()) {
    return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  out = "Transfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t size = *rc::gen::inRange<std::size_t>(1, body.size() - at + 1);
    append_chunk(out, std::string_view(body).substr(at, size));
    at += size;
  }
  append_last_chunk(out);
  return out;
}

std::string any_message(Role role) {
  const std::string body = *text_of("{}\r\n0a: \"");
  const std::string start =
      role == Role::request ? "POST /" + *text_of("abc/?") + " HTTP/1.1\r\n"
                            : "HTTP/1.1 " + *rc::gen::element<std::string>("200", "404") + " X\r\n";
  const bool interim = role == Role::response && *rc::gen::arbitrary<bool>();
  return (interim ? "HTTP/1.1 100 Continue\r\n\r\n" : "") + start + any_headers() +
         any_framing(body);
}

void expect_http_split_invariant(Role role) {
  std::string stream;
  const std::size_t messages = *rc::gen::inRange<std::size_t>(1, 5);
  for (std::size_t i = 0; i < messages; ++i) stream += any_message(role);
  const HttpLimits limits;
  const std::string whole = trace::of_http(role, limits, stream);
  RC_ASSERT(whole.ends_with("closed\n"));
  RC_ASSERT(trace::of_http(role, limits, stream, *cuts_of(stream.size())) == whole);
}

RC_GTEST_PROP(HttpProperty, RequestsAreSplitInvariant, ()) {
  expect_http_split_invariant(Role::request);
}

RC_GTEST_PROP(HttpProperty, ResponsesAreSplitInvariant, ()) {
  expect_http_split_invariant(Role::response);
}

// A few messages over and over, as connections that stay open bring them: more than a memo holds,
// too.
void expect_http_memo_invisible(Role role) {
  Texts messages;
  const std::size_t kinds = *rc::gen::inRange<std::size_t>(1, 2 * HttpHeadMemo::kHeads);
  for (std::size_t i = 0; i < kinds; ++i) messages.push_back(any_message(role));
  const HttpLimits limits;
  HttpHeadMemo memo(role, limits);
  for (int connection = 0; connection < 3; ++connection) {
    std::string stream;
    const auto picks =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, kinds));
    for (const std::size_t pick : picks) stream += messages[pick];
    const std::string without = trace::of_http(role, limits, stream);
    RC_ASSERT(trace::of_http(memo, stream) == without);
    RC_ASSERT(trace::of_http(memo, stream, *cuts_of(stream.size())) == without);
  }
}

RC_GTEST_PROP(HttpProperty, NobodyCanTellARequestParserWithAMemoFromOneWithout, ()) {
  expect_http_memo_invisible(Role::request);
}

RC_GTEST_PROP(HttpProperty, NobodyCanTellAResponseParserWithAMemoFromOneWithout, ()) {
  expect_http_memo_invisible(Role::response);
}

std::string join(const Texts& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

RC_GTEST_PROP(SseProperty, StreamsAreSplitInvariant, ()) {
  const auto parts = *rc::gen::container<Texts>(
      rc::gen::element<std::string>("data: ", "data", "id: ", "event: ", "retry: 12", ":", "x", " ",
                                    "\n", "\r\n", "\r", "\n\n", "\xEF\xBB\xBF"));
  const std::string stream = join(parts);
  const std::size_t event_bytes_max = *rc::gen::element<std::size_t>(12, 1000);
  const std::string whole = trace::of_sse(event_bytes_max, stream);
  RC_ASSERT(trace::of_sse(event_bytes_max, stream, *cuts_of(stream.size())) == whole);
}

RC_GTEST_PROP(LinesProperty, StreamsAreSplitInvariant, ()) {
  const std::string stream = *text_of("{}\n\r");
  const std::size_t line_bytes_max = *rc::gen::element<std::size_t>(3, 1000);
  const std::string whole = trace::of_lines(line_bytes_max, stream);
  RC_ASSERT(trace::of_lines(line_bytes_max, stream, *cuts_of(stream.size())) == whole);
}

// Frames of a client in any order, right or wrong, and what is no frame at all.
std::string any_frame() {
  using Opcode = WebSocketOpcode;
  const auto opcode = *rc::gen::element(Opcode::continuation, Opcode::text, Opcode::binary,
                                        Opcode::close, Opcode::ping, Opcode::pong);
  const auto mask = *rc::gen::arbitrary<WebSocketMask>();
  std::string payload = *text_of("ab{}\xC3\xA4\x03\xE8");
  if (*rc::gen::inRange(0, 8) == 0) payload.resize(200, 'x');
  if (opcode >= Opcode::close) payload = payload.substr(0, kControlPayloadBytesMax);
  std::string frame;
  append_masked_frame(frame, opcode, payload, mask, *rc::gen::inRange(0, 4) != 0);
  return frame;
}

RC_GTEST_PROP(WebSocketProperty, StreamsAreSplitInvariant, ()) {
  std::string stream;
  const std::size_t frames = *rc::gen::inRange<std::size_t>(1, 8);
  for (std::size_t i = 0; i < frames; ++i) stream += any_frame();
  const std::size_t message_bytes_max = *rc::gen::element<std::size_t>(12, 1000);
  const auto role = WebSocketParser::Role::server;
  const std::string whole = trace::of_web_socket(role, message_bytes_max, stream);
  RC_ASSERT(trace::of_web_socket(role, message_bytes_max, stream, *cuts_of(stream.size())) ==
            whole);
}

}  // namespace
}  // namespace gauntlet::wire
