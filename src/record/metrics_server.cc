#include "record/metrics_server.h"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

#include "core/clock.h"
#include "record/prometheus.h"
#include "wire/http_write.h"

namespace gauntlet::record {

namespace {

// A client that asks on without reading the answers is dropped.
constexpr std::size_t kUnsentBytesMax = 1024 * 1024;
// Of seconds that the server's thread has not come to yet; more are left out.
constexpr std::size_t kPublishedMax = 60;
// At the end, for who listens to take what was published.
constexpr core::Nanos kGoodbyeMax = 5 * core::kSecond;
constexpr core::Nanos kGoodbyeTurn = core::kSecond / 50;
constexpr std::string_view kEventsHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "Connection: close\r\n\r\nretry: 1000\n\n";  // ms; the next of several runs is another server

constexpr std::string_view kPage =
    "<!doctype html>\n<title>Gauntlet</title>\n"
    "<p>Gauntlet is running. Prometheus reads <a href=\"/metrics\">/metrics</a>.</p>\n";

}  // namespace

core::Result<core::Fd> MetricsServer::listen(const net::Endpoint& where) {
  auto listener = net::listen_on(where);
  if (listener) return listener;
  return core::usage_error(
      fmt::format("metrics cannot be served at {} ({}); choose another address with "
                  "--metrics-listen",
                  where.text(), listener.error().text));
}

core::Result<std::unique_ptr<MetricsServer>> MetricsServer::start(const net::Endpoint& where) {
  auto listener = listen(where);
  if (!listener) return std::unexpected(listener.error());
  return start(std::move(*listener));
}

core::Result<std::unique_ptr<MetricsServer>> MetricsServer::start(core::Fd listener) {
  auto bound = net::local_endpoint(listener.get());
  if (!bound) return std::unexpected(bound.error());
  core::Fd stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  core::Fd news(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop.valid() || !news.valid()) return std::unexpected(core::errno_error("eventfd"));
  return std::unique_ptr<MetricsServer>(
      new MetricsServer(std::move(listener), *bound, std::move(stop), std::move(news)));
}

MetricsServer::MetricsServer(core::Fd listener, net::Endpoint where, core::Fd stop, core::Fd news)
    : listener_(std::move(listener)),
      where_(where),
      stop_(std::move(stop)),
      news_(std::move(news)),
      loop_(net::make_loop(net::Io::epoll)),
      page_(kPage) {
  loop_->listen(listener_.get(), *this, 0);
  loop_->watch(stop_.get(), [this] {
    eventfd_t ignored = 0;
    eventfd_read(stop_.get(), &ignored);
    stopping_ = true;
  });
  loop_->watch(news_.get(), [this] { send_events(); });
  go_on();
}

MetricsServer::~MetricsServer() {
  rest();
  send_events();
  const core::Nanos limit = core::monotonic_ns() + kGoodbyeMax;
  while (owes_events() && core::monotonic_ns() < limit)
    loop_->turn(core::monotonic_ns() + kGoodbyeTurn);
}

void MetricsServer::rest() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void MetricsServer::go_on() {
  if (thread_.joinable()) return;
  stopping_ = false;
  thread_ = std::thread([this] { serve(); });
}

bool MetricsServer::owes_events() {
  return std::ranges::any_of(connections_, [&](const auto& connection) {
    return connection && connection->hears != Hears::answers &&
           loop_->unsent_bytes(connection->stream) > 0;
  });
}

void MetricsServer::publish(std::string text) {
  const std::lock_guard lock(mutex_);
  text_ = std::move(text);
}

void MetricsServer::show_page(std::string_view page) {
  const std::lock_guard lock(mutex_);
  page_ = page;
}

void MetricsServer::publish_second(std::string second, std::string history) {
  {
    const std::lock_guard lock(mutex_);
    if (published_.size() >= kPublishedMax) return;
    published_.push_back({std::move(second), std::move(history)});
  }
  eventfd_write(news_.get(), 1);
}

// It says all that the others would have.
void MetricsServer::publish_history(std::string history) {
  {
    const std::lock_guard lock(mutex_);
    published_.clear();
    published_.push_back({"", std::move(history)});
  }
  eventfd_write(news_.get(), 1);
}

void MetricsServer::send_events() {
  eventfd_t ignored = 0;
  eventfd_read(news_.get(), &ignored);
  std::vector<Published> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(published_);
  }
  for (const auto& [second, history] : all) {
    for (std::size_t slot = 0; slot < connections_.size(); ++slot) {
      auto& connection = connections_[slot];
      if (!connection || connection->hears == Hears::answers) continue;
      const bool whole = connection->hears == Hears::history_next || second.empty();
      if (whole && history.empty()) continue;
      if (loop_->unsent_bytes(connection->stream) > kUnsentBytesMax) {
        drop(slot, net::CloseMode::reset);
        continue;
      }
      loop_->output(connection->stream) +=
          whole ? fmt::format("event: history\ndata: {}\n\n", history)
                : fmt::format("event: second\ndata: {}\n\n", second);
      connection->hears = Hears::seconds;
    }
  }
  count_listeners();
}

