// MetricsServer: a small HTTP server on its own thread that hands out the latest metrics.
// GET /metrics gives the text published last, GET / a page that names it, anything else 404.
// At most kMetricsConnectionsMax connections: one more ends the one that was opened first.
// start(), the destructor and where() belong to one thread; publish() to any.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "core/fd.h"
#include "core/result.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "wire/http.h"

namespace gauntlet::record {

inline constexpr std::size_t kMetricsConnectionsMax = 64;
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
  const net::Endpoint& where() const { return where_; }

 private:
  struct Connection {
    explicit Connection(std::uint64_t number) : opened(number) {}

    net::StreamId stream;
    std::uint64_t opened;  // a running number
    wire::HttpParser parser{wire::HttpParser::Role::request, kMetricsRequestLimits};
  };

  MetricsServer(core::Fd listener, net::Endpoint where, core::Fd stop);

  void on_accepted(core::Fd socket, std::uint64_t tag) override;
  void on_connected(net::StreamId, std::uint64_t) override {}
  void on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) override;
  void on_closed(net::StreamId stream, std::uint64_t tag, net::CloseReason, int) override;

  void serve();
  std::size_t free_slot();
  // True where the connection stays open.
  bool respond(net::StreamId stream, const wire::HttpHead& request);
  void respond_with(net::StreamId stream, int status, std::string_view content_type,
                    std::string_view body, std::string_view extra_headers = {});
  void drop(std::size_t slot, net::CloseMode mode);

  core::Fd listener_;
  net::Endpoint where_;
  core::Fd stop_;  // eventfd
  std::unique_ptr<net::Loop> loop_;
  std::array<std::optional<Connection>, kMetricsConnectionsMax> connections_;
  std::uint64_t opened_ = 0;
  bool stopping_ = false;  // server's thread
  std::mutex mutex_;
  std::string text_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace gauntlet::record
