// With a memo and without, every message reads the same, whatever came before.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "describe.h"
#include "mcp/answer_memo.h"
#include "mcp/message_memo.h"

namespace gauntlet::mcp {
namespace {

using Texts = std::vector<std::string>;

struct Padded {
  explicit Padded(const std::string& text)
      : bytes(text + std::string(64, '7')), size(text.size()) {}
  std::span<const char> span() const { return {bytes.data(), size}; }
  std::string bytes;
  std::size_t size;
};

std::string describe(const std::expected<const Message*, MessageError>& read) {
  return read ? describe(**read) : "refused: " + std::string(read.error().text);
}
std::string describe(const std::expected<Message, MessageError>& read) {
  return read ? describe(*read) : "refused: " + std::string(read.error().text);
}

std::string as_message(const Padded& text) {
  json::Reader reader;
  return describe(parse_message(reader, text.span()));
}
std::string as_answer(const Padded& text) {
  json::Reader reader;
  return describe(read_answer(reader, text.span()));
}

// A text with holes ("%"), each filled by one of the fillings.
rc::Gen<std::string> filled(const Texts& texts, const Texts& fillings) {
  return rc::gen::exec([texts, fillings] {
    std::string all;
    for (const char c : *rc::gen::elementOf(texts))
      all += c == '%' ? *rc::gen::elementOf(fillings) : std::string(1, c);
    return all;
  });
}

const Texts kFillings = {"0",
                         "1",
                         "17",
                         "007",
                         "-3",
                         "1.5",
                         "1e3",
                         "12345678901234567890",
                         "9999999999999999999",
                         "",
                         "a",
                         "text b",
                         "\\n",
                         "\\u0041",
                         "\\x",
                         "\"",
                         "\"a\"",
                         "\xC3\xA9",
                         "\xFF",
                         "\x01",
                         "{}",
                         "}",
                         ",",
                         "\"x\":1"};

const Texts kMessages = {
    R"({"jsonrpc":"2.0","id":%,"method":"tools/call","params":{"name":"echo",)"
    R"("arguments":{"message":"%"}}})",
    R"({"jsonrpc":"2.0","id":1%,"method":"tools/call","params":{"arguments":{"a":"%","b":%,)"
    R"("c":"%"},"_meta":{"x":"%"}}})",
    R"({"params":{"arguments":{"m":"%"},"arguments":{"n":"%","n":"%"}},"method":"%",)"
    R"("id":"%","jsonrpc":"2.0"})",
    R"( {"jsonrpc":"2.0", "id" : % , "method" :"ping%","params":{"arguments": { } ,"name":"%"}} )",
    R"({"jsonrpc":"2.0","method":"notifications/%","params":{"arguments":{"m":"%"}}})",
    R"({"jsonrpc":"2.0","id":%,"id":%,"method":"tools/call","params":{"arguments":{"1":"1",)"
    R"("2":"2","3":"3","4":"4","5":"%"}}})",
};
const Texts kAnswers = {
    R"({"jsonrpc":"2.0","id":%,"result":{"resultType":"complete","content":[{"type":"text",)"
    R"("text":"%"}]}})",
    R"({"result":{"content":[{"type":"text","text":"%"},{"text":"%","type":"text"}],)"
    R"("isError":false},"id":1%,"jsonrpc":"2.0"})",
    R"({"jsonrpc":"2.0","id":%,"result":{"content":[{"type":"image","data":"%"}],)"
    R"("resultType":"%"}})",
    R"({"jsonrpc":"2.0","id":%,"error":{"code":-1,"message":"%"},"result":{}})",
    R"({"jsonrpc":"2.0","id":%,"error":{"code":%,"message":"x"}})",
    R"( {"jsonrpc":"2.0","id": % ,"result":{"tools":[],"protocolVersion":"%"}} )",
};

RC_GTEST_PROP(MemoProperty, NobodyCanTellAMessageReadWithAMemoFromOneWithout, ()) {
  MessageMemo memo;
  json::Reader reader;
  for (const std::string& text : *rc::gen::container<Texts>(filled(kMessages, kFillings))) {
    const Padded padded(text);
    RC_ASSERT(describe(memo.parse(reader, padded.span())) == as_message(padded));
    RC_ASSERT(describe(memo.parse(reader, padded.span())) == as_message(padded));
  }
}

RC_GTEST_PROP(MemoProperty, NobodyCanTellAnAnswerReadWithAMemoFromOneWithout, ()) {
  AnswerMemo memo;
  json::Reader reader;
  for (const std::string& text : *rc::gen::container<Texts>(filled(kAnswers, kFillings))) {
    const Padded padded(text);
    RC_ASSERT(describe(memo.read(reader, padded.span())) == as_answer(padded));
    RC_ASSERT(describe(memo.read(reader, padded.span())) == as_answer(padded));
  }
}

std::string call(const std::string& id, const std::string& text) {
  return R"({"jsonrpc":"2.0","id":)" + id +
         R"(,"method":"tools/call","params":{"name":"echo","arguments":{"message":")" + text +
         R"(","n":1}}})";
}

