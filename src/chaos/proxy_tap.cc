#include "chaos/proxy_tap.h"

#include <algorithm>

#include "wire/http.h"

namespace gauntlet::chaos {
namespace {

// No newline comes of it, and no valid UTF-8 either.
void flip_one(std::string& text, std::size_t at, std::size_t size, std::uint64_t random) {
  const std::size_t first = random % size;
  for (std::size_t i = 0; i < size; ++i) {
    char& c = text[at + (first + i) % size];
    if (static_cast<unsigned char>(c) >= 0x80 || c == '\r' || c == '\n') continue;
    c = static_cast<char>(c ^ '\x80');
    return;
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// 17 becomes 917, "a" becomes "9a".
void change_id(TappedAnswer& answer, std::string_view raw_id) {
  const auto at = static_cast<std::size_t>(raw_id.data() - answer.text->data());
  answer.text->insert(is_digit(raw_id[0]) ? at : at + 1, 1, '9');
  ++answer.size;
}

}  // namespace

bool opens(std::string_view method) {
  return method == "initialize" || method == "server/discover" || method == "tools/list";
}

mcp::Answer AnswerTap::read_padded(TappedAnswer& answer) {
  const std::size_t size = answer.text->size();
  answer.text->append(wire::kReadPadding, ' ');
  const mcp::Answer read = mcp::read_answer(
      reader_, std::span<const char>(*answer.text).subspan(answer.at, answer.size));
  answer.text->resize(size);  // shrinks in place: views stay
  return read;
}

void AnswerTap::decide(TappedAnswer& answer, std::string_view raw_id) {
  toxics_.totals().answers.fetch_add(1, std::memory_order_relaxed);
  const bool replaceable =
      !raw_id.empty() && (raw_id[0] == '"' || raw_id[0] == '-' || is_digit(raw_id[0]));
  const auto pick = toxics_.pick({.connection = connection_,
                                  .opening = answer.opening,
                                  .events = answer.events,
                                  .has_id = replaceable,
                                  .editable = answer.editable});
  if (!pick) return;
  switch (pick->toxic.kind) {
    case ToxicKind::drop_answer: answer.copies = 0; break;
    case ToxicKind::duplicate_answer: answer.copies = 2; break;
    case ToxicKind::cut_sse: answer.cut = true; break;
    case ToxicKind::corrupt_answer:
      answer.changed = true;
      flip_one(*answer.text, answer.at, answer.size, pick->random);
      break;
    case ToxicKind::wrong_id:
      answer.changed = true;
      change_id(answer, raw_id);
      break;
    case ToxicKind::delay_answer:
      answer.delay_ns = pick->toxic.ms_ns();
      answer.by = static_cast<ToxicSet>(1U << pick->place);
      break;
    default: break;
  }
}

}  // namespace gauntlet::chaos
