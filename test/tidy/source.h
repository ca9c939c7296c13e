// Source: C++ text as the tidy rules look at it. No parser: literals are blanked, braces counted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gauntlet::tidy {

// The text with comments, literals and preprocessor lines blanked out; every newline stays.
std::string code_only(std::string_view text);

struct Function {
  std::string name;       // "Loop::turn"
  std::size_t lines = 0;  // from the head's first line to the closing brace
};

// Function bodies at namespace or class scope; lambdas and blocks inside count for their function.
std::vector<Function> functions_of(std::string_view text);

// The names in the code, each once.
std::vector<std::string> identifiers_of(std::string_view text);

// "SlabHelper" and "slab_helper" are slab, helper.
std::vector<std::string> words_of(std::string_view identifier);

// The paths of `#include "…"`.
std::vector<std::string> own_includes_of(std::string_view text);

std::vector<std::string> lines_of(std::string_view text);

}  // namespace gauntlet::tidy
