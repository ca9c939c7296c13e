#include "server/token_file.h"

#include <algorithm>

#include "server/text_file.h"

namespace gauntlet::server {
namespace {

constexpr std::size_t kTokenBytesMin = 16;
constexpr std::size_t kTokenBytesMax = 512;
constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kTokenBytes =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

bool is_token(std::string_view text) {
  return text.size() >= kTokenBytesMin && text.size() <= kTokenBytesMax &&
         text.find_first_not_of(kTokenBytes) == std::string_view::npos;
}

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

core::Result<TokenFile::Entry> parse_line(std::string_view line) {
  const std::string_view token = take_word(line);
  const std::string_view subject = take_word(line);
  const std::string_view scopes = take_word(line);
  if (!is_token(token))
    return core::usage_error("its token is not 16 to 512 characters of A-Z a-z 0-9 - . _ ~ + / =");
  if (subject.empty()) return core::usage_error("the subject is missing: token subject scope,…");
  if (!take_word(line).empty())
    return core::usage_error("there is more than token subject scope,…");
  return TokenFile::Entry{sha256(token), principal_of("", subject), split_scopes(scopes, ",")};
}

}  // namespace

core::Result<TokenFile> TokenFile::read(const std::string& path) {
  const auto text = read_text_file(path, kFileBytesMax);
  if (!text) return std::unexpected(text.error());
  return parse(*text, path);
}

core::Result<TokenFile> TokenFile::parse(std::string_view text, std::string_view name) {
  TokenFile file;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t first = line.find_first_not_of(kBlanks);
    if (first == std::string_view::npos || line[first] == '#') continue;
    const auto where = [&] { return std::string(name) + ":" + std::to_string(number) + ": "; };
    auto entry = parse_line(line);
    if (!entry) return core::usage_error(where() + entry.error().text);
    if (file.entries_.size() == kTokensMax)
      return core::usage_error(where() + "more than " + std::to_string(kTokensMax) + " tokens");
    for (const Entry& other : file.entries_)
      if (same_digest(other.digest, entry->digest))
        return core::usage_error(where() + "this token is there already");
    file.entries_.push_back(std::move(*entry));
  }
  if (file.entries_.empty()) return core::usage_error("'" + std::string(name) + "' holds no token");
  return file;
}

const TokenFile::Entry* TokenFile::find(std::string_view token) const {
  const Digest digest = sha256(token);
  const Entry* found = nullptr;
  for (const Entry& entry : entries_) found = same_digest(entry.digest, digest) ? &entry : found;
  return found;
}

}  // namespace gauntlet::server
