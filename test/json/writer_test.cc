#include "json/writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "json/reader.h"

namespace gauntlet::json {
namespace {

std::string written(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

TEST(JsonWriter, EscapesWhatRfc8259Asks) {
  EXPECT_EQ(written("plain"), R"("plain")");
  EXPECT_EQ(written("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(written("\n\r\t"), R"("\n\r\t")");
  EXPECT_EQ(written(std::string_view("\0\x1f", 2)), R"("\u0000\u001f")");
  EXPECT_EQ(written("\x7f\xc3\xa9"), "\"\x7f\xc3\xa9\"");
}

TEST(JsonWriter, Numbers) {
  std::string out;
  append_uint(out, 18'446'744'073'709'551'615ULL);
  out += ' ';
  append_int(out, -42);
  out += ' ';
  append_number(out, 0.1);
  EXPECT_EQ(out, "18446744073709551615 -42 0.1");
}

RC_GTEST_PROP(JsonWriter, ReaderGivesBackWhatWasWritten, (const std::string& any)) {
  std::string ascii;
  for (const char c : any) ascii += static_cast<char>(c & 0x7f);
  std::string text = written(ascii);
  const std::size_t size = text.size();
  text.resize(size + simdjson::SIMDJSON_PADDING);
  Reader reader;
  ondemand::document document;
  RC_ASSERT(reader.open({text.data(), size}).get(document) == simdjson::SUCCESS);
  std::string_view back;
  RC_ASSERT(document.get_string().get(back) == simdjson::SUCCESS);
  RC_ASSERT(back == ascii);
}

}  // namespace
}  // namespace gauntlet::json
