#include "server/failpoints.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>

#include <fmt/format.h>

#include "core/quantity.h"

namespace gauntlet::server {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
using Hits = std::atomic<std::uint64_t>;

void no_repair() {}  // no setting depends on another

// A place is taken for one name and keeps it: its name never changes under a reader.
struct ToolFault {
  std::atomic<std::size_t> name_size{0};  // 0: the place is free; written last
  std::array<char, kToolNameBytesMax> name{};
  std::atomic<core::Nanos> delay_ns{0};
  std::atomic<bool> fails{false};
  Hits hits{0};

  std::string_view text() const { return {name.data(), name_size.load(std::memory_order_acquire)}; }
  CallFault fault() const { return {delay_ns.load(kRelaxed), fails.load(kRelaxed)}; }
};

std::string settings_of(CallFault fault) {
  if (!fault) return "";
  return fmt::format("delay {}{}", core::format_duration(fault.delay_ns),
                     fault.fails ? ", fails" : "");
}

}  // namespace

struct Failpoints::State {
  RobustMutex mutex;  // of those who order
  std::atomic<core::Nanos> delay_ns{0};
  Hits delay_hits{0};
  std::array<ToolFault, kToolFaultsMax> tools;
  std::atomic<std::uint64_t> shards{0};
  std::atomic<std::size_t> cuts{0};
  Hits cut_hits{0};
};

Failpoints::Failpoints(Registry& registry, std::size_t workers)
    : registry_(registry),
      workers_(workers),
      memory_(sizeof(State) + workers * workers * sizeof(std::atomic<bool>)) {
  new (memory_.data()) State;
}

Failpoints::State& Failpoints::state() const {
  return *std::launder(reinterpret_cast<State*>(memory_.data()));
}

// Zeroed memory is an array of false.
std::atomic<bool>& Failpoints::cut_flag(std::size_t from, std::size_t to) const {
  auto* const flags = reinterpret_cast<std::atomic<bool>*>(memory_.data() + sizeof(State));
  return flags[from * workers_ + to];
}

CallFault Failpoints::on_call(std::string_view tool) {
  State& all = state();
  CallFault fault{all.delay_ns.load(kRelaxed)};
  if (fault) all.delay_hits.fetch_add(1, kRelaxed);
  for (ToolFault& place : all.tools) {
    if (place.text() != tool) continue;
    const CallFault own = place.fault();
    if (own) place.hits.fetch_add(1, kRelaxed);
    fault.delay_ns += own.delay_ns;
    fault.fails |= own.fails;
  }
  return fault;
}

bool Failpoints::cuts(std::size_t from, std::size_t to) {
  State& all = state();
  if (all.cuts.load(kRelaxed) == 0 || !cut_flag(from, to).load(kRelaxed)) return false;
  all.cut_hits.fetch_add(1, kRelaxed);
  return true;
}

void Failpoints::delay_handlers(core::Nanos delay_ns) {
  state().delay_ns.store(delay_ns, kRelaxed);
}

bool Failpoints::set_tool(std::string_view name, CallFault fault) {
  if (name.empty() || name.size() > kToolNameBytesMax) return false;
  State& all = state();
  const RobustLock lock(all.mutex, no_repair);
  auto place = std::ranges::find(all.tools, name, &ToolFault::text);
  if (place == all.tools.end()) place = std::ranges::find(all.tools, "", &ToolFault::text);
  if (place == all.tools.end()) return false;
  place->delay_ns.store(fault.delay_ns, kRelaxed);
  place->fails.store(fault.fails, kRelaxed);
  std::memcpy(place->name.data(), name.data(), name.size());
  place->name_size.store(name.size(), std::memory_order_release);
  return true;
}

void Failpoints::make_unreachable(std::uint64_t shards) {
  const RobustLock lock(state().mutex, no_repair);
  state().shards.store(shards, kRelaxed);
  for (std::size_t shard = 0; shard < kShardCount; ++shard)
    registry_.make_unreachable(shard, (shards >> shard & 1) != 0);
}

bool Failpoints::cut(std::size_t from, std::size_t to) {
  if (from >= workers_ || to >= workers_) return false;
  const RobustLock lock(state().mutex, no_repair);
  if (!cut_flag(from, to).exchange(true, kRelaxed)) state().cuts.fetch_add(1, kRelaxed);
  return true;
}

void Failpoints::heal_cuts() {
  const RobustLock lock(state().mutex, no_repair);
  state().cuts.store(0, kRelaxed);
  for (std::size_t from = 0; from < workers_; ++from)
    for (std::size_t to = 0; to < workers_; ++to) cut_flag(from, to).store(false, kRelaxed);
}

bool Failpoints::take_back(std::string_view name) {
  if (name == "handler-delay") {
    delay_handlers(0);
  } else if (name == "tool") {
    for (const ToolFault& place : state().tools)
      if (!place.text().empty()) set_tool(place.text(), {});
  } else if (name == "registry") {
    make_unreachable(0);
  } else if (name == "cut") {
    heal_cuts();
  } else {
    return false;
  }
  return true;
}

void Failpoints::take_all_back() {
  for (const std::string_view name : kFailpointNames) take_back(name);
}

std::vector<FailpointReport> Failpoints::report() const {
  const State& all = state();
  const std::uint64_t shards = all.shards.load(kRelaxed);
  const std::size_t cuts = all.cuts.load(kRelaxed);
  std::uint64_t turned_away = 0;
  for (std::size_t shard = 0; shard < kShardCount; ++shard)
    turned_away += registry_.stats(shard).turned_away;
  std::vector<FailpointReport> reports = {
      {"handler-delay", settings_of({all.delay_ns.load(kRelaxed)}), all.delay_hits.load(kRelaxed)},
      {"registry", shards == 0 ? "" : fmt::format("{} shards", std::popcount(shards)), turned_away},
      {"cut", cuts == 0 ? "" : fmt::format("{} ways", cuts), all.cut_hits.load(kRelaxed)}};
  for (const ToolFault& place : all.tools)
    if (!place.text().empty())
      reports.push_back({fmt::format("tool/{}", place.text()), settings_of(place.fault()),
                         place.hits.load(kRelaxed)});
  return reports;
}

}  // namespace gauntlet::server
