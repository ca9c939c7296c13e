#include "wire/http.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "trace.h"
#include "wire/http_write.h"

namespace gauntlet::wire {
namespace {

using Role = HttpParser::Role;
constexpr Role kRequest = Role::request;
constexpr Role kResponse = Role::response;

constexpr HttpLimits kLimits{.head_bytes_max = 4096, .body_bytes_max = 64};

// The same whole, byte by byte, with a memo that does not and does know it, and cut in two at every
// place.
void expect_trace(Role role, const std::string& bytes, const std::string& expected) {
  EXPECT_EQ(trace::of_http(role, kLimits, bytes), expected);
  EXPECT_EQ(trace::of_http(role, kLimits, bytes, trace::cut_every(1, bytes)), expected);
  HttpHeadMemo memo(role, kLimits);
  EXPECT_EQ(trace::of_http(memo, bytes), expected);
  EXPECT_EQ(trace::of_http(memo, bytes), expected);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    ASSERT_EQ(trace::of_http(role, kLimits, bytes, {cut}), expected) << "cut at " << cut;
  }
}

std::string literal(const char* text, std::size_t size) { return {text, size - 1}; }
#define BYTES(text) literal(text, sizeof text)

struct Good {
  const char* name;
  Role role;
  std::string bytes;
  std::string trace;
};

const std::vector<Good> kGood = {
    {"post", kRequest,
     "POST /mcp HTTP/1.1\r\nHost: a:1\r\nContent-Type: application/json\r\n"
     "Content-Length: 2\r\n\r\n{}",
     "POST /mcp 1.1 keep length=2|Host=a:1|Content-Type=application/json|Content-Length=2\n"
     "body {}\nend /mcp\nclosed\n"},
    {"get_without_body", kRequest, "GET /?a=b HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /?a=b 1.1 keep|Host=a\nend /?a=b\nclosed\n"},
    {"pipelined", kRequest, "POST /1 HTTP/1.1\r\nContent-Length: 1\r\n\r\naGET /2 HTTP/1.1\r\n\r\n",
     "POST /1 1.1 keep length=1|Content-Length=1\nbody a\nend /1\n"
     "GET /2 1.1 keep\nend /2\nclosed\n"},
    {"empty_lines_before", kRequest, "\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\n",
     "GET / 1.1 keep\nend /\nclosed\n"},
    {"absolute_form", kRequest, "GET http://a:1/mcp HTTP/1.1\r\n\r\n",
     "GET http://a:1/mcp 1.1 keep\nend http://a:1/mcp\nclosed\n"},
    {"asterisk_form", kRequest, "OPTIONS * HTTP/1.1\r\n\r\n",
     "OPTIONS * 1.1 keep\nend *\nclosed\n"},
    {"blanks_around_value", kRequest, "GET / HTTP/1.1\r\nA: \t x y\tz \t\r\nB:\r\nC: \r\n\r\n",
     "GET / 1.1 keep|A=x y\tz|B=|C=\nend /\nclosed\n"},
    {"bytes_beyond_ascii_in_value", kRequest, "GET / HTTP/1.1\r\nA: \xC3\xA9\xFF\r\n\r\n",
     "GET / 1.1 keep|A=\xC3\xA9\xFF\nend /\nclosed\n"},
    {"odd_token", kRequest, "M-S!~ / HTTP/1.1\r\nx_^`|.9: 1\r\n\r\n",
     "M-S!~ / 1.1 keep|x_^`|.9=1\nend /\nclosed\n"},
    {"same_length_twice", kRequest,
     "POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\na",
     "POST / 1.1 keep length=1|Content-Length=1|content-length=1\nbody a\nend /\nclosed\n"},
    {"connection_close", kRequest, "GET / HTTP/1.1\r\nConnection: te , CLOSE\r\n\r\n",
     "GET / 1.1 close|Connection=te , CLOSE\nend /\nclosed\n"},
    {"http_1_0", kRequest, "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 close\nend /\nclosed\n"},
    {"http_1_0_keep_alive", kRequest, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
     "GET / 1.0 keep|Connection=Keep-Alive\nend /\nclosed\n"},
    {"http_1_0_close_wins", kRequest, "GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n",
     "GET / 1.0 close|Connection=close, keep-alive\nend /\nclosed\n"},
    {"chunked_request", kRequest,
     "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n"
     "3\r\nabc\r\n00A;x=\"y\" ;z\r\n0123456789\r\n1 \t;q\r\n!\r\n0\r\nTrailer: t\r\n\r\n",
     "POST / 1.1 keep chunked|Transfer-Encoding=Chunked\nbody abc0123456789!\nend /\nclosed\n"},
    {"cut_head", kRequest, "GET / HTTP/1.1\r\nHost: a\r\n", "cut\n"},
    {"cut_body", kRequest, "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab",
     "POST / 1.1 keep length=3|Content-Length=3\nbody ab\ncut\n"},
    {"cut_chunks", kResponse, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
     "200 1.1 keep chunked|Transfer-Encoding=chunked\nbody ab\ncut\n"},

    {"response", kResponse, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
     "200 1.1 keep length=2|Content-Length=2\nbody {}\nend \nclosed\n"},
    {"empty_response", kResponse, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
     "202 1.1 keep length=0|Content-Length=0\nend \nclosed\n"},
    {"until_close", kResponse, "HTTP/1.1 200 \r\n\r\ndata",
     "200 1.1 keep\nbody data\nend \nclosed\n"},
    {"no_reason", kResponse, "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
     "404 1.1 keep length=0|Content-Length=0\nend \nclosed\n"},
    {"continue_is_skipped", kResponse,
     "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
     "200 1.1 keep length=1|Content-Length=1\nbody x\nend \nclosed\n"},
    {"switching_protocols", kResponse, "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n",
     "101 1.1 keep|Upgrade=websocket\nend \nclosed\n"},
    {"no_content", kResponse, "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
     "204 1.1 keep\nend \n204 1.1 keep\nend \nclosed\n"},
    {"not_modified_with_length", kResponse, "HTTP/1.1 304 N\r\nContent-Length: 999\r\n\r\n",
     "304 1.1 keep length=999|Content-Length=999\nend \nclosed\n"},
};

TEST(HttpGood, GivesTheSameEventsHoweverSplit) {
  for (const Good& row : kGood) {
    SCOPED_TRACE(row.name);
    expect_trace(row.role, row.bytes, row.trace);
  }
}

struct Bad {
  const char* name;
  Role role;
  std::string bytes;
  HttpError error;
};

std::string post(const std::string& header_lines, const std::string& body = "") {
  return "POST / HTTP/1.1\r\n" + header_lines + "\r\n" + body;
}
std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}
std::string repeat(std::size_t count, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

const std::vector<Bad> kBad = {
    // two readings of where the message ends
    {"two_lengths", kRequest, post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"),
     HttpError::bad_length},
    {"length_list", kRequest, post("Content-Length: 1, 1\r\n", "a"), HttpError::bad_length},
    {"length_then_chunked", kRequest,
     post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
     HttpError::bad_length},
    {"chunked_then_length", kRequest,
     post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "0\r\n\r\n"),
     HttpError::bad_length},
    {"length_plus", kRequest, post("Content-Length: +5\r\n"), HttpError::bad_length},
    {"length_minus", kRequest, post("Content-Length: -5\r\n"), HttpError::bad_length},
    {"length_hex", kRequest, post("Content-Length: 0x5\r\n"), HttpError::bad_length},
    {"length_empty", kRequest, post("Content-Length: \r\n"), HttpError::bad_length},
    {"length_inner_blank", kRequest, post("Content-Length: 1 1\r\n"), HttpError::bad_length},
    {"length_fraction", kRequest, post("Content-Length: 1.0\r\n"), HttpError::bad_length},
    {"length_overflow", kRequest, post("Content-Length: 18446744073709551616\r\n"),
     HttpError::bad_length},
    {"response_length_and_chunked", kResponse,
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     HttpError::bad_length},
    {"coding_gzip_chunked", kRequest, post("Transfer-Encoding: gzip, chunked\r\n"),
     HttpError::unsupported_coding},
    {"coding_identity", kRequest, post("Transfer-Encoding: identity\r\n"),
     HttpError::unsupported_coding},
    {"coding_xchunked", kRequest, post("Transfer-Encoding: xchunked\r\n"),
     HttpError::unsupported_coding},
    {"coding_vertical_tab", kRequest, post("Transfer-Encoding: \vchunked\r\n"),
     HttpError::bad_header},
    {"coding_twice", kRequest, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
     HttpError::unsupported_coding},
    {"coding_list_of_chunked", kRequest, post("Transfer-Encoding: chunked, chunked\r\n"),
     HttpError::unsupported_coding},
    {"coding_in_http_1_0", kRequest, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
     HttpError::unsupported_coding},
    {"two_hosts", kRequest, post("Host: a\r\nHost: a\r\n"), HttpError::bad_header},

    // lines
    {"bare_lf_after_header", kRequest, post("A: b\n"), HttpError::bad_header},
    {"bare_lf_hides_header", kRequest, post("A: b\nContent-Length: 9\r\n"), HttpError::bad_header},
    {"bare_lf_ends_head", kRequest, "GET / HTTP/1.1\r\nA: b\r\n\n", HttpError::bad_header},
    {"bare_lf_after_start_line", kRequest, "GET / HTTP/1.1\nA: b\r\n\r\n",
     HttpError::bad_start_line},
    {"bare_lf_after_status_line", kResponse, "HTTP/1.1 200 OK\n\r\n", HttpError::bad_start_line},
    {"bare_cr", kRequest, post("A: b\rC: d\r\n"), HttpError::bad_header},
    {"obsolete_fold", kRequest, post("A: b\r\n c\r\n"), HttpError::bad_header},
    {"obsolete_fold_tab", kRequest, post("A: b\r\n\tc\r\n"), HttpError::bad_header},
    {"fold_first", kRequest, post(" A: b\r\n"), HttpError::bad_header},
    {"space_before_colon", kRequest, post("Content-Length : 5\r\n"), HttpError::bad_header},
    {"tab_before_colon", kRequest, post("Content-Length\t: 5\r\n"), HttpError::bad_header},
    {"no_colon", kRequest, post("Content-Length\r\n"), HttpError::bad_header},
    {"no_name", kRequest, post(": 5\r\n"), HttpError::bad_header},
    {"name_beyond_ascii", kRequest, post("A\xC3\xA9: 5\r\n"), HttpError::bad_header},
    {"name_parenthesis", kRequest, post("A(b): 5\r\n"), HttpError::bad_header},
    {"nul_in_name", kRequest, BYTES("GET / HTTP/1.1\r\nA\0: b\r\n\r\n"), HttpError::bad_header},
    {"nul_in_value", kRequest, BYTES("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n"), HttpError::bad_header},
    {"escape_in_value", kRequest, post("A: b\x1B[0m\r\n"), HttpError::bad_header},
    {"delete_in_value", kRequest, post("A: b\x7F\r\n"), HttpError::bad_header},

    // start lines
    {"no_version", kRequest, "GET /\r\n\r\n", HttpError::bad_start_line},
    {"two_spaces", kRequest, "GET  / HTTP/1.1\r\n\r\n", HttpError::bad_start_line},
    {"space_in_target", kRequest, "GET /a b HTTP/1.1\r\n\r\n", HttpError::bad_start_line},
    {"space_at_end", kRequest, "GET / HTTP/1.1 \r\n\r\n", HttpError::bad_start_line},
    {"space_first", kRequest, " GET / HTTP/1.1\r\n\r\n", HttpError::bad_start_line},
    {"empty_target", kRequest, "GET HTTP/1.1\r\n\r\n", HttpError::bad_start_line},
    {"relative_target", kRequest, "GET mcp HTTP/1.1\r\n\r\n", HttpError::bad_start_line},
    {"authority_form", kRequest, "CONNECT a:1 HTTP/1.1\r\n\r\n", HttpError::bad_start_line},
    {"control_in_target", kRequest, "GET /\x01 HTTP/1.1\r\n\r\n", HttpError::bad_start_line},
    {"target_beyond_ascii", kRequest, "GET /\xC3\xA9 HTTP/1.1\r\n\r\n", HttpError::bad_start_line},
    {"method_not_a_token", kRequest, "G@T / HTTP/1.1\r\n\r\n", HttpError::bad_start_line},
    {"lower_case_version", kRequest, "GET / http/1.1\r\n\r\n", HttpError::bad_start_line},
    {"version_2", kRequest, "GET / HTTP/2.0\r\n\r\n", HttpError::unsupported_version},
    {"version_1_2", kRequest, "GET / HTTP/1.2\r\n\r\n", HttpError::unsupported_version},
    {"http2_preface", kRequest, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HttpError::unsupported_version},
    {"response_to_a_server", kRequest, "HTTP/1.1 200 OK\r\n\r\n", HttpError::bad_start_line},
    {"request_to_a_client", kResponse, "GET / HTTP/1.1\r\n\r\n", HttpError::bad_start_line},
    {"empty_line_before_response", kResponse, "\r\nHTTP/1.1 200 OK\r\n\r\n",
     HttpError::bad_start_line},
    {"status_two_digits", kResponse, "HTTP/1.1 20 OK\r\n\r\n", HttpError::bad_start_line},
    {"status_four_digits", kResponse, "HTTP/1.1 2000 OK\r\n\r\n", HttpError::bad_start_line},
    {"status_below_100", kResponse, "HTTP/1.1 099 X\r\n\r\n", HttpError::bad_start_line},
    {"status_above_599", kResponse, "HTTP/1.1 600 X\r\n\r\n", HttpError::bad_start_line},
    {"status_letters", kResponse, "HTTP/1.1 2xx X\r\n\r\n", HttpError::bad_start_line},
    {"nul_in_reason", kResponse, BYTES("HTTP/1.1 200 O\0K\r\n\r\n"), HttpError::bad_start_line},
    {"response_version_2", kResponse, "HTTP/2.0 200 OK\r\n\r\n", HttpError::unsupported_version},

    // chunks
    {"chunk_size_missing", kRequest, chunked("\r\nabc\r\n"), HttpError::bad_chunk},
    {"chunk_size_plus", kRequest, chunked("+3\r\nabc\r\n"), HttpError::bad_chunk},
    {"chunk_size_minus", kRequest, chunked("-3\r\nabc\r\n"), HttpError::bad_chunk},
    {"chunk_size_0x", kRequest, chunked("0x3\r\nabc\r\n"), HttpError::bad_chunk},
    {"chunk_size_blank_before", kRequest, chunked(" 3\r\nabc\r\n"), HttpError::bad_chunk},
    {"chunk_size_blank_after", kRequest, chunked("3 \r\nabc\r\n"), HttpError::bad_chunk},
    {"chunk_size_overflow", kRequest, chunked("10000000000000003\r\nabc\r\n"),
     HttpError::bad_chunk},
    {"chunk_size_bare_lf", kRequest, chunked("3\nabc\r\n"), HttpError::bad_chunk},
    {"chunk_size_bare_cr", kRequest, chunked("3;\rabc\r\n"), HttpError::bad_chunk},
    {"chunk_extension_bare_lf", kRequest, chunked("3;a\nabc\r\n"), HttpError::bad_chunk},
    {"chunk_extension_nul", kRequest, chunked(BYTES("3;\0\r\nabc\r\n")), HttpError::bad_chunk},
    {"chunk_extension_huge", kRequest, chunked("3;" + repeat(300, "a") + "\r\nabc\r\n"),
     HttpError::bad_chunk},
    {"chunk_without_crlf", kRequest, chunked("3\r\nabc0\r\n\r\n"), HttpError::bad_chunk},
    {"chunk_with_bare_lf", kRequest, chunked("3\r\nabc\n0\r\n\r\n"), HttpError::bad_chunk},
    {"chunk_with_bare_cr", kRequest, chunked("3\r\nabc\r0\r\n\r\n"), HttpError::bad_chunk},
    {"chunk_too_large", kRequest, chunked("41\r\n"), HttpError::body_too_large},
    {"chunks_too_large", kRequest, chunked("3\r\nabc\r\n3E\r\n"), HttpError::body_too_large},
    {"trailer_space_before_colon", kRequest, chunked("0\r\nA : b\r\n\r\n"), HttpError::bad_header},
    {"trailer_bare_lf", kRequest, chunked("0\r\nA: b\n\r\n"), HttpError::bad_header},
    {"trailer_huge", kRequest, chunked("0\r\n" + repeat(5000, "a")), HttpError::head_too_large},
    {"trailers_huge", kRequest, chunked("0\r\n" + repeat(1000, "a:b\r\n")),
     HttpError::head_too_large},

    // sizes
    {"huge_header", kRequest, post("A: " + repeat(5000, "a") + "\r\n"), HttpError::head_too_large},
    {"huge_start_line", kRequest, "GET /" + repeat(5000, "a"), HttpError::head_too_large},
    {"huge_head", kRequest, post(repeat(60, "A: " + repeat(80, "b") + "\r\n")),
     HttpError::head_too_large},
    {"65_headers", kRequest, post(repeat(65, "A: b\r\n")), HttpError::too_many_headers},
    {"length_too_large", kRequest, post("Content-Length: 65\r\n", "a"), HttpError::body_too_large},
    {"until_close_too_large", kResponse, "HTTP/1.1 200 OK\r\n\r\n" + repeat(65, "a"),
     HttpError::body_too_large},
};

