// What requests say beyond what mcp::Message reads: their params as a tree, and what the methods
// look for in it. For all but the busiest path. Pure functions; text given to them was found to be
// well-formed JSON of a bounded depth by mcp::parse_message.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mcp/rules.h"
#include "server/call.h"

namespace gauntlet::server {

// A message as a tree; an empty object where it is not one.
boost::json::object object_of(std::span<const char> json);
// Its params; empty where there are none.
boost::json::object params_of(std::span<const char> json);
// params.arguments[name]; null where it is absent.
const boost::json::value* argument_of(const boost::json::object& params, std::string_view name);

// ClientCapability bits of the capabilities object in params[key]. Elicitation is that of forms,
// which is what {} says, and {"form":{}}, but not {"url":{}} alone (2025-11-25).
std::uint8_t capabilities_in(const boost::json::object& params, std::string_view key);
// Stateless: capabilities and log level from params._meta.
void read_client_meta(Request& request);
std::optional<std::uint8_t> log_level_in(const boost::json::object& params, std::string_view key);

// notifications/cancelled: the id of the request as JSON text.
std::optional<std::string> cancelled_id(const boost::json::object& params);
// An id as it is compared: the same string may be written in several ways.
std::string canonical_id(std::string_view raw_id);

struct Asking {
  std::uint32_t worker = 0;
  std::uint64_t number = 0;
};
// Which question of ours a response with that raw id answers.
std::optional<Asking> question_of(std::string_view raw_id);

struct Completing {
  bool of_prompt = false;
  std::string name;  // of the prompt, or the URI template
  std::string argument;
  std::string begin;
};
std::optional<Completing> completion_in(const boost::json::object& params);

// A header that mirrors an argument says the same: strings literally (or in base64), integers and
// numbers by value, booleans as true or false; absent where the argument is absent or null
// (2026-07-28 basic/transports/streamable-http, custom headers).
bool mirrors(const mcp::HeaderFacts& headers, std::string_view lower_name,
             const boost::json::value* argument);

// Stateless: what every result carries.
void complete_result(boost::json::object& result, std::string_view method,
                     std::string_view server_info);

}  // namespace gauntlet::server
