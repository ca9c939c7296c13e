#include "chaos/side_probe.h"

#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>

namespace gauntlet::chaos {
namespace {

struct Question {
  icmphdr header{.type = ICMP_ECHO, .code = 0, .checksum = 0, .un = {}};  // the kernel sums it up
  std::uint64_t series = 0;
  core::Nanos asked_at = 0;
};

core::Nanos in_nanos(const timespec& time) { return time.tv_sec * core::kSecond + time.tv_nsec; }

core::Nanos wall_clock_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return in_nanos(now);
}

struct Arrival {
  Question question;
  core::Nanos at = 0;
};

core::Nanos arrival_time(msghdr& message) {
  for (cmsghdr* note = CMSG_FIRSTHDR(&message); note != nullptr; note = CMSG_NXTHDR(&message, note))
    if (note->cmsg_level == SOL_SOCKET && note->cmsg_type == SCM_TIMESTAMPNS) {
      timespec time{};
      std::memcpy(&time, CMSG_DATA(note), sizeof time);
      return in_nanos(time);
    }
  return wall_clock_ns();
}

std::optional<Arrival> next_arrival(int fd) {
  Arrival arrival;
  alignas(cmsghdr) std::array<char, 256> notes{};
  iovec place{&arrival.question, sizeof arrival.question};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = notes.data();
  message.msg_controllen = notes.size();
  const ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
  if (got < 0) return std::nullopt;
  if (got != sizeof arrival.question) arrival.question.series = 0;
  arrival.at = arrival_time(message);
  return arrival;
}

std::uint64_t next_series() {
  static std::uint64_t number = 0;  // a process's; 0 is none
  return ++number;
}

}  // namespace

core::Result<SideProbe> SideProbe::open(const std::string& from, const std::string& to) {
  const auto here = net::Endpoint::tcp(from, 0), there = net::Endpoint::tcp(to, 0);
  if (!here || !there) return std::unexpected((here ? there : here).error());
  core::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP));
  const int on = 1;
  if (!fd.valid() || bind(fd.get(), here->address(), here->length()) != 0 ||
      setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
    return std::unexpected(core::errno_error("no side probe"));
  return SideProbe(std::move(fd), *there);
}

void SideProbe::begin(core::Nanos length) {
  series_ = next_series();
  until_ns_ = wall_clock_ns() + length;
  seen_ = {};
}

void SideProbe::ask(int times) {
  for (int i = 0; i < times; ++i) {
    Question question;
    question.series = series_;
    question.asked_at = wall_clock_ns();
    if (sendto(socket_.get(), &question, sizeof question, 0, to_.address(), to_.length()) > 0)
      ++seen_.asked;
  }
}

const RoundTrips& SideProbe::look() {
  while (const auto arrival = next_arrival(socket_.get())) {
    if (arrival->question.series != series_ || arrival->at >= until_ns_) continue;
    seen_.times.record_ns(arrival->at - arrival->question.asked_at);
  }
  return seen_;
}

void SideProbe::converse(int times, core::Nanos patience) {
  const core::Nanos deadline = core::monotonic_ns() + patience;
  for (int i = 0; i < times; ++i) {
    ask(1);
    while (look().times.count() < seen_.asked) {
      const core::Nanos left = deadline - core::monotonic_ns();
      if (left <= 0) return;
      pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
      poll(&readable, 1, static_cast<int>(left / core::kMillisecond) + 1);
    }
  }
}

}  // namespace gauntlet::chaos
