// Interrupt: Ctrl-C and SIGTERM as a flag, so that a run ends with a valid report. A second one
// ends the program at once. Inside the life of another one it shares its flag, so that a run may be
// one of many. Made and read by the main thread.
#pragma once

namespace gauntlet::main {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested() const;
};

}  // namespace gauntlet::main
