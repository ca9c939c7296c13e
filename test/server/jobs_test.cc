// Tasks as a service answers for them, in both eras, without sockets; the clock is run ahead where
// something is awaited.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "requests.h"
#include "server/service.h"
#include "wire.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

constexpr std::string_view kKnowing =
    R"({"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{}}})";
const std::string kYes = R"({"confirm":{"action":"accept","content":{"confirm":true}}})";

Config jobs_config() {
  Config config;
  config.conformance = true;
  config.page_size = 2;
  config.limits.jobs_max = 20;
  config.limits.jobs_share_max = 5;
  return config;
}

class JobsTest : public testing::Test {
 protected:
  explicit JobsTest(const Config& config = jobs_config()) : config_(config) {
    service_.add_transport(wire_);
    mailbox_.listen(*loop_, [this](const Letter& letter) {
      if (!letters_lost_) service_.on_letter(letter);
    });
    for (LocalSession* const session : {&mine_, &theirs_}) {
      session->opened = true;
      session->key = random_session_key();
      session->session.capabilities = kCanElicit;
    }
  }
  ~JobsTest() override { service_.abandon_all(); }

  std::string send(std::string_view text, LocalSession& session) {
    std::string bytes(text);
    bytes.append(net::kReadPadding, ' ');
    Caller caller;
    caller.connection = &session;
    caller.path.transport = &wire_;
    caller.principal = principal_;
    const Answer answer = service_.handle({bytes.data(), text.size()}, caller);
    status_ = answer.http_status;
    return std::string(answer.body);
  }
  json::value ask(std::string_view method, const std::string& params, LocalSession& session) {
    return json::parse(send(message("1", method, params), session));
  }
  // Stateful, as `mine_`.
  json::value ask(std::string_view method, const std::string& params) {
    return ask(method, params, mine_);
  }
  json::value ask_stateless(std::string_view method, const std::string& members,
                            std::string_view capabilities = kKnowing) {
    const std::string meta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                             R"("io.modelcontextprotocol/clientCapabilities":)" +
                             std::string(capabilities) + "}";
    return ask(method, "{" + members + "," + meta + "}");
  }

  std::string call(std::string_view tool, std::string_view arguments = "{}",
                   std::string_view task = "{}") {
    return R"({"name":")" + std::string(tool) + R"(","arguments":)" + std::string(arguments) +
           R"(,"task":)" + std::string(task) + "}";
  }
  std::string start(std::string_view tool, std::string_view arguments = "{}") {
    const json::value answer = ask("tools/call", call(tool, arguments));
    return std::string(answer.at("result").at("task").at("taskId").as_string());
  }
  std::string start_stateless(const std::string& tool, const std::string& arguments = "{}") {
    const json::value answer =
        ask_stateless("tools/call", R"("name":")" + tool + R"(","arguments":)" + arguments);
    return std::string(answer.at("result").at("taskId").as_string());
  }
  static std::string id_param(const std::string& id) { return R"({"taskId":")" + id + "\"}"; }
  static std::string id_member(const std::string& id) { return R"("taskId":")" + id + "\""; }

  std::string status(const std::string& id) {
    return std::string(ask("tasks/get", id_param(id)).at("result").at("status").as_string());
  }
  json::value look(const std::string& id) {
    return ask_stateless("tasks/get", id_member(id)).at("result");
  }
  static std::int64_t code(const json::value& answer) {
    return answer.at("error").at("code").as_int64();
  }
  json::value update(const std::string& id, const std::string& responses) {
    return ask_stateless("tasks/update", id_member(id) + R"(,"inputResponses":)" + responses);
  }

  // What is due now, and within a minute.
  void run_due() { timers_.run_due(core::monotonic_ns()); }
  void run_ahead() { timers_.run_due(core::monotonic_ns() + 60 * core::kSecond); }

  Config config_;
  std::unique_ptr<net::Loop> loop_ = net::make_loop();
  Timers timers_;
  LocalSession mine_, theirs_;
  std::uint64_t principal_ = 0;
  Registry registry_{1000, core::kSecond};
  EventLog events_{1 << 16};
  Mailbox mailbox_;
  Contents contents_;
  JobTable jobs_{config_.limits.jobs_max, config_.limits.job_bytes_max};
  Shared shared_{registry_, events_, &mailbox_, {}, &contents_, nullptr, 0, nullptr, &jobs_};
  Service service_{config_, timers_, shared_};
  Wire wire_{*loop_, service_, config_.limits};
  bool letters_lost_ = false;
  int status_ = 0;
};

