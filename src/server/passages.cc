#include "server/passages.h"

#include <sys/socket.h>

#include <cstring>
#include <span>

namespace gauntlet::server {
namespace {

// A datagram of ours beside its socket, and room for both.
struct Envelope {
  struct {
    std::uint64_t tag;
    std::uint64_t term;
  } text{};
  iovec part{&text, sizeof text};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};

  Envelope() {
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
  }
  Envelope(const Envelope&) = delete;
  Envelope& operator=(const Envelope&) = delete;
};

}  // namespace

core::Result<Passages> Passages::open(std::size_t seats, int backlog_bytes) {
  Passages passages;
  for (std::size_t seat = 0; seat < seats; ++seat) {
    auto pair = DatagramPair::open(backlog_bytes);
    if (!pair) return std::unexpected(pair.error());
    passages.pairs_.push_back(std::move(*pair));
  }
  return passages;
}

bool Passages::send(std::size_t seat, const Handed& handed) const {
  Envelope envelope;
  envelope.text = {handed.tag, handed.term};
  cmsghdr* const head = CMSG_FIRSTHDR(&envelope.message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = handed.socket.get();
  std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
  return sendmsg(pairs_[seat].send.get(), &envelope.message, MSG_NOSIGNAL) >= 0;
}

std::optional<Handed> Passages::receive(std::size_t seat) const {
  Envelope envelope;
  const ssize_t size = recvmsg(fd(seat), &envelope.message, MSG_CMSG_CLOEXEC);
  if (size < 0) return std::nullopt;
  Handed handed{{}, envelope.text.tag, static_cast<std::uint32_t>(envelope.text.term)};
  const cmsghdr* const head = CMSG_FIRSTHDR(&envelope.message);
  if (head == nullptr || head->cmsg_type != SCM_RIGHTS) return handed;
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
  handed.socket.reset(fd);
  return handed;
}

}  // namespace gauntlet::server
