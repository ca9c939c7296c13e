#include "server/event_streams.h"

#include <tuple>

#include "server/http_transport.h"
#include "server/publication.h"

namespace gauntlet::server {
namespace {

constexpr std::uint32_t kStandalone = 0;

std::tuple<std::uint64_t, std::uint64_t, std::uint32_t> rank_of(const StreamKey& key) {
  return {key.session.high, key.session.low, key.number};
}

bool has_gap(EventLog::Replay replay) {
  return replay == EventLog::Replay::gap || replay == EventLog::Replay::gap_ended;
}

bool has_ended(EventLog::Replay replay) {
  return replay == EventLog::Replay::ended || replay == EventLog::Replay::gap_ended;
}

}  // namespace

bool EventStreams::Order::operator()(const StreamKey& a, const StreamKey& b) const {
  return rank_of(a) < rank_of(b);
}

EventStreams::EventStreams(Shared& shared, const Limits& limits, HttpTransport& transport)
    : shared_(shared), limits_(limits), transport_(transport), owner_(random_session_key().low) {}

std::optional<std::uint32_t> EventStreams::reserve(const SessionKey& session, core::Nanos now_ns) {
  if (is_full(session)) return std::nullopt;
  std::optional<std::uint32_t> number;
  shared_.registry.update(session, now_ns,
                          [&number](Session& found) { number = found.next_stream++; });
  return number;
}

bool EventStreams::is_full(const SessionKey& session) const {
  std::size_t count = 0;
  for (auto stream = streams_.lower_bound({session, 0});
       stream != streams_.end() && stream->first.session == session; ++stream)
    ++count;
  return count >= limits_.session_streams_max;
}

HttpPeer* EventStreams::peer_of(const Attached& attached) const {
  return transport_.peer_at(attached.path);
}

bool EventStreams::is_attached(const StreamKey& key) const {
  const auto stream = streams_.find(key);
  return stream != streams_.end() && peer_of(stream->second) != nullptr;
}

// Whoever else has this stream lets go of it.
void EventStreams::claim(const StreamKey& key, core::Nanos now_ns) {
  shared_.mailbox->broadcast({Letter::Kind::stream_taken, key.session, key.number, {}});
  if (key.number != kStandalone) return;
  shared_.registry.update(key.session, now_ns,
                          [this](Session& session) { session.stream_owner = owner_; });
}

void EventStreams::begin(const StreamKey& key, HttpPeer& peer, bool primed, core::Nanos now_ns) {
  if (key.number == kStandalone) claim(key, now_ns);
  const std::uint64_t number = shared_.events.append(key.session, key.number, {}, false);
  streams_[key] = {transport_.way_to(peer), number};
  peer.stream_key = key;
  if (primed) transport_.write_priming(peer, {key.number, number});
}

bool EventStreams::resume(const StreamKey& key, std::uint64_t after, HttpPeer& peer,
                          core::Nanos now_ns) {
  claim(key, now_ns);
  Attached& attached = streams_[key] = {transport_.way_to(peer), after};
  bool begun = false;
  const auto begin_once = [&] {
    if (!std::exchange(begun, true)) transport_.begin_events(peer, {});
    peer.stream_key = key;
  };
  const auto replay =
      shared_.events.read(key.session, key.number, after, [&](EventId id, std::string_view json) {
        begin_once();
        write(attached, id, json);
      });
  if (replay == EventLog::Replay::unknown) {
    streams_.erase(key);
    return false;
  }
  begin_once();
  if (has_gap(replay)) transport_.write_comment(peer, "some events are gone");
  if (has_ended(replay)) finish(key);
  return true;
}

void EventStreams::detach(const StreamKey& key, const HttpPeer& peer, core::Nanos now_ns) {
  const auto stream = streams_.find(key);
  if (stream == streams_.end() || stream->second.path.stream != peer.stream) return;
  if (key.number != kStandalone || peer.http_sse) {
    streams_.erase(stream);
  } else {
    stream->second.path = {};
    stream->second.lost_ns = now_ns;
  }
}

void EventStreams::write(Attached& attached, EventId id, std::string_view json) {
  attached.written = id.number;
  HttpPeer* const peer = peer_of(attached);
  if (peer != nullptr && !json.empty()) transport_.write_event(*peer, id, json);
}

void EventStreams::publish(const StreamKey& key, std::string_view json, bool final) {
  const std::uint64_t number = shared_.events.append(key.session, key.number, json, final);
  const auto stream = streams_.find(key);
  if (stream == streams_.end()) {
    shared_.mailbox->broadcast({Letter::Kind::stream_event, key.session, key.number, {}});
  } else if (number == stream->second.written + 1) {
    write(stream->second, {key.number, number}, json);
    if (final) finish(key);
  } else {
    catch_up(key);
  }
}

void EventStreams::catch_up(const StreamKey& key) {
  const auto stream = streams_.find(key);
  if (stream == streams_.end() || peer_of(stream->second) == nullptr) return;
  Attached& attached = stream->second;
  const auto replay =
      shared_.events.read(key.session, key.number, attached.written,
                          [&](EventId id, std::string_view json) { write(attached, id, json); });
  if (has_ended(replay)) finish(key);
}

void EventStreams::finish(const StreamKey& key) {
  const auto stream = streams_.find(key);
  if (stream != streams_.end()) end(stream);
}

void EventStreams::end(Streams::iterator stream) {
  HttpPeer* const peer = peer_of(stream->second);
  streams_.erase(stream);
  if (peer != nullptr) transport_.end_events(*peer);
}

void EventStreams::end_all(const SessionKey& session) {
  for (auto stream = streams_.lower_bound({session, 0});
       stream != streams_.end() && stream->first.session == session;)
    end(stream++);
}

void EventStreams::on_letter(const Letter& letter, core::Nanos now_ns) {
  const StreamKey key{letter.session, static_cast<std::uint32_t>(letter.number)};
  switch (letter.kind) {
    case Letter::Kind::session_closed: return end_all(letter.session);
    case Letter::Kind::stream_event: return catch_up(key);
    case Letter::Kind::stream_taken: return finish(key);
    default: return publish_news(letter, now_ns);
  }
}

void EventStreams::publish_news(const Letter& letter, core::Nanos now_ns) {
  const std::string json = publication_of(letter);
  if (json.empty()) return;
  for (auto next = streams_.begin(); next != streams_.end();) {
    const auto stream = next++;
    if (stream->first.number != kStandalone) continue;
    if (letter.session != SessionKey{} && letter.session != stream->first.session) continue;
    const auto session = shared_.registry.find(stream->first.session, now_ns);
    if (!session || session->stream_owner != owner_) {
      end(stream);
    } else if (wants(*session, letter)) {
      publish(stream->first, json, false);
    }
  }
}

bool EventStreams::touch(const SessionKey& session, core::Nanos now_ns) {
  return shared_.registry.find(session, now_ns).has_value();
}

void EventStreams::sweep(core::Nanos now_ns) {
  std::erase_if(streams_, [&](const auto& entry) {
    const core::Nanos lost_ns = entry.second.lost_ns;
    return lost_ns != 0 && now_ns - lost_ns > limits_.resume_ns;
  });
}

}  // namespace gauntlet::server
