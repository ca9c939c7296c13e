#include "server/bad.h"

#include <algorithm>
#include <cstring>

namespace gauntlet::server {
namespace {

// An id of the same type that nobody asked for: -7 for 7, 7 for -7, -1 for 0, "a?" for "a".
void change_id(std::string& body, std::size_t id_at) {
  if (body[id_at] == '"') {
    std::size_t end = id_at + 1;
    while (body[end] != '"') end += body[end] == '\\' ? 2 : 1;
    body.insert(end, 1, '?');
  } else if (body[id_at] == '-') {
    body.erase(id_at, 1);
  } else {
    body.replace(id_at, body[id_at] == '0' ? 1 : 0, body[id_at] == '0' ? "-1" : "-");
  }
}

}  // namespace

std::optional<BadKind> parse_bad_kind(std::string_view name) {
  const auto found = std::find(kBadKindNames.begin(), kBadKindNames.end(), name);
  if (found == kBadKindNames.end()) return std::nullopt;
  return static_cast<BadKind>(found - kBadKindNames.begin());
}

Delivery Bad::spoil(std::string& body, std::size_t id_at) {
  if (kind_ == BadKind::stall) return {.stall = true};  // counted where it is swallowed
  ++count_;
  switch (kind_) {
    case BadKind::wrong_id: change_id(body, id_at); return {};
    case BadKind::duplicate: return {.copies = 2};
    case BadKind::drop: return {.copies = 0};
    case BadKind::bad_json: body.resize(body.size() / 2); return {};
    case BadKind::half_close: return {.half_then_close = true};
    case BadKind::leak:
      leaked_.push_back(std::make_unique_for_overwrite<char[]>(kLeakBytes));
      std::memset(leaked_.back().get(), 'x', kLeakBytes);  // touched, so that it is resident
      return {};
    case BadKind::none:
    case BadKind::stall: break;
  }
  return {};
}

}  // namespace gauntlet::server
