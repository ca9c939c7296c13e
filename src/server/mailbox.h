// Mailbox: letters between the workers of one server, over Unix datagram sockets that the
// supervisor opens once, so that a restarted worker has its predecessor's mailbox.
//
// At most once: a letter to a worker that is down or whose mailbox is full (4 MB where the kernel
// permits, net.core.wmem_max elsewhere, which then bounds a letter too) is lost, and counted by who
// sent it or by the worker's successor.
// What must not be lost lies in the registry and the event log; a letter only says to look.
// A mailbox belongs to its worker's loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/loop.h"
#include "server/datagram_pair.h"
#include "server/session.h"

namespace gauntlet::server {

inline constexpr std::size_t kLetterBytesMax = 1 << 20;

struct Letter {
  enum class Kind : std::uint8_t {
    tools_changed,
    prompts_changed,
    resources_changed,
    resource_updated,  // text: its URI
    client_response,   // number: of the question; text: the JSON-RPC response
    cancel,            // session; text: the raw id of the request to cancel
    session_closed,    // session
    stream_event,      // session; number: of the stream: there is something new in the event log
    stream_taken,      // likewise; another connection has it now: let go of it
    job_changed,       // text: its id, then the notification for its session, if it has one
    backpressure,      // text: the notification. Never sent: it concerns one worker's clients only
  };
  Kind kind = Kind::tools_changed;
  SessionKey session;
  std::uint64_t number = 0;
  std::string text;
};
// The job that a letter of that kind speaks of.
std::optional<SessionKey> job_in(const Letter& letter);
// As it travels: kind, session and number in 32 bytes, then the text.
std::string bytes_of(const Letter& letter);
std::optional<Letter> parse_letter(std::string_view bytes);

// The sockets of all workers; made by the supervisor, inherited by each of them.
class PostOffice {
 public:
  static core::Result<PostOffice> open(std::size_t workers);
  std::size_t workers() const { return pairs_.size(); }

 private:
  friend class Mailbox;
  std::vector<DatagramPair> pairs_;  // by worker
};

class Mailbox {
 public:
  // Without an office: a server of one worker, whose letters all come back to itself.
  explicit Mailbox(std::uint32_t worker = 0, const PostOffice* office = nullptr);

  // Hands every letter that comes to `on_letter`, from within the loop's turns. Those that were
  // meant for a predecessor are lost.
  void listen(net::Loop& loop, std::function<void(const Letter&)> on_letter);
  void close(net::Loop& loop);

  std::uint32_t worker() const { return worker_; }
  // To this worker itself: by a direct call before it returns.
  void send(std::uint32_t worker, const Letter& letter);
  // To all others, and to this worker itself.
  void broadcast(const Letter& letter);

  // What lies between this worker and another, asked for each letter. Unless set: open ways only.
  enum class Way : std::uint8_t {
    open,
    cut,     // the letter is lost
    absent,  // there is nobody who could miss it
  };
  void set_way(std::function<Way(std::uint32_t worker)> way_to) { way_to_ = std::move(way_to); }
  std::uint64_t lost() const { return lost_; }

 private:
  int socket() const;
  std::optional<std::string_view> receive();
  void deliver();
  void deliver_here(const Letter& letter);
  void post(std::uint32_t worker, const Letter& letter);
  bool arrives(std::uint32_t worker, const Letter& letter) const;
  std::uint32_t workers() const;

  std::uint32_t worker_;
  const PostOffice* office_;
  std::function<void(const Letter&)> on_letter_;
  std::function<Way(std::uint32_t)> way_to_;
  std::string buffer_;
  std::uint64_t lost_ = 0;
};

}  // namespace gauntlet::server
