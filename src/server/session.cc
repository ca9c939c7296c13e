#include "server/session.h"

#include <sys/random.h>

#include <algorithm>

#include "core/check.h"

namespace gauntlet::server {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kDigits = 16;  // of one half

void write_hex(std::uint64_t value, char* to) {
  for (std::size_t i = kDigits; i-- > 0; value >>= 4) to[i] = kHex[value & 15];
}

std::optional<std::uint64_t> read_hex(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    const auto digit = kHex.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = (value << 4) | digit;
  }
  return value;
}

}  // namespace

SessionKey random_session_key() {
  SessionKey key;
  GAUNTLET_CHECK(getrandom(&key, sizeof key, 0) == static_cast<ssize_t>(sizeof key));
  return key;
}

SessionId text_of(const SessionKey& key) {
  SessionId id;
  write_hex(key.high, id.data());
  write_hex(key.low, id.data() + kDigits);
  return id;
}

std::optional<SessionKey> parse_session_id(std::string_view text) {
  if (text.size() != 2 * kDigits) return std::nullopt;
  const auto high = read_hex(text.substr(0, kDigits));
  const auto low = read_hex(text.substr(kDigits));
  if (!high || !low) return std::nullopt;
  return SessionKey{*high, *low};
}

std::uint64_t uri_hash(std::string_view uri) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : uri) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

bool Session::watches(std::uint64_t uri) const {
  const auto end = subscriptions.begin() + subscription_count;
  return std::find(subscriptions.begin(), end, uri) != end;
}

bool Session::subscribe(std::uint64_t uri) {
  if (watches(uri)) return true;
  if (subscription_count == kSubscriptionsMax) return false;
  subscriptions[subscription_count++] = uri;
  return true;
}

void Session::unsubscribe(std::uint64_t uri) {
  const auto end = subscriptions.begin() + subscription_count;
  const auto found = std::find(subscriptions.begin(), end, uri);
  if (found == end) return;
  *found = *(end - 1);
  --subscription_count;
}

}  // namespace gauntlet::server
