#include "chaos/control_group.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace gauntlet::chaos {
namespace {

struct Mount {
  int version = 0;
  std::string root;  // of the hierarchy's tree, what is mounted
  std::string folder;
};

bool has_word(const std::string& list, const std::string& word, char separator) {
  std::istringstream words(list);
  for (std::string each; std::getline(words, each, separator);)
    if (each == word) return true;
  return false;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// "36 35 98:0 /root /folder options - type source super-options", see proc(5).
core::Result<Mount> find_mount(const std::string& controller) {
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream stream(line);
    const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
    if (words.size() < 10) continue;
    const std::string& type = words[words.size() - 3];
    const std::string& options = words.back();
    if (type == "cgroup" && has_word(options, controller, ',')) return Mount{1, words[3], words[4]};
    if (type == "cgroup2" &&
        has_word(first_line(words[4] + "/cgroup.controllers"), controller, ' '))
      return Mount{2, words[3], words[4]};
  }
  return core::internal_error("no control groups with the controller " + controller);
}

// The third field of the hierarchy's line in /proc/<pid>/cgroup.
std::string path_of(pid_t pid, const Mount& mount, const std::string& controller) {
  std::ifstream file(fmt::format("/proc/{}/cgroup", pid));
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (mount.version == 2 ? controllers.empty() : has_word(controllers, controller, ','))
      return line.substr(second + 1);
  }
  return "";
}

}  // namespace

core::Result<ControlGroup> control_group_of(pid_t pid, const std::string& controller) {
  const auto mount = find_mount(controller);
  if (!mount) return std::unexpected(mount.error());
  std::string path = path_of(pid, *mount, controller);
  if (path.empty()) return core::usage_error(fmt::format("process {} is in no group", pid));
  if (mount->root != "/" && path.starts_with(mount->root)) path.erase(0, mount->root.size());
  ControlGroup group{mount->version, mount->folder, mount->folder};
  if (path != "/" && !path.empty()) group.folder += path;
  if (mount->version == 1) {
    group.parent = group.folder;
    return group;
  }
  // Version 2 allows no processes in a group that has groups with controllers below it.
  if (group.folder != mount->folder)
    group.parent = std::filesystem::path(group.folder).parent_path();
  if (!has_word(first_line(group.parent + "/cgroup.subtree_control"), controller, ' '))
    return core::internal_error(
        fmt::format("the controller {} is not enabled below {}", controller, group.parent));
  return group;
}

}  // namespace gauntlet::chaos
