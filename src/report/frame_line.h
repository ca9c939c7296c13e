// FrameLine: one line of a frame, filled from the left, cut at the window's width. What is put into
// it becomes printable cells: control characters, what is not UTF-8, and what may be wider or
// narrower than one cell are shown as '?'. Private to report/.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "report/live_view.h"

namespace gauntlet::report {

enum class Ink : std::uint8_t { plain, faint, strong, good, warn, bad };

class FrameLine {
 public:
  explicit FrameLine(const FrameStyle& style) : style_(&style) {}

  FrameLine& put(std::string_view text, Ink ink = Ink::plain);
  // Blanks up to this column; nothing where the line is there already.
  FrameLine& to(std::size_t column);
  // The same for text that is to end at the right edge; left out where there is no room for it.
  FrameLine& put_right(std::string_view text, Ink ink = Ink::plain);
  std::size_t room() const { return width() - cells_; }
  std::string text() const;  // without blanks at its end

 private:
  std::size_t width() const { return static_cast<std::size_t>(std::max(style_->columns, 0)); }

  const FrameStyle* style_;
  std::string text_;
  std::size_t cells_ = 0;
};

}  // namespace gauntlet::report
