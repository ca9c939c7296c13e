// Files that ship inside the binary, embedded by cmake/embed.cmake when it is built.
#pragma once

#include <span>
#include <string_view>

namespace gauntlet::run {

struct ShippedFile {
  std::string_view name;  // without folder and ending
  std::string_view text;
};

std::span<const ShippedFile> shipped_suites();  // suites/*.toml

}  // namespace gauntlet::run
