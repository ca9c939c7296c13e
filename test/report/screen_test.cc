#include "report/screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "report/made_run.h"
#include "report/pty.h"
#include "report/terminal.h"

namespace gauntlet::report {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kEntered = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeft = "\x1b[?25h\x1b[?1049l";

class ScreenTest : public testing::Test {
 protected:
  ScreenTest() {
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C", 1);
    setenv("NO_COLOR", "1", 1);
  }
  ~ScreenTest() override {
    unsetenv("LC_ALL");
    unsetenv("NO_COLOR");
  }

  LiveView view() const {
    return {.plan = record_.plan, .seconds = record_.seconds, .counts = record_.phases[1].counts};
  }

  run::Record record_ = test::report_record();
};

TEST_F(ScreenTest, IsFullOnATerminalAndGoneAfterwards) {
  test::Pty pty(80, 24);
  {
    Screen screen(pty.out());
    screen.show(view());
    const auto first = pty.read_until("\x1b[J");
    EXPECT_THAT(first, StartsWith(kEntered));
    EXPECT_THAT(first, HasSubstr("\x1b[Hbaseline (demo)\x1b[K\r\r\n"));
    EXPECT_FALSE(pty.echoes()) << "keys would be drawn into the view";
    screen.show(view());
    EXPECT_THAT(pty.read_until("\x1b[J"), AllOf(StartsWith("\x1b[Hbaseline"), EndsWith("\x1b[J")));
  }
  EXPECT_THAT(pty.read_until(kLeft), EndsWith(kLeft));
  EXPECT_TRUE(pty.echoes());
}

TEST_F(ScreenTest, NoLineIsAsWideAsTheWindowNorAreThereTooMany) {
  test::Pty pty(60, 15);
  Screen screen(pty.out());
  screen.show(view());
  const auto frame = pty.read_until("\x1b[J");
  EXPECT_LE(std::ranges::count(frame, '\n'), 14);
  pty.resize(120, 40);
  screen.show(view());
  EXPECT_THAT(pty.read_until("\x1b[J"), HasSubstr(std::string(60, '#')));
}

TEST_F(ScreenTest, ASmallWindowHasALineAndALargeOneAScreenAgain) {
  test::Pty pty(59, 24);
  Screen screen(pty.out());
  screen.show(view());
  const auto line = pty.read_until("\x1b[K");
  EXPECT_THAT(line, AllOf(StartsWith("\rsteady 2/2 s"), Not(HasSubstr("\n"))));
  EXPECT_EQ(line.size(), std::string("\r\x1b[K").size() + 58);
  pty.resize(80, 24);
  screen.show(view());
  EXPECT_THAT(pty.read_until("\x1b[J"), StartsWith("\r\x1b[K" + std::string(kEntered)));
  pty.resize(80, 14);
  screen.show(view());
  EXPECT_THAT(pty.read_until("ready\x1b[K"), HasSubstr(kLeft));
  EXPECT_TRUE(pty.echoes());
}

TEST_F(ScreenTest, ADumbTerminalHasPlainLines) {
  setenv("TERM", "dumb", 1);
  test::Pty pty(80, 24);
  Screen screen(pty.out());
  screen.show(view());
  screen.show(view());
  screen.leave();
  const auto text = pty.read_until("ready\r\nsteady 2/2 s");
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST_F(ScreenTest, AFileHasALineASecond) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  {
    Screen screen(out);
    screen.show(view());
    screen.show(view());
  }
  std::fclose(out);
  const auto line = status_text(record_.plan, record_.seconds.back(), {}) + "\n";
  EXPECT_EQ(std::string(text, size), line + line);
  std::free(text);
}

TEST_F(ScreenTest, AnExceptionRestoresTheTerminal) {
  test::Pty pty(80, 24);
  try {
    Screen screen(pty.out());
    screen.show(view());
    throw std::runtime_error("so it ends");
  } catch (const std::runtime_error&) {
    EXPECT_TRUE(pty.echoes());
  }
  EXPECT_THAT(pty.read_until(kLeft), EndsWith(kLeft));
}

TEST_F(ScreenTest, ATerminalThatDoesNotReadHoldsNobodyUp) {
  constexpr std::size_t kFrames = 1000;  // many times what the kernel takes
  test::Pty pty(200, 60);
  Screen screen(pty.out());
  for (std::size_t i = 0; i < kFrames; ++i) screen.show(view());
  std::string text;
  for (std::string more; !(more = pty.read_some(200)).empty(); screen.tend()) text += more;
  screen.show(view());
  text += pty.read_until("\x1b[J");
  EXPECT_THAT(text, StartsWith(kEntered));
  std::size_t frames = 0;
  for (std::size_t at = 0; (at = text.find("\x1b[H", at)) != std::string::npos; ++at, ++frames)
    EXPECT_TRUE(frames == 0 || text.substr(at - 3, 3) == "\x1b[J") << "left out as a whole";
  EXPECT_LT(frames, kFrames);
}

// In a process of its own, whose stderr is the terminal too.
class ScreenProcessTest : public ScreenTest {
 protected:
  // Gives what came to the terminal until `last` did.
  template <typename Act>
  std::string in_process(test::Pty& pty, std::string_view last, Act&& act) {
    const pid_t pid = fork();
    if (pid == 0) {
      dup2(pty.terminal(), STDERR_FILENO);
      {
        Screen screen(pty.out());
        screen.show(view());
        act(screen);
      }
      _exit(0);
    }
    auto text = pty.read_until(last);
    waitpid(pid, &status_, 0);
    return text;
  }

