// What clients are told of a letter between workers: a notification, for those sessions that want
// it. Pure functions.
#pragma once

#include <string>

#include "server/mailbox.h"
#include "server/session.h"

namespace gauntlet::server {

// The JSON-RPC notification; empty where the letter is not one for clients. Where the letter names
// a session, it is for that one only.
std::string publication_of(const Letter& letter);

// Lists are for every session, a resource is for those that subscribed to it.
bool wants(const Session& session, const Letter& letter);

}  // namespace gauntlet::server
