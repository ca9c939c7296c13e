// Contents: what tools change and resources show, in memory that all workers share.
#pragma once

#include <atomic>
#include <cstdint>

namespace gauntlet::server {

struct Contents {
  std::atomic<std::uint64_t> counter{0};
  std::atomic<std::uint64_t> touched{0};  // conformance: versions of the watched resource
  std::atomic<bool> extra_tool{false};    // conformance: lists that change
  std::atomic<bool> extra_prompt{false};
};

}  // namespace gauntlet::server
