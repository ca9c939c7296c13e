// The service without a transport: its tools and counters.
#include "server/service.h"

#include <gmock/gmock.h>

#include "service_fixture.h"

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

std::string text_answer(std::string_view text) {
  return echoed("1", "\"" + std::string(text) + "\"");
}

TEST_F(ServiceTest, EchoNeedsAMessage) {
  EXPECT_EQ(tool("echo", R"({"message":"a"})"), text_answer("a"));
  EXPECT_EQ(tool("echo", R"({"other":[1,{}],"message":"a" })"), text_answer("a"));
  for (const char* arguments : {"{}", R"({"message":1})", R"({"message":null})", "[]"})
    EXPECT_THAT(tool("echo", arguments), HasSubstr(R"("isError":true)")) << arguments;
  for (const char* arguments : {R"({"message":"\x"})", R"({"message":"\ud800"})"})
    EXPECT_THAT(tool("echo", arguments), HasSubstr("-32700")) << arguments;
  EXPECT_THAT(ask(message("1", "tools/call", R"({"name":"echo"})")), HasSubstr("isError"));
}

TEST_F(ServiceTest, PayloadHasTheSizeAskedFor) {
  EXPECT_EQ(tool("payload", R"({"bytes":5})"), text_answer("xxxxx"));
  EXPECT_EQ(tool("payload", R"({"bytes":0})"), text_answer(""));
  EXPECT_EQ(tool("payload", R"({"bytes":1048576})").size(), text_answer("").size() + (1U << 20U));
  for (const char* arguments :
       {R"({"bytes":1048577})", R"({"bytes":-1})", R"({"bytes":1.5})", R"({"bytes":"5"})", "{}"})
    EXPECT_THAT(tool("payload", arguments), HasSubstr("isError")) << arguments;
}

TEST_F(ServiceTest, CpuUsesProcessorTime) {
  const core::Nanos before = core::thread_cpu_ns();
  EXPECT_EQ(tool("cpu", R"({"ms":20})"), text_answer("burned 20 ms"));
  EXPECT_GE(core::thread_cpu_ns() - before, 20 * core::kMillisecond);
  EXPECT_THAT(tool("cpu", R"({"ms":10001})"), HasSubstr("isError"));
}

TEST_F(ServiceTest, SleepWaitsForItsTimer) {
  EXPECT_EQ(tool("sleep", R"({"ms":5})"), "");
  EXPECT_EQ(service_.later_count(), 1U);
  EXPECT_GE(timers_.next_ns(), core::monotonic_ns() - core::kSecond);
  run_timers();
  EXPECT_EQ(wire_.answers(), std::vector{text_answer("slept 5 ms")});
  EXPECT_EQ(service_.later_count(), 0U);
  EXPECT_THAT(tool("sleep", R"({"ms":600001})"), HasSubstr("isError"));
}

TEST_F(ServiceTest, FailFailsAsAsked) {
  EXPECT_THAT(tool("fail", R"({"kind":"tool_error"})"), HasSubstr("failed as asked"));
  EXPECT_THAT(tool("fail", R"({"kind":"jsonrpc"})"), HasSubstr(R"("code":-32603)"));
  EXPECT_THAT(tool("fail", R"({"kind":"what"})"), HasSubstr("fail needs kind"));
  for (const int status : {429, 500, 503}) {
    const std::string json =
        call("1", "fail", R"({"kind":"http_)" + std::to_string(status) + "\"}");
    std::string bytes = json + std::string(net::kReadPadding, ' ');
    Caller caller;
    caller.connection = &connection_;
    EXPECT_EQ(service_.handle({bytes.data(), json.size()}, caller).http_status, status);
  }
}

TEST_F(ServiceTest, CountsRequestsAndErrors) {
  tool("echo", R"({"message":"a"})");
  ask(message("1", "no/such"));
  ask("{");
  EXPECT_EQ(service_.counters().requests[static_cast<std::size_t>(Method::tools_call)], 1U);
  EXPECT_EQ(service_.counters().requests[static_cast<std::size_t>(Method::other)], 1U);
  EXPECT_EQ(service_.counters().errors[0], 1U);  // -32700
  EXPECT_EQ(service_.counters().errors[2], 1U);  // -32601
}

}  // namespace
}  // namespace gauntlet::server
