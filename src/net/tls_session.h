// TlsSession: the TLS side of one stream, sans I/O: what the socket brings goes in and comes out as
// plain bytes; what is to be sent is gathered plain, and sealed into the buffer for the socket.
//
//   opened = session.open(received, plain, out);   // plain.first(opened.size), then its outcome
//   session.plain() += "…";  session.seal(out);     // nothing is sealed before the handshake ends
//
// All of `received` is taken each time. Bounded: OpenSSL keeps one unfinished record or handshake
// message (16 KiB, 128 KiB). Belongs to its loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "net/tls_context.h"

struct ssl_st;

namespace gauntlet::net {

// By so much may plain bytes exceed what was received: a record that was begun earlier.
inline constexpr std::size_t kTlsRecordBytesMax = 16 * 1024;

class TlsSession {
 public:
  enum class Outcome : std::uint8_t {
    open,
    ended,   // close_notify: the peer sends no more
    failed,  // no TLS 1.3, a bad record, an alert; `out` may hold an alert to send
  };
  struct Opened {
    Outcome outcome = Outcome::open;
    std::size_t size = 0;  // of the plain bytes
  };

  explicit TlsSession(const TlsContext& context);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // A client's first message. A server has nothing to say before the client has.
  void begin(std::string& out);
  // `plain` has room for as much as was received and kTlsRecordBytesMax more.
  Opened open(std::span<const char> received, std::span<char> plain, std::string& out);
  // What is still to be sealed.
  std::string& plain() { return plain_; }
  const std::string& plain() const { return plain_; }
  void seal(std::string& out);
  // close_notify: what is sealed after it is dropped.
  void end(std::string& out);

  bool is_client() const { return is_client_; }
  bool is_ready() const { return ready_; }  // the handshake is done
  // The errno that says why it failed: EPROTO, or EKEYREJECTED for a certificate not trusted.
  int error() const;

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };
  friend struct TlsPipe;  // OpenSSL's way to in_ and out_

  bool is_client_;
  bool ready_ = false;
  bool failed_ = false;
  bool ended_ = false;  // close_notify was sent
  std::span<const char> in_;
  std::string* out_ = nullptr;  // during a call
  std::string plain_;
  std::unique_ptr<ssl_st, Free> native_;
};

}  // namespace gauntlet::net
