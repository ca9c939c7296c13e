#include "server/bad.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

namespace gauntlet::server {
namespace {

constexpr core::Nanos kStoodStill = 1500 * core::kMillisecond;
constexpr double kCalmShare = 0.7;
constexpr int kCalmSweeps = 2;
constexpr useconds_t kParentPause = 50'000;  // us

// An id of the same type that nobody asked for: -7 for 7, 7 for -7, -1 for 0, "a?" for "a".
void change_id(std::string& body, std::size_t id_at) {
  if (body[id_at] == '"') {
    std::size_t end = id_at + 1;
    while (body[end] != '"') end += body[end] == '\\' ? 2 : 1;
    body.insert(end, 1, '?');
  } else if (body[id_at] == '-') {
    body.erase(id_at, 1);
  } else {
    body.replace(id_at, body[id_at] == '0' ? 1 : 0, body[id_at] == '0' ? "-1" : "-");
  }
}

}  // namespace

std::optional<BadKind> parse_bad_kind(std::string_view name) {
  const auto found = std::find(kBadKindNames.begin(), kBadKindNames.end(), name);
  if (found == kBadKindNames.end()) return std::nullopt;
  return static_cast<BadKind>(found - kBadKindNames.begin());
}

Delivery Bad::spoil(std::string& body, std::size_t id_at) {
  if (kind_ == BadKind::stall) return {.stall = true};  // counted where it is swallowed
  ++count_;
  switch (kind_) {
    case BadKind::wrong_id: change_id(body, id_at); return {};
    case BadKind::duplicate: return {.copies = 2};
    case BadKind::drop: return {.copies = 0};
    case BadKind::bad_json: body.resize(body.size() / 2); return {};
    case BadKind::half_close: return {.half_then_close = true};
    case BadKind::leak:
      leaked_.push_back(std::make_unique_for_overwrite<char[]>(kLeakBytes));
      std::memset(leaked_.back().get(), 'x', kLeakBytes);  // touched, so that it is resident
      return {};
    case BadKind::leak_sessions: return {.leak_session = true};
    default: break;
  }
  return {};
}

bool Bad::refuses_call(std::uint64_t deaths, std::size_t waiting) {
  const std::uint64_t asked = ++asked_;
  const bool refused = kind_ == BadKind::cascade      ? waiting >= kCascadePlaces
                       : kind_ == BadKind::metastable ? in_trouble_
                                                      : deaths > 0 && asked % 4 != 0;
  count_ += refused ? 1 : 0;
  return refused;
}

void Bad::note_sweep(core::Nanos now_ns) {
  if (kind_ != BadKind::metastable) return;
  const core::Nanos passed_ns = now_ns - std::exchange(swept_ns_, now_ns);
  const double per_s = static_cast<double>(std::exchange(asked_, 0)) /
                       core::to_seconds(std::max<core::Nanos>(1, passed_ns));
  if (passed_ns == now_ns) return;  // the first
  const bool stood_still = passed_ns > kStoodStill;
  const bool calm = !stood_still && per_s < kCalmShare * usual_per_s_;
  calm_sweeps_ = calm ? calm_sweeps_ + 1 : 0;
  in_trouble_ = stood_still || (in_trouble_ && calm_sweeps_ < kCalmSweeps);
  if (!in_trouble_) usual_per_s_ = per_s;
}

// clone() without a stack of its own is a fork whose table of descriptors stays one with ours.
void outlive_with_descriptors(pid_t supervisor) {
  if (syscall(SYS_clone, CLONE_FILES | SIGCHLD, nullptr, nullptr, nullptr, nullptr) != 0) return;
  while (kill(supervisor, 0) == 0) usleep(kParentPause);
  _exit(0);
}

}  // namespace gauntlet::server
