// Nonce: 16 hex digits that name one call of one client of one run, and that the answer must carry
// back. Decoding a foreign one tells whose answer it was.
// The run's salt keeps nonces of different runs apart; it hides nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

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
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = mcp::kNonceDigits; i-- > 0; nonce >>= 4) out[i] = digits[nonce & 15];
  }

 private:
  static constexpr std::uint64_t kSequenceMask = (1ULL << 40) - 1;
  std::uint64_t salt_;
};

}  // namespace gauntlet::load
