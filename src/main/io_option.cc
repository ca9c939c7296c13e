#include "main/io_option.h"

namespace gauntlet::main {

void declare_io_option(CLI::App& app, std::string& io) {
  app.add_option("--io", io, "event loops over: auto, epoll or io_uring (Linux 6.1 and later)");
}

core::Result<net::Io> chosen_io(const std::string& io) {
  const auto choice = net::parse_io(io);
  if (!choice) return core::usage_error("--io: " + choice.error().text);
  if (const auto possible = net::check_io(*choice); !possible)
    return std::unexpected(possible.error());
  return *choice;
}

}  // namespace gauntlet::main
