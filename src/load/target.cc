#include "load/target.h"

namespace gauntlet::load {

std::string Target::transport_name() const {
  if (is_stdio()) return "stdio";
  switch (url.scheme) {
    case net::Url::Scheme::http: return "http";
    case net::Url::Scheme::tcp: return "tcp";
    case net::Url::Scheme::unix_socket: return "unix";
  }
  return "";
}

std::string Target::text() const {
  if (!is_stdio()) return url.text;
  std::string line = "stdio:";
  for (const auto& word : command) line += " " + word;
  return line;
}

}  // namespace gauntlet::load
