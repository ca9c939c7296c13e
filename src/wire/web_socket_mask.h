// The mask of WebSocket frames (RFC 6455 section 5.3): each payload byte is XORed with one of the
// four bytes of the mask in turn. Eight bytes at a time; masking and unmasking are the same.
// Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace gauntlet::wire {

// The mask twice, turned so that its first byte is for the payload's byte `at`.
inline std::uint64_t load_mask(std::span<const unsigned char, 4> mask, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < sizeof word; ++i)
    word |= static_cast<std::uint64_t>(mask[(at + i) % mask.size()]) << (8 * i);
  return word;
}

inline void apply_mask(std::span<char> bytes, std::uint64_t mask) {
  std::size_t at = 0;
  for (; at + sizeof mask <= bytes.size(); at += sizeof mask) {
    std::uint64_t word = 0;
    std::memcpy(&word, &bytes[at], sizeof word);
    word ^= mask;
    std::memcpy(&bytes[at], &word, sizeof word);
  }
  for (; at < bytes.size(); ++at, mask >>= 8)
    bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (mask & 0xFF));
}

}  // namespace gauntlet::wire
