// nearest: the known word that a user most likely meant, for "did you mean …?".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gauntlet::run {

// By Levenshtein distance, at most a third of the word's length; nothing where none is that close.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

// "; did you mean `connections`?", or "".
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace gauntlet::run
