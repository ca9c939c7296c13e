#include "report/sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace gauntlet::report {
namespace {

using Heights = std::array<std::string_view, 9>;
constexpr Heights kUnicode = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr Heights kAscii = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
constexpr double kTop = kUnicode.size() - 1;

}  // namespace

std::string bars(std::span<const double> shares, Glyphs glyphs) {
  const Heights& heights = glyphs == Glyphs::unicode ? kUnicode : kAscii;
  std::string line;
  for (const double share : shares) {
    const double height = std::isnan(share) ? 0 : std::round(std::clamp(share, 0.0, 1.0) * kTop);
    line += heights.at(static_cast<std::size_t>(height));
  }
  return line;
}

std::string sparkline(std::span<const double> values) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double low = kInfinity, high = -kInfinity;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  std::vector<double> shares;  // the lowest is seen too, so it is no blank
  for (const double value : values) {
    const double share = high > low ? (value - low) / (high - low) : 0.5;
    shares.push_back(
        std::isfinite(value) ? (1 + std::min(std::floor(share * kTop), kTop - 1)) / kTop : NAN);
  }
  return bars(shares);
}

}  // namespace gauntlet::report