TEST_F(JobsTest, ATaskWorksAndIsCompleted) {
  const std::string id = start("slow_compute", R"({"seconds":1})");
  EXPECT_EQ(id.size(), 32U);
  EXPECT_EQ(status(id), "working");
  run_ahead();
  EXPECT_EQ(status(id), "completed");
  const json::value got = ask("tasks/result", id_param(id)).at("result");
  EXPECT_EQ(got.at("content").at(0).at("text"), "computed for 1 s");
  EXPECT_EQ(got.at("_meta").at("io.modelcontextprotocol/related-task").at("taskId").as_string(),
            id);
  EXPECT_EQ(service_.later_count(), 0U);
}

TEST_F(JobsTest, TheResultIsWaitedFor) {
  const std::string id = start("slow_compute", R"({"seconds":1})");
  EXPECT_EQ(send(message("9", "tasks/result", id_param(id)), mine_), "");
  EXPECT_FALSE(wire_.last().finished);
  run_ahead();
  run_due();
  ASSERT_TRUE(wire_.last().finished);
  EXPECT_THAT(wire_.last().answer, HasSubstr("computed for 1 s"));
  EXPECT_EQ(service_.later_count(), 0U);
}

TEST_F(JobsTest, APlainFunctionRunsAsATaskWhereItsToolSaysSo) {
  EXPECT_EQ(code(ask("tools/call", call("echo", R"({"message":"x"})"))), mcp::kMethodNotFound);
  EXPECT_EQ(status(start("sleep", R"({"ms":60000})")), "working");
}

TEST_F(JobsTest, WhoHasToBeATaskIsRefusedOtherwise) {
  const json::value refused = ask("tools/call", R"({"name":"failing_job","arguments":{}})");
  EXPECT_EQ(code(refused), mcp::kMethodNotFound);
  const std::string plain = R"("name":"failing_job","arguments":{})";
  const json::value lacking = ask_stateless("tools/call", plain, "{}");
  EXPECT_EQ(code(lacking), mcp::kMissingClientCapability);
  EXPECT_EQ(status_, 400);
  EXPECT_EQ(service_.later_count(), 0U);
}

TEST_F(JobsTest, RevisionsBeforeTasksKnowNothingOfThem) {
  mine_.session.revision = mcp::Revision::v2025_06_18;
  EXPECT_EQ(send(message("1", "tools/call", call("failing_job")), mine_), "");  // comes later
  run_ahead();
  EXPECT_THAT(wire_.last().answer, HasSubstr("this job fails, always"));
  for (const char* const method : {"tasks/get", "tasks/result", "tasks/list", "tasks/cancel"})
    EXPECT_EQ(code(ask(method, id_param(std::string(32, '0')))), mcp::kMethodNotFound);
  EXPECT_THAT(send(message("1", "tools/list", "{}"), mine_), Not(HasSubstr("taskSupport")));
  EXPECT_THAT(send(initialize("2025-06-18"), mine_), Not(HasSubstr("\"tasks\"")));
  EXPECT_THAT(send(initialize("2025-11-25"), mine_), HasSubstr("\"tasks\""));
}

