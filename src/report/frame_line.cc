#include "report/frame_line.h"

#include <algorithm>
#include <array>

#include "report/utf8.h"

namespace gauntlet::report {
namespace {

constexpr std::array<std::string_view, 6> kInks = {"",         "\x1b[2m",  "\x1b[1m",
                                                   "\x1b[32m", "\x1b[33m", "\x1b[31m"};
constexpr std::string_view kPlain = "\x1b[0m";

struct Range {
  char32_t first, last;
};
// One cell each, from left to right: Latin, Greek, Cyrillic and Armenian
// without combining marks, punctuation, and the blocks that our own curves are made of.
constexpr std::array<Range, 8> kOneCell = {{{0x20, 0x7E},
                                            {0xA1, 0xAC},
                                            {0xAE, 0x2FF},
                                            {0x370, 0x482},
                                            {0x48A, 0x58F},
                                            {0x2010, 0x2027},
                                            {0x2030, 0x205E},
                                            {0x2580, 0x259F}}};

bool is_one_cell(char32_t code, bool unicode) {
  if (!unicode && code > 0x7E) return false;
  return std::ranges::any_of(
      kOneCell, [&](const Range& range) { return range.first <= code && code <= range.last; });
}

struct Cells {
  std::string text;
  std::size_t count = 0;
};

Cells cells_of(std::string_view text, std::size_t room, bool unicode) {
  Cells cells;
  while (!text.empty() && cells.count < room) {
    const auto point = first_code_point(text);
    const std::size_t length = std::max<std::size_t>(point.length, 1);
    if (point.length > 0 && is_one_cell(point.code, unicode))
      cells.text += text.substr(0, length);
    else
      cells.text += '?';
    ++cells.count;
    text.remove_prefix(length);
  }
  return cells;
}

}  // namespace

FrameLine& FrameLine::put(std::string_view text, Ink ink) {
  const Cells cells = cells_of(text, room(), style_->unicode);
  const bool inked = style_->color && ink != Ink::plain && cells.count > 0;
  if (inked) text_ += kInks.at(static_cast<std::size_t>(ink));
  text_ += cells.text;
  if (inked) text_ += kPlain;
  cells_ += cells.count;
  return *this;
}

FrameLine& FrameLine::to(std::size_t column) {
  const std::size_t wanted = std::min(column, width());
  if (wanted > cells_) put(std::string(wanted - cells_, ' '));
  return *this;
}

FrameLine& FrameLine::put_right(std::string_view text, Ink ink) {
  const Cells cells = cells_of(text, width(), style_->unicode);
  if (cells.count == 0 || cells.count + 2 > room()) return *this;
  return to(width() - cells.count).put(text, ink);
}

std::string FrameLine::text() const { return text_.substr(0, text_.find_last_not_of(' ') + 1); }

}  // namespace gauntlet::report
