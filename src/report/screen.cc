#include "report/screen.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <tuple>
#include <utility>

#include "report/terminal.h"

namespace gauntlet::report {
namespace {

// Alternate screen, no cursor; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?25h\x1b[?1049l";
constexpr int kPatienceMs = 1000;  // for a terminal to take kLeave
constexpr std::array kSignals = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE,
                                 SIGILL,  SIGQUIT, SIGHUP, SIGTSTP};

// What a signal's handler needs: of which process and terminal, and how that was before.
std::atomic<pid_t> owner = 0;
std::atomic<int> full_screen = -1;
termios attributes_before;
std::array<struct sigaction, kSignals.size()> actions_before;

bool is_dumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

bool is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string locale(value);
    std::ranges::transform(locale, locale.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return locale.ends_with("utf-8") || locale.ends_with("utf8");
  }
  return false;
}

// Whoever runs in the background must leave the screen to others.
bool in_foreground(int fd) {
  const pid_t group = tcgetpgrp(fd);
  return group < 0 || group == getpgrp();
}

// Not stopped for it where we are in the background.
void set_attributes(int fd, const termios& attributes) {
  sigset_t output, before;
  sigemptyset(&output);
  sigaddset(&output, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &output, &before);
  tcsetattr(fd, TCSANOW, &attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void write_in_time(int fd, std::string_view text) {
  while (!text.empty()) {
    pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
    if (poll(&writable, 1, kPatienceMs) <= 0) return;
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR && errno != EAGAIN) return;
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void restore_terminal() {
  const int fd = full_screen.exchange(-1);
  if (fd < 0) return;
  write_in_time(fd, kLeave);
  set_attributes(fd, attributes_before);
}

void end_by(int number) {
  Screen::restore_now();
  std::signal(number, SIG_DFL);
  std::ignore = raise(number);
}

// The shell's for now; after that the next frame enters anew.
void stop(int) {
  const int error = errno;
  if (owner == getpid()) restore_terminal();
  std::ignore = raise(SIGSTOP);
  errno = error;
}

void handle_signals() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action{};
    action.sa_handler = kSignals[i] == SIGTSTP ? stop : end_by;
    action.sa_flags = SA_NODEFER | SA_RESTART;
    sigaction(kSignals[i], &action, &actions_before[i]);
    if (actions_before[i].sa_handler == SIG_IGN)
      sigaction(kSignals[i], &actions_before[i], nullptr);
  }
}

}  // namespace

Screen::Screen(std::FILE* out)
    : out_(out),
      moves_cursor_(is_terminal(out) && !is_dumb()),
      style_{.color = wants_color(out), .unicode = is_utf8()} {
  if (!moves_cursor_) return;
  owner = getpid();
  handle_signals();
  if (isatty(STDERR_FILENO) == 1) caught_.emplace();
}

Screen::~Screen() {
  leave();
  caught_.reset();
  if (!moves_cursor_) return;
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    sigaction(kSignals[i], &actions_before[i], nullptr);
  owner = 0;
}

void Screen::restore_now() {
  if (owner != getpid()) return;
  restore_terminal();
  StderrCatch::pass_on_now();
}

void Screen::show(const LiveView& view) {
  tend();
  if (!moves_cursor_) {
    fmt::print(out_, "{}\n", status_text(view.plan, view.latest(), view.faults));
    std::fflush(out_);
    return;
  }
  FrameStyle style = style_;
  winsize size{};
  const bool known = ioctl(fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  style.columns = known ? size.ws_col : 80;
  style.rows = known ? size.ws_row : 0;
  const bool fits = style.columns >= kFrameColumnsMin && style.rows >= kFrameRowsMin &&
                    in_foreground(fileno(out_));
  if (fits && !terminal_.valid()) enter();
  if (!fits && terminal_.valid()) leave();
  if (terminal_.valid())
    draw(view, style);
  else
    redraw_line(view, style.columns);
}

void Screen::enter() {
  clear_line();
  const char* name = ttyname(fileno(out_));
  if (name == nullptr || tcgetattr(fileno(out_), &attributes_before) != 0) return;
  terminal_ = core::Fd(open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!terminal_.valid()) return;
  full_screen = terminal_.get();
  termios silent = attributes_before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);  // keys would be drawn into the view
  set_attributes(terminal_.get(), silent);
  unsent_ = kEnter;
}

// Every cell is written anew, so there is nothing to clear first, and nothing flickers.
void Screen::draw(const LiveView& view, FrameStyle style) {
  if (unsent_.size() > kEnter.size()) return;
  --style.columns;  // what is written into the last one leaves some terminals on the next line
  const std::vector<std::string> messages(messages_.begin(), messages_.end());
  unsent_ += "\x1b[H";
  std::string_view before;
  for (const auto& line : live_frame(view, messages, style))
    unsent_ += fmt::format("{}{}\x1b[K", std::exchange(before, "\r\n"), line);
  unsent_ += "\x1b[J";
  flush();
}

void Screen::redraw_line(const LiveView& view, int columns) {
  auto text = status_text(view.plan, view.latest(), view.faults);
  text.resize(std::min(text.size(), static_cast<std::size_t>(std::max(columns - 1, 1))));
  fmt::print(out_, "\r{}\x1b[K", text);
  std::fflush(out_);
  line_drawn_ = true;
}

void Screen::clear_line() {
  if (!std::exchange(line_drawn_, false)) return;
  fmt::print(out_, "\r\x1b[K");
  std::fflush(out_);
}

void Screen::flush() {
  while (!unsent_.empty()) {
    const ssize_t n = write(terminal_.get(), unsent_.data(), unsent_.size());
    if (n <= 0) return;
    unsent_.erase(0, static_cast<std::size_t>(n));
  }
}

void Screen::tend() {
  if (full_screen < 0) terminal_.reset();  // stopped meanwhile
  if (terminal_.valid()) flush();
  if (caught_) note(caught_->take());
}

void Screen::note(std::vector<std::string> lines) {
  if (lines.empty()) return;
  if (!terminal_.valid()) {
    clear_line();
    for (const auto& line : lines) caught_->pass_on(line + '\n');
    return;
  }
  for (auto& line : lines) messages_.push_back(std::move(line));
  while (messages_.size() > kMessagesMax) {
    messages_.pop_front();
    ++messages_lost_;
  }
}

void Screen::leave() {
  tend();
  clear_line();
  if (!terminal_.valid()) return;
  write_in_time(terminal_.get(), std::exchange(unsent_, ""));
  restore_terminal();
  terminal_.reset();
  if (!caught_) return;
  if (const auto lost = std::exchange(messages_lost_, 0); lost > 0)
    caught_->pass_on(fmt::format("({} earlier lines of stderr are left out)\n", lost));
  for (const auto& message : std::exchange(messages_, {})) caught_->pass_on(message + '\n');
}

}  // namespace gauntlet::report
