#include "chaos/warden.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <ranges>
#include <tuple>
#include <vector>

#include "net/namespaces.h"

namespace gauntlet::chaos {
namespace {

constexpr std::size_t kMessageBytesMax = 128 * 1024;
constexpr char kSeparator = '\0';

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + kSeparator;
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find(kSeparator, at);
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

struct Promise {
  core::Nanos deadline = 0;
  Undo undo;
};

// The other side of the socket: the warden's own process.
class Watch {
 public:
  explicit Watch(int socket) : socket_(socket) {}

  void run() {
    while (wait() && serve()) undo_due(core::monotonic_ns());
    for (const auto& [number, promise] : std::views::reverse(promises_))
      std::ignore = carry_out(promise.undo);
  }

 private:
  bool wait() {
    pollfd readable{.fd = socket_, .events = POLLIN, .revents = 0};
    for (;;) {
      core::Nanos next = core::kSecond * 3600;
      for (const auto& [number, promise] : promises_)
        next = std::min(next, promise.deadline - core::monotonic_ns());
      const int left_ms =
          static_cast<int>(std::max<core::Nanos>(next / core::kMillisecond, -1)) + 1;
      const int ready = poll(&readable, 1, left_ms);
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
      undo_due(core::monotonic_ns());
    }
  }

  void undo_due(core::Nanos now) {
    std::erase_if(promises_, [&](const auto& entry) {
      if (entry.second.deadline > now) return false;
      std::ignore = carry_out(entry.second.undo);
      return true;
    });
  }

  // False once the other side is gone.
  bool serve() {
    std::string message(kMessageBytesMax, '\0');
    const ssize_t got = recv(socket_, message.data(), message.size(), 0);
    if (got <= 0) return got < 0 && errno == EINTR;
    message.resize(static_cast<std::size_t>(got));
    const std::string answer = obey(split(message));
    return send(socket_, answer.data(), answer.size(), MSG_NOSIGNAL) > 0;
  }

  std::string obey(std::vector<std::string> words) {
    const std::uint64_t number = std::stoull(words.at(1));
    if (words[0] == "still_has") return promises_.contains(number) ? "yes" : "no";
    if (words[0] == "forget") {
      promises_.erase(number);
      return "forgotten";
    }
    promises_[number] = {std::stoll(words.at(2)), {words.at(3), {words.begin() + 4, words.end()}}};
    return "noted";
  }

  int socket_;
  std::map<std::uint64_t, Promise> promises_;
};

[[noreturn]] void be_the_warden(int socket) {
  setsid();
  prctl(PR_SET_NAME, "gauntlet-warden");
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(number, SIG_IGN);
  net::close_all_but(socket);
  const int null = open("/dev/null", O_RDWR);
  for (const int standard : {0, 1, 2}) dup2(null, standard);
  (void)!chdir("/");
  try {
    Watch(socket).run();
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

}  // namespace

core::Result<Warden> Warden::start() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return std::unexpected(core::errno_error("socketpair"));
  Warden warden;
  warden.socket_.reset(ends[0]);
  const core::Fd theirs(ends[1]);
  warden.pid_ = fork();
  if (warden.pid_ < 0) return std::unexpected(core::errno_error("fork"));
  if (warden.pid_ == 0) be_the_warden(theirs.get());
  return warden;
}

Warden::~Warden() {
  if (pid_ <= 0) return;
  socket_.reset();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

core::Result<std::string> Warden::ask(const std::string& message) {
  std::array<char, 64> answer;
  if (message.size() > kMessageBytesMax) return core::internal_error("too much for the warden");
  ssize_t got = send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL);
  if (got > 0) got = recv(socket_.get(), answer.data(), answer.size(), 0);
  if (got > 0) return std::string(answer.data(), static_cast<std::size_t>(got));
  return core::internal_error("the warden is gone: nobody would undo this if we were killed");
}

core::Result<std::uint64_t> Warden::note(const Undo& undo, core::Nanos deadline) {
  const std::uint64_t number = next_number_++;
  const auto noted =
      ask(joined({"note", std::to_string(number), std::to_string(deadline), undo.kind}) +
          joined(undo.words));
  if (!noted) return std::unexpected(noted.error());
  return number;
}

core::Result<bool> Warden::still_has(std::uint64_t number) {
  const auto answer = ask(joined({"still_has", std::to_string(number)}));
  if (!answer) return std::unexpected(answer.error());
  return *answer == "yes";
}

core::Result<void> Warden::forget(std::uint64_t number) {
  const auto answer = ask(joined({"forget", std::to_string(number)}));
  if (!answer) return std::unexpected(answer.error());
  return {};
}

}  // namespace gauntlet::chaos
