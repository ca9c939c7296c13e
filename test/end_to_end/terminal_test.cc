// `gauntlet run` on a terminal: it takes the whole of it, and gives it back however it ends.
#include <sys/wait.h>

#include <array>
#include <csignal>

#include "core/proc.h"
#include "end_to_end/gauntlet.h"
#include "report/pty.h"

namespace gauntlet::end_to_end {
namespace {

constexpr std::string_view kEntered = "\x1b[?1049h";
constexpr std::string_view kLeft = "\x1b[?1049l";

using Words = std::vector<std::string>;

const Words kShort = {"run",   "--url", "builtin", "-c",       "4", "-R",
                      "100/s", "-d",    "2s",      "--warmup", "1s"};
const Words kLong = {"run",   "--url", "builtin", "-c",       "4", "-R",
                     "100/s", "-d",    "300s",    "--warmup", "1s"};

// Started by a shell that has the terminal, outlives it, and says how it ended: when the first
// process of a terminal's session ends, the kernel itself resets the terminal.
constexpr const char* kShell = R"(trap : INT
ulimit -c 0
sh -c 'echo "pid=$$."; exec "$@"' sh "$@"
echo "status=$?."
read line)";

class OnTerminal {
 public:
  explicit OnTerminal(const Words& words) {
    Words all = {"sh", "-c", kShell, "sh", GAUNTLET_BINARY};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--results", (scratch_.path() / "results").string()});
    std::vector<char*> argv;
    for (auto& word : all) argv.push_back(word.data());
    argv.push_back(nullptr);
    shell_ = fork();
    if (shell_ == 0) become(argv);
    pty_.read_until("pid=");
    pid_ = std::stoi(pty_.read_until("."));
  }
  ~OnTerminal() {
    kill(shell_, SIGKILL);  // and the kernel sends SIGHUP to who is left
    waitpid(shell_, nullptr, 0);
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  test::Pty& pty() { return pty_; }
  pid_t pid() const { return pid_; }
  // 'T': stopped. As in proc(5), after the name in parentheses.
  char state() const {
    const auto stat = read_whole("/proc/" + std::to_string(pid_) + "/stat");
    return stat.substr(stat.rfind(')') + 1).at(1);
  }
  void type(char key) { EXPECT_EQ(write(pty_.controller(), &key, 1), 1); }
  std::string read_to_end() { return pty_.read_until("status="); }
  // As the shell has it; after read_to_end().
  int status() { return std::stoi(pty_.read_until(".")); }

 private:
  [[noreturn]] void become(const std::vector<char*>& argv) {
    setsid();
    ioctl(pty_.terminal(), TIOCSCTTY, 0);
    for (const int standard : {0, 1, 2}) dup2(pty_.terminal(), standard);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    execvp(argv[0], argv.data());
    _exit(127);
  }

  Scratch scratch_;
  test::Pty pty_{80, 24};
  pid_t shell_ = -1, pid_ = -1;
};

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Terminal, IsTakenWholeAndGivenBackBeforeTheVerdicts) {
  OnTerminal run(kShort);
  const auto entering = run.pty().read_until(kEntered);
  EXPECT_TRUE(holds(entering, "connections: 4 of 4")) << entering;
  const auto rest = run.read_to_end();
  const auto left = rest.find(kLeft);
  ASSERT_NE(left, std::string::npos) << rest;
  EXPECT_EQ(rest.find(kEntered), std::string::npos);
  EXPECT_TRUE(holds(rest.substr(left), "self-check")) << rest;
  EXPECT_FALSE(holds(rest.substr(left), "\x1b[H")) << rest;
  EXPECT_TRUE(run.pty().echoes());
}

TEST(Terminal, CtrlCGivesItBackWithAReport) {
  OnTerminal run(kLong);
  run.pty().read_until(kEntered);
  run.pty().read_until("\x1b[J");
  const auto view = run.pty().read_until("\x1b[J");
  EXPECT_TRUE(holds(view, "punctual") || holds(view, "late")) << view;
  EXPECT_TRUE(holds(view, "█")) << view;
  EXPECT_FALSE(run.pty().echoes());
  run.type('\x03');
  const auto rest = run.read_to_end();
  EXPECT_EQ(run.status(), 130);
  EXPECT_TRUE(holds(rest, kLeft));
  EXPECT_TRUE(holds(rest.substr(rest.find(kLeft)), "adhoc")) << rest;
  EXPECT_TRUE(run.pty().echoes());
}

TEST(Terminal, IsGivenBackWhateverSignalEndsIt) {
  for (const int number : {SIGTERM, SIGQUIT, SIGHUP}) {
    OnTerminal run(kLong);
    run.pty().read_until("\x1b[J");
    kill(run.pid(), number);
    const auto rest = run.read_to_end();
    EXPECT_EQ(run.status(), number == SIGTERM ? 130 : 128 + number);
    EXPECT_TRUE(holds(rest, kLeft)) << number;
    EXPECT_TRUE(run.pty().echoes()) << number;
  }
}

TEST(Terminal, IsTheShellsWhileTheRunIsStopped) {
  OnTerminal run(kLong);
  run.pty().read_until("\x1b[J");
  kill(run.pid(), SIGTSTP);
  EXPECT_TRUE(holds(run.pty().read_until(kLeft), kLeft));
  while (run.state() != 'T') usleep(10'000);  // the terminal is given back first
  kill(run.pid(), SIGCONT);
  EXPECT_TRUE(holds(run.pty().read_until(kEntered), kEntered));
  run.type('\x03');
  run.read_to_end();
  EXPECT_EQ(run.status(), 130);
}

// Of our own server: a process that has none below it.
pid_t a_worker_below(pid_t gauntlet) {
  for (const pid_t pid : core::process_tree(std::array{gauntlet}))
    if (core::process_tree(std::array{pid}).size() == 1) return pid;
  return -1;
}

TEST(Terminal, WhatTheServerPrintsIsInTheView) {
  OnTerminal run(kLong);
  run.pty().read_until(kEntered);
  const pid_t worker = a_worker_below(run.pid());
  ASSERT_GT(worker, 0);
  kill(worker, SIGKILL);
  const auto view = run.pty().read_until("\r\ngauntlet serve: worker ");
  EXPECT_FALSE(holds(view, kLeft)) << view;
  run.type('\x03');
  const auto rest = run.read_to_end();
  const auto left = rest.find(kLeft);
  ASSERT_NE(left, std::string::npos) << rest;
  EXPECT_TRUE(holds(rest.substr(left), "gauntlet serve: worker ")) << rest;
}

TEST(Terminal, QuietDrawsNothing) {
  Words words = kShort;
  words.emplace_back("--quiet");
  OnTerminal run(words);
  const auto all = run.read_to_end();
  EXPECT_FALSE(holds(all, kEntered)) << all;
  EXPECT_FALSE(holds(all, "ready")) << all;
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(Terminal, APipeGetsALineASecond) {
  Gauntlet run(kLong);
  const core::Nanos limit = core::monotonic_ns() + 90 * core::kSecond;
  while (count_of(run.out(), "/4 ready\n") < 3 && core::monotonic_ns() < limit) usleep(20'000);
  run.signal(SIGINT);
  EXPECT_EQ(run.wait(), 130);
  EXPECT_GE(count_of(run.out(), "/4 ready\n"), 3U) << run.out();
  EXPECT_EQ(run.out().find('\x1b'), std::string::npos) << run.out();
}

}  // namespace
}  // namespace gauntlet::end_to_end
