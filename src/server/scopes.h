// Scopes: what a token allows (RFC 6749 section 3.3): words, and whether some are among them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace gauntlet::server {

using Scopes = std::vector<std::string>;

// Splits at any of `separators`; empty words do not count.
inline Scopes split_scopes(std::string_view text, std::string_view separators) {
  Scopes scopes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) scopes.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return scopes;
}

inline bool covers(const Scopes& granted, const Scopes& required) {
  return std::all_of(required.begin(), required.end(), [&](const std::string& scope) {
    return std::find(granted.begin(), granted.end(), scope) != granted.end();
  });
}

inline std::string joined(const Scopes& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text.append(text.empty() ? "" : " ").append(scope);
  return text;
}

}  // namespace gauntlet::server