  int status_ = -1;
};

TEST_F(ScreenProcessTest, WhatOthersPrintIsInTheViewAndAfterIt) {
  test::Pty pty(80, 24);
  const auto text = in_process(pty, "at the end", [&](Screen& screen) {
    dprintf(STDERR_FILENO, "worker 1 was killed\nhalf a ");
    screen.show(view());
    dprintf(STDERR_FILENO, "line\n");
    screen.show(view());
    dprintf(STDERR_FILENO, "at the end");
  });
  EXPECT_EQ(status_, 0);
  const auto after = text.find(kLeft);
  ASSERT_NE(after, std::string::npos);
  const auto inside = text.substr(0, after);
  EXPECT_THAT(inside, HasSubstr("\nworker 1 was killed\x1b[K\x1b[J"));
  EXPECT_THAT(inside, HasSubstr("\nworker 1 was killed\x1b[K\r\r\nhalf a line\x1b[K\x1b[J"));
  EXPECT_THAT(text.substr(after), EndsWith("worker 1 was killed\r\nhalf a line\r\nat the end"));
}

TEST_F(ScreenProcessTest, OfAFloodTheEndIsKept) {
  test::Pty pty(80, 24);
  const auto text = in_process(pty, "at the end", [&](Screen& screen) {
    const std::string line(999, 'x');
    for (int i = 0; i < 1000; ++i) dprintf(STDERR_FILENO, "%s%d\n", line.c_str(), i);
    screen.show(view());
    dprintf(STDERR_FILENO, "at the end");
  });
  EXPECT_EQ(status_, 0);
  const auto after = text.substr(text.find(kLeft));
  EXPECT_THAT(after, HasSubstr("earlier lines of stderr are left out)\r\nxxx"));
  EXPECT_THAT(after, EndsWith("x999\r\nat the end"));
  EXPECT_EQ(std::ranges::count(after, '\n'), 21);
}

TEST_F(ScreenProcessTest, AnAbortRestoresTheTerminalAndKeepsItsReason) {
  test::Pty pty(80, 24);
  const auto text = in_process(pty, "so it ends\r\n", [](Screen&) {
    dprintf(STDERR_FILENO, "check failed: so it ends\n");
    std::abort();
  });
  ASSERT_TRUE(WIFSIGNALED(status_));
  EXPECT_EQ(WTERMSIG(status_), SIGABRT);
  EXPECT_THAT(text, HasSubstr(std::string(kLeft) + "check failed: so it ends"));
  EXPECT_TRUE(pty.echoes());
}

}  // namespace
}  // namespace gauntlet::report
