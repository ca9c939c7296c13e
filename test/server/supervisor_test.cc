// The supervisor, with workers that do next to nothing.
#include "server/supervisor.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace gauntlet::server {
namespace {

void wait_for_stop_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  int number = 0;
  sigwait(&set, &number);
}

// A supervisor in a process of its own. The board is shared with the test.
class Supervised {
 public:
  using Work = std::function<int(Board&, std::size_t)>;

  explicit Supervised(Work work, Orders orders = {}, std::size_t workers = 2) : board_(workers) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe");
    orders.work = [this, work](std::size_t seat) { return work(board_, seat); };
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(ends[0]);
      const auto code = Supervisor(board_, std::move(orders)).run();
      _exit(code ? *code : 99);
    }
    close(ends[1]);
    alive_ = core::Fd(ends[0]);
  }
  ~Supervised() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    wait_for_all();
  }

  void signal(int number) const { kill(pid_, number); }
  // Not until then does another of the same number count.
  bool has_taken(int number) const {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    std::uint64_t pending = 0;
    for (std::string word; status >> word;)
      if (word == "ShdPnd:") status >> std::hex >> pending;
    return (pending >> (number - 1) & 1) == 0;
  }
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  // Until neither it nor any of its workers holds the other end of the pipe.
  void wait_for_all() {
    char byte = 0;
    while (read(alive_.get(), &byte, 1) > 0) {
    }
  }

  Board& board() { return board_; }
  pid_t worker(std::size_t seat) const { return board_.seats()[seat].pid.load(); }
  bool is_open(std::size_t seat) const { return board_.seats()[seat].places.now().is_open(); }
  bool is_up(std::size_t seat) const { return worker(seat) != 0 && board_.seats()[seat].up.load(); }

 private:
  Board board_;
  pid_t pid_ = 0;
  core::Fd alive_;
};

template <typename Condition>
void wait_until(Condition condition) {
  for (int i = 0; i < 20'000 && !condition(); ++i) usleep(1000);
  ASSERT_TRUE(condition());
}

int obey(Board& board, std::size_t seat) {
  board.seat(seat).note_up(core::monotonic_ns());
  wait_for_stop_signal();
  ++board.seat(seat).counters.connections_accepted;  // its way to say that it was asked to go
  return 0;
}

int ignore(Board& board, std::size_t seat) {
  board.seat(seat).note_up(core::monotonic_ns());
  for (;;) pause();
}

int fail(Board&, std::size_t) { return 1; }

std::uint64_t deaths(const Board& board) {
  std::uint64_t sum = 0;
  for (const Seat& seat : board.seats()) sum += seat.deaths.load();
  return sum;
}

TEST(Supervisor, StopsItsWorkersGracefully) {
  Supervised supervised(obey);
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  EXPECT_EQ(supervised.worker(2), 0) << "the other seats are for a reload";
  EXPECT_TRUE(supervised.is_open(0) && supervised.is_open(1));
  EXPECT_FALSE(supervised.is_open(2) || supervised.is_open(3));
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0);
  EXPECT_EQ(supervised.board().seat(0).counters.connections_accepted, 1U);
  EXPECT_EQ(supervised.board().seat(1).counters.connections_accepted, 1U);
  EXPECT_EQ(deaths(supervised.board()), 0U);
  EXPECT_FALSE(supervised.is_open(0) || supervised.is_open(1));
}

TEST(Supervisor, MayBeToldToReplaceNobody) {
  Supervised supervised(obey, {.work = {}, .restart_after_ns = kNobodyComes});
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  for (const std::size_t seat : {0U, 1U}) kill(supervised.worker(seat), SIGKILL);
  wait_until([&] { return deaths(supervised.board()) == 2; });
  EXPECT_EQ(supervised.worker(0), 0);
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << "it stayed, without workers";
}

TEST(Supervisor, MayReplaceLate) {
  Supervised supervised(obey, {.work = {}, .restart_after_ns = 50 * core::kMillisecond});
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  const pid_t victim = supervised.worker(1);
  kill(victim, SIGKILL);
  const Seat& seat = supervised.board().seat(1);
  wait_until([&] { return seat.restart_count() == 1 && supervised.is_up(1); });
  EXPECT_GE(seat.restart_ns_last.load(), 50 * core::kMillisecond);
  EXPECT_NE(supervised.worker(1), victim);
}

TEST(Supervisor, MayBeBlind) {
  Supervised supervised(obey, {.work = {}, .blind = true});
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  kill(supervised.worker(1), SIGKILL);
  wait_until([&] { return supervised.worker(1) == 0; });
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0);
  EXPECT_EQ(deaths(supervised.board()), 0U);
}

TEST(Supervisor, ReplacesAWorkerThatDied) {
  Supervised supervised(obey);
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  const pid_t other = supervised.worker(0);
  const pid_t victim = supervised.worker(1);
  kill(victim, SIGKILL);
  wait_until([&] { return supervised.worker(1) != victim && supervised.is_up(1); });
  const Seat& seat = supervised.board().seat(1);
  EXPECT_EQ(seat.deaths.load(), 1U);
  EXPECT_EQ(seat.restart_count(), 1U);
  EXPECT_GT(seat.restart_ns_last.load(), 0);
  EXPECT_EQ(seat.restart_ns_sum.load(), seat.restart_ns_last.load());
  EXPECT_EQ(supervised.worker(0), other);
  EXPECT_EQ(supervised.board().seat(0).restart_count(), 0U) << "a first start is no restart";
}

