// The processes behind a `gauntlet serve`, and its failpoints.
#pragma once

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "end_to_end/gauntlet.h"
#include "server/client.h"

namespace gauntlet::end_to_end {

inline std::vector<pid_t> children_of(pid_t parent) {
  const std::string pid = std::to_string(parent);
  std::ifstream file("/proc/" + pid + "/task/" + pid + "/children");
  return {std::istream_iterator<pid_t>(file), {}};
}

// Once there are so many.
inline std::vector<pid_t> workers_of(const Server& server, std::size_t count) {
  while (children_of(server.pid()).size() != count) usleep(1000);
  return children_of(server.pid());
}

// Of "http://127.0.0.1:20000/mcp".
inline net::Endpoint endpoint_of(const std::string& url) {
  const std::size_t begin = url.find("//") + 2;
  return *net::Endpoint::parse(url.substr(begin, url.find('/', begin) - begin));
}

// A sample of /metrics; -1 where there is none of that name.
inline double metric_of(const Server& server, const std::string& name) {
  const std::string text = server::Client(endpoint_of(server.url()))
                               .ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                               .body;
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

}  // namespace gauntlet::end_to_end
