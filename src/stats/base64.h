// Base64 (RFC 4648): the standard alphabet, padded (section 4), and the one for URLs, without
// padding (section 5, as JSON Web Tokens have it).
// Decoding is strict: no white space, whole groups of four, and no stray bits in the last one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gauntlet::stats {

std::string to_base64(std::span<const char> bytes);
std::optional<std::string> from_base64(std::string_view text);

std::string to_base64_url(std::span<const char> bytes);
std::optional<std::string> from_base64_url(std::string_view text);

}  // namespace gauntlet::stats
