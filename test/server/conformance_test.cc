// The fixtures of the official conformance suite, and of these above all the ones that ask: what
// the suite itself does not try.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "requests.h"
#include "server/service.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

constexpr std::string_view kAll = R"({"elicitation":{},"sampling":{},"roots":{}})";
constexpr std::string_view kPrefix = "test_input_required_result_";

Config conformance_config() {
  Config config;
  config.conformance = true;
  return config;
}

std::string text_in(const json::value& result) {
  return std::string(result.at("content").at(0).at("text").as_string());
}

bool asks(const json::value& result, std::string_view key) {
  return result.at("resultType") == "input_required" &&
         result.at("inputRequests").as_object().contains(key);
}

class ConformanceTest : public testing::Test {
 protected:
  json::value ask(std::string_view method, const std::string& members,
                  std::string_view capabilities = kAll) {
    std::string params = "{" + members + (members.empty() ? "" : ",");
    params += R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
              R"("io.modelcontextprotocol/clientCapabilities":)";
    (params += capabilities) += "}}";
    std::string bytes = message("1", method, params);
    const std::size_t size = bytes.size();
    bytes.append(net::kReadPadding, ' ');
    Caller caller;
    LocalSession connection;
    caller.connection = &connection;
    const std::string answer(service_.handle({bytes.data(), size}, caller).body);
    EXPECT_FALSE(answer.contains('\n')) << answer;  // it may be sent as a line
    return json::parse(answer);
  }

  json::value tool(std::string_view name, const std::string& members = {},
                   std::string_view capabilities = kAll) {
    const std::string call = R"("name":")" + std::string(name) + "\"" + members;
    return ask("tools/call", call, capabilities);
  }

  // Of a tool that needs input.
  json::value needy(std::string_view name, const std::string& members = {}) {
    return tool(std::string(kPrefix) + std::string(name), members).at("result");
  }

  std::set<std::string> names(std::string_view method, std::string_view list,
                              std::string_view key = "name") {
    std::set<std::string> all;
    const json::value answer = ask(method, "");
    for (const json::value& one : answer.at("result").at(list).as_array())
      EXPECT_TRUE(all.emplace(one.at(key).as_string()).second) << one;
    return all;
  }

  Config config_ = conformance_config();
  Timers timers_;
  Registry registry_{1000, core::kSecond};
  EventLog events_{1 << 16};
  Mailbox mailbox_;
  Contents contents_;
  Shared shared_{registry_, events_, &mailbox_, {}, &contents_};
  Service service_{config_, timers_, shared_};
};

std::string responses(std::string_view json) { return R"(,"inputResponses":)" + std::string(json); }

std::string state_of(const json::value& result) {
  return R"(,"requestState":")" + std::string(result.at("requestState").as_string()) + "\"";
}

TEST_F(ConformanceTest, is_listed) {
  const auto tools = names("tools/list", "tools");
  for (const char* const name : {"echo", "test_simple_text", "test_reconnection", "touch",
                                 "json_schema_2020_12_tool", "test_x_mcp_header"})
    EXPECT_TRUE(tools.contains(name)) << name;
  EXPECT_TRUE(names("resources/list", "resources", "uri").contains("test://static-binary"));
  EXPECT_TRUE(names("resources/templates/list", "resourceTemplates", "uriTemplate")
                  .contains("test://template/{id}/data"));
  EXPECT_TRUE(names("prompts/list", "prompts").contains("test_prompt_with_image"));
}

TEST_F(ConformanceTest, every_schema_of_a_tool_is_of_an_object) {
  const json::value answer = ask("tools/list", "");
  for (const json::value& one : answer.at("result").at("tools").as_array())
    EXPECT_EQ(one.at("inputSchema").at("type"), "object") << one;
}

TEST_F(ConformanceTest, every_type_of_content) {
  const json::value mixed = tool("test_multiple_content_types").at("result").at("content");
  EXPECT_EQ(mixed.at(0).at("type"), "text");
  EXPECT_TRUE(mixed.at(1).at("data").as_string().starts_with("iVBORw0KGgo"));
  EXPECT_EQ(mixed.at(2).at("resource").at("uri"), "test://mixed-content-resource");
  const json::value audio = tool("test_audio_content").at("result").at("content").at(0);
  EXPECT_EQ(audio.at("mimeType"), "audio/wav");
  EXPECT_EQ(tool("test_error_handling").at("result").at("isError"), true);
}

