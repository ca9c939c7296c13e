// The Prometheus text, judged by Prometheus' own linter.
#include "server/metrics.h"

#include <sys/wait.h>

#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gauntlet::server {
namespace {

using testing::HasSubstr;

int lint(const std::string& text) {
  FILE* const pipe = popen("promtool check metrics", "w");
  if (pipe == nullptr) return -1;
  std::fwrite(text.data(), 1, text.size(), pipe);
  return pclose(pipe);
}

TEST(Metrics, TheLinterFindsFault) { EXPECT_NE(lint("# TYPE Bad_name counter\nBad_name 1\n"), 0); }

TEST(Metrics, TheTextIsClean) {
  Counters counters;
  counters.count_request(Method::tools_call);
  counters.count_error(-32601);
  counters.count_error(12345);
  const std::string text = prometheus_text(counters, {.connections = 3,
                                                      .sessions = 2,
                                                      .later_calls = 1,
                                                      .uptime_seconds = 1.5,
                                                      .bad = BadKind::drop,
                                                      .bad_answers = 7});
  EXPECT_EQ(lint(text), 0) << text;
  EXPECT_THAT(text, HasSubstr("gauntlet_server_requests_total{method=\"tools/call\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_errors_total{code=\"-32601\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_errors_total{code=\"other\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_bad_answers_total{kind=\"drop\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_bad_answers_total{kind=\"stall\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_connections 3\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_uptime_seconds 1.5\n"));
}

TEST(Metrics, NamesOfMethodsAreBounded) {
  EXPECT_EQ(method_of("tools/call"), Method::tools_call);
  EXPECT_EQ(method_of("ping"), Method::ping);
  EXPECT_EQ(method_of("notifications/anything"), Method::notification);
  EXPECT_EQ(method_of("notification"), Method::other);
  EXPECT_EQ(method_of("other"), Method::other);
  EXPECT_EQ(method_of(""), Method::other);
}

}  // namespace
}  // namespace gauntlet::server
