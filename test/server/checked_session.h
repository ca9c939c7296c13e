// A session whose every part follows from its key and a version: half a write shows.
#pragma once

#include <cstdint>
#include <optional>

#include "core/random.h"
#include "server/session.h"

namespace gauntlet::server {

inline Session checked_session(const SessionKey& key, std::uint32_t version) {
  core::Random random(key.high ^ (key.low * 3) ^ version);
  Session session;
  session.next_stream = version;
  session.principal = random.next();
  session.stream_owner = random.next();
  session.allowance = {.tokens = random.uniform(), .filled_ns = 1};
  for (auto& hash : session.subscriptions) hash = random.next();
  session.subscription_count = kSubscriptionsMax;
  return session;
}

// Its version; nothing where it is not whole, or another's.
inline std::optional<std::uint32_t> version_of(const SessionKey& key, const Session& session) {
  const Session whole = checked_session(key, session.next_stream);
  const bool same = session.principal == whole.principal &&
                    session.stream_owner == whole.stream_owner &&
                    session.allowance.tokens == whole.allowance.tokens &&
                    session.subscription_count == whole.subscription_count &&
                    session.subscriptions == whole.subscriptions;
  return same ? std::optional(session.next_stream) : std::nullopt;
}

}  // namespace gauntlet::server
