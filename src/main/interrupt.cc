#include "main/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "main/exit_code.h"
#include "report/screen.h"

namespace gauntlet::main {
namespace {

volatile std::sig_atomic_t requests = 0;
int listening = 0;

void on_signal(int) {
  requests = requests + 1;
  if (requests == 1) return;
  report::Screen::restore_now();
  _exit(kExitInterrupted);
}

void handle(int signal_number, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigaction(signal_number, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
  if (listening++ > 0) return;
  requests = 0;
  handle(SIGINT, on_signal);
  handle(SIGTERM, on_signal);
}

Interrupt::~Interrupt() {
  if (--listening > 0) return;
  handle(SIGINT, SIG_DFL);
  handle(SIGTERM, SIG_DFL);
}

bool Interrupt::requested() const { return requests > 0; }

}  // namespace gauntlet::main
