// Nonce: 16 hex digits that name one call of one client of one run, and that the answer must carry
// back. Decoding a foreign one tells whose answer it was.
// The run's salt keeps nonces of different runs apart; it hides nothing.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "mcp/request.h"

namespace gauntlet::load {

struct CallName {
  std::uint32_t client = 0;
  std::uint64_t sequence = 0;  // of the client's calls; 40 bits

  bool operator==(const CallName&) const = default;
};

class NonceCoder {
 public:
  explicit NonceCoder(std::uint64_t salt) : salt_(salt) {}

  std::uint64_t encode(CallName call) const {
    return ((static_cast<std::uint64_t>(call.client) << 40) | (call.sequence & kSequenceMask)) ^
           salt_;
  }
  CallName decode(std::uint64_t nonce) const {
    const std::uint64_t plain = nonce ^ salt_;
    return {static_cast<std::uint32_t>(plain >> 40), plain & kSequenceMask};
  }

  // Writes kNonceDigits characters.
  static void write(char* out, std::uint64_t nonce) {
    const std::uint64_t halves[2] = {eight_digits(static_cast<std::uint32_t>(nonce >> 32)),
                                     eight_digits(static_cast<std::uint32_t>(nonce))};
    static_assert(sizeof halves == mcp::kNonceDigits);
    std::memcpy(out, halves, sizeof halves);
  }

 private:
  // A half byte in each byte, all made digits at once; the first of them lies lowest in memory.
  static std::uint64_t eight_digits(std::uint32_t value) {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t x = value;
    x = ((x << 16) | x) & 0x0000FFFF0000FFFFULL;
    x = ((x << 8) | x) & 0x00FF00FF00FF00FFULL;
    x = ((x << 4) | x) & 0x0F0F0F0F0F0F0F0FULL;
    const std::uint64_t letters = ((x + 0x0606060606060606ULL) >> 4) & 0x0101010101010101ULL;
    return std::byteswap(x + 0x3030303030303030ULL + letters * ('a' - '0' - 10));
  }

  static constexpr std::uint64_t kSequenceMask = (1ULL << 40) - 1;
  std::uint64_t salt_;
};

}  // namespace gauntlet::load
