// The version of Gauntlet, as servers and reports name it.
#pragma once

#include <string_view>

namespace gauntlet::core {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace gauntlet::core
