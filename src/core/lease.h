// Lease: a file with a lock on it that one process holds for as long as it lives, however it ends;
// another one looks now and then whether somebody still does. The lock goes with the process, and a
// later process may take it up. A process opens the file of its lease once: closing any descriptor
// of it gives the lock up. Main thread only. Source: fcntl(2), advisory record locking.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "core/clock.h"
#include "core/fd.h"
#include "core/result.h"

namespace gauntlet::core {

class Lease {
 public:
  // Makes the file and the folders above it where they are not there. Usage error where another
  // process holds it.
  static Result<Lease> hold(const std::filesystem::path& path);

  Lease(Lease&&) = default;
  Lease& operator=(Lease&& other) noexcept {
    path_.swap(other.path_);
    std::swap(file_, other.file_);
    std::swap(leaves_, other.leaves_);
    return *this;
  }
  ~Lease();  // gives it up, and removes the file

  const std::filesystem::path& path() const { return path_; }
  // The file stays when this is gone: whoever looks at it waits for a successor.
  void leave() { leaves_ = true; }

 private:
  Lease(std::filesystem::path path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}

  std::filesystem::path path_;
  Fd file_;
  bool leaves_ = false;
};

// The other side of it.
class LeaseWatch {
 public:
  // The file has to be there.
  static Result<LeaseWatch> open(const std::filesystem::path& path, Nanos patience);

  // Whether somebody holds it, or did within the patience before now. To be asked often.
  bool wanted(Nanos now_ns);
  void remove_file() const;

 private:
  LeaseWatch(std::filesystem::path path, Fd file, Nanos patience)
      : path_(std::move(path)), file_(std::move(file)), patience_(patience) {}

  std::filesystem::path path_;
  Fd file_;
  Nanos patience_;
  std::optional<Nanos> free_since_;
};

}  // namespace gauntlet::core
