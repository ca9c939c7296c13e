#include "server/call_index.h"

#include <algorithm>
#include <iterator>

#include "server/params.h"

namespace gauntlet::server {

void CallIndex::add(const std::string& owner, std::string_view raw_id, CallId call) {
  by_owner_[owner].emplace(canonical_id(raw_id), call);
}

void CallIndex::remove(const std::string& owner, std::string_view raw_id, CallId call) {
  const auto calls = by_owner_.find(owner);
  if (calls == by_owner_.end()) return;
  const auto [begin, end] = calls->second.equal_range(canonical_id(raw_id));
  const auto found = std::find_if(begin, end, [&](const auto& one) { return one.second == call; });
  if (found != end) calls->second.erase(found);
  if (calls->second.empty()) by_owner_.erase(calls);
}

CallId CallIndex::find(const std::string& owner, std::string_view raw_id) const {
  const auto calls = by_owner_.find(owner);
  if (calls == by_owner_.end()) return 0;
  const auto [begin, end] = calls->second.equal_range(canonical_id(raw_id));
  return begin == end ? 0 : std::prev(end)->second;
}

std::vector<CallId> CallIndex::of(const std::string& owner) const {
  std::vector<CallId> all;
  const auto calls = by_owner_.find(owner);
  if (calls == by_owner_.end()) return all;
  for (const auto& [id, call] : calls->second) all.push_back(call);
  return all;
}

std::size_t CallIndex::count(const std::string& owner) const {
  const auto calls = by_owner_.find(owner);
  return calls == by_owner_.end() ? 0 : calls->second.size();
}

}  // namespace gauntlet::server
