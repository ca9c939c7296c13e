// EventStreams: the event streams of sessions as this worker sees them: every event goes into the
// log that all workers share, and is written where the stream is attached: here, or at another
// worker, which a letter tells to look.
//
// A stream is attached to one connection at a time, by the POST that it answers, or by a GET that
// resumes it. An event is written if it is the next one after the last written, so that nothing is
// lost or doubled on the way from the log; a letter that got lost is made up for at the next
// keep-alive.
// The standalone stream of a session has one owner among the workers, named in the registry, which
// writes the news of its session for as long as the client is there, and Limits::resume_ns longer.
// Belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "server/config.h"
#include "server/http_peer.h"
#include "server/mailbox.h"
#include "server/shared.h"

namespace gauntlet::server {

class HttpTransport;

class EventStreams {
 public:
  EventStreams(Shared& shared, const Limits& limits, HttpTransport& transport);

  // The number of a new stream; nothing where the session is gone or has too many streams.
  std::optional<std::uint32_t> reserve(const SessionKey& session, core::Nanos now_ns);
  // Attaches a stream that begins: `primed`, with an event that says nothing but its id and when
  // to come back (2025-11-25).
  void begin(const StreamKey& key, HttpPeer& peer, bool primed, core::Nanos now_ns);
  // Attaches a stream that goes on after that event. False, and nothing is written, where nothing
  // is known of it.
  bool resume(const StreamKey& key, std::uint64_t after, HttpPeer& peer, core::Nanos now_ns);
  // The connection is gone or wanted no more; the stream goes on.
  void detach(const StreamKey& key, const HttpPeer& peer, core::Nanos now_ns);

  // Keeps an event and sees to it that it is written. An empty one is kept only.
  void publish(const StreamKey& key, std::string_view json, bool final);
  // Writes what is in the log and was not written yet.
  void catch_up(const StreamKey& key);

  bool is_attached(const StreamKey& key) const;
  bool is_full(const SessionKey& session) const;

  void on_letter(const Letter& letter, core::Nanos now_ns);
  // The session still is, and counts as used.
  bool touch(const SessionKey& session, core::Nanos now_ns);
  void sweep(core::Nanos now_ns);
  // Ends the session's streams here.
  void end_all(const SessionKey& session);

 private:
  struct Order {
    bool operator()(const StreamKey& a, const StreamKey& b) const;
  };
  struct Attached {
    ReturnPath path;  // no stream: the connection was lost
    std::uint64_t written = 0;
    core::Nanos lost_ns = 0;
  };
  using Streams = std::map<StreamKey, Attached, Order>;

  HttpPeer* peer_of(const Attached& attached) const;
  void write(Attached& attached, EventId id, std::string_view json);
  void finish(const StreamKey& key);
  void end(Streams::iterator stream);
  void publish_news(const Letter& letter, core::Nanos now_ns);
  void claim(const StreamKey& key, core::Nanos now_ns);

  Shared& shared_;
  const Limits& limits_;
  HttpTransport& transport_;
  std::uint64_t owner_;  // names this object among all workers, also the dead
  Streams streams_;
};

}  // namespace gauntlet::server
