// MetricsServer: a small HTTP server on its own thread that hands out the latest metrics, and the
// live page with its events.
// GET /metrics gives the text published last, GET / the page, GET /events server-sent events: to
// each newcomer "history" once, from then on every "second"; anything else is 404.
// At most kMetricsConnectionsMax connections: one more ends the one that was opened first; at most
// kListenersMax of them hear events, one more gets 503. Who does not read what it asked for is
// dropped: a browser asks again by itself. Who listens when it ends still gets what was published,
// if it reads. start(), rest(), go_on(), the destructor, where() and show_page() belong to one
// thread; what is published may come from any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/fd.h"
#include "core/result.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "wire/http.h"

namespace gauntlet::record {

inline constexpr std::size_t kMetricsConnectionsMax = 64;
inline constexpr std::size_t kListenersMax = 8;
inline constexpr wire::HttpLimits kMetricsRequestLimits = {.head_bytes_max = 8192,
                                                           .body_bytes_max = 8192};

class MetricsServer final : net::StreamHandler, net::AcceptHandler {
 public:
  // A port that is taken is a usage error that names --metrics-listen.
  static core::Result<core::Fd> listen(const net::Endpoint& where);
  static core::Result<std::unique_ptr<MetricsServer>> start(core::Fd listener);
  static core::Result<std::unique_ptr<MetricsServer>> start(const net::Endpoint& where);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  void publish(std::string text);
  // What GET / gives from now on; it has to live as long as the server.
  void show_page(std::string_view page);
  // Whether anybody hears events, and whether a newcomer among them has had no history yet.
  bool has_listeners() const { return listeners_ > 0; }
  bool wants_history() const { return newcomers_ > 0; }
  // To all who listen, whatever they have heard: a run begins, or is over. JSON in one line.
  void publish_history(std::string history);
  // JSON in one line each. `history` holds the second too, and goes to newcomers; "" where none was
  // wanted.
  void publish_second(std::string second, std::string history);
  const net::Endpoint& where() const { return where_; }
  // Nobody is answered until go_on(), and there is no thread: for who has to fork.
  void rest();
  void go_on();

 private:
  enum class Hears : std::uint8_t { answers, history_next, seconds };
  struct Connection {
    explicit Connection(std::uint64_t number) : opened(number) {}

    net::StreamId stream;
    std::uint64_t opened;  // a running number
    Hears hears = Hears::answers;
    wire::HttpParser parser{wire::HttpParser::Role::request, kMetricsRequestLimits};
  };

  struct Published {
    std::string second;  // "": the history is for all
    std::string history;
  };

  MetricsServer(core::Fd listener, net::Endpoint where, core::Fd stop, core::Fd news);

  void on_accepted(core::Fd socket, std::uint64_t tag) override;
  void on_connected(net::StreamId, std::uint64_t) override {}
  void on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) override;
  void on_closed(net::StreamId stream, std::uint64_t tag, net::CloseReason, int) override;

  void serve();
  std::size_t free_slot();
  // True where the connection stays open.
  bool respond(Connection& connection, const wire::HttpHead& request);
  bool begin_events(Connection& connection);
  void send_events();
  bool owes_events();
  void count_listeners();
  void respond_with(net::StreamId stream, int status, std::string_view content_type,
                    std::string_view body, std::string_view extra_headers = {});
  void drop(std::size_t slot, net::CloseMode mode);

  core::Fd listener_;
  net::Endpoint where_;
  core::Fd stop_;  // eventfds
  core::Fd news_;
  std::unique_ptr<net::Loop> loop_;
  std::array<std::optional<Connection>, kMetricsConnectionsMax> connections_;
  std::uint64_t opened_ = 0;
  bool stopping_ = false;  // server's thread
  std::mutex mutex_;
  // Guarded by mutex_.
  std::string text_;
  std::string_view page_;
  std::vector<Published> published_;
  std::atomic<std::size_t> listeners_ = 0;
  std::atomic<std::size_t> newcomers_ = 0;
  std::thread thread_;
};

}  // namespace gauntlet::record
