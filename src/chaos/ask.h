// ask(): one HTTP request on a connection of its own, to whoever takes orders or tells metrics.
// Blocks until the answer is whole or `patience` is over. An error where nobody is there, where it
// ends too early, and where it is no HTTP or larger than kAnswerBytesMax. Safe on any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "net/endpoint.h"

namespace gauntlet::chaos {

inline constexpr std::size_t kAnswerBytesMax = 4 * 1024 * 1024;

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// `request`: with its head and body, ready to be sent.
core::Result<HttpAnswer> ask(const net::Endpoint& where, std::string_view request,
                             core::Nanos patience);

}  // namespace gauntlet::chaos
