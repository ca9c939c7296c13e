// Client: a plain blocking socket that speaks raw bytes, HTTP and lines, for tests. A read that
// gets nothing for ten seconds fails.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/fd.h"
#include "net/endpoint.h"

namespace gauntlet::server {

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // decoded where it was chunked
};

class Client {
 public:
  explicit Client(const net::Endpoint& where)
      : fd_(socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on Unix sockets
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd_.get(), where.address(), where.length()) != 0)
      throw std::runtime_error("cannot connect to " + where.text());
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0) throw std::runtime_error("send failed");
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  std::string read_line() {
    std::string line = take_to("\n");
    line.pop_back();
    return line;
  }

  // Of a stream of lines: what is not news of a full queue.
  std::string read_answer() {
    std::string line = read_line();
    while (line.contains("notifications/backpressure")) line = read_line();
    return line;
  }

  HttpResponse read_response() {
    HttpResponse response = read_head();
    if (response.headers.contains("content-length"))
      response.body = take(std::stoul(response.headers["content-length"]));
    if (response.headers.contains("transfer-encoding")) response.body = take_chunks();
    return response;
  }

  // Status and headers only.
  HttpResponse read_head() {
    HttpResponse response;
    const std::string status_line = take_to("\r\n");
    response.status = std::stoi(status_line.substr(9, 3));
    for (std::string line = take_to("\r\n"); line != "\r\n"; line = take_to("\r\n")) {
      const std::size_t colon = line.find(':');
      std::string name = line.substr(0, colon);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      response.headers[name] = line.substr(colon + 2, line.size() - colon - 4);
    }
    return response;
  }

  // Empty: the last one.
  std::string read_chunk() {
    const std::size_t size = std::stoul(take_to("\r\n"), nullptr, 16);
    std::string chunk = take(size);
    take_to("\r\n");
    return chunk;
  }

  HttpResponse ask(std::string_view request) {
    send(request);
    return read_response();
  }

  // At least one byte, and what came with it.
  std::string read_some() {
    if (buffer_.empty() && !fill()) throw std::runtime_error("closed");
    return std::exchange(buffer_, {});
  }

  // Everything up to the peer's FIN; throws on a reset.
  std::string read_to_end() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
  }

  int fd() const { return fd_.get(); }
  // Bytes that were received but not taken.
  const std::string& unread() const { return buffer_; }

 private:
  bool fill() {
    char bytes[16 * 1024];
    const ssize_t n = recv(fd_.get(), bytes, sizeof bytes, 0);
    if (n < 0) throw std::runtime_error("receive failed or took too long");
    buffer_.append(bytes, static_cast<std::size_t>(n));
    return n > 0;
  }

  std::string take(std::size_t size) {
    while (buffer_.size() < size)
      if (!fill()) throw std::runtime_error("closed in the middle");
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  std::string take_to(std::string_view end) {
    std::size_t at = buffer_.find(end);
    for (; at == std::string::npos; at = buffer_.find(end))
      if (!fill()) throw std::runtime_error("closed in the middle");
    return take(at + end.size());
  }

  std::string take_chunks() {
    std::string body;
    for (std::string chunk = read_chunk(); !chunk.empty(); chunk = read_chunk()) body += chunk;
    return body;
  }

  core::Fd fd_;
  std::string buffer_;
};

}  // namespace gauntlet::server
