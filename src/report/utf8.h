// UTF-8 checking for text that came from outside and goes into a report.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gauntlet::report {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

struct CodePoint {
  char32_t code = 0;
  std::size_t length = 0;  // bytes; 0: the text does not begin with well-formed UTF-8
};

// The first code point of a non-empty text (RFC 3629: no overlong forms, no surrogates).
CodePoint first_code_point(std::string_view text);

// The text with U+FFFD for every byte that is not part of well-formed UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace gauntlet::report
