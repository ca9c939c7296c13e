#include "chaos/lab.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "core/check.h"

namespace gauntlet::chaos {
namespace {

constexpr const char* kLoadNetwork = "10.77.1.0";
constexpr const char* kServerNetwork = "10.77.2.0";
constexpr const char* kLoadGateway = "10.77.1.254";
constexpr const char* kServerGateway = "10.77.2.254";
constexpr int kPrefix = 24;
constexpr const char* kOwnNetwork = "/proc/thread-self/ns/net";

const Port kLoadPort{"load", {2, 0, 0, 77, 1, 1}};
const Port kServerPort{"server", {2, 0, 0, 77, 2, 1}};

core::Result<void> write_file(const std::string& path, const std::string& text) {
  const core::Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid() || write(file.get(), text.data(), text.size()) < 0)
    return std::unexpected(core::errno_error(path));
  return {};
}

core::Result<core::Fd> open_namespace(const std::string& path) {
  core::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return std::unexpected(core::errno_error(path));
  return fd;
}

// An ordinary user gets the right to make the others with a user namespace, in which the only user
// is the same one.
core::Result<void> take_the_right() {
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  if (unshare(CLONE_NEWUSER) != 0) {
    const std::string hint = errno == EPERM || errno == ENOSPC || errno == EUSERS
                                 ? " (user namespaces are forbidden here)"
                                 : " (has it threads already?)";
    return core::internal_error(core::errno_error("no user namespace").text + hint);
  }
  auto written = write_file("/proc/self/setgroups", "deny");
  if (written) written = write_file("/proc/self/uid_map", fmt::format("{} {} 1", uid, uid));
  if (written) written = write_file("/proc/self/gid_map", fmt::format("{} {} 1", gid, gid));
  return written;
}

// The lab's first process: ends with us, mounts /proc, and otherwise does nothing. What the lab's
// processes leave behind falls to it, and the kernel buries that, since it ignores SIGCHLD.
[[noreturn]] void be_the_first(int ready_fd, int go_fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "gauntlet-lab");
  signal(SIGCHLD, SIG_IGN);
  int error = 0;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    error = errno;
  (void)!write(ready_fd, &error, sizeof error);
  char go = 0;
  const bool orphan = read(go_fd, &go, 1) != 1;  // who made us had ended before PR_SET_PDEATHSIG
  if (error != 0 || orphan) _exit(1);
  net::close_all_but(0);
  const int null = open("/dev/null", O_RDWR);
  for (const int standard : {0, 1, 2}) dup2(null, standard);
  for (;;) pause();
}

}  // namespace

Sysctls tuned_tcp() { return {{"ipv4/tcp_rto_min_us", "20000"}}; }

LinkPorts link_ports() {
  return {.to_load = {"to_load", {2, 0, 0, 77, 1, 254}},
          .to_server = {"to_server", {2, 0, 0, 77, 2, 254}},
          .load_mac = kLoadPort.mac,
          .server_mac = kServerPort.mac};
}

std::string Lab::server_address() { return "10.77.2.1"; }
std::string Lab::load_address(int number) { return fmt::format("10.77.1.{}", number + 1); }

core::Result<void> Lab::available() {
  return try_apart([]() -> core::Result<void> {
    const auto lab = enter({});
    return lab ? core::Result<void>() : std::unexpected(lab.error());
  });
}

core::Result<void> Lab::try_apart(const std::function<core::Result<void>()>& attempt) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(core::errno_error("pipe"));
  const core::Fd reading(ends[0]);
  core::Fd writing(ends[1]);
  const pid_t child = fork();
  if (child < 0) return std::unexpected(core::errno_error("fork"));
  if (child == 0) {
    const auto done = attempt();
    const std::string text = done ? "yes" : done.error().text;
    (void)!write(writing.get(), text.data(), text.size());
    _exit(0);
  }
  writing.reset();
  std::array<char, 512> text{};
  const ssize_t got = read(reading.get(), text.data(), text.size());
  waitpid(child, nullptr, 0);
  const std::string answer(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (answer == "yes") return {};
  return core::internal_error(answer.empty() ? "the attempt ended without a word" : answer);
}

core::Result<std::unique_ptr<Lab>> Lab::enter(const LabOptions& options) {
  std::unique_ptr<Lab> lab(new Lab);
  if (auto built = lab->build(options); !built) return std::unexpected(built.error());
  return lab;
}

Lab::~Lab() {
  if (first_process_ <= 0) return;
  kill(first_process_, SIGKILL);
  // No waiting: it cannot go before our own children in the lab have been waited for.
  waitpid(first_process_, nullptr, WNOHANG);
}

core::Result<void> Lab::build(const LabOptions& options) {
  auto done = make_networks();
  if (done) done = join();
  if (done) done = set(Place::link, "ipv4/ip_forward", "1");
  if (done) done = set(Place::load, "ipv4/ip_local_port_range", "1024 65535");
  if (done) done = set(Place::server, "core/somaxconn", "65535");
  if (done) done = set(Place::load, "ipv4/ping_group_range", fmt::format("{0} {0}", getegid()));
  for (const auto& [name, value] : options.sysctls)
    for (const Place place : {Place::load, Place::server})
      if (done) done = set(place, name, value);
  if (done) done = start_first_process();
  return done;
}

