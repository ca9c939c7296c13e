#include "net/tls_context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "core/check.h"

namespace gauntlet::net {
namespace {

constexpr std::string_view kHttp = "http/1.1";
constexpr std::string_view kHttpInAlpn = "\x08http/1.1";

// The first error is the cause, the later ones say who passed it on.
std::string first_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* const reason = ERR_reason_error_string(code);
  if (reason == nullptr) return "unknown error";
  return std::string_view(reason) == "no start line" ? "it holds no such PEM block" : reason;
}

std::unexpected<core::Error> file_error(std::string_view what, const std::string& file) {
  return core::usage_error("cannot use the " + std::string(what) + " '" + file +
                           "': " + first_error());
}

// OpenSSL would ask on the terminal.
int refuse_to_ask(char*, int, int, void*) { return -1; }

// A client that offers protocols, and not ours, is told so (RFC 7301 section 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  for (unsigned at = 0; at < offered_size; at += 1U + offered[at]) {
    const std::string_view protocol(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
    if (protocol != kHttp) continue;
    *chosen = offered + at + 1;
    *chosen_size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsContext::TlsContext(bool is_client)
    : is_client_(is_client),
      native_(SSL_CTX_new(is_client ? TLS_client_method() : TLS_server_method())) {
  GAUNTLET_CHECK(native_ != nullptr);
  SSL_CTX* const context = native_.get();
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // thousands of streams are idle
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_default_passwd_cb(context, refuse_to_ask);
}

core::Result<TlsContext> TlsContext::server(const TlsFiles& files) {
  ERR_clear_error();
  TlsContext made(false);
  SSL_CTX* const context = made.native();
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate_chain.c_str()) != 1)
    return file_error("certificate", files.certificate_chain);
  if (SSL_CTX_use_PrivateKey_file(context, files.private_key.c_str(), SSL_FILETYPE_PEM) != 1)
    return file_error("private key", files.private_key);
  if (SSL_CTX_check_private_key(context) != 1) return file_error("private key", files.private_key);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  return made;
}

core::Result<TlsContext> TlsContext::client(const TlsTrust& trust) {
  ERR_clear_error();
  TlsContext made(true);
  made.host_ = trust.host;
  SSL_CTX* const context = made.native();
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(kHttpInAlpn.data()),
                          static_cast<unsigned>(kHttpInAlpn.size()));
  if (trust.anyone) return made;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (trust.authorities.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (SSL_CTX_load_verify_locations(context, trust.authorities.c_str(), nullptr) != 1) {
    return file_error("authorities", trust.authorities);
  }
  return made;
}

}  // namespace gauntlet::net
