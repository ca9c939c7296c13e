// Seal: state that a client keeps for a server that keeps none (2026-07-28 basic/patterns/mrtr,
// requestState): readable by anyone, changeable by nobody, good for one request and a short time.
// HMAC-SHA-256 (RFC 2104) over the text; the key is shared by all workers of one server.
// Pure functions; may be called from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gauntlet::server {

using SealKey = std::array<std::uint8_t, 32>;  // Shared::state_key
inline constexpr std::size_t kSealedBytesMax = 256 * 1024;

// "<base64 of text>.<base64 of its code>"
std::string seal(const SealKey& key, std::string_view text);
// Nothing where it is not exactly what seal() made with that key.
std::optional<std::string> unseal(const SealKey& key, std::string_view sealed);

// A fixed-length digest of a text (SHA-256), in base64.
std::string digest(std::string_view text);

}  // namespace gauntlet::server
