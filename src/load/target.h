// Target: where the load goes and what was agreed with it before the load began (load/probe.h).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "mcp/revision.h"
#include "net/endpoint.h"

namespace gauntlet::load {

enum class Transport : std::uint8_t { http, lines };

struct Target {
  net::Url url;                      // unused where `command` is given
  std::vector<std::string> command;  // a stdio server: one process a connection
  std::vector<std::pair<std::string, std::string>> headers;  // added to every HTTP request
  std::vector<net::Endpoint> sources = {};  // to connect from, in turn; none: as the kernel has it
  mcp::Revision revision = mcp::kLatestStateless;

  bool is_stdio() const { return !command.empty(); }
  Transport transport() const {
    return !is_stdio() && url.scheme == net::Url::Scheme::http ? Transport::http : Transport::lines;
  }
  std::string transport_name() const;  // http, tcp, unix, stdio
  std::string text() const;            // the URL, or the command line
};

}  // namespace gauntlet::load
