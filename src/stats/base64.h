// Base64 (RFC 4648 section 4): the standard alphabet, padded.
// Decoding is strict: no white space, whole groups of four, and no stray bits in the last one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gauntlet::stats {

std::string to_base64(std::span<const char> bytes);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace gauntlet::stats
