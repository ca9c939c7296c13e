// Exit codes of the program (DESIGN: 0 PASS, 1 FAIL, 2 usage, 3 unreachable, 4 INCONCLUSIVE,
// 5 internal error, 130 interrupted). Verdicts map to theirs in verdict/judge.h.
#pragma once

#include <fmt/format.h>

#include <cstdio>

#include "core/result.h"

namespace gauntlet::main {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFail = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitUnreachable = 3;
inline constexpr int kExitInconclusive = 4;
inline constexpr int kExitInternal = 5;
inline constexpr int kExitInterrupted = 130;

inline int exit_code_of(core::ErrorKind kind) {
  switch (kind) {
    case core::ErrorKind::usage: return kExitUsage;
    case core::ErrorKind::unreachable: return kExitUnreachable;
    case core::ErrorKind::internal: return kExitInternal;
  }
  return kExitInternal;
}

// Says what is wrong in one line, and gives the exit code for it.
inline int complain(const core::Error& error) {
  fmt::print(stderr, "gauntlet: {}\n", error.text);
  return exit_code_of(error.kind);
}

}  // namespace gauntlet::main
