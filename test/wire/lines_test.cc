#include "wire/lines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "trace.h"

namespace gauntlet::wire {
namespace {

struct Row {
  const char* name;
  std::string bytes;
  std::string trace;  // with 4 bytes a line
};

const std::vector<Row> kRows = {
    {"lf", "{}\n[]\n", "<{}>\n<[]>\n"},
    {"crlf", "{}\r\n[]\r\n", "<{}>\n<[]>\n"},
    {"one_cr_goes", "{}\r\r\n", "<{}\r>\n"},
    {"cr_inside", "a\rb\n", "<a\rb>\n"},
    {"blank_lines", "\n\r\n{}\n\r\n\n[]\n\n", "<{}>\n<[]>\n"},
    {"partial", "{}\n{", "<{}>\npartial\n"},
    {"nothing", "", ""},
    {"exact", "1234\n1234\r\n1234", "<1234>\n<1234>\npartial\n"},
    {"too_large", "{}\n12345\n{}\n", "<{}>\ntoo large\n"},
    {"too_large_crlf", "12345\r\n", "too large\n"},
    {"too_large_unended", "12345", "too large\n"},
    {"too_large_cr_inside", "1234\r5\n", "too large\n"},
};

TEST(Lines, AreTheSameHoweverSplit) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(trace::of_lines(4, row.bytes), row.trace);
    EXPECT_EQ(trace::of_lines(4, row.bytes, trace::cut_every(1, row.bytes)), row.trace);
    for (std::size_t cut = 1; cut < row.bytes.size(); ++cut) {
      ASSERT_EQ(trace::of_lines(4, row.bytes, {cut}), row.trace) << "cut at " << cut;
    }
  }
}

TEST(Lines, AWholeLineLiesInTheCallersBytes) {
  std::string bytes = "{}\n" + std::string(kReadPadding, '\0');
  std::span<char> span(bytes.data(), 3);
  std::span<char> line;
  LineFramer framer;
  ASSERT_EQ(framer.next(span, line), LineFramer::Next::line);
  EXPECT_EQ(line.data(), bytes.data());
  EXPECT_FALSE(framer.partial());
}

}  // namespace
}  // namespace gauntlet::wire
