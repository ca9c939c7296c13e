#include "chaos/process.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "core/proc.h"

namespace gauntlet::chaos {
namespace {

// Fields 3 and 22 of /proc/<pid>/stat; the second is in parentheses and may hold anything.
struct Stat {
  char state = 0;
  std::uint64_t start_ticks = 0;
};

Stat read_stat(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(file, line);
  const std::size_t paren = line.rfind(')');
  if (paren == std::string::npos) return {};
  std::istringstream rest(line.substr(paren + 1));
  Stat stat;
  rest >> stat.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) rest >> skipped;
  rest >> stat.start_ticks;
  return stat;
}

}  // namespace

Identity Identity::parse(const std::string& text) {
  return {std::stoi(text), std::stoull(text.substr(text.find('@') + 1))};
}

std::string Identity::text() const { return fmt::format("{}@{}", pid, start_ticks); }

bool Identity::is_there() const { return read_stat(pid).start_ticks == start_ticks; }

// Compared after opening: from then on the pidfd cannot come to mean another.
core::Fd Identity::open() const {
  core::Fd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!is_there()) fd.reset();
  return fd;
}

char Identity::state() const {
  const Stat stat = read_stat(pid);
  return stat.start_ticks == start_ticks ? stat.state : '\0';
}

std::vector<Identity> identify(const std::vector<pid_t>& pids) {
  std::vector<Identity> found;
  for (const pid_t pid : pids)
    if (const Stat stat = read_stat(pid); stat.state != 0 && stat.state != 'Z')
      found.push_back({pid, stat.start_ticks});
  return found;
}

std::vector<Identity> ProcessTarget::resolve() const {
  return identify(with_descendants ? core::process_tree(pids) : pids);
}

}  // namespace gauntlet::chaos
