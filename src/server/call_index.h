// CallIndex: which calls in flight belong to whom, and by which id of theirs: what cancellation,
// the end of a session and a client's share of the calls are decided by.
// Belongs to the worker's thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/outlet.h"

namespace gauntlet::server {

class CallIndex {
 public:
  // `raw_id` is the request's id as it stood in its message.
  void add(const std::string& owner, std::string_view raw_id, CallId call);
  void remove(const std::string& owner, std::string_view raw_id, CallId call);
  void clear() { by_owner_.clear(); }

  // The latest of that id, should a client use one twice; 0: none.
  CallId find(const std::string& owner, std::string_view raw_id) const;
  std::vector<CallId> of(const std::string& owner) const;
  std::size_t count(const std::string& owner) const;

 private:
  using ById = std::multimap<std::string, CallId>;  // by canonical_id()

  std::unordered_map<std::string, ById> by_owner_;
};

}  // namespace gauntlet::server
