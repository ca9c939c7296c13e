// A pseudo-terminal of the size that is asked for, and what was written to it.
#pragma once

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/fd.h"

namespace gauntlet::test {

class Pty {
 public:
  Pty(unsigned short columns, unsigned short rows) {
    int controller = -1, terminal = -1;
    openpty(&controller, &terminal, nullptr, nullptr, nullptr);
    controller_ = core::Fd(controller);
    out_.reset(fdopen(terminal, "w"));
    resize(columns, rows);
  }

  std::FILE* out() { return out_.get(); }
  int terminal() const { return fileno(out_.get()); }
  int controller() const { return controller_.get(); }
  void resize(unsigned short columns, unsigned short rows) {
    const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(controller_.get(), TIOCSWINSZ, &size);
  }
  bool echoes() const {
    termios attributes{};
    return tcgetattr(controller_.get(), &attributes) == 0 && (attributes.c_lflag & ECHO) != 0;
  }
  // What was written and not read yet; waits for the first byte of it.
  std::string read_some(int patience_ms = kPatienceMs) {
    if (pending_.empty()) fetch(patience_ms);
    return std::exchange(pending_, "");
  }
  // Up to the end of this, and not beyond; all that came, where it does not.
  std::string read_until(std::string_view end) {
    std::size_t at = 0;
    while ((at = pending_.find(end)) == std::string::npos)
      if (!fetch(kPatienceMs)) return std::exchange(pending_, "");
    auto text = pending_.substr(0, at + end.size());
    pending_.erase(0, text.size());
    return text;
  }

 private:
  static constexpr int kPatienceMs = 60'000;

  bool fetch(int patience_ms) {
    std::array<char, 4096> bytes;
    pollfd readable{.fd = controller_.get(), .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, patience_ms) <= 0) return false;
    const ssize_t n = read(controller_.get(), bytes.data(), bytes.size());
    if (n > 0) pending_.append(bytes.data(), static_cast<std::size_t>(n));
    return n > 0;
  }

  core::Fd controller_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> out_{nullptr, std::fclose};
  std::string pending_;
};

}  // namespace gauntlet::test