TEST(HttpBad, GivesItsErrorHoweverSplit) {
  for (const Bad& row : kBad) {
    SCOPED_TRACE(row.name);
    const std::string whole = trace::of_http(row.role, kLimits, row.bytes);
    EXPECT_TRUE(whole.ends_with("error " + std::string(to_string(row.error)) + "\n")) << whole;
    if (row.bytes.size() < 1000) {
      expect_trace(row.role, row.bytes, whole);
    } else {
      EXPECT_EQ(trace::of_http(row.role, kLimits, row.bytes, trace::cut_every(1, row.bytes)),
                whole);
    }
  }
}

TEST(HttpParser, SixtyFourHeadersAndAFullHeadPass) {
  const std::string head = post(repeat(64, "A: b\r\n"));
  const HttpLimits exact{.head_bytes_max = head.size(), .body_bytes_max = 0};
  const auto everywhere = trace::cut_every(1, head);
  EXPECT_TRUE(trace::of_http(kRequest, exact, head).ends_with("end /\nclosed\n"));
  EXPECT_TRUE(trace::of_http(kRequest, exact, head, everywhere).ends_with("end /\nclosed\n"));
  const HttpLimits less{.head_bytes_max = head.size() - 1, .body_bytes_max = 0};
  EXPECT_EQ(trace::of_http(kRequest, less, head), "error head too large\n");
  EXPECT_EQ(trace::of_http(kRequest, less, head, everywhere), "error head too large\n");
}

