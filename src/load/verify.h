// Verification of one answer against the call it claims to answer: id (the caller matched it),
// shape for the revision, and the call's own nonce. Runs on every answer, at full speed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "load/nonce.h"
#include "load/request_template.h"
#include "mcp/answer.h"
#include "run/error_class.h"

namespace gauntlet::load {

// What the answer lacks to count as a message; nullopt: it is verified.
std::optional<run::ErrorClass> find_fault(const mcp::Answer& answer, std::span<const char> bytes,
                                          const RequestTemplate& request, mcp::Revision revision,
                                          const NonceCoder& coder, CallName call,
                                          std::uint32_t clients_total);

// The first nonce in the bytes that names a possible call of this run (any of `clients_total`
// clients), if there is one.
std::optional<CallName> find_nonce(std::span<const char> bytes, const NonceCoder& coder,
                                   std::uint32_t clients_total);

}  // namespace gauntlet::load
