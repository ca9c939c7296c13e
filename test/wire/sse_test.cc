#include "wire/sse.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "trace.h"

namespace gauntlet::wire {
namespace {

struct Row {
  const char* name;
  std::string bytes;
  std::string trace;  // type|data|data or no data|last id|id or no id|retry
};

const std::string kNul(1, '\0');

const std::vector<Row> kRows = {
    {"data", "data: x\n\n", "message|x|data||no id|\n"},
    {"no_space_after_colon", "data:x\n\n", "message|x|data||no id|\n"},
    {"only_one_space_goes", "data:  x \n\n", "message| x |data||no id|\n"},
    {"colons_in_value", "data: {\"a\":\"b:c\"}\n\n", "message|{\"a\":\"b:c\"}|data||no id|\n"},
    {"no_colon_at_all", "data\n\n", "message||data||no id|\n"},
    {"crlf", "data: x\r\ndata: y\r\n\r\ndata: z\r\n\r\n",
     "message|x\ny|data||no id|\nmessage|z|data||no id|\n"},
    {"cr", "data: x\rdata: y\r\rdata: z\r\r",
     "message|x\ny|data||no id|\nmessage|z|data||no id|\n"},
    {"mixed_ends", "data: x\r\ndata: y\rdata: z\n\r\n", "message|x\ny\nz|data||no id|\n"},
    {"lf_cr_is_two_ends", "data: x\n\rdata: y\n\n",
     "message|x|data||no id|\nmessage|y|data||no id|\n"},
    {"multi_line_with_empty", "data\ndata: x\ndata:\n\n", "message|\nx\n|data||no id|\n"},
    {"type", "event: ping\ndata: x\n\ndata: y\n\n",
     "ping|x|data||no id|\nmessage|y|data||no id|\n"},
    {"last_type_wins", "event: a\nevent: b\ndata\n\n", "b||data||no id|\n"},
    {"empty_type", "event: a\nevent\ndata\n\n", "message||data||no id|\n"},
    {"type_alone_is_dropped", "event: a\n\ndata: x\n\n", "message|x|data||no id|\n"},
    {"priming_event", "id: s1::0001\nretry: 5000\ndata:\n\n", "message||data|s1::0001|id|5000\n"},
    {"id_alone", "id: 7\n\n", "message||no data|7|id|\n"},
    {"retry_alone", "retry: 10\n\n", "message||no data||no id|10\n"},
    {"id_persists", "id: 7\ndata: x\n\ndata: y\n\nid\ndata: z\n\n",
     "message|x|data|7|id|\nmessage|y|data|7|no id|\nmessage|z|data||id|\n"},
    {"id_with_nul_is_ignored", "id: 7\nid: a" + kNul + "b\ndata\n\n", "message||data|7|id|\n"},
    {"nul_in_data", "data: a" + kNul + "b\n\n", "message|a" + kNul + "b|data||no id|\n"},
    {"retry_digits_only", "retry: 1x\nretry: -1\nretry: +1\nretry:  1\nretry\ndata\n\n",
     "message||data||no id|\n"},
    {"retry_overflow_is_ignored", "retry: 4294967296\nretry:3\n\n", "message||no data||no id|3\n"},
    {"comments", ": hello\n\n:\ndata: x\n: between\ndata: y\n\n: bye\n\n",
     "message|x\ny|data||no id|\n"},
    {"unknown_fields", "foo: x\nDATA: x\ndatum: y\ndata : z\n data: q\n\ndata: x\nbar\n\n",
     "message|x|data||no id|\n"},
    {"byte_order_mark",
     "\xEF\xBB\xBF"
     "data: x\n\n",
     "message|x|data||no id|\n"},
    {"byte_order_mark_once",
     "\xEF\xBB\xBF\xEF\xBB\xBF"
     "data: x\n\ndata: y\n\n",
     "message|y|data||no id|\n"},
    {"byte_order_mark_alone",
     "\xEF\xBB\xBF\n\xEF\xBB\xBF"
     "data: x\n\n",
     ""},
    {"unended", "data: x\n", ""},
    {"empty_lines", "\n\r\n\r\n\n", ""},
};

TEST(Sse, GivesTheSameEventsHoweverSplit) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(trace::of_sse(1000, row.bytes), row.trace);
    EXPECT_EQ(trace::of_sse(1000, row.bytes, trace::cut_every(1, row.bytes)), row.trace);
    for (std::size_t cut = 1; cut < row.bytes.size(); ++cut) {
      ASSERT_EQ(trace::of_sse(1000, row.bytes, {cut}), row.trace) << "cut at " << cut;
    }
  }
}

struct Bound {
  const char* name;
  std::string bytes;
  bool too_large;  // with 10 bytes an event
};

const std::vector<Bound> kBounds = {
    {"exact", "data: 1234\n\n", false},
    {"one_more", "data: 12345\n\n", true},
    {"unended_exact", "data: 1234", false},
    {"unended_one_more", "data: 12345", true},
    {"lines_exact", "data:\ndata\n\n", false},
    {"lines_one_more", "data:\ndata:\n\n", true},
    {"comments_do_not_add_up", ": 34567\n: 34567\n: 34567\ndata: 1234\n\n", false},
    {"huge_comment", ": 34567890\n: 345678901\n", true},
    {"unknown_fields_of_an_event_add_up", "data\nx\nx\n::\n\n", true},
    {"events_do_not_add_up", "data: 1234\n\ndata: 1234\r\n\r\n", false},
};

TEST(Sse, BoundsTheBytesOfAnEventHoweverSplit) {
  for (const Bound& row : kBounds) {
    SCOPED_TRACE(row.name);
    const std::string whole = trace::of_sse(10, row.bytes);
    EXPECT_EQ(whole.ends_with("too large\n"), row.too_large) << whole;
    EXPECT_EQ(trace::of_sse(10, row.bytes, trace::cut_every(1, row.bytes)), whole);
  }
}

TEST(Sse, AWholeEventLiesInTheCallersBytes) {
  const std::string stream = "data: {}\n\n";
  std::string bytes = stream + std::string(kReadPadding, '\0');
  std::span<char> span(bytes.data(), stream.size());
  SseParser parser;
  SseEvent event;
  ASSERT_EQ(parser.next(span, event), SseParser::Next::event);
  EXPECT_EQ(event.data.data(), bytes.data() + 6);
  EXPECT_TRUE(span.empty());
}

TEST(Sse, AnEventEndedByCrIsGivenBeforeTheNextByte) {
  const std::string stream = "data: x\r\n\r";
  std::string bytes = stream + "\n" + std::string(kReadPadding, '\0');
  std::span<char> span(bytes.data(), stream.size());
  SseParser parser;
  SseEvent event;
  EXPECT_EQ(parser.next(span, event), SseParser::Next::event);
  span = {bytes.data() + stream.size(), 1};
  EXPECT_EQ(parser.next(span, event), SseParser::Next::need_more);
  EXPECT_TRUE(span.empty());
}

}  // namespace
}  // namespace gauntlet::wire
