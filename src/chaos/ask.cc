#include "chaos/ask.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "core/fd.h"
#include "wire/http.h"

namespace gauntlet::chaos {
namespace {

// Whether it stands, with the request on its way.
bool send_all(const core::Fd& socket, const net::Endpoint& where, std::string_view request,
              core::Nanos patience) {
  const timeval limit{.tv_sec = patience / core::kSecond,
                      .tv_usec = patience % core::kSecond / core::kMicrosecond};
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return connect(socket.get(), where.address(), where.length()) == 0 &&
         send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(request.size());
}

// 0 or less at its end, and when it takes too long.
ssize_t receive(const core::Fd& socket, std::span<char> into, core::Nanos deadline) {
  const core::Nanos left = std::max<core::Nanos>(deadline - core::monotonic_ns(), 0);
  pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
  errno = ETIMEDOUT;
  if (poll(&readable, 1, static_cast<int>(left / core::kMillisecond)) != 1) return -1;
  errno = ECONNRESET;  // what its early end amounts to
  return recv(socket.get(), into.data(), into.size(), 0);
}

}  // namespace

core::Result<HttpAnswer> ask(const net::Endpoint& where, std::string_view request,
                             core::Nanos patience) {
  using Event = wire::HttpParser::Event;
  const core::Nanos deadline = core::monotonic_ns() + patience;
  const auto failed = [&] { return core::unreachable_error(core::errno_error(where.text()).text); };
  const core::Fd socket(::socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!send_all(socket, where, request, patience)) return failed();
  wire::HttpParser parser(wire::HttpParser::Role::response, {.body_bytes_max = kAnswerBytesMax});
  std::array<char, 16 * 1024 + wire::kReadPadding> buffer{};
  HttpAnswer answer;
  for (;;) {
    const ssize_t n =
        receive(socket, std::span(buffer).first(buffer.size() - wire::kReadPadding), deadline);
    if (n <= 0) return failed();
    std::span<char> bytes(buffer.data(), static_cast<std::size_t>(n));
    for (Event event = Event::head; event != Event::need_more;) {
      const auto step = parser.step(bytes);
      bytes = bytes.subspan(step.consumed);
      event = step.event;
      if (event == Event::head) answer.status = parser.head().status;
      if (event == Event::body) answer.body.append(step.body.data(), step.body.size());
      if (event == Event::end) return answer;
      if (event == Event::error) return core::unreachable_error(where.text() + " answers no HTTP");
    }
    parser.retain();
  }
}

}  // namespace gauntlet::chaos
