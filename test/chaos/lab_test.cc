#include "chaos/lab.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "chaos/in_lab.h"
#include "core/clock.h"
#include "net/child.h"
#include "net/endpoint.h"

namespace gauntlet::chaos {
namespace {

namespace fs = std::filesystem;

constexpr core::Nanos kPatience = 20 * core::kSecond;

class LabTest : public InLab {};
GAUNTLET_IN_LAB(LabTest);

std::string output_of(const std::vector<std::string>& argv, const net::Namespaces& inside) {
  auto child = net::Child::start(argv, {.stdout_pipe = true, .inside = &inside});
  if (!child) return child.error().text;
  return child->read_line(core::monotonic_ns() + kPatience).value_or("nothing");
}

// All network namespaces that some process is in.
std::set<std::string> networks() {
  std::set<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto link = fs::read_symlink(entry.path() / "ns/net", error);
    if (!error) found.insert(link.string());
  }
  return found;
}

core::Fd connect_to(const std::string& address, std::uint16_t port) {
  const auto to = *net::Endpoint::tcp(address, port);
  core::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), to.address(), to.length()) != 0) fd.reset();
  return fd;
}

TEST_P(LabTest, BytesTravelFromLoadToServer) {
  in_lab([](Lab& lab) {
    core::Fd listener;
    lab.in(Place::server,
           [&] { listener = *net::listen_on(*net::Endpoint::tcp(Lab::server_address(), 3000)); });
    const core::Fd client = connect_to(Lab::server_address(), 3000);
    ASSERT_TRUE(client.valid());
    EXPECT_EQ(net::local_endpoint(client.get())->text().substr(0, 10), Lab::load_address() + ":");
    ASSERT_EQ(write(client.get(), "x", 1), 1);
    fcntl(listener.get(), F_SETFL, 0);
    const core::Fd served(accept(listener.get(), nullptr, nullptr));
    char byte = 0;
    ASSERT_EQ(read(served.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
    EXPECT_FALSE(connect_to("127.0.0.1", 3000).valid()) << "the server has a loopback of its own";
  });
}

TEST_P(LabTest, ProcessesInTheServerSeeOnlyTheLab) {
  in_lab([](Lab& lab) {
    EXPECT_EQ(output_of({"cat", "/proc/1/comm"}, lab.server()), "gauntlet-lab");
    EXPECT_EQ(output_of({"sh", "-c", "echo $(ls /proc/sys/net/ipv4/conf)"}, lab.server()),
              "all default lo server");
    EXPECT_EQ(output_of({"id", "-u"}, lab.server()), std::to_string(getuid()));
    EXPECT_EQ(output_of({"pwd"}, lab.server()), fs::current_path().string());
  });
}

TEST_P(LabTest, ChildrenAreOursToWaitForAndToSignal) {
  in_lab([](Lab& lab) {
    auto child = net::Child::start({"sleep", "100"}, {.inside = &lab.server()});
    ASSERT_TRUE(child) << child.error().text;
    EXPECT_TRUE(fs::exists("/proc/" + std::to_string(child->pid())));
    child->signal(SIGKILL);
    EXPECT_EQ(child->stop(kPatience), "killed by signal 9");
    const auto missing = net::Child::start({"no-such-program"}, {.inside = &lab.server()});
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().text.find("cannot start"), std::string::npos);
  });
}

TEST_P(LabTest, SocketsOfBeforeStayOutsideAndThreadsWork) {
  EXPECT_TRUE(passes_in_child([] {
    become_who_is_asked();
    const core::Fd before = *net::listen_on(*net::Endpoint::parse("127.0.0.1:auto"));
    const core::Fd client = connect_to("127.0.0.1", net::local_endpoint(before.get())->port());
    const auto lab = Lab::enter({});
    ASSERT_TRUE(lab) << lab.error().text;
    fcntl(before.get(), F_SETFL, 0);
    EXPECT_TRUE(core::Fd(accept(before.get(), nullptr, nullptr)).valid());
    std::thread([] { EXPECT_FALSE(connect_to(Lab::server_address(), 9).valid()); }).join();
  }));
}

TEST_P(LabTest, TcpIsStockUnlessTuned) {
  in_lab([](Lab& lab) {
    EXPECT_EQ(lab.get(Place::server, "ipv4/tcp_rto_min_us"), "200000");
    EXPECT_EQ(lab.get(Place::load, "ipv4/ip_local_port_range"), "1024\t65535");
    EXPECT_EQ(lab.get(Place::server, "core/somaxconn"), "65535");
  });
  in_lab(
      [](Lab& lab) {
        EXPECT_EQ(lab.get(Place::server, "ipv4/tcp_rto_min_us"), "20000");
        EXPECT_EQ(lab.get(Place::load, "ipv4/tcp_rto_min_us"), "20000");
        EXPECT_EQ(lab.get(Place::link, "ipv4/tcp_rto_min_us"), "200000");
      },
      {.sysctls = tuned_tcp()});
}

TEST_P(LabTest, AnUnknownSettingIsNamed) {
  EXPECT_TRUE(passes_in_child([] {
    become_who_is_asked();
    const auto lab = Lab::enter({.sysctls = {{"ipv4/no_such", "1"}}});
    ASSERT_FALSE(lab);
    EXPECT_NE(lab.error().text.find("no_such"), std::string::npos) << lab.error().text;
  }));
}

// A process that enters the lab, starts a server there, says so, and waits.
[[noreturn]] void live_in_the_lab(int tell_fd) {
  const auto lab = Lab::enter({});
  if (!lab) _exit(1);
  const auto server = net::Child::start({"sh", "-c", "setsid sleep 1000 & sleep 1000"},
                                        {.inside = &(*lab)->server()});
  const pid_t pids[] = {(*lab)->first_process(), server ? server->pid() : 0};
  (void)!write(tell_fd, pids, sizeof pids);
  for (;;) pause();
}

TEST_P(LabTest, NothingIsLeftAfterSigkill) {
  const auto before = networks();
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    become_who_is_asked();
    live_in_the_lab(ends[1]);
  }
  close(ends[1]);
  pid_t pids[2] = {0, 0};
  ASSERT_EQ(read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  const auto during = networks();
  EXPECT_GT(pids[1], 0);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !runs(pids[0]) && !runs(pids[1]); }));
  for (const auto& network : networks())
    EXPECT_TRUE(before.contains(network) || !during.contains(network)) << network << " is left";
  close(ends[0]);
}

}  // namespace
}  // namespace gauntlet::chaos
