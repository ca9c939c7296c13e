#include "json/writer.h"

#include <array>
#include <charconv>

namespace gauntlet::json {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

template <typename Number>
void append_chars(std::string& out, Number value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t clean = 0;  // start of the run that needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    out.append(text, clean, i - clean);
    append_escaped(out, text[i]);
    clean = i + 1;
  }
  out.append(text, clean);
  out += '"';
}

void append_uint(std::string& out, std::uint64_t value) { append_chars(out, value); }
void append_int(std::string& out, std::int64_t value) { append_chars(out, value); }
void append_number(std::string& out, double value) { append_chars(out, value); }

}  // namespace gauntlet::json
