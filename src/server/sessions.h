// Sessions: the stateful era's sessions over HTTP, by their 128-bit id. In this process's memory;
// bounded, and forgotten after a time without use.
// Belongs to one thread. Times are those of core::monotonic_ns().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/clock.h"
#include "mcp/revision.h"

namespace gauntlet::server {

// The id as the Mcp-Session-Id header carries it: 32 lower-case hex digits from getrandom().
using SessionId = std::array<char, 32>;

struct Session {
  mcp::Revision revision;
  core::Nanos used_ns;
};

class Sessions {
 public:
  Sessions(std::size_t sessions_max, core::Nanos idle_ns)
      : sessions_max_(sessions_max), idle_ns_(idle_ns) {}

  // Nothing when the registry is full.
  std::optional<SessionId> open(mcp::Revision revision, core::Nanos now_ns);

  // Null when there is no such session. Marks it as used. Valid until the next call.
  const Session* find(std::string_view id, core::Nanos now_ns);

  bool close(std::string_view id);
  // Cheap to call often: looks through all of them only 30 times in the idle time.
  void forget_idle(core::Nanos now_ns);
  std::size_t count() const { return sessions_.size(); }

 private:
  struct Key {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool operator==(const Key&) const = default;
  };
  struct Hash {  // the key is random already, and no client chooses one that is stored
    std::size_t operator()(const Key& key) const { return key.low; }
  };
  static std::optional<Key> parse(std::string_view id);

  std::size_t sessions_max_;
  core::Nanos idle_ns_;
  core::Nanos last_look_ns_ = 0;
  std::unordered_map<Key, Session, Hash> sessions_;
};

}  // namespace gauntlet::server
