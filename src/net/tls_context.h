// TlsContext: what all TLS streams of one kind share: the certificate and key of a server, or whom
// a client trusts. TLS 1.3 only (RFC 8446), with OpenSSL: no renegotiation, no compression, no
// early data; ALPN http/1.1; one session ticket a handshake.
//
// To reload certificates, make a new context: streams keep the one that they began with.
// Making one reads files; made, it may be used by several loops, one after the other.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"

struct ssl_ctx_st;

namespace gauntlet::net {

struct TlsFiles {
  std::string certificate_chain;  // PEM, the server's own certificate first
  std::string private_key;        // PEM, not encrypted
};

struct TlsTrust {
  std::string host;         // must be in the peer's certificate, and is asked for (SNI)
  std::string authorities;  // PEM file; empty: those of the system
  bool anyone = false;      // checks no certificate
};

class TlsContext {
 public:
  // Errors (usage) name the file and what is wrong with it.
  static core::Result<TlsContext> server(const TlsFiles& files);
  static core::Result<TlsContext> client(const TlsTrust& trust);

  bool is_client() const { return is_client_; }
  const std::string& host() const { return host_; }
  ssl_ctx_st* native() const { return native_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };

  explicit TlsContext(bool is_client);

  bool is_client_;
  std::string host_;
  std::unique_ptr<ssl_ctx_st, Free> native_;
};

}  // namespace gauntlet::net
