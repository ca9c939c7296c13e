#include "server/sessions.h"

#include <sys/random.h>

#include "core/check.h"

namespace gauntlet::server {
namespace {

// Looking through all sessions takes milliseconds when there are many.
constexpr core::Nanos kLooksPerIdleTime = 30;

constexpr std::string_view kHex = "0123456789abcdef";

void write_hex(std::uint64_t value, char* to) {
  for (int i = 15; i >= 0; --i, value >>= 4) to[i] = kHex[value & 15];
}

std::optional<std::uint64_t> read_hex(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    const bool letter = c >= 'a' && c <= 'f';
    if (!letter && (c < '0' || c > '9')) return std::nullopt;
    value = (value << 4) | static_cast<std::uint64_t>(letter ? c - 'a' + 10 : c - '0');
  }
  return value;
}

}  // namespace

std::optional<Sessions::Key> Sessions::parse(std::string_view id) {
  if (id.size() != std::tuple_size_v<SessionId>) return std::nullopt;
  const auto high = read_hex(id.substr(0, 16));
  const auto low = read_hex(id.substr(16));
  if (!high || !low) return std::nullopt;
  return Key{*high, *low};
}

std::optional<SessionId> Sessions::open(mcp::Revision revision, core::Nanos now_ns) {
  if (sessions_.size() >= sessions_max_) return std::nullopt;
  Key key;
  GAUNTLET_CHECK(getrandom(&key, sizeof key, 0) == static_cast<ssize_t>(sizeof key));
  sessions_.emplace(key, Session{revision, now_ns});
  SessionId id;
  write_hex(key.high, id.data());
  write_hex(key.low, id.data() + 16);
  return id;
}

const Session* Sessions::find(std::string_view id, core::Nanos now_ns) {
  const auto key = parse(id);
  if (!key) return nullptr;
  const auto found = sessions_.find(*key);
  if (found == sessions_.end()) return nullptr;
  found->second.used_ns = now_ns;
  return &found->second;
}

bool Sessions::close(std::string_view id) {
  const auto key = parse(id);
  return key && sessions_.erase(*key) > 0;
}

void Sessions::forget_idle(core::Nanos now_ns) {
  if (now_ns - last_look_ns_ < idle_ns_ / kLooksPerIdleTime) return;
  last_look_ns_ = now_ns;
  std::erase_if(sessions_,
                [&](const auto& entry) { return now_ns - entry.second.used_ns > idle_ns_; });
}

}  // namespace gauntlet::server
