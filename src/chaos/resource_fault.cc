#include "chaos/resource_fault.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "chaos/control_group.h"

namespace gauntlet::chaos {
namespace {

namespace fs = std::filesystem;

constexpr long kPeriodUs = 100'000;  // of CPU time, the kernel's default

const char* controller_of(Resource resource) {
  switch (resource) {
    case Resource::cpu: return "cpu";
    case Resource::memory: return "memory";
    case Resource::tasks: return "pids";
  }
  return "";
}

struct Setting {
  std::string file, value;
};

Setting setting_of(const GroupLimit& limit, int version) {
  const long whole = std::lround(limit.amount);
  const long quota = std::lround(limit.amount * static_cast<double>(kPeriodUs));
  switch (limit.resource) {
    case Resource::cpu:
      if (version == 1) return {"cpu.cfs_quota_us", std::to_string(quota)};
      return {"cpu.max", fmt::format("{} {}", quota, kPeriodUs)};
    case Resource::memory:
      return {version == 1 ? "memory.limit_in_bytes" : "memory.max", std::to_string(whole)};
    case Resource::tasks: return {"pids.max", std::to_string(whole)};
  }
  return {};
}

// Where the kernel counts that it said no; "": the file is a single number.
struct Count {
  const char* file;
  const char* key;
  const char* name;
};

std::vector<Count> counts_of(Resource resource, int version) {
  switch (resource) {
    case Resource::cpu: return {{"cpu.stat", "nr_throttled", "nr_throttled"}};
    case Resource::memory:
      if (version == 1)
        return {{"memory.failcnt", "", "failcnt"}, {"memory.oom_control", "oom_kill", "oom_kill"}};
      return {{"memory.events", "max", "max"}, {"memory.events", "oom_kill", "oom_kill"}};
    case Resource::tasks: return {{"pids.events", "max", "max"}};
  }
  return {};
}

std::optional<std::uint64_t> read_count(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name = key;
    std::uint64_t value = 0;
    if (!key.empty()) words >> name;
    if (words >> value && name == key) return value;
  }
  return std::nullopt;
}

core::Result<void> write_setting(const std::string& path, const std::string& value) {
  std::ofstream file(path);
  file << value << std::flush;
  if (!file) return std::unexpected(core::errno_error(path));
  return {};
}

std::uint64_t next_group_number() {
  static std::uint64_t number = 0;
  return ++number;
}

}  // namespace

core::Result<void> GroupFault::find_groups() {
  victims_ = target_.resolve();
  if (victims_.empty()) return core::usage_error("no such process");
  const char* controller = controller_of(limit_.resource);
  for (const Identity& victim : victims_) {
    const auto group = control_group_of(victim.pid, controller);
    if (!group) return std::unexpected(group.error());
    if (&victim != victims_.data() && group->folder != origin_)
      return core::usage_error("the processes are in different control groups");
    version_ = group->version;
    origin_ = group->folder;
    group_ = fmt::format("{}/gauntlet-{}-{}", group->parent, getpid(), next_group_number());
  }
  return {};
}

core::Result<void> GroupFault::probe() {
  if (limit_.amount <= 0) return core::usage_error("the limit has to be more than nothing");
  if (auto found = find_groups(); !found) return found;
  if (mkdir(group_.c_str(), 0755) != 0) return std::unexpected(core::errno_error(group_));
  rmdir(group_.c_str());
  return {};
}

core::Result<void> GroupFault::arm(core::Nanos ttl) {
  ttl_ = ttl;
  last_ = {};
  return find_groups();
}

core::Result<void> GroupFault::start() {
  if (auto noted = note(Undo::remove_group(group_, origin_), ttl_); !noted) return noted;
  if (mkdir(group_.c_str(), 0755) != 0) return std::unexpected(core::errno_error(group_));
  const Setting setting = setting_of(limit_, version_);
  if (auto set = write_setting(group_ + "/" + setting.file, setting.value); !set) return set;
  for (const Identity& victim : victims_) {
    const auto moved = write_setting(group_ + "/cgroup.procs", std::to_string(victim.pid));
    if (!moved && victim.is_there()) return moved;
  }
  return {};
}

