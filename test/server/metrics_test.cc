// The Prometheus text, judged by Prometheus' own linter.
#include "server/metrics.h"

#include <sys/wait.h>
#include <unistd.h>

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

TEST(Metrics, TheTextIsCleanAndSpeaksOfTheWholeServer) {
  Board board(2);
  board.seat(0).counters.count_request(Method::tools_call);
  board.seat(1).counters.count_request(Method::tools_call);
  board.seat(3).counters.count_request(Method::tools_call);  // worker 1 after a reload
  board.seat(1).counters.count_error(-32601);
  board.seat(0).counters.count_error(12345);
  board.seat(0).counters.bad_answers = 3;
  board.seat(1).counters.bad_answers = 4;
  board.seat(1).counters.letters_lost = 2;
  board.seat(0).counters.count_refused(Reason::rate);
  board.seat(1).counters.count_refused(Reason::rate);
  board.seat(1).counters.breaker_opened = 5;
  board.seat(0).gauges.calls_pressure = 2;
  board.seat(0).gauges.breaker_state = 2;
  board.seat(1).gauges.breaker_state = 2;  // of one that is not up
  board.seat(0).gauges.connections = 3;
  board.seat(1).gauges.connections = 4;
  board.seat(3).gauges.connections = 5;
  board.seat(0).gauges.later_calls = 1;
  board.seat(0).gauges.heap_bytes = 1000;
  board.seat(3).gauges.heap_bytes = 24;
  board.seat(2).gauges.heap_bytes = 7;
  board.seat(2).bury(true);  // which took its heap with it
  board.seat(0).pid = getpid();
  board.seat(0).up = true;
  board.seat(1).deaths = 2;
  Registry registry(1000, core::kSecond);
  registry.open({}, 1);
  registry.open({}, 1);
  Failpoints failpoints(registry, 2);
  failpoints.set_tool("echo", {.delay_ns = 0, .fails = true});
  failpoints.on_call("echo");
  const std::string text = prometheus_text({.board = board,
                                            .registry = registry,
                                            .failpoints = &failpoints,
                                            .bad = BadKind::drop,
                                            .loop_backend = "io_uring"});
  EXPECT_EQ(lint(text), 0) << text;
  EXPECT_THAT(text, HasSubstr("gauntlet_server_requests_total{method=\"tools/call\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_errors_total{code=\"-32601\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_errors_total{code=\"other\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_bad_answers_total{kind=\"drop\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_bad_answers_total{kind=\"stall\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_connections 12\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_refused_total{reason=\"rate\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_refused_total{reason=\"queue\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_breaker_opened_total 5\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_breaker_state{state=\"open\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_breaker_state{state=\"closed\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_queue_pressure{queue=\"calls\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_worker_connections{worker=\"1\"} 9\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_worker_up{worker=\"0\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_worker_up{worker=\"1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_worker_deaths_total{worker=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_loop_info{backend=\"io_uring\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_letters_lost_total 2\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_sessions 2\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_heap_bytes 1024\n"));
  EXPECT_THAT(text, HasSubstr("gauntlet_server_later_calls 1\n"));
  EXPECT_THAT(text, HasSubstr("failpoint_active{failpoint=\"cut\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("failpoint_active{failpoint=\"tool/echo\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("failpoint_hits_total{failpoint=\"tool/echo\"} 1\n"));
}

TEST(Metrics, RestartTimesAreAHistogram) {
  Board board(2);
  board.seat(0).note_up(1);  // a first start
  board.seat(0).died_ns = core::kSecond;
  board.seat(0).note_up(core::kSecond + core::kMillisecond);
  board.seat(1).died_ns = core::kSecond;
  board.seat(1).note_up(core::kSecond + 70 * core::kMillisecond);
  board.seat(2).died_ns = core::kSecond;
  board.seat(2).note_up(10 * core::kSecond);
  const Registry registry(1000, core::kSecond);
  const std::string text = prometheus_text({.board = board, .registry = registry});
  EXPECT_EQ(text.find("failpoint"), std::string::npos) << "there are none";
  const std::string name = "gauntlet_server_worker_restart_seconds";
  EXPECT_THAT(text, HasSubstr(name + "_bucket{le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{le=\"0.05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{le=\"0.1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{le=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_sum 9.071\n"));
  EXPECT_THAT(text, HasSubstr(name + "_count 3\n"));
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
