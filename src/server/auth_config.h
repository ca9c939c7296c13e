// AuthConfig: who may talk to the server, as plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gauntlet::server {

enum class AuthSource : std::uint8_t {
  none,        // everybody
  token_file,  // who shows a token of a file (token_file.h)
  jwks,        // who shows a JWT signed with a key of a file (jwks.h, jwt.h)
};

struct AuthConfig {
  AuthSource source = AuthSource::none;
  std::string path = {};      // of the file
  std::string issuer = {};    // jwks: must have issued the token
  std::string audience = {};  // jwks: must be the token's; a URL is also the name of this resource
  std::vector<std::string> servers = {};      // where tokens are to be had, for the metadata
  std::vector<std::string> scopes = {"mcp"};  // each request needs all of them
};

}  // namespace gauntlet::server
