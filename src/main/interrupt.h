// Interrupt: Ctrl-C and SIGTERM as a flag, so that a run ends with a valid report. A second one
// ends the program at once. One at a time; made and read by the main thread.
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
