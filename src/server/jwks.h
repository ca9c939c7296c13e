// KeySet: the public keys of an authorization server, from a JWKS document (RFC 7517, 7518 section
// 6, 8037): RSA from 2048 to 8192 bits, P-256 and Ed25519. Keys of other kinds, or for other uses,
// are passed over; a key that is malformed is an error. A symmetric key is one: who may check its
// tokens may make them.
// Immutable once read; the keys belong to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

struct evp_pkey_st;

namespace gauntlet::server {

// What a key signs with, and nothing else: a token does not choose (RFC 8725 section 3.1).
enum class JwtAlgorithm : std::uint8_t { rs256, es256, eddsa };

class KeySet {
 public:
  static constexpr std::size_t kKeysMax = 32;
  static constexpr std::size_t kFileBytesMax = 1 << 20;

  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  struct Key {
    std::string id;  // "" where it has none
    JwtAlgorithm algorithm;
    std::unique_ptr<evp_pkey_st, Free> key;
  };

  static core::Result<KeySet> read(const std::string& path);
  // `name` is for errors.
  static core::Result<KeySet> parse(std::string_view json, std::string_view name);

  const std::vector<Key>& keys() const { return keys_; }

 private:
  std::vector<Key> keys_;
};

}  // namespace gauntlet::server
