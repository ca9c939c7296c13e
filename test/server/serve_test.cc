// serve() as a process of its own: what it prints, and how signals end it.
#include "server/serve.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client.h"
#include "requests.h"

namespace gauntlet::server {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A child that runs serve(), and the pipe that its stdout goes to.
class Serving {
 public:
  explicit Serving(const Config& config) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe");
    std::fflush(nullptr);  // or the child would print what waits here
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      const auto code = serve(config);
      _exit(code ? *code : 99);
    }
    close(ends[1]);
    out_ = fdopen(ends[0], "r");
  }
  ~Serving() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    fclose(out_);
  }

  std::string line() {
    char text[512] = "";
    return fgets(text, sizeof text, out_) == nullptr ? "" : text;
  }

  void signal(int number) const { kill(pid_, number); }
  // Its workers.
  std::vector<pid_t> children() const {
    const std::string pid = std::to_string(pid_);
    std::ifstream file("/proc/" + pid + "/task/" + pid + "/children");
    return {std::istream_iterator<pid_t>(file), {}};
  }
  // Them, once there are as many.
  std::vector<pid_t> workers(std::size_t count) const {
    while (children().size() != count) usleep(1000);
    return children();
  }
  // Until neither it nor its workers can print any more.
  void wait_for_all() {
    while (!line().empty()) {
    }
  }

  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = 0;
  FILE* out_ = nullptr;
};

Config one_http() {
  Config config;
  config.http = {*net::Endpoint::tcp("127.0.0.1", 0)};
  return config;
}

net::Endpoint announced(const std::string& line) {
  const std::size_t from = line.find("://") + 3;
  return *net::Endpoint::parse(line.substr(from, line.find('/', from) - from));
}

bool listens(const net::Endpoint& where) {
  try {
    Client probe(where);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

bool has_waiting_call(const net::Endpoint& where) {
  const std::string text = Client(where).ask(http("GET", "/metrics")).body;
  return text.find("gauntlet_server_later_calls 1\n") != std::string::npos;
}

TEST(Serve, SaysWhereItListens) {
  const std::string path = testing::TempDir() + "gauntlet_serve_" + std::to_string(getpid());
  Config config = one_http();
  config.lines = {*net::Endpoint::tcp("127.0.0.1", 0), *net::Endpoint::unix_path(path)};
  Serving serving(config);
  const std::string http_line = serving.line();
  EXPECT_THAT(http_line, StartsWith("gauntlet serve: listening on http://127.0.0.1:"));
  EXPECT_TRUE(http_line.ends_with("/mcp\n"));
  const std::string url = http_line.substr(29, http_line.size() - 30);
  EXPECT_EQ(serving.line(), R"({"mcpServers":{"gauntlet":{"url":")" + url + "\"}}}\n");
  EXPECT_THAT(serving.line(), StartsWith("gauntlet serve: listening on tcp://127.0.0.1:"));
  EXPECT_EQ(serving.line(), "gauntlet serve: listening on unix:" + path + "\n");
  Client client(announced(http_line));
  EXPECT_EQ(client.ask(stateless_echo("1")).status, 200);
  serving.signal(SIGTERM);
  EXPECT_EQ(serving.wait(), 0);
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST(Serve, ASecondSignalEndsItAtOnce) {
  Config config = one_http();
  config.limits.stop_ns = 3600 * core::kSecond;
  Serving serving(config);
  const net::Endpoint where = announced(serving.line());
  Client client(where);
  client.send(post(stateless_call("1", "sleep", R"({"ms":600000})"),
                   stateless_headers("tools/call", "sleep")));
  while (!has_waiting_call(where)) usleep(1000);
  serving.signal(SIGINT);
  while (listens(where)) usleep(1000);
  serving.signal(SIGTERM);
  EXPECT_EQ(serving.wait(), 130);
}

TEST(Serve, EndsWithItsParentWhenAskedTo) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Config config = one_http();
  config.parent_death_signal = true;
  const pid_t parent = fork();
  if (parent == 0) {
    if (fork() == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[1]);
      _exit(serve(config) ? 0 : 99);
    }
    pause();
  }
  close(ends[1]);
  FILE* const out = fdopen(ends[0], "r");
  char text[512];
  EXPECT_NE(fgets(text, sizeof text, out), nullptr);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  while (fgets(text, sizeof text, out) != nullptr) {
  }  // the end: nobody holds the other end any more
  fclose(out);
}

