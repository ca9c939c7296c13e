#include "load/verify.h"

#include <array>
#include <string_view>

namespace gauntlet::load {
namespace {

// A call's sequence beyond this is not one that a run reaches: random hex rarely decodes below it.
constexpr std::uint64_t kPlausibleSequenceMax = 1ULL << 36;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool carries_nonce(std::span<const char> bytes, std::uint64_t nonce) {
  std::array<char, mcp::kNonceDigits> digits;
  NonceCoder::write(digits.data(), nonce);
  return std::string_view(bytes.data(), bytes.size())
             .find(std::string_view(digits.data(), digits.size())) != std::string_view::npos;
}

}  // namespace

std::optional<CallName> find_nonce(std::span<const char> bytes, const NonceCoder& coder,
                                   std::uint32_t clients_total) {
  std::uint64_t nonce = 0;
  std::size_t run = 0;
  for (const char c : bytes) {
    const int digit = hex_digit(c);
    if (digit < 0) {
      run = 0;
      continue;
    }
    nonce = (nonce << 4) | static_cast<std::uint64_t>(digit);
    if (++run < mcp::kNonceDigits) continue;
    const CallName call = coder.decode(nonce);
    if (call.client < clients_total && call.sequence < kPlausibleSequenceMax) return call;
  }
  return std::nullopt;
}

std::optional<run::ErrorClass> find_fault(const mcp::Answer& answer, std::span<const char> bytes,
                                          const RequestTemplate& request, mcp::Revision revision,
                                          const NonceCoder& coder, CallName call,
                                          std::uint32_t clients_total) {
  if (answer.kind == mcp::Answer::Kind::error) return run::ErrorClass::jsonrpc;
  if (answer.is_error) return run::ErrorClass::tool_error;
  if (!mcp::shape_fits(answer, request.method(), revision)) return run::ErrorClass::protocol;
  if (!request.has_nonce() || carries_nonce(bytes, coder.encode(call))) return std::nullopt;
  return find_nonce(bytes, coder, clients_total) ? run::ErrorClass::integrity
                                                 : run::ErrorClass::protocol;
}

}  // namespace gauntlet::load
