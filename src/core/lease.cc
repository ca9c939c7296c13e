#include "core/lease.h"

#include <fcntl.h>

#include <system_error>

namespace gauntlet::core {

namespace {

constexpr int kOwnerReadsAndWrites = 0600;

struct flock whole_file(short kind) {
  struct flock lock{};
  lock.l_type = kind;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Result<Lease> Lease::hold(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerReadsAndWrites));
  if (!file.valid()) return std::unexpected(errno_error(path.string()));
  auto lock = whole_file(F_WRLCK);
  if (fcntl(file.get(), F_SETLK, &lock) != 0)
    return usage_error(path.string() + ": in use: another Gauntlet goes on with this run");
  return Lease(path, std::move(file));
}

Lease::~Lease() {
  if (!file_.valid() || leaves_) return;
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
  std::filesystem::remove(path_.parent_path(), ignored);  // where it held nothing else
}

Result<LeaseWatch> LeaseWatch::open(const std::filesystem::path& path, Nanos patience) {
  Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.valid()) return std::unexpected(errno_error(path.string()));
  return LeaseWatch(path, std::move(file), patience);
}

bool LeaseWatch::wanted(Nanos now_ns) {
  auto lock = whole_file(F_WRLCK);
  const bool held = fcntl(file_.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  if (held) free_since_.reset();
  if (held) return true;
  if (!free_since_) free_since_ = now_ns;
  return now_ns - *free_since_ < patience_;
}

void LeaseWatch::remove_file() const {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace gauntlet::core