Evidence GroupFault::evidence() {
  Evidence found;
  std::uint64_t sum = 0;
  for (const auto& [file, key, name] : counts_of(limit_.resource, version_)) {
    const auto value = read_count(group_ + "/" + file, key);
    if (!value) return last_;  // the group is gone
    sum += *value;
    found.facts.emplace_back(name, std::to_string(*value));
  }
  found.shown = sum > 0;
  found.facts.emplace_back("control_group_version", std::to_string(version_));
  last_ = found;
  return found;
}

core::Result<void> GroupFault::stop() {
  evidence();  // its counters go with the group
  return NotedFault::stop();
}

core::Result<void> GroupFault::verify_clean() {
  if (group_.empty() || !fs::exists(group_)) return {};
  return core::internal_error("the control group " + group_ + " is still there");
}

namespace {

// Nothing for a process that we may not look at.
std::optional<std::uint64_t> lowest_free_descriptor(pid_t pid) {
  std::error_code error;
  std::set<std::uint64_t> used;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
    const std::string name = entry.path().filename();
    std::uint64_t fd = 0;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    used.insert(fd);
  }
  if (error) return std::nullopt;
  std::uint64_t lowest = 0;
  while (used.contains(lowest)) ++lowest;
  return lowest;
}

std::optional<rlimit> file_limit(pid_t pid) {
  rlimit limit{};
  if (prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) != 0) return std::nullopt;
  return limit;
}

}  // namespace

core::Result<void> FilesFault::probe() {
  const auto found = target_.resolve();
  if (found.empty()) return core::usage_error("no such process");
  for (const Identity& process : found)
    if (!file_limit(process.pid) || !lowest_free_descriptor(process.pid))
      return std::unexpected(core::errno_error(fmt::format("limit of {}", process.pid)));
  return {};
}

core::Result<void> FilesFault::arm(core::Nanos ttl) {
  ttl_ = ttl;
  seen_exhausted_ = 0;
  before_.clear();
  victims_ = target_.resolve();
  if (victims_.empty()) return core::usage_error("no such process");
  for (const Identity& victim : victims_) {
    const auto limit = file_limit(victim.pid);
    if (!limit) return std::unexpected(core::errno_error(fmt::format("limit of {}", victim.pid)));
    before_.push_back(limit->rlim_cur);
  }
  return {};
}

core::Result<void> FilesFault::start() {
  if (auto noted = note(Undo::limit_files(victims_, before_), ttl_); !noted) return noted;
  const std::vector<std::uint64_t> limits(victims_.size(), limit_);
  return carry_out(Undo::limit_files(victims_, limits));
}

Evidence FilesFault::evidence() {
  std::size_t exhausted = 0;
  std::string limits, free;
  for (const Identity& victim : victims_) {
    const auto limit = file_limit(victim.pid);
    const auto lowest = lowest_free_descriptor(victim.pid);
    if (!limit || !lowest || !victim.is_there()) continue;
    exhausted += limit->rlim_cur == limit_ && *lowest >= limit_ ? 1 : 0;
    limits += fmt::format("{}{}", limits.empty() ? "" : " ", limit->rlim_cur);
    free += fmt::format("{}{}", free.empty() ? "" : " ", *lowest);
  }
  seen_exhausted_ = std::max(seen_exhausted_, exhausted);
  return {.shown = seen_exhausted_ > 0,
          .facts = {{"victims", std::to_string(victims_.size())},
                    {"exhausted_at_once_max", std::to_string(seen_exhausted_)},
                    {"limits", limits},
                    {"lowest_free_descriptors", free}}};
}

core::Result<void> FilesFault::verify_clean() {
  for (std::size_t i = 0; i < victims_.size(); ++i) {
    const auto limit = file_limit(victims_[i].pid);
    if (victims_[i].is_there() && limit && limit->rlim_cur != before_[i])
      return core::internal_error(
          fmt::format("process {} may still have only {} files", victims_[i].pid, limit->rlim_cur));
  }
  return {};
}

}  // namespace gauntlet::chaos
