// Reads a small file whole, as those of keys and tokens are. Errors (usage) name it.
#pragma once

#include <cstddef>
#include <string>

#include "core/result.h"

namespace gauntlet::server {

core::Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max);

}  // namespace gauntlet::server
