// EventReader: the events of an SSE answer, as they come, for tests. Our server sends each event in
// a chunk of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client.h"
#include "requests.h"

namespace gauntlet::server {

struct TestEvent {
  std::string type, id, data, retry, comment;
  bool has_data = false;
};

inline TestEvent parse_event(std::string_view text) {
  TestEvent event;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const auto value = [&](std::string_view field) {
      return std::string(line.substr(field.size()));
    };
    if (line.starts_with("event: ")) event.type = value("event: ");
    if (line.starts_with("id: ")) event.id = value("id: ");
    if (line.starts_with("retry: ")) event.retry = value("retry: ");
    if (line.starts_with(": ")) event.comment = value(": ");
    if (line.starts_with("data: ")) event.data = value("data: ");
    if (line.starts_with("data: ")) event.has_data = true;
  }
  return event;
}

// One request whose answer is an event stream, on a connection of its own.
class EventReader {
 public:
  EventReader(const net::Endpoint& where, std::string_view request) : client_(where) {
    client_.send(request);
    head_ = client_.read_head();
  }

  const HttpResponse& head() const { return head_; }
  Client& client() { return client_; }
  // Nothing: the stream has ended.
  std::optional<TestEvent> next() {
    const std::string chunk = client_.read_chunk();
    if (chunk.empty()) return std::nullopt;
    return parse_event(chunk);
  }
  // The next one that says something.
  std::optional<TestEvent> next_message() {
    auto event = next();
    while (event && event->data.empty()) event = next();
    return event;
  }
  std::vector<TestEvent> rest() {
    std::vector<TestEvent> events;
    while (auto event = next_message()) events.push_back(*event);
    return events;
  }

 private:
  Client client_;
  HttpResponse head_;
};

inline std::string session_header(const std::string& id) {
  return "Mcp-Session-Id: " + id + "\r\n";
}

// A session as tests use it: the header that names it.
inline std::string open_session(const net::Endpoint& where,
                                std::string_view revision = "2025-11-25") {
  return session_header(Client(where).ask(post(initialize(revision))).headers["mcp-session-id"]);
}

inline std::string get_events(std::string_view headers = {}) {
  return http("GET", "/mcp", "Accept: text/event-stream\r\n" + std::string(headers));
}

inline std::string resume(const std::string& session, std::string_view id) {
  return get_events(session + "Last-Event-ID: " + std::string(id) + "\r\n");
}

}  // namespace gauntlet::server