std::string padded_copy(std::string_view text) {
  return std::string(text) + std::string(kReadPadding, '\0');
}

TEST(HttpParser, ViewsPointIntoTheCallersBytesUntilRetained) {
  const std::string message = "POST /mcp HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
  std::string bytes = padded_copy(message);
  HttpParser parser(kRequest, kLimits);
  const std::span<char> span(bytes.data(), message.size());
  const auto head = parser.step(span);
  ASSERT_EQ(head.event, HttpParser::Event::head);
  EXPECT_EQ(parser.head().target.data(), bytes.data() + 5);
  const auto body = parser.step(span.subspan(head.consumed));
  EXPECT_EQ(body.body.data(), bytes.data() + head.consumed);

  parser.retain();
  bytes.assign(bytes.size(), 'x');
  EXPECT_EQ(parser.head().target, "/mcp");
  EXPECT_EQ(parser.head().value_of("content-length"), "2");
}

TEST(HttpParser, FindsHeadersByNameInAnyCase) {
  std::string bytes = padded_copy("GET / HTTP/1.1\r\nA^b: 1\r\nA~B: 2\r\nX-Y: 3\r\nx-y: 4\r\n\r\n");
  HttpParser parser(kRequest, kLimits);
  parser.step({bytes.data(), bytes.size() - kReadPadding});
  EXPECT_EQ(parser.head().value_of("a~b"), "2");
  EXPECT_EQ(parser.head().value_of("X-y"), "3");
  EXPECT_EQ(parser.head().count_of("x-Y"), 2U);
  EXPECT_EQ(parser.head().find("z"), nullptr);
}

