// Undo: how an effect is taken back that the kernel would not take back by itself. A plain value of
// words, so that the warden, another process, can be given it before the effect.
// carry_out() is what a fault's own stop() does too: there is one way back. What is gone already (a
// process that ended, a group that was removed) is no failure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chaos/process.h"
#include "core/clock.h"
#include "core/result.h"

namespace gauntlet::chaos {

inline constexpr core::Nanos kCommandTimeout = 10 * core::kSecond;  // of one command or request

struct Undo {
  std::string kind;
  std::vector<std::string> words;

  static Undo resume(const std::vector<Identity>& stopped);
  // Its processes go back to the group `origin`, and it is removed.
  static Undo remove_group(const std::string& group, const std::string& origin);
  // The soft limits of open files that the processes had, in their order.
  static Undo limit_files(const std::vector<Identity>& processes,
                          const std::vector<std::uint64_t>& limits);
  static Undo command(const std::string& shell_text);
  // An HTTP request, ready to be sent; its status has to be 200.
  static Undo request(const std::string& endpoint, const std::string& bytes);
};

core::Result<void> carry_out(const Undo& undo);

// What it printed, at most 64 KB; an error where it does not exit with 0 in time.
core::Result<std::string> run_command(const std::string& shell_text);
// The body of the answer.
core::Result<std::string> send_request(const std::string& endpoint, const std::string& bytes);

}  // namespace gauntlet::chaos
