// All that a message or an answer says, as text: equal texts, equal readings.
#pragma once

#include <algorithm>
#include <string>

#include "mcp/answer.h"
#include "mcp/message.h"

namespace gauntlet::mcp {

inline std::string describe(const Message& message) {
  std::string text = std::to_string(static_cast<int>(message.kind));
  for (const std::string_view view :
       {message.id, message.method, message.name, message.uri, message.task_id, message.arguments,
        message.protocol_version, message.claimed_version})
    text.append("|").append(view);
  for (const bool flag :
       {message.has_cursor, message.has_task, message.has_claim, message.has_client_capabilities})
    text += flag ? "|yes" : "|no";
  text += '|' + std::to_string(message.argument_count);
  for (std::size_t i = 0; i < std::min(message.argument_count, kFirstArguments); ++i)
    text.append("|")
        .append(message.first_arguments[i].name)
        .append("=")
        .append(message.first_arguments[i].token);
  return text;
}

inline std::string describe(const Answer& answer) {
  std::string text = std::to_string(static_cast<int>(answer.kind)) + '|' +
                     std::to_string(answer.has_number_id ? answer.id : 0) + '|' +
                     std::to_string(answer.error_code);
  for (const std::string_view view :
       {answer.raw_id, answer.method, answer.error_message, answer.text, answer.result_type,
        answer.protocol_version, answer.server_name, answer.server_version})
    text.append("|").append(view);
  for (const bool flag : {answer.has_number_id, answer.is_error, answer.has_content,
                          answer.has_tools, answer.discovers_stateless})
    text += flag ? "|yes" : "|no";
  return text;
}

}  // namespace gauntlet::mcp
