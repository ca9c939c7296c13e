// Warden: a process of its own that takes effects back when we do not live to do so, or are late.
//
// Before an effect it is told how to undo it and by when; it does so at that time, or as soon as we
// are gone, however we ended: the kernel closes our end of the socket between us. What we undo
// ourselves we tell it to forget.
// Start it before entering a lab, whose end it has to survive, and before there are threads. It is
// in a session of its own and ignores the terminal's signals. Belongs to one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "chaos/undo.h"
#include "core/clock.h"
#include "core/fd.h"
#include "core/result.h"

namespace gauntlet::chaos {

class Warden {
 public:
  static core::Result<Warden> start();
  Warden(Warden&& other) noexcept
      : socket_(std::move(other.socket_)), pid_(std::exchange(other.pid_, -1)) {}
  Warden& operator=(Warden&&) = delete;
  ~Warden();  // undoes what is left, and waits for it

  // It has noted that `undo` is due at `deadline` (monotonic) when this returns, and gives a number
  // to forget it by. An error: it is not there any more, and the effect must not be made.
  core::Result<std::uint64_t> note(const Undo& undo, core::Nanos deadline);
  // False once it has done it, because its time was up.
  core::Result<bool> still_has(std::uint64_t number);
  core::Result<void> forget(std::uint64_t number);

  pid_t pid() const { return pid_; }

 private:
  Warden() = default;

  core::Result<std::string> ask(const std::string& message);

  core::Fd socket_;
  pid_t pid_ = -1;
  std::uint64_t next_number_ = 1;
};

}  // namespace gauntlet::chaos