TEST(HttpParser, AnswersToHeadHaveNoBodySaidBeforeOrAfterTheHead) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n";
  std::string bytes = padded_copy(answer);
  HttpParser parser(kResponse, kLimits);
  parser.expect_no_body();
  EXPECT_EQ(parser.step({bytes.data(), answer.size()}).event, HttpParser::Event::head);
  EXPECT_EQ(parser.step({}).event, HttpParser::Event::end);
  EXPECT_EQ(parser.step({bytes.data(), answer.size()}).event, HttpParser::Event::head);
  parser.expect_no_body();
  EXPECT_EQ(parser.step({}).event, HttpParser::Event::end);
  EXPECT_EQ(parser.step({bytes.data(), answer.size()}).event, HttpParser::Event::head);
  EXPECT_EQ(parser.step({}).event, HttpParser::Event::error) << "it holds for one message";
}

TEST(HttpParser, IsIdleBetweenMessagesOnly) {
  const std::string message = "GET / HTTP/1.1\r\n\r\n";
  std::string bytes = padded_copy(message);
  HttpParser parser(kRequest, kLimits);
  EXPECT_TRUE(parser.idle());
  parser.step({bytes.data(), 5});
  EXPECT_FALSE(parser.idle());
  EXPECT_FALSE(parser.finish());
  EXPECT_EQ(parser.step({bytes.data() + 5, message.size() - 5}).event, HttpParser::Event::head);
  EXPECT_FALSE(parser.idle());
  EXPECT_EQ(parser.step({}).event, HttpParser::Event::end);
  EXPECT_TRUE(parser.idle());
  EXPECT_TRUE(parser.finish());
}

