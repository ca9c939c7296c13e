#include "net/tls_session.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/check.h"

namespace gauntlet::net {

// The BIO that OpenSSL reads from and writes to: the spans and buffers of the call in progress.
struct TlsPipe {
  static TlsSession& session_of(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, int size) {
    std::span<const char>& in = session_of(bio).in_;
    BIO_clear_retry_flags(bio);
    const std::size_t taken = std::min(in.size(), static_cast<std::size_t>(size));
    if (taken == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(to, in.data(), taken);
    in = in.subspan(taken);
    return static_cast<int>(taken);
  }

  static int write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    std::string* const out = session_of(bio).out_;
    GAUNTLET_CHECK(out != nullptr);
    out->append(from, static_cast<std::size_t>(size));
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* make_method() {
    BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    GAUNTLET_CHECK(method != nullptr);
    BIO_meth_set_read(method, read);
    BIO_meth_set_write(method, write);
    BIO_meth_set_ctrl(method, control);
    return method;
  }

  static BIO* open(TlsSession& session) {
    static BIO_METHOD* const method = make_method();
    BIO* const bio = BIO_new(method);
    GAUNTLET_CHECK(bio != nullptr);
    BIO_set_data(bio, &session);
    BIO_set_init(bio, 1);
    return bio;
  }
};

namespace {

bool is_ip_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

// SNI names hosts, never addresses (RFC 6066 section 3).
void expect_host(SSL* session, const std::string& host) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(session);
  if (is_ip_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size());
    SSL_set_tlsext_host_name(session, host.c_str());
  }
}

}  // namespace

void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }

TlsSession::TlsSession(const TlsContext& context)
    : is_client_(context.is_client()), native_(SSL_new(context.native())) {
  GAUNTLET_CHECK(native_ != nullptr);
  BIO* const pipe = TlsPipe::open(*this);
  SSL_set_bio(native_.get(), pipe, pipe);
  if (is_client_) {
    SSL_set_connect_state(native_.get());
    if (!context.host().empty()) expect_host(native_.get(), context.host());
  } else {
    SSL_set_accept_state(native_.get());
  }
}

void TlsSession::begin(std::string& out) {
  out_ = &out;
  ERR_clear_error();
  SSL_do_handshake(native_.get());
  out_ = nullptr;
}

TlsSession::Opened TlsSession::open(std::span<const char> received, std::span<char> plain,
                                    std::string& out) {
  if (failed_) return {.outcome = Outcome::failed};
  GAUNTLET_CHECK(plain.size() >= received.size() + kTlsRecordBytesMax);
  in_ = received;
  out_ = &out;
  ERR_clear_error();
  Opened opened;
  std::size_t size = 0;
  while (SSL_read_ex(native_.get(), plain.data() + opened.size, plain.size() - opened.size,
                     &size) == 1)
    opened.size += size;
  const int why = SSL_get_error(native_.get(), 0);
  if (why == SSL_ERROR_ZERO_RETURN) opened.outcome = Outcome::ended;
  failed_ = why != SSL_ERROR_ZERO_RETURN && why != SSL_ERROR_WANT_READ;
  if (failed_) opened.outcome = Outcome::failed;
  ready_ = ready_ || SSL_is_init_finished(native_.get()) == 1;
  ERR_clear_error();
  in_ = {};
  out_ = nullptr;
  return opened;
}

void TlsSession::seal(std::string& out) {
  if (!ready_ || plain_.empty()) return;
  out_ = &out;
  ERR_clear_error();
  std::size_t written = 0;
  if (!failed_ && !ended_)
    failed_ = SSL_write_ex(native_.get(), plain_.data(), plain_.size(), &written) != 1;
  out_ = nullptr;
  plain_.clear();
}

void TlsSession::end(std::string& out) {
  if (!ready_ || failed_ || ended_) return;
  ended_ = true;
  out_ = &out;
  ERR_clear_error();
  SSL_shutdown(native_.get());
  out_ = nullptr;
}

int TlsSession::error() const {
  const bool checks = SSL_get_verify_mode(native_.get()) != SSL_VERIFY_NONE;
  const bool trusted = SSL_get_verify_result(native_.get()) == X509_V_OK;
  return checks && !trusted ? EKEYREJECTED : EPROTO;
}

}  // namespace gauntlet::net
