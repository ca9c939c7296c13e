#include "wire/lines.h"

#include <cstring>

namespace gauntlet::wire {
namespace {

std::span<char> without_cr(std::span<char> text) {
  return text.empty() || text.back() != '\r' ? text : text.first(text.size() - 1);
}

}  // namespace

LineFramer::Next LineFramer::next(std::span<char>& bytes, std::span<char>& line) {
  if (handed_) carry_.clear();
  handed_ = false;
  while (!bytes.empty() && !too_large_) {
    const auto* const lf = static_cast<char*>(std::memchr(bytes.data(), '\n', bytes.size()));
    std::span<char> text = lf == nullptr ? bytes : std::span<char>(bytes.data(), lf);
    bytes = bytes.subspan(text.size() + (lf == nullptr ? 0 : 1));
    if (lf == nullptr || !carry_.empty()) {
      carry_.append(text.data(), text.size());
      text = carry_;
    }
    text = without_cr(text);
    too_large_ = text.size() > line_bytes_max_;
    if (lf == nullptr || too_large_) break;
    if (!text.empty()) return hand_out(text, line);
    carry_.clear();
  }
  return too_large_ ? Next::too_large : Next::need_more;
}

LineFramer::Next LineFramer::hand_out(std::span<char> text, std::span<char>& line) {
  line = text;
  handed_ = !carry_.empty();
  if (handed_) {
    carry_.append(kReadPadding, '\0');
    line = {carry_.data(), text.size()};
  }
  return Next::line;
}

}  // namespace gauntlet::wire