TEST_F(JobsTest, AClientMaySayForHowLongWithinBounds) {
  const auto ttl = [this](const char* task) {
    return ask("tools/call", call("sleep", R"({"ms":1})", task)).at("result").at("task").at("ttl");
  };
  EXPECT_EQ(ttl("{}"), 300'000);
  EXPECT_EQ(ttl(R"({"ttl":20000})"), 20'000);
  EXPECT_EQ(ttl(R"({"ttl":1})"), 1000);
  EXPECT_EQ(ttl(R"({"ttl":999999999999})"), 3'600'000);
  EXPECT_EQ(ttl(R"({"ttl":null})"), 3'600'000);
  for (const char* const wrong : {"5", "null", R"({"ttl":"1"})", R"({"ttl":-1})"})
    EXPECT_EQ(code(ask("tools/call", call("sleep", R"({"ms":1})", wrong))), mcp::kInvalidParams)
        << wrong;
}

TEST_F(JobsTest, TasksAreListedInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(start("sleep", R"({"ms":60000})"));
  std::vector<std::string> seen;
  std::string params = "{}";
  for (int page = 0; page < 3; ++page) {
    const json::value result = ask("tasks/list", params).at("result");
    for (const json::value& task : result.at("tasks").as_array())
      seen.emplace_back(task.at("taskId").as_string());
    EXPECT_EQ(result.as_object().contains("nextCursor"), page < 2);
    if (page < 2) params = R"({"cursor":)" + json::serialize(result.at("nextCursor")) + "}";
  }
  EXPECT_EQ(seen, ids);
  EXPECT_TRUE(ask("tasks/list", "{}", theirs_).at("result").at("tasks").as_array().empty());
  EXPECT_EQ(code(ask("tasks/list", R"({"cursor":"x"})")), mcp::kInvalidParams);
  EXPECT_EQ(code(ask("tasks/list", R"({"cursor":5})")), mcp::kInvalidParams);
}

TEST_F(JobsTest, ACancelledTaskStopsAndStaysCancelled) {
  const std::string id = start("slow_compute", R"({"seconds":60})");
  const json::value cancelled = ask("tasks/cancel", id_param(id)).at("result");
  EXPECT_EQ(cancelled.at("status"), "cancelled");
  run_due();
  EXPECT_EQ(service_.later_count(), 0U);
  EXPECT_EQ(status(id), "cancelled");
  EXPECT_EQ(code(ask("tasks/cancel", id_param(id))), mcp::kInvalidParams);
  EXPECT_EQ(code(ask("tasks/result", id_param(id))), mcp::kInvalidParams);
}

TEST_F(JobsTest, CancellingEndsWhoWaitsForTheResult) {
  const std::string id = start("slow_compute", R"({"seconds":60})");
  EXPECT_EQ(send(message("9", "tasks/result", id_param(id)), mine_), "");
  ask("tasks/cancel", id_param(id));
  run_due();
  run_due();
  EXPECT_THAT(wire_.last().answer, HasSubstr("the task was cancelled"));
}

TEST_F(JobsTest, ATaskIsNobodyElses) {
  const std::string id = start("slow_compute", R"({"seconds":60})");
  for (const char* const method : {"tasks/get", "tasks/result", "tasks/cancel"})
    EXPECT_EQ(code(ask(method, id_param(id), theirs_)), mcp::kInvalidParams) << method;
  EXPECT_EQ(code(ask_stateless("tasks/get", id_member(id))), mcp::kInvalidParams);
  EXPECT_EQ(status(id), "working");
  const std::string other = start_stateless("slow_compute", R"({"seconds":60})");
  EXPECT_EQ(code(ask("tasks/get", id_param(other))), mcp::kInvalidParams);
  principal_ = 7;
  for (const char* const method : {"tasks/get", "tasks/cancel"})
    EXPECT_EQ(code(ask_stateless(method, id_member(other))), mcp::kInvalidParams) << method;
  EXPECT_EQ(code(update(other, "{}")), mcp::kInvalidParams);
}

TEST_F(JobsTest, IdsThatAreNone) {
  for (const char* const params :
       {"{}", R"({"taskId":5})", R"({"taskId":""})",
        R"({"taskId":"00000000000000000000000000000000"})", R"({"taskId":"é"})"})
    for (const char* const method : {"tasks/get", "tasks/result", "tasks/cancel"})
      EXPECT_EQ(code(ask(method, params)), mcp::kInvalidParams) << method << params;
}

TEST_F(JobsTest, TheProtocolsErrorsAndAToolsAreToldApart) {
  const std::string failing = start("failing_job");
  const std::string broken = start("protocol_error_job");
  const std::string flat_failing = start_stateless("failing_job");
  const std::string flat_broken = start_stateless("protocol_error_job");
  run_ahead();
  EXPECT_EQ(status(failing), "failed");
  EXPECT_EQ(ask("tasks/result", id_param(failing)).at("result").at("isError"), true);
  EXPECT_EQ(status(broken), "failed");
  EXPECT_EQ(code(ask("tasks/result", id_param(broken))), mcp::kInternalError);
  EXPECT_EQ(look(flat_failing).at("status"), "completed");
  EXPECT_EQ(look(flat_failing).at("result").at("isError"), true);
  EXPECT_EQ(look(flat_broken).at("status"), "failed");
  EXPECT_EQ(look(flat_broken).at("error").at("code"), mcp::kInternalError);
}

TEST_F(JobsTest, ProgressIsTheStatusMessage) {
  const std::string id = start("progress", R"({"steps":3,"ms":60000})");
  run_due();
  run_ahead();
  run_ahead();
  const json::value task = ask("tasks/get", id_param(id)).at("result");
  EXPECT_THAT(std::string(task.at("statusMessage").as_string()), HasSubstr(" of 3"));
}

TEST_F(JobsTest, StatelessInputIsAskedForAndGiven) {
  const std::string id = start_stateless("confirm_delete");
  run_due();
  EXPECT_EQ(look(id).at("status"), "input_required");
  EXPECT_EQ(look(id).at("inputRequests").at("confirm").at("method"), "elicitation/create");
  EXPECT_EQ(code(update(id, R"({"confirm":{"action":"maybe"}})")), mcp::kInvalidParams);
  EXPECT_EQ(code(update(id, "5")), mcp::kInvalidParams);
  EXPECT_EQ(update(id, R"({"unknown":{"action":"accept"}})").at("result").at("resultType"),
            "complete");
  EXPECT_EQ(look(id).at("status"), "input_required");
  update(id, kYes);
  EXPECT_NE(look(id).at("status"), "input_required");
  run_due();
  EXPECT_EQ(look(id).at("result").at("content").at(0).at("text"), "deleted a file");
}

TEST_F(JobsTest, StatelessInputMayComeInParts) {
  const std::string id = start_stateless("multi_input");
  run_due();
  update(id, R"({"name":{"action":"accept","content":{"name":"Ada"}}})");
  run_due();
  const json::value half = look(id);
  EXPECT_EQ(half.at("status"), "input_required");
  EXPECT_FALSE(half.at("inputRequests").as_object().contains("name"));
  EXPECT_TRUE(half.at("inputRequests").as_object().contains("confirm"));
  update(id, kYes);
  run_due();
  EXPECT_EQ(look(id).at("result").at("content").at(0).at("text"), "Ada: accept");
}

TEST_F(JobsTest, StatefulInputIsAskedForWhereTheResultIs) {
  const std::string id = start("confirm_delete");
  run_due();
  EXPECT_EQ(status(id), "input_required");
  EXPECT_EQ(send(message("9", "tasks/result", id_param(id)), mine_), "");
  ASSERT_EQ(wire_.last().messages.size(), 1U);
  const json::value question = json::parse(wire_.last().messages[0]);
  EXPECT_EQ(question.at("method"), "elicitation/create");
  const json::value& meta = question.at("params").at("_meta");
  EXPECT_EQ(meta.at("io.modelcontextprotocol/related-task").at("taskId").as_string(), id);
  send(R"({"jsonrpc":"2.0","id":)" + json::serialize(question.at("id")) +
           R"(,"result":{"action":"accept","content":{"confirm":true}}})",
       mine_);
  for (int i = 0; i < 3; ++i) run_due();
  EXPECT_THAT(wire_.last().answer, HasSubstr("deleted a file"));
}

TEST_F(JobsTest, AClientThatCannotBeAskedIsNot) {
  mine_.session.capabilities = 0;
  const std::string id = start("confirm_delete");
  run_due();
  EXPECT_EQ(status(id), "failed");
}

TEST_F(JobsTest, ACallMayBecomeATaskAfterItsRoundTrips) {
  const std::string call = R"("name":"test_tool_with_task","arguments":{})";
  const json::value first = ask_stateless("tools/call", call).at("result");
  EXPECT_EQ(first.at("resultType"), "input_required");
  const json::value second =
      ask_stateless("tools/call", call + R"(,"inputResponses":{"user_name":)"
                                         R"({"action":"accept","content":{"name":"Ada"}}})")
          .at("result");
  EXPECT_EQ(second.at("resultType"), "task");
  EXPECT_FALSE(second.as_object().contains("requestState"));
  run_ahead();
  const json::value task = look(std::string(second.at("taskId").as_string()));
  EXPECT_EQ(task.at("result").at("content").at(0).at("text"), "worked for Ada");
  EXPECT_EQ(service_.later_count(), 0U);
}

TEST_F(JobsTest, OneClientHasAShareOfTheTasks) {
  for (int i = 0; i < 5; ++i) start("sleep", R"({"ms":60000})");
  const json::value refused = ask("tools/call", call("sleep", R"({"ms":60000})"));
  EXPECT_EQ(code(refused), kOverloaded);
  EXPECT_EQ(status_, 503);
  for (int i = 0; i < 10; ++i) start_stateless("sleep", R"({"ms":60000})");  // half of all
  EXPECT_EQ(code(ask_stateless("tools/call", R"("name":"sleep","arguments":{"ms":60000})")),
            kOverloaded);
  EXPECT_FALSE(
      ask("tools/call", call("sleep", R"({"ms":1})"), theirs_).as_object().contains("error"));
}

TEST_F(JobsTest, TheEndOfAConnectionEndsItsTasks) {
  start("slow_compute", R"({"seconds":60})");
  start_stateless("slow_compute", R"({"seconds":60})");  // nobody's in particular
  service_.forget_jobs(mine_.key);
  run_due();
  EXPECT_EQ(service_.later_count(), 1U);
  EXPECT_EQ(jobs_.count(), 1U);
}

TEST_F(JobsTest, WhatLettersDoNotBringIsFoundByLooking) {
  const std::string id = start("slow_compute", R"({"seconds":60})");
  letters_lost_ = true;
  ask("tasks/cancel", id_param(id));
  run_due();
  EXPECT_EQ(service_.later_count(), 1U);
  service_.sweep(core::monotonic_ns());
  EXPECT_EQ(service_.later_count(), 0U);
}

TEST_F(JobsTest, AWorkerThatEndsSaysSo) {
  const std::string id = start("slow_compute", R"({"seconds":60})");
  service_.abandon_all();
  const json::value task = ask("tasks/get", id_param(id)).at("result");
  EXPECT_EQ(task.at("status"), "failed");
  EXPECT_EQ(task.at("statusMessage").as_string(), kWorkerEnded.data());
}

TEST_F(JobsTest, ItsSessionHearsOfEachStatus) {
  const std::string id = start("confirm_delete");
  run_due();
  const Letter& letter = wire_.letters().back();
  EXPECT_EQ(letter.session, mine_.key);
  EXPECT_THAT(letter.text, HasSubstr("notifications/tasks/status"));
  EXPECT_THAT(letter.text, HasSubstr("input_required"));
  EXPECT_THAT(letter.text, HasSubstr(id));
}

class ShortLivedJobsTest : public JobsTest {
 protected:
  static Config config() {
    Config config = jobs_config();
    config.limits.job_ttl_ns = core::kSecond;
    return config;
  }
  ShortLivedJobsTest() : JobsTest(config()) {}
};

TEST_F(ShortLivedJobsTest, ATaskIsForgottenInTimeWhateverItDoes) {
  const std::string sleeping = start("slow_compute", R"({"seconds":60})");
  const std::string asking = start("confirm_delete");
  run_due();
  EXPECT_EQ(send(message("9", "tasks/result", id_param(sleeping)), mine_), "");
  std::this_thread::sleep_for(std::chrono::milliseconds(1005));
  EXPECT_EQ(code(ask("tasks/get", id_param(asking))), mcp::kInvalidParams);
  service_.sweep(core::monotonic_ns());
  run_due();
  run_due();
  EXPECT_EQ(service_.later_count(), 0U);
  EXPECT_EQ(jobs_.count(), 0U);
  EXPECT_THAT(wire_.last().answer, HasSubstr("there is no such task"));
}

}  // namespace
}  // namespace gauntlet::server