TEST_F(ConformanceTest, resources) {
  const json::value binary = ask("resources/read", R"("uri":"test://static-binary")");
  EXPECT_TRUE(binary.at("result").at("contents").at(0).as_object().contains("blob"));
  const json::value made = ask("resources/read", R"("uri":"test://template/a\"1/data")");
  const auto& text = made.at("result").at("contents").at(0).at("text").as_string();
  EXPECT_EQ(json::parse(text).at("id"), "a\"1");
}

TEST_F(ConformanceTest, touching_makes_a_new_version) {
  const auto read = [this] {
    const json::value answer = ask("resources/read", R"("uri":"test://watched-resource")");
    return std::string(answer.at("result").at("contents").at(0).at("text").as_string());
  };
  const std::string before = read();
  tool("touch", R"(,"arguments":{"uri":"test://static-text"})");
  EXPECT_EQ(read(), before);
  tool("touch", R"(,"arguments":{"uri":"test://watched-resource"})");
  EXPECT_NE(read(), before);
}

TEST_F(ConformanceTest, lists_change) {
  for (const auto& [trigger, method, list, extra] :
       {std::tuple{"test_trigger_tool_change", "tools/list", "tools", "test_extra_tool"},
        std::tuple{"test_trigger_prompt_change", "prompts/list", "prompts", "test_extra_prompt"}}) {
    EXPECT_FALSE(names(method, list).contains(extra));
    tool(trigger);
    EXPECT_TRUE(names(method, list).contains(extra));
    tool(trigger);
    EXPECT_FALSE(names(method, list).contains(extra));
  }
}

TEST_F(ConformanceTest, asks_again_until_a_name_is_given) {
  EXPECT_TRUE(asks(needy("elicitation"), "user_name"));
  for (const char* const wrong :
       {"{}", R"({"wrong_key":{"action":"accept","content":{"name":"Ada"}}})",
        R"({"user_name":{"action":"accept"}})",
        R"({"user_name":{"action":"accept","content":{"name":7}}})"})
    EXPECT_TRUE(asks(needy("elicitation", responses(wrong)), "user_name")) << wrong;
}

TEST_F(ConformanceTest, takes_a_name_among_other_things_and_a_refusal) {
  const json::value given =
      needy("elicitation", responses(R"({"other":{},"user_name":{"action":"accept","content":)"
                                     R"({"name":"Ada","age":"36"}}})"));
  EXPECT_EQ(given.at("resultType"), "complete");
  EXPECT_EQ(text_in(given), "Hello, Ada!");
  const json::value refused =
      needy("elicitation", responses(R"({"user_name":{"action":"decline"}})"));
  EXPECT_EQ(refused.at("isError"), true);
}

TEST_F(ConformanceTest, each_round_has_a_state_of_its_own) {
  const json::value first = needy("multi_round");
  ASSERT_TRUE(asks(first, "step1"));
  const json::value second =
      needy("multi_round", responses(R"({"step1":{"action":"accept","content":{"name":"Ada"}}})") +
                               state_of(first));
  ASSERT_TRUE(asks(second, "step2"));
  EXPECT_FALSE(asks(second, "step1"));
  EXPECT_NE(first.at("requestState"), second.at("requestState"));
  const json::value last = needy(
      "multi_round",
      responses(R"({"step2":{"action":"accept","content":{"color":"blue"}}})") + state_of(second));
  EXPECT_EQ(text_in(last), "Ada likes blue");
}

TEST_F(ConformanceTest, what_is_answered_is_not_asked_again) {
  const json::value first = needy("multiple_inputs");
  ASSERT_EQ(first.at("inputRequests").as_object().size(), 3U);
  const json::value second =
      needy("multiple_inputs",
            responses(R"({"client_roots":{"roots":[{"uri":"file:///a"}]}})") + state_of(first));
  EXPECT_FALSE(asks(second, "client_roots"));
  ASSERT_TRUE(asks(second, "greeting"));
  const std::string rest =
      R"({"user_name":{"action":"accept","content":{"name":"Ada"}},"greeting":)"
      R"({"role":"assistant","model":"m","content":{"type":"text","text":"Hi."}}})";
  EXPECT_EQ(text_in(needy("multiple_inputs", responses(rest) + state_of(second))),
            "Ada says: Hi. Roots: file:///a");
}

TEST_F(ConformanceTest, an_answer_counts_only_with_its_state) {
  const std::string yes = responses(R"({"confirm":{"action":"accept","content":{"ok":true}}})");
  const json::value asked = needy("request_state");
  ASSERT_TRUE(asks(asked, "confirm"));
  EXPECT_TRUE(asks(needy("request_state", yes), "confirm"));
  EXPECT_TRUE(text_in(needy("request_state", yes + state_of(asked))).starts_with("state-ok"));
  const json::value elsewhere =
      tool("test_input_required_result_tampered_state", yes + state_of(asked));
  EXPECT_EQ(elsewhere.at("error").at("code"), -32602);
}

TEST_F(ConformanceTest, asks_only_what_the_client_can_answer) {
  const json::value answer =
      tool("test_input_required_result_capabilities", "", R"({"sampling":{}})");
  const auto& asked = answer.at("result").at("inputRequests").as_object();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked.begin()->value().at("method"), "sampling/createMessage");
  EXPECT_EQ(tool("test_missing_capability", "", R"({"roots":{}})").at("error").at("code"), -32021);
}

TEST_F(ConformanceTest, a_prompt_may_ask_too) {
  const std::string name = R"("name":"test_input_required_result_prompt")";
  EXPECT_TRUE(asks(ask("prompts/get", name).at("result"), "user_context"));
  const json::value given =
      ask("prompts/get",
          name + responses(R"({"user_context":{"action":"accept","content":{"context":"tea"}}})"));
  const json::value& content = given.at("result").at("messages").at(0).at("content");
  EXPECT_EQ(content.at("text"), "Use this context: tea");
}

}  // namespace
}  // namespace gauntlet::server
