// Abuse of requestState: what a client keeps for the server is changed, or shown where it does not
// belong, over HTTP.
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "abused.h"
#include "server/credentials.h"
#include "server/seal.h"

namespace gauntlet::server {
namespace {

namespace bj = boost::json;

constexpr std::string_view kTool = "test_input_required_result_multi_round";
constexpr std::string_view kOtherTool = "test_input_required_result_request_state";
constexpr std::string_view kAda = R"("step1":{"action":"accept","content":{"name":"Ada"}})";
constexpr std::string_view kRed = R"("step2":{"action":"accept","content":{"color":"red"}})";
constexpr std::string_view kAlice = "0123456789abcdef";
constexpr std::string_view kBob = "fedcba9876543210";

// With a token each for Alice and Bob.
Config guarded_config() {
  Config config = abused_config();
  config.conformance = true;
  config.lines.clear();
  const auto path =
      std::filesystem::temp_directory_path() / ("gauntlet-states-" + std::to_string(getpid()));
  std::ofstream(path) << kAlice << " alice mcp\n" << kBob << " bob mcp\n";
  config.auth.source = AuthSource::token_file;
  config.auth.path = path.string();
  config.credentials = *Credentials::read(config);
  std::filesystem::remove(path);
  return config;
}

std::string call_body(std::string_view method, std::string_view tool, std::string_view arguments,
                      std::string_view responses, std::string_view state) {
  std::string params = R"({"name":")" + std::string(tool) + R"(","arguments":)";
  params += arguments;
  params += R"(,"inputResponses":{)" + std::string(responses) + "}";
  if (!state.empty()) params += R"(,"requestState":)" + bj::serialize(bj::string(state));
  params += R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)";
  params += R"("io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}})";
  return message("1", method, params);
}

class AbusiveStates : public testing::Test {
 protected:
  AbusiveStates() { state_ = result(ask("", kAda)).at("requestState").as_string(); }
  void TearDown() override { expect_good(state_); }

  bj::value ask(std::string_view state, std::string_view responses = kRed,
                std::string_view tool = kTool, std::string_view arguments = "{}",
                std::string_view token = kAlice, std::string_view method = "tools/call") {
    const std::string headers =
        "Authorization: Bearer " + std::string(token) + "\r\n" + stateless_headers(method, tool);
    const HttpResponse response =
        client_.ask(post(call_body(method, tool, arguments, responses, state), headers));
    return bj::parse(response.body);
  }
  static bj::value result(const bj::value& answer) { return answer.at("result"); }

  void expect_good(const std::string& state) {
    const bj::value content = result(ask(state)).at("content");
    EXPECT_EQ(content.at(0).at("text"), "Ada likes red");
  }
  static void expect_refused(const bj::value& answer, std::string_view why) {
    ASSERT_TRUE(answer.as_object().contains("error")) << why;
    EXPECT_EQ(answer.at("error").at("code"), mcp::kInvalidParams) << why;
  }

  Served served_{guarded_config()};
  Client client_{served_.http()};
  std::string state_;
};

TEST_F(AbusiveStates, EveryFlippedBitIsNoticed) {
  for (std::size_t at = 0; at < state_.size(); ++at) {
    std::string other = state_;
    other[at] = static_cast<char>(other[at] ^ (1 << at % 7));
    expect_refused(ask(other), other);
  }
}

TEST_F(AbusiveStates, CutOffExtendedOrEmptyIsNoticed) {
  for (std::size_t size = 0; size < state_.size(); size += 3)
    if (size > 0) expect_refused(ask(state_.substr(0, size)), "cut off");
  for (const std::string& other : {state_ + "A", state_ + "=", "." + state_, state_ + "." + state_,
                                   std::string("."), std::string(1000, '.')})
    expect_refused(ask(other), other);
}

TEST_F(AbusiveStates, AReplayedOneIsWorthNothingElsewhere) {
  expect_refused(ask(state_, kRed, kOtherTool), "another tool");
  expect_refused(ask(state_, kRed, kTool, R"({"more":1})"), "other arguments");
  expect_refused(ask(state_, kRed, kTool, "{}", kBob), "another user");
  expect_refused(
      ask(state_, kRed, "test_input_required_result_prompt", "{}", kAlice, "prompts/get"),
      "another method");
}

// With its own request it is what the client may send any number of times: that request.
TEST_F(AbusiveStates, AReplayedOneIsThatRequestAgain) {
  for (int i = 0; i < 3; ++i) expect_good(state_);
}

TEST_F(AbusiveStates, AnOldOneOrOneOfAnotherServerIsRefused) {
  const SealKey key{};  // of every test server
  const std::string text = unseal(key, state_).value();
  expect_good(seal(key, text));
  bj::value old = bj::parse(text);
  old.as_object()["until"] = std::time(nullptr) - 1;
  expect_refused(ask(seal(key, bj::serialize(old))), "old");
  expect_refused(ask(seal(random_state_key(), text)), "of another server");
}

}  // namespace
}  // namespace gauntlet::server