// The name of what fits lies in the memo, not in the bytes: so it can be told that it was not read.
TEST(MessageMemo, KnowsACallWithAnotherIdAndAnotherText) {
  MessageMemo memo;
  json::Reader reader;
  ASSERT_TRUE(memo.parse(reader, Padded(call("1", "a")).span()));
  const Padded next(call("123456", "some other text"));
  const auto message = memo.parse(reader, next.span());
  ASSERT_TRUE(message);
  EXPECT_EQ((*message)->id, "123456");
  EXPECT_EQ((*message)->arguments, R"({"message":"some other text","n":1})");
  EXPECT_EQ((*message)->first_arguments[0].token, R"("some other text")");
  EXPECT_EQ((*message)->first_arguments[1].token, "1");
  EXPECT_FALSE((*message)->name.data() >= next.bytes.data() &&
               (*message)->name.data() < next.bytes.data() + next.bytes.size());
}

TEST(MessageMemo, WhatIsNoJsonIsRefusedThoughItNearlyFits) {
  MessageMemo memo;
  json::Reader reader;
  ASSERT_TRUE(memo.parse(reader, Padded(call("1", "a")).span()));
  for (const char* const id : {"01", "", "-", "1.", "1x", "+1"})
    EXPECT_FALSE(memo.parse(reader, Padded(call(id, "a")).span())) << id;
  for (const char* const text : {"\\x", "\n", "\xFF", "a\"b"})
    EXPECT_FALSE(memo.parse(reader, Padded(call("1", text)).span())) << text;
  const std::string whole = call("1", "a");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(memo.parse(reader, Padded(whole.substr(0, size)).span())) << size;
  EXPECT_FALSE(memo.parse(reader, Padded(whole + "}").span()));
}

TEST(AnswerMemo, KnowsAnAnswerWithAnotherIdAndAnotherText) {
  AnswerMemo memo;
  json::Reader reader;
  const auto answer = [](const std::string& id, const std::string& text) {
    return Padded(R"({"jsonrpc":"2.0","id":)" + id +
                  R"(,"result":{"resultType":"complete","content":[{"type":"text","text":")" +
                  text + R"("}]}})");
  };
  ASSERT_EQ(memo.read(reader, answer("1", "a").span()).kind, Answer::Kind::result);
  const Padded next = answer("18", "other");
  const Answer& read = memo.read(reader, next.span());
  EXPECT_EQ(read.id, 18U);
  EXPECT_EQ(read.text, "other");
  EXPECT_TRUE(read.has_content);
  EXPECT_EQ(read.result_type, "complete");
  EXPECT_FALSE(read.result_type.data() >= next.bytes.data() &&
               read.result_type.data() < next.bytes.data() + next.bytes.size());
  EXPECT_EQ(memo.read(reader, answer("18", "\\x").span()).kind, Answer::Kind::invalid);
  EXPECT_FALSE(memo.read(reader, answer("018", "x").span()).has_number_id);
}

}  // namespace
}  // namespace gauntlet::mcp
