// A self-signed certificate for localhost and 127.0.0.1, and its key, as PEM files that go when it
// does. Each one made is another.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "core/check.h"

namespace gauntlet::net {

class Certificate {
 public:
  Certificate() {
    static int made = 0;
    stem_ = (std::filesystem::temp_directory_path() /
             ("gauntlet-certificate-" + std::to_string(getpid()) + "-" + std::to_string(made++)))
                .string();
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    fill(certificate.get(), key.get());
    write(chain_file(), [&](FILE* to) { return PEM_write_X509(to, certificate.get()); });
    write(key_file(), [&](FILE* to) {
      return PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  ~Certificate() {
    std::filesystem::remove(chain_file());
    std::filesystem::remove(key_file());
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  std::string chain_file() const { return stem_ + ".pem"; }
  std::string key_file() const { return stem_ + ".key"; }

 private:
  static void fill(X509* certificate, EVP_PKEY* key) {
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const name = X509_get_subject_name(certificate);
    const auto* const text = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* const hosts =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_add_ext(certificate, hosts, -1);
    X509_EXTENSION_free(hosts);
    GAUNTLET_CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);
  }

  template <typename Write>
  static void write(const std::string& path, Write write_to) {
    FILE* const file = std::fopen(path.c_str(), "w");
    GAUNTLET_CHECK(file != nullptr && write_to(file) == 1);
    GAUNTLET_CHECK(std::fclose(file) == 0);
  }

  std::string stem_;
};

}  // namespace gauntlet::net
