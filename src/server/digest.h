// SHA-256 as the server uses it: secrets are kept and compared as digests, and principals are known
// by 64 bits of one.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gauntlet::server {

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view text);

// Takes the same time wherever they differ.
bool same_digest(const Digest& left, const Digest& right);

// Of an issuer ("" for tokens of a file) and the subject that it names; never 0.
std::uint64_t principal_of(std::string_view issuer, std::string_view subject);

}  // namespace gauntlet::server
