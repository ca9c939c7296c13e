// Question: something that only the client can answer; and ClientReply: what it said to it.
// Shapes: the schema's ElicitRequest, CreateMessageRequest and ListRootsRequest, and their results.
// Pure functions.
#pragma once

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "server/session.h"

namespace gauntlet::server {

struct Question {
  std::string method;  // sampling/createMessage, elicitation/create, roots/list
  boost::json::object params;
  ClientCapability needs = kCanSample;
};
Question elicitation(std::string_view message, boost::json::object requested_schema);
Question sampling(std::string_view prompt, int max_tokens);
Question roots();

// What a question of that method needs; nothing where it is none of ours.
std::optional<ClientCapability> needs_of(std::string_view method);

// Whether that is the shape of an answer to questions that need that capability. What a form's
// fields hold is for the handler to judge.
bool answers(ClientCapability needs, const boost::json::object& result);

struct ClientReply {
  boost::json::object result;
  std::string error;     // why there is no result; empty: there is one
  bool is_late = false;  // … because the client has not answered yet

  // Elicitation: the user filled the form in and sent it.
  bool accepted() const;
  // A string in the form's content (elicitation), or of the first block of the message's content
  // that has it (sampling: one block, or from 2025-11-25 on an array of them).
  std::string text(std::string_view field = "text") const;
};

}  // namespace gauntlet::server
