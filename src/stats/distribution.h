// Even spread: were these counts drawn evenly over their cells (messages over connections)?
// Pearson's chi-square goodness-of-fit test against equal expectations. Pure; safe on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace gauntlet::stats {

// Below this many expected draws a cell, chi-square's distribution no longer holds (Cochran 1954).
inline constexpr double kExpectedPerCellMin = 5;

struct EvenSpread {
  double chi_square = 0;
  double p = 1;  // of a spread at least this uneven, if the cells are equally likely
  double max_over_mean = 1;
};

// `drawn_together` counts form one draw: messages of a burst go to the same connection.
// Nothing for fewer than two cells or fewer than kExpectedPerCellMin draws a cell.
std::optional<EvenSpread> even_spread(std::span<const std::uint64_t> counts,
                                      std::uint32_t drawn_together = 1);

}  // namespace gauntlet::stats
