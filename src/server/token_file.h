// TokenFile: bearer tokens that an operator wrote down, one a line:
//
//   # token subject scope,scope…
//   3f9c0e…b1 alice mcp,admin
//
// A token has 16 to 512 characters of those that RFC 6750 section 2.1 allows. Only digests are
// kept. Looking one up compares it with all of them in constant time, so that neither its bytes
// nor its place show. Errors name the file and the line, never a token. Immutable once read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "server/digest.h"
#include "server/scopes.h"

namespace gauntlet::server {

class TokenFile {
 public:
  static constexpr std::size_t kTokensMax = 1000;
  static constexpr std::size_t kFileBytesMax = 1 << 20;

  struct Entry {
    Digest digest;
    std::uint64_t principal = 0;
    Scopes scopes;
  };

  static core::Result<TokenFile> read(const std::string& path);
  // `name` is for errors.
  static core::Result<TokenFile> parse(std::string_view text, std::string_view name);

  // Null where it is not among them.
  const Entry* find(std::string_view token) const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace gauntlet::server