TEST(HttpWrite, HeadsParseBack) {
  std::string out;
  append_response_head(out, 200, "application/json", 2, "Mcp-Session-Id: s\r\n");
  out += "{}";
  append_response_head(out, 202, "", 0, "");
  append_response_head(out, 204, "", 0, "");
  append_response_head(out, 299, "", 0, "");
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: s\r\n"
            "Content-Length: 2\r\n\r\n{}"
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
            "HTTP/1.1 204 No Content\r\n\r\n"
            "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(trace::of_http(kResponse, kLimits, out).ends_with("closed\n"));
}

TEST(HttpWrite, ChunksParseBack) {
  std::string out;
  append_chunked_head(out, 200, "text/event-stream", "Cache-Control: no-cache\r\n");
  append_chunk(out, "data: 1234567\n\n\n");
  append_chunk(out, "");
  append_chunk(out, "x");
  append_last_chunk(out);
  EXPECT_EQ(trace::of_http(kResponse, kLimits, out),
            "200 1.1 keep chunked|Content-Type=text/event-stream|Transfer-Encoding=chunked|"
            "Cache-Control=no-cache\nbody data: 1234567\n\n\nx\nend \nclosed\n");
  EXPECT_EQ(reason_phrase(405), "Method Not Allowed");
  EXPECT_EQ(reason_phrase(299), "");
}

}  // namespace
}  // namespace gauntlet::wire
