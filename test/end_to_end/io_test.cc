// Both event loops under the program as it ships: --io epoll and --io io_uring, and a kernel that
// forbids the latter.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <thread>

#include "core/proc.h"
#include "end_to_end/workers.h"
#include "net/loop.h"

namespace gauntlet::end_to_end {
namespace {

// The kernel answers io_uring_setup() of this thread, and of all that it starts, with EPERM: what a
// container's seccomp profile does.
void forbid_io_uring() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = std::size(filter), .filter = filter};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

template <typename Body>
void without_io_uring(Body body) {
  std::thread([&] {
    forbid_io_uring();
    body();
  }).join();
}

std::string loop_of(const Gauntlet& gauntlet) {
  const auto summary = gauntlet.summary();
  return std::string(summary.at("host").as_object().at("loop_backend").as_string());
}

struct Case {
  std::string io, transport;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.io << " over " << c.transport; }

class IoTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const auto possible = net::check_io(*net::parse_io(GetParam().io));
    if (!possible) GTEST_SKIP() << possible.error().text;
  }
  std::vector<std::string> listener() const {
    if (GetParam().transport == "unix") return {"--unix", (scratch_.path() / "socket").string()};
    return {"--" + GetParam().transport, "127.0.0.1:auto"};
  }

  Scratch scratch_;
};

TEST_P(IoTest, CarriesEveryMessage) {
  auto serve = listener();
  serve.insert(serve.end(), {"--io", GetParam().io});
  Server server(serve);
  Gauntlet gauntlet({"run", "--url", server.url(), "-c", "20", "--burst", "4", "-d", "1s", "-q",
                     "--io", GetParam().io});
  EXPECT_NE(gauntlet.wait(), -1) << gauntlet.out() << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty()) << gauntlet.err();
  EXPECT_EQ(loop_of(gauntlet), GetParam().io);
  if (GetParam().transport == "http") {
    EXPECT_EQ(metric_of(server, "gauntlet_server_loop_info{backend=\"" + GetParam().io + "\"}"), 1);
  }
  EXPECT_GT(count(summary, "load", "completed"), 100);
  EXPECT_EQ(count(summary, "load", "completed"), count(summary, "load", "scheduled"));
}

TEST_P(IoTest, CarriesLargeMessagesWhole) {
  auto serve = listener();
  serve.insert(serve.end(), {"--io", GetParam().io});
  Server server(serve);
  const std::string large(100'000, 'x');
  Gauntlet gauntlet({"run", "--url", server.url(), "-c", "3", "-d", "1s", "-q", "--io",
                     GetParam().io, "--args", R"({"message":"{{nonce}})" + large + R"("})"});
  EXPECT_NE(gauntlet.wait(), -1) << gauntlet.out() << gauntlet.err();
  const auto summary = gauntlet.summary();
  ASSERT_FALSE(summary.empty()) << gauntlet.err();
  EXPECT_GT(count(summary, "load", "completed"), 5);
  EXPECT_EQ(count(summary, "load", "completed"), count(summary, "load", "scheduled"));
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  return info.param.io + "_" + info.param.transport;
}

INSTANTIATE_TEST_SUITE_P(Over, IoTest,
                         testing::Values(Case{"epoll", "http"}, Case{"epoll", "tcp"},
                                         Case{"epoll", "unix"}, Case{"io_uring", "http"},
                                         Case{"io_uring", "tcp"}, Case{"io_uring", "unix"}),
                         case_name);

TEST(Io, OurOwnServerIsGivenTheSameChoice) {
  if (const auto possible = net::check_io(net::Io::io_uring); !possible)
    GTEST_SKIP() << possible.error().text;
  for (const std::string io : {"epoll", "io_uring"}) {
    Gauntlet gauntlet({"run", "--url", "builtin", "-c", "2", "-d", "20s", "-q", "--io", io});
    std::string command;
    for (int i = 0; i < 500 && command.empty(); ++i, usleep(20'000))
      for (const pid_t pid : core::process_tree(std::vector<pid_t>{gauntlet.pid()})) {
        const std::string line = read_whole(fs::path("/proc") / std::to_string(pid) / "cmdline");
        if (line.find("serve") != std::string::npos) command = line;
      }
    EXPECT_NE(command.find(std::string("--io\0", 5) + io), std::string::npos) << command;
    gauntlet.signal(SIGINT);
    gauntlet.wait();
  }
}

TEST(Io, WhereTheKernelForbidsIoUringAskingForItIsAUsageError) {
  without_io_uring([] {
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"run", "--url", "builtin", "-d", "1s"}, {"serve"}, {"floor"}}) {
      auto arguments = command;
      arguments.insert(arguments.end(), {"--io", "io_uring"});
      Gauntlet gauntlet(arguments);
      EXPECT_EQ(gauntlet.wait(), 2);
      const std::string error = gauntlet.err();
      EXPECT_NE(error.find("--io io_uring: this kernel does not let us have it"), std::string::npos)
          << error;
      EXPECT_NE(error.find("Operation not permitted"), std::string::npos) << error;
      EXPECT_EQ(std::ranges::count(error, '\n'), 1) << error;
    }
  });
}

TEST(Io, WhereTheKernelForbidsIoUringAllElseRunsOnEpoll) {
  without_io_uring([] {
    Gauntlet gauntlet({"run", "--url", "builtin", "-c", "2", "-d", "1s", "-q"});
    EXPECT_NE(gauntlet.wait(), -1);
    EXPECT_EQ(loop_of(gauntlet), "epoll");
    EXPECT_GT(count(gauntlet.summary(), "load", "completed"), 100);
  });
}

TEST(Io, AnotherNameIsAUsageError) {
  Gauntlet gauntlet({"run", "--url", "builtin", "-d", "1s", "--io", "kqueue"});
  EXPECT_EQ(gauntlet.wait(), 2);
  EXPECT_NE(gauntlet.err().find("--io: 'kqueue' is none of: auto, epoll, io_uring"),
            std::string::npos)
      << gauntlet.err();
}

// A request that is under way holds its socket, until the kernel has ended the ring of a process
// that was killed.
TEST(Io, AKilledServerLeavesItsPortFree) {
  if (const auto possible = net::check_io(net::Io::io_uring); !possible)
    GTEST_SKIP() << possible.error().text;
  std::string where = "127.0.0.1:auto";
  for (int round = 0; round < 3; ++round) {
    Server server({"--tcp", where, "--io", "io_uring", "--workers", "2"});
    where = server.url().substr(std::string("tcp://").size());
    Gauntlet load({"run", "--url", server.url(), "-c", "50", "-d", "60s", "-q"});
    const core::Nanos patience = core::monotonic_ns() + 10 * core::kSecond;
    const auto at = *net::Endpoint::parse(where);
    while (core::monotonic_ns() < patience && load.scratch().empty()) usleep(10'000);
    usleep(300'000);
    server.signal_all(SIGKILL);
    core::Result<core::Fd> again = net::listen_on(at);
    while (!again && core::monotonic_ns() < patience) {
      usleep(10'000);
      again = net::listen_on(at);
    }
    EXPECT_TRUE(again) << again.error().text;
    load.signal(SIGINT);
    load.wait();
  }
}

}  // namespace
}  // namespace gauntlet::end_to_end
