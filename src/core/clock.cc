#include "core/clock.h"

#include <ctime>

namespace gauntlet::core {
namespace {

Nanos read_clock(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return static_cast<Nanos>(ts.tv_sec) * kSecond + ts.tv_nsec;
}

std::string format_utc(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, format, &utc);
  return {text, length};
}

}  // namespace

Nanos monotonic_ns() { return read_clock(CLOCK_MONOTONIC); }
Nanos thread_cpu_ns() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
std::string wall_clock_iso8601() { return format_utc("%Y-%m-%dT%H:%M:%SZ"); }
std::string wall_clock_compact() { return format_utc("%Y%m%d-%H%M%S"); }

}  // namespace gauntlet::core
