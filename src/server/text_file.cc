#include "server/text_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace gauntlet::server {

core::Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return core::usage_error("cannot read '" + path + "': " + std::strerror(errno));
  std::string text(bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return core::usage_error("cannot read '" + path + "': it is no file of text");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > bytes_max)
    return core::usage_error("'" + path + "' has more than " + std::to_string(bytes_max) +
                             " bytes");
  return text;
}

}  // namespace gauntlet::server
