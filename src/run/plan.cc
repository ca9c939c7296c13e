#include "run/plan.h"

#include <array>

namespace gauntlet::run {

namespace {

template <std::size_t kSize, typename Enum>
std::string_view name_of(const std::array<std::string_view, kSize>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view to_string(Mode mode) { return name_of<3>({"demo", "short", "extended"}, mode); }

std::string_view to_string(Arrivals arrivals) {
  return name_of<3>({"constant", "poisson", "closed"}, arrivals);
}

std::string_view to_string(Comparison comparison) {
  return name_of<4>({"<", "<=", ">", ">="}, comparison);
}

}  // namespace gauntlet::run
