#include "report/stderr_catch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <tuple>

namespace gauntlet::report {
namespace {

// What a signal's handler needs of the one that is there.
std::atomic<int> caught_file = -1, real_stderr = -1;
std::atomic<off_t> taken = 0;

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

// Whoever opens /dev/stderr anew may cut the file: then all of it is new.
off_t size_of(int fd) {
  struct stat about{};
  if (fstat(fd, &about) != 0) return 0;
  if (about.st_size < taken) taken = 0;
  return about.st_size;
}

}  // namespace

StderrCatch::StderrCatch()
    : before_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)),
      file_(memfd_create("gauntlet-stderr", MFD_CLOEXEC)) {
  std::fflush(stderr);
  const bool ready = before_.valid() && file_.valid() &&
                     fcntl(file_.get(), F_SETFL, O_APPEND) == 0 &&
                     dup2(file_.get(), STDERR_FILENO) == STDERR_FILENO;
  if (!ready) {
    file_.reset();
    return;
  }
  taken = 0;
  real_stderr = before_.get();
  caught_file = file_.get();
}

StderrCatch::~StderrCatch() {
  if (!file_.valid()) return;
  std::fflush(stderr);
  std::ignore = dup2(before_.get(), STDERR_FILENO);
  pass_on_now();
  caught_file = real_stderr = -1;
}

std::vector<std::string> StderrCatch::take() {
  std::vector<std::string> lines;
  if (!file_.valid()) return lines;
  const off_t size = size_of(file_.get());
  off_t from = taken;
  if (size - from > kTakenBytesMax) {
    lines.push_back(fmt::format("({} bytes of stderr are left out)", size - kTakenBytesMax - from));
    from = size - kTakenBytesMax;
  }
  std::string text(static_cast<std::size_t>(size - from), '\0');
  const ssize_t n = pread(file_.get(), text.data(), text.size(), from);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  const auto read_to = from + static_cast<off_t>(begin);
  if (read_to > taken)
    fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, read_to);
  taken = read_to;
  return lines;
}

void StderrCatch::pass_on(const std::string& text) const {
  write_all(before_.valid() ? before_.get() : STDERR_FILENO, text);
}

void StderrCatch::pass_on_now() {
  const int file = caught_file, to = real_stderr;
  if (file < 0) return;
  std::array<char, 4096> bytes;
  for (ssize_t n; (n = pread(file, bytes.data(), bytes.size(), taken)) > 0; taken += n)
    write_all(to, {bytes.data(), static_cast<std::size_t>(n)});
}

}  // namespace gauntlet::report