TEST(Supervisor, GivesUpWhenTooManyDie) {
  Supervised supervised(fail, {.work = {}, .restart_limit = {.count = 3}}, 1);
  EXPECT_EQ(supervised.wait(), kExitEscalated);
  EXPECT_EQ(deaths(supervised.board()), 4U);
}

TEST(Supervisor, StopsTheOthersWhenItGivesUp) {
  Supervised supervised(obey, {.work = {}, .restart_limit = {.count = 0}});
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  kill(supervised.worker(0), SIGKILL);
  EXPECT_EQ(supervised.wait(), kExitEscalated);
  EXPECT_EQ(supervised.board().seat(1).counters.connections_accepted, 1U);
}

TEST(Supervisor, ForgetsDeathsOutsideTheWindow) {
  Supervised supervised(obey, {.work = {}, .restart_limit = {.count = 1, .window = 1}}, 1);
  for (std::uint64_t n = 0; n < 5; ++n) {
    wait_until([&] { return supervised.is_up(0) && supervised.board().seat(0).deaths == n; });
    kill(supervised.worker(0), SIGKILL);
  }
  wait_until([&] { return supervised.board().seat(0).restart_count() == 5; });
}

// Of a worker that holds the lock of the living, as those do that deal out connections.
TEST(Supervisor, ADeadWorkersPlacesAreFreeForTheNext) {
  Supervised supervised(
      [](Board& board, std::size_t seat) {
        board.seat(seat).life.lock();
        board.seat(seat).places.take_any();
        return obey(board, seat);
      },
      {}, 1);
  wait_until([&] { return supervised.is_up(0); });
  const Places::Now before = supervised.board().seat(0).places.now();
  const pid_t victim = supervised.worker(0);
  kill(victim, SIGKILL);
  wait_until([&] { return supervised.is_up(0) && supervised.worker(0) != victim; });
  const Places::Now now = supervised.board().seat(0).places.now();
  EXPECT_NE(now.term, before.term);
  EXPECT_EQ(now.taken, 1U) << "that of the next worker";
}

TEST(Supervisor, AWorkerThatThrowsHasDied) {
  Supervised supervised([](Board&, std::size_t) -> int { throw std::runtime_error("no room"); },
                        {.work = {}, .restart_limit = {.count = 1}}, 1);
  EXPECT_EQ(supervised.wait(), kExitEscalated);
  EXPECT_EQ(deaths(supervised.board()), 2U);
}

TEST(Supervisor, ASecondSignalEndsThemAtOnce) {
  Supervised supervised(ignore, {.work = {}, .stop_ns = 3600 * core::kSecond});
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  supervised.signal(SIGINT);
  wait_until([&] { return supervised.has_taken(SIGINT); });
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), 0) << "it waits for its workers";
  supervised.signal(SIGINT);
  EXPECT_EQ(supervised.wait(), kExitInterrupted);
}

TEST(Supervisor, KillsAWorkerThatDoesNotLeave) {
  Supervised supervised(ignore, {.work = {}, .stop_ns = 0});
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0);
  supervised.wait_for_all();
}

TEST(Supervisor, ItsWorkersLeaveWhenItIsKilled) {
  Supervised supervised(obey);
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  supervised.signal(SIGKILL);
  EXPECT_EQ(supervised.wait(), -SIGKILL);
  supervised.wait_for_all();
  EXPECT_EQ(supervised.board().seat(0).counters.connections_accepted, 1U);
}

TEST(Supervisor, ReloadsByReplacingEachWorker) {
  Supervised supervised(obey);
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  supervised.signal(SIGHUP);
  wait_until([&] { return supervised.is_up(2) && supervised.is_up(3); });
  wait_until([&] { return supervised.worker(0) == 0 && supervised.worker(1) == 0; });
  wait_until([&] { return !supervised.is_open(0) && !supervised.is_open(1); });
  EXPECT_TRUE(supervised.is_open(2) && supervised.is_open(3));
  EXPECT_EQ(supervised.board().seat(0).counters.connections_accepted, 1U) << "asked, not killed";
  supervised.signal(SIGHUP);
  wait_until([&] { return supervised.is_up(0) && supervised.is_up(1); });
  wait_until([&] { return supervised.worker(2) == 0 && supervised.worker(3) == 0; });
  EXPECT_EQ(deaths(supervised.board()), 0U);
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0);
}

TEST(Supervisor, KeepsTheOldWorkersUntilTheNewOnesAreUp) {
  Supervised supervised(
      [](Board& board, std::size_t seat) {
        if (seat == 0) return obey(board, seat);
        wait_for_stop_signal();  // never up
        return 0;
      },
      {}, 1);
  wait_until([&] { return supervised.is_up(0); });
  supervised.signal(SIGHUP);
  wait_until([&] { return supervised.worker(1) != 0; });
  usleep(50'000);
  EXPECT_TRUE(supervised.is_up(0));
  EXPECT_EQ(supervised.board().seat(0).counters.connections_accepted, 0U);
}

TEST(Supervisor, KeepsTheOldWorkersWhereReloadingFails) {
  Supervised supervised(
      obey, {.work = {}, .reload = [] { return core::Result<void>(core::usage_error("no file")); }},
      1);
  wait_until([&] { return supervised.is_up(0); });
  const pid_t before = supervised.worker(0);
  supervised.signal(SIGHUP);
  usleep(50'000);
  EXPECT_EQ(supervised.worker(0), before);
  EXPECT_EQ(supervised.worker(1), 0);
}

}  // namespace
}  // namespace gauntlet::server
