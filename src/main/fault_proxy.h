// FaultProxy: `gauntlet proxy` as a process of ours, before the target of a run whose suite has
// faults of kind `proxy`. It ends when it goes out of scope, and with this process whatever ends
// that. Main thread only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "chaos/fault.h"
#include "core/result.h"
#include "net/child.h"
#include "net/endpoint.h"

namespace gauntlet::main {

class FaultProxy {
 public:
  // Passes everything to `target` until a fault is ordered, wherever its URL's endpoint is by now,
  // and calls it by the URL's name. `seed` decides its choices.
  static core::Result<FaultProxy> start(const net::Url& target, std::uint32_t connections,
                                        std::uint64_t seed);

  // Where clients connect instead.
  const net::Endpoint& where() const { return where_; }
  pid_t pid() const { return child_.pid(); }
  // A toxic as a fault; `text` as for `gauntlet proxy --toxic`, without a name.
  core::Result<std::unique_ptr<chaos::Fault>> make(std::string_view name,
                                                   std::string_view text) const;

 private:
  FaultProxy(net::Child child, const net::Endpoint& orders, const net::Endpoint& where,
             std::string token)
      : child_(std::move(child)), orders_(orders), where_(where), token_(std::move(token)) {}

  net::Child child_;
  net::Endpoint orders_, where_;
  std::string token_;
};

}  // namespace gauntlet::main