Config with_workers(std::size_t workers) {
  Config config = one_http();
  config.workers = workers;
  return config;
}

TEST(Serve, AnyWorkerSpeaksForTheWholeServer) {
  Serving serving(with_workers(3));
  const net::Endpoint where = announced(serving.line());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Client(where).ask(stateless_echo("1")).status, 200);
  for (int i = 0; i < 5; ++i)
    EXPECT_THAT(Client(where).ask(http("GET", "/metrics")).body,
                HasSubstr("gauntlet_server_requests_total{method=\"tools/call\"} 20\n"));
}

TEST(Serve, RefusesNobodyWhileAWorkerIsReplaced) {
  Config config = with_workers(2);
  config.restart_limit.count = 100;
  Serving serving(config);
  const net::Endpoint where = announced(serving.line());
  int answered = 0;
  for (int kills = 0; kills < 5; ++kills) {
    const std::vector<pid_t> before = serving.workers(2);
    kill(before.front(), SIGKILL);
    for (int i = 0; i < 20; ++i) {
      // A connection that the dying worker had taken already may go with it; none is refused.
      Client client(where);
      try {
        answered += client.ask(stateless_echo("1")).status == 200;
      } catch (const std::runtime_error&) {
      }
    }
    while (serving.workers(2) == before) usleep(1000);
  }
  EXPECT_GE(answered, 90);
}

// The kernel closes a process's descriptors one by one: its standard output, whose end is all that
// shows here, before its listener.
bool becomes_free(const net::Endpoint& where) {
  const core::Nanos limit = core::monotonic_ns() + 20 * core::kSecond;
  while (!net::listen_on(where)) {
    if (core::monotonic_ns() > limit) return false;
    usleep(1000);
  }
  return true;
}

TEST(Serve, LeavesNothingBehindWhenItIsKilled) {
  const std::string path = testing::TempDir() + "gauntlet_killed_" + std::to_string(getpid());
  Config config = with_workers(2);
  config.lines = {*net::Endpoint::unix_path(path)};
  for (int kills = 0; kills < 30; ++kills) {
    Serving serving(config);
    const net::Endpoint where = announced(serving.line());
    while (serving.children().empty()) {  // even a worker that has done nothing yet is enough
    }
    if (kills % 3 == 0) serving.workers(2);
    serving.signal(SIGKILL);
    EXPECT_EQ(serving.wait(), -SIGKILL);
    serving.wait_for_all();
    EXPECT_TRUE(becomes_free(where));
    EXPECT_NE(access(path.c_str(), F_OK), 0);
  }
}

TEST(Serve, ServesOnAfterAReload) {
  Serving serving(with_workers(2));
  const net::Endpoint where = announced(serving.line());
  Client busy(where);
  busy.send(post(stateless_call("1", "sleep", R"({"ms":300})"),
                 stateless_headers("tools/call", "sleep")));
  while (!has_waiting_call(where)) usleep(1000);
  const std::vector<pid_t> before = serving.workers(2);
  serving.signal(SIGHUP);
  while (serving.children() == before)
    EXPECT_EQ(Client(where).ask(stateless_echo("2")).status, 200);
  const HttpResponse response = busy.read_response();
  EXPECT_EQ(response.body, stateless_answered("1", R"("slept 300 ms")"))
      << "ended by the old worker";
  for (const pid_t pid : serving.workers(2)) EXPECT_THAT(before, Not(Contains(pid)));
  EXPECT_EQ(Client(where).ask(stateless_echo("3")).status, 200);
}

TEST(Serve, SaysWhyItCannotListen) {
  const auto taken = net::listen_on(*net::Endpoint::tcp("127.0.0.1", 0));
  Config config;
  config.http = {*net::local_endpoint(taken->get())};
  const auto code = serve(config);
  ASSERT_FALSE(code);
  EXPECT_THAT(code.error().text, HasSubstr("cannot listen on 127.0.0.1:"));
}

}  // namespace
}  // namespace gauntlet::server
