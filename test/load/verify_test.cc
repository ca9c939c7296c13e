#include "load/verify.h"

#include <gtest/gtest.h>

#include "simdjson.h"

namespace gauntlet::load {
namespace {

constexpr std::uint32_t kClients = 150;
constexpr mcp::Revision kRevision = mcp::Revision::v2025_11_25;

class VerifyTest : public testing::Test {
 protected:
  // What is wrong with `json` as the answer to call 5 of client 3.
  std::optional<run::ErrorClass> judge(std::string json, bool with_nonce = true) {
    Target target;
    target.url = *net::Url::parse("tcp://127.0.0.1:1");
    const RequestTemplate request(
        target, mcp::tool_call(kRevision, "echo",
                               with_nonce ? R"({"message":"{{nonce}}"})" : R"({"message":"x"})"));
    const std::size_t size = json.size();
    json.resize(size + simdjson::SIMDJSON_PADDING);
    const mcp::Answer answer = mcp::read_answer(reader_, {json.data(), size});
    return find_fault(answer, {json.data(), size}, request, kRevision, coder_, {3, 5}, kClients);
  }
  std::string nonce_of(CallName call) const {
    std::string text(mcp::kNonceDigits, ' ');
    NonceCoder::write(text.data(), coder_.encode(call));
    return text;
  }
  static std::string result(const std::string& text) {
    return R"({"jsonrpc":"2.0","id":1000000005,"result":{"content":[{"type":"text","text":")" +
           text + R"("}]}})";
  }

  json::Reader reader_;
  NonceCoder coder_{0x9E3779B97F4A7C15ULL};
};

TEST_F(VerifyTest, TheCallsOwnNonceMakesAMessage) {
  EXPECT_EQ(judge(result("Echo: " + nonce_of({3, 5}))), std::nullopt);
}

TEST_F(VerifyTest, SomebodyElsesNonceIsAnIntegrityError) {
  EXPECT_EQ(judge(result(nonce_of({4, 5}))), run::ErrorClass::integrity);
  EXPECT_EQ(judge(result(nonce_of({3, 6}))), run::ErrorClass::integrity);
}

TEST_F(VerifyTest, NoNonceIsAMismatch) {
  EXPECT_EQ(judge(result("hello")), run::ErrorClass::protocol);
  EXPECT_EQ(judge(result("hello"), false), std::nullopt) << "where the call carries none";
}

TEST_F(VerifyTest, ErrorsAreTold) {
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1000000005,"error":{"code":-32603,"message":"m"}})"),
            run::ErrorClass::jsonrpc);
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1000000005,"result":{"content":[],"isError":true}})"),
            run::ErrorClass::tool_error);
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1000000005,"result":{}})"), run::ErrorClass::protocol);
  EXPECT_EQ(judge(R"({"jsonrpc":"2.0","id":1000000005,"result":)"), run::ErrorClass::protocol);
}

}  // namespace
}  // namespace gauntlet::load
