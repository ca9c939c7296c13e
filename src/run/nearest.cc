#include "run/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace gauntlet::run {

namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known) {
  constexpr std::size_t kWordLengthMax = 64;  // longer words are not typing errors
  if (word.size() > kWordLengthMax) return std::nullopt;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
  std::optional<std::string> best;
  for (const auto& candidate : known) {
    const std::size_t d = distance(word, candidate);
    if (d >= best_distance) continue;
    best_distance = d;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  const auto found = nearest(word, known);
  return found ? "; did you mean `" + *found + "`?" : "";
}

}  // namespace gauntlet::run