void MetricsServer::count_listeners() {
  const auto count = [&](auto hears) {
    return static_cast<std::size_t>(std::ranges::count_if(
        connections_, [&](const auto& c) { return c.has_value() && hears(c->hears); }));
  };
  listeners_ = count([](Hears hears) { return hears != Hears::answers; });
  newcomers_ = count([](Hears hears) { return hears == Hears::history_next; });
}

void MetricsServer::serve() {
  while (!stopping_) loop_->turn(core::monotonic_ns() + core::kSecond);
}

std::size_t MetricsServer::free_slot() {
  const auto free = std::ranges::find_if(
      connections_, [](const auto& connection) { return !connection.has_value(); });
  if (free != connections_.end()) return static_cast<std::size_t>(free - connections_.begin());
  const auto first = std::ranges::min_element(
      connections_, {}, [](const auto& connection) { return connection->opened; });
  const auto slot = static_cast<std::size_t>(first - connections_.begin());
  drop(slot, net::CloseMode::reset);
  return slot;
}

void MetricsServer::on_accepted(core::Fd socket, std::uint64_t) {
  const auto slot = free_slot();
  auto& connection = connections_[slot].emplace(++opened_);
  connection.stream = loop_->adopt(std::move(socket), *this, slot);
}

void MetricsServer::on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) {
  auto& parser = connections_[tag]->parser;
  if (connections_[tag]->hears != Hears::answers) return;  // nothing more may be asked there
  for (;;) {
    const auto step = parser.step(bytes);
    bytes = bytes.subspan(step.consumed);
    if (step.event == wire::HttpParser::Event::error) {
      respond_with(stream, 400, "text/plain", "bad request\n", "Connection: close\r\n");
      return drop(tag, net::CloseMode::orderly);
    }
    if (step.event == wire::HttpParser::Event::end && !respond(*connections_[tag], parser.head())) {
      return drop(tag, net::CloseMode::orderly);
    }
    if (connections_[tag]->hears != Hears::answers) return;
    if (loop_->unsent_bytes(stream) > kUnsentBytesMax) {
      return drop(tag, net::CloseMode::reset);
    }
    if (step.event == wire::HttpParser::Event::need_more) break;
  }
  if (!parser.idle()) parser.retain();
}

void MetricsServer::on_closed(net::StreamId, std::uint64_t tag, net::CloseReason, int) {
  connections_[tag].reset();
  count_listeners();
}

// True where it hears events from now on.
bool MetricsServer::begin_events(Connection& connection) {
  if (listeners_ >= kListenersMax) {
    respond_with(connection.stream, 503, "text/plain", "too many listen already\n",
                 "Retry-After: 5\r\nConnection: close\r\n");
    return false;
  }
  loop_->output(connection.stream) += kEventsHead;
  connection.hears = Hears::history_next;
  count_listeners();
  return true;
}

bool MetricsServer::respond(Connection& connection, const wire::HttpHead& request) {
  const net::StreamId stream = connection.stream;
  const auto path = request.target.substr(0, request.target.find('?'));
  const std::string_view closing = request.keep_alive ? "" : "Connection: close\r\n";
  if (request.method != "GET") {
    respond_with(stream, 405, "text/plain", "only GET\n", fmt::format("Allow: GET\r\n{}", closing));
  } else if (path == "/metrics") {
    const std::lock_guard lock(mutex_);
    respond_with(stream, 200, kMetricsContentType, text_, closing);
  } else if (path == "/events") {
    return begin_events(connection);
  } else if (path == "/") {
    const std::lock_guard lock(mutex_);
    respond_with(stream, 200, "text/html; charset=utf-8", page_, closing);
  } else {
    respond_with(stream, 404, "text/plain", "not here; try /metrics\n", closing);
  }
  return request.keep_alive;
}

void MetricsServer::respond_with(net::StreamId stream, int status, std::string_view content_type,
                                 std::string_view body, std::string_view extra_headers) {
  auto& out = loop_->output(stream);
  wire::append_response_head(out, status, content_type, body.size(), extra_headers);
  out += body;
}

void MetricsServer::drop(std::size_t slot, net::CloseMode mode) {
  loop_->close(connections_[slot]->stream, mode);
  connections_[slot].reset();
  count_listeners();
}

}  // namespace gauntlet::record
