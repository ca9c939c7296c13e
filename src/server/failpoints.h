// Failpoints: faults that a test orders in a running server, in memory that all workers share: each
// obeys at once, whichever of them took the order, and one that is restarted still obeys.
//
//   handler-delay   every tools/call waits before its handler runs
//   tool            calls of one tool wait, or fail, or both
//   registry        shards of the session registry are out of reach
//   cut             letters from one worker to another are lost
//
// There is no such object unless the server was told to have it: who is asked on the way of a
// message looks at a null pointer. Every effect is counted when it happens.
// Orders come from any worker, one at a time; effects are asked for by all of them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "server/registry.h"
#include "server/shared_memory.h"

namespace gauntlet::server {

inline constexpr std::array<std::string_view, 4> kFailpointNames = {"handler-delay", "tool",
                                                                    "registry", "cut"};
inline constexpr std::size_t kToolFaultsMax = 8;
inline constexpr std::size_t kToolNameBytesMax = 64;

// What happens to one call before its handler runs.
struct CallFault {
  core::Nanos delay_ns = 0;
  bool fails = false;  // an error result instead of the handler's

  explicit operator bool() const { return delay_ns > 0 || fails; }
};

struct FailpointReport {
  std::string name;
  std::string settings;  // as text, "" when off
  std::uint64_t hits = 0;
};

class Failpoints {
 public:
  // Throws std::bad_alloc where the kernel refuses: start-up only.
  Failpoints(Registry& registry, std::size_t workers);
  Failpoints(const Failpoints&) = delete;
  Failpoints& operator=(const Failpoints&) = delete;

  // Effects: counted when they are more than nothing.
  CallFault on_call(std::string_view tool);
  bool cuts(std::size_t from, std::size_t to);

  // Orders.
  void delay_handlers(core::Nanos delay_ns);
  // False when kToolFaultsMax other tools have had one, or the name is too long.
  bool set_tool(std::string_view name, CallFault fault);
  void make_unreachable(std::uint64_t shards);  // bit by shard; the others are in reach
  // One way. False where there is no such worker.
  bool cut(std::size_t from, std::size_t to);
  // By the names above; false for any other.
  bool take_back(std::string_view name);
  void take_all_back();

  std::vector<FailpointReport> report() const;
  std::size_t workers() const { return workers_; }

 private:
  struct State;

  State& state() const;
  void heal_cuts();
  std::atomic<bool>& cut_flag(std::size_t from, std::size_t to) const;

  Registry& registry_;
  std::size_t workers_;
  SharedMemory memory_;
};

}  // namespace gauntlet::server