core::Result<void> Lab::make_networks() {
  for (core::Fd& network : networks_) {
    if (unshare(CLONE_NEWNET) != 0) {
      if (errno != EPERM || &network != networks_.data())
        return std::unexpected(core::errno_error("no network namespace"));
      if (auto taken = take_the_right(); !taken) return taken;
      if (unshare(CLONE_NEWNET) != 0)
        return std::unexpected(core::errno_error("no network namespace"));
    }
    auto opened = open_namespace(kOwnNetwork);
    if (!opened) return std::unexpected(opened.error());
    network = std::move(*opened);
  }
  GAUNTLET_CHECK(setns(network_fd(Place::load), CLONE_NEWNET) == 0);
  return {};
}

core::Result<void> Lab::join() {
  core::Result<void> done;
  const auto then = [&](Place place, const auto& order) {
    if (!done) return;
    in(place, [&] {
      auto netlink = Netlink::open();
      done = netlink ? order(*netlink) : std::unexpected(netlink.error());
    });
  };
  const auto up = [&](Place place, const std::string& port) {
    then(place, [&](Netlink& netlink) { return netlink.set_up(port); });
  };
  const auto address = [&](Place place, const std::string& port, const std::string& text) {
    then(place, [&](Netlink& netlink) { return netlink.add_address(port, text, kPrefix); });
  };
  const auto route = [&](Place place, const char* network, const char* gateway) {
    then(place, [&](Netlink& netlink) { return netlink.add_route(network, kPrefix, gateway); });
  };
  const LinkPorts ports = link_ports();
  const auto wire = [&](const Port& far, const Port& near, Place place) {
    then(place,
         [&](Netlink& netlink) { return netlink.add_wire(far, near, network_fd(Place::link)); });
  };
  wire(kLoadPort, ports.to_load, Place::load);
  wire(kServerPort, ports.to_server, Place::server);
  for (const Place place : {Place::load, Place::link, Place::server}) up(place, "lo");
  for (int i = 0; i < kLoadAddresses; ++i) address(Place::load, kLoadPort.name, load_address(i));
  address(Place::link, ports.to_load.name, kLoadGateway);
  address(Place::link, ports.to_server.name, kServerGateway);
  address(Place::server, kServerPort.name, server_address());
  up(Place::load, kLoadPort.name);
  up(Place::link, ports.to_load.name);
  up(Place::link, ports.to_server.name);
  up(Place::server, kServerPort.name);
  route(Place::load, kServerNetwork, kLoadGateway);
  route(Place::server, kLoadNetwork, kServerGateway);
  return done;
}

core::Result<void> Lab::start_first_process() {
  std::array<int, 2> ready{}, go{};
  if (pipe2(ready.data(), O_CLOEXEC) != 0 || pipe2(go.data(), O_CLOEXEC) != 0)
    return std::unexpected(core::errno_error("pipe"));
  const core::Fd ready_read(ready[0]), go_write(go[1]);
  core::Fd ready_write(ready[1]), go_read(go[0]);
  first_process_ = net::fork_inside(
      {.pid_fd = -1, .mount_fd = -1, .network_fd = network_fd(Place::server), .directory = "/"});
  if (first_process_ < 0) return std::unexpected(core::errno_error("no pid or mount namespace"));
  if (first_process_ == 0) {
    close(go_write.get());
    be_the_first(ready_write.get(), go_read.get());
  }
  ready_write.reset();
  int error = EIO;
  (void)!read(ready_read.get(), &error, sizeof error);
  errno = error;
  if (error != 0) return std::unexpected(core::errno_error("no /proc in the lab"));
  const std::string spaces = fmt::format("/proc/{}/ns/", first_process_);
  auto pids = open_namespace(spaces + "pid");
  auto mounts = open_namespace(spaces + "mnt");
  if (!pids || !mounts) return std::unexpected(pids ? mounts.error() : pids.error());
  pid_namespace_ = std::move(*pids);
  mount_namespace_ = std::move(*mounts);
  server_ = {.pid_fd = pid_namespace_.get(),
             .mount_fd = mount_namespace_.get(),
             .network_fd = network_fd(Place::server),
             .directory = std::filesystem::current_path()};
  link_ = server_;
  link_.network_fd = network_fd(Place::link);
  (void)!write(go_write.get(), "g", 1);
  return {};
}

void Lab::in(Place place, const std::function<void()>& call) const {
  GAUNTLET_CHECK(setns(network_fd(place), CLONE_NEWNET) == 0);
  call();
  GAUNTLET_CHECK(setns(network_fd(Place::load), CLONE_NEWNET) == 0);
}

core::Result<void> Lab::set(Place place, const std::string& sysctl,
                            const std::string& value) const {
  core::Result<void> written;
  in(place, [&] { written = write_file("/proc/sys/net/" + sysctl, value); });
  return written;
}

core::Result<std::string> Lab::get(Place place, const std::string& sysctl) const {
  core::Result<std::string> text;
  in(place, [&] {
    const core::Fd file(open(("/proc/sys/net/" + sysctl).c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 256> bytes;
    const ssize_t got = read(file.get(), bytes.data(), bytes.size());
    if (got < 0) text = std::unexpected(core::errno_error(sysctl));
    while (got > 0 && text->size() < static_cast<std::size_t>(got) && bytes[text->size()] != '\n')
      *text += bytes[text->size()];
  });
  return text;
}

}  // namespace gauntlet::chaos
