// What a client of the stateless era listens for (2026-07-28 server/subscriptions), and the
// messages on its stream. Pure functions; `id` is the raw token of the listen request's id.
#pragma once

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "server/mailbox.h"

namespace gauntlet::server {

inline constexpr std::size_t kListenedUrisMax = 100;

// What of `asked` we can tell of; nothing where it is not such a filter.
std::optional<boost::json::object> honoured_filter(const boost::json::object& asked);
bool listens_for(const boost::json::object& filter, const Letter& letter);

// The key of a filter for jobs, by their ids (2026-07-28, io.modelcontextprotocol/tasks).
inline constexpr const char* kListenedJobs = "taskIds";

boost::json::object subscription_meta(std::string_view id);
std::string acknowledgement(std::string_view id, const boost::json::object& filter);
std::string publication_for(const Letter& letter, std::string_view id);
// notifications/tasks; `task` as tasks/get has it.
std::string task_publication(boost::json::object task, std::string_view id);

}  // namespace gauntlet::server
