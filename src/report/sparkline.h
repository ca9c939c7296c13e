// Sparklines: numbers as a row of glyphs, one each. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace gauntlet::report {

enum class Glyphs : std::uint8_t { ascii, unicode };

// Shares of a whole, 0 to 1, in nine heights; a blank for nothing, and for what is no number.
std::string bars(std::span<const double> shares, Glyphs glyphs = Glyphs::unicode);

// Eight heights between the lowest and the highest; "" of none, the middle where all are equal, and
// a blank for what is not finite.
std::string sparkline(std::span<const double> values);

}  // namespace gauntlet::report
