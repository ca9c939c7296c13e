// GAUNTLET_CHECK: an assertion that stays on in release builds.
// For our own invariants only, never for input: a failed check prints file:line and aborts.
#pragma once

namespace gauntlet::core {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace gauntlet::core

#define GAUNTLET_CHECK(condition)                      \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::gauntlet::core::check_failed(#condition, __FILE__, __LINE__))
