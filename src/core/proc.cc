#include "core/proc.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

namespace gauntlet::core {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTcpListen = "0A";  // state column of /proc/net/tcp

std::vector<pid_t> all_pids() {
  std::vector<pid_t> pids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), pid).ptr;
    if (end == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

// From the third field of /proc/<pid>/stat on; the second is in parentheses and may hold anything.
std::istringstream stat_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t paren = line.rfind(')');
  return std::istringstream(paren == std::string::npos ? "" : line.substr(paren + 1));
}

pid_t parent_of(pid_t pid) {
  std::istringstream rest = stat_of(pid);
  std::string state;
  pid_t parent = 0;
  rest >> state >> parent;
  return parent;
}

// The kilobyte value of a "Name:   123 kB" line.
std::optional<std::uint64_t> kilobytes(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    std::istringstream value(line.substr(name.size()));
    std::uint64_t kb = 0;
    if (value >> kb) return kb;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> sum_bytes(std::span<const pid_t> pids, const char* file,
                                       std::string_view name) {
  std::uint64_t sum_kb = 0;
  bool seen = false;
  for (const pid_t pid : pids) {
    const auto kb = kilobytes("/proc/" + std::to_string(pid) + "/" + file, name);
    seen |= kb.has_value();
    sum_kb += kb.value_or(0);
  }
  if (!seen) return std::nullopt;
  return sum_kb * 1024;
}

// The inode of the listening socket on that port, from /proc/net/tcp or tcp6.
std::optional<std::string> listening_inode(const char* path, std::uint16_t port) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
        timeout >> inode;
    const std::size_t colon = local.rfind(':');
    if (state != kTcpListen || colon == std::string::npos) continue;
    if (std::stoul(local.substr(colon + 1), nullptr, 16) == port) return inode;
  }
  return std::nullopt;
}

bool holds_socket(pid_t pid, const std::string& link) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error))
    if (fs::read_symlink(entry.path(), error) == link) return true;
  return false;
}

// "CPU time, time waited for a core, time slices", of one thread.
void add_thread(const fs::path& schedstat, ProcessTime& sum) {
  std::ifstream file(schedstat);
  Nanos cpu = 0, waited = 0;
  if (!(file >> cpu >> waited)) return;
  sum.cpu += cpu;
  sum.run_queue_delay += waited;
}

}  // namespace

std::vector<pid_t> process_tree(std::span<const pid_t> roots) {
  std::multimap<pid_t, pid_t> children;
  for (const pid_t pid : all_pids()) children.emplace(parent_of(pid), pid);
  std::vector<pid_t> tree(roots.begin(), roots.end());
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const auto [first, last] = children.equal_range(tree[i]);
    for (auto child = first; child != last; ++child) tree.push_back(child->second);
  }
  std::ranges::sort(tree);
  const auto repeated = std::ranges::unique(tree);
  tree.erase(repeated.begin(), repeated.end());
  return tree;
}

std::optional<std::uint64_t> process_start(pid_t pid) {
  constexpr int kFieldsBetween = 18;  // the state is the third field, and this one the 22nd
  std::istringstream rest = stat_of(pid);
  std::string field;
  rest >> field;
  if (field.empty() || field == "Z") return std::nullopt;
  for (int i = 0; i < kFieldsBetween; ++i) rest >> field;
  std::uint64_t ticks = 0;
  if (!(rest >> ticks)) return std::nullopt;
  return ticks;
}

std::optional<std::uint64_t> resident_bytes(std::span<const pid_t> pids) {
  return sum_bytes(pids, "status", "VmRSS:");
}

std::optional<std::uint64_t> proportional_bytes(std::span<const pid_t> pids) {
  return sum_bytes(pids, "smaps_rollup", "Pss:");
}

ProcessHoldings process_holdings(std::span<const pid_t> pids) {
  const auto entries = [](const fs::path& folder) {
    std::error_code error;
    std::uint64_t count = 0;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) ++count;
    return count;
  };
  ProcessHoldings holdings;
  for (const pid_t pid : pids) {
    const fs::path process = fs::path("/proc") / std::to_string(pid);
    holdings.descriptors += entries(process / "fd");
    holdings.threads += entries(process / "task");
  }
  return holdings;
}

std::vector<ThreadTime> own_threads() {
  std::vector<ThreadTime> threads;
  std::error_code error;
  for (const auto& task : fs::directory_iterator("/proc/self/task", error)) {
    ThreadTime thread{.id = static_cast<pid_t>(std::stol(task.path().filename())), .name = {}};
    std::ifstream name(task.path() / "comm");
    std::getline(name, thread.name);
    ProcessTime time;
    add_thread(task.path() / "schedstat", time);
    thread.cpu = time.cpu;
    thread.run_queue_delay = time.run_queue_delay;
    threads.push_back(std::move(thread));
  }
  std::ranges::sort(threads, {}, [](const ThreadTime& thread) {
    return std::pair(thread.id != getpid(), thread.id);
  });
  return threads;
}

ProcessTime process_time(std::span<const pid_t> pids) {
  ProcessTime sum;
  std::error_code error;
  for (const pid_t pid : pids) {
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& task : fs::directory_iterator(tasks, error))
      add_thread(task.path() / "schedstat", sum);
  }
  return sum;
}

std::optional<pid_t> tcp_listener(std::uint16_t port) {
  auto inode = listening_inode("/proc/net/tcp", port);
  if (!inode) inode = listening_inode("/proc/net/tcp6", port);
  if (!inode) return std::nullopt;
  const std::string link = "socket:[" + *inode + "]";
  for (pid_t pid : all_pids()) {
    if (!holds_socket(pid, link)) continue;
    while (holds_socket(parent_of(pid), link)) pid = parent_of(pid);
    return pid;
  }
  return std::nullopt;
}

Machine this_machine() {
  Machine machine;
  machine.cores = std::thread::hardware_concurrency();
  utsname names{};
  if (uname(&names) == 0) machine.kernel = std::string(names.sysname) + " " + names.release;
  machine.memory_bytes = kilobytes("/proc/meminfo", "MemTotal:").value_or(0) * 1024;
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    machine.cpu_model = line.substr(std::min(line.size(), line.find(':') + 2));
    break;
  }
  return machine;
}

CpuTicks cpu_ticks() {
  std::ifstream file("/proc/stat");
  std::string name;
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, io_wait = 0, irq = 0, soft_irq = 0;
  CpuTicks ticks;
  file >> name >> user >> nice >> system >> idle >> io_wait >> irq >> soft_irq >> ticks.steal;
  ticks.idle = idle + io_wait;
  ticks.total = user + nice + system + ticks.idle + irq + soft_irq + ticks.steal;
  return ticks;
}

double ticks_per_second() { return static_cast<double>(sysconf(_SC_CLK_TCK)); }

unsigned online_cores() { return static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN)); }

}  // namespace gauntlet::core
