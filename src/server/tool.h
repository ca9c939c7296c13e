// Tool: one tool as data and a function. ToolCall: one call of a tool that answers at once.
//
// A tool is one file in server/tools/ and one line in server/tools/all.h. Most are written as a
// coroutine (server/call.h), which may wait, report and ask. One whose speed matters is a plain
// function: it reads its arguments in place and writes its answer into the connection's buffer.
//
//   void run(ToolCall& call) {
//     const auto name = call.string("name");
//     if (!name) return call.reply().tool_error("hello needs name: a string");
//     call.reply().text(fmt::format("Hello, {}", *name));
//   }
//   const Tool kHello = {"hello", "Greets.", R"({"type":"object",…})", run};
//
// A handler runs on the worker's thread and must not block. Wrong arguments are a tool_error
// (2025-11-25: so that a model can see and correct them).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "json/reader.h"
#include "mcp/message.h"
#include "server/contents.h"
#include "server/reply.h"

namespace gauntlet::server {

class Call;
class Task;
class ToolCall;

using Handler = Task (*)(Call&);
using Present = bool (*)(const Contents&);

// Whether its calls may outlive their requests (docs/server.md, A tool as a task).
enum class AsTask : std::uint8_t { never, optional, required };

// Either `run` or `start` is given.
struct Tool {
  std::string_view name;
  std::string_view description;
  std::string_view input_schema;  // JSON text
  void (*run)(ToolCall& call) = nullptr;
  Handler start = nullptr;
  Present present = nullptr;
  AsTask as_task = AsTask::never;
  bool asks_first = false;  // stateless: it becomes a task where its handler says call.defer()
};

class ToolCall {
 public:
  // `arguments` is the raw JSON of an object, or empty; it was found to be well-formed.
  ToolCall(std::string_view arguments, json::Reader& reader, Reply& reply)
      : arguments_(arguments), reader_(reader), reply_(reply) {}
  // The same, as far as the message has them by name already.
  ToolCall(const mcp::Message& message, json::Reader& reader, Reply& reply)
      : ToolCall(message.arguments, reader, reply) {
    if (message.argument_count <= message.first_arguments.size())
      read_ = std::span(message.first_arguments).first(message.argument_count);
  }

  // The argument of that name; nothing where it is absent or of another type. Each view holds
  // until the next argument is asked for.
  std::optional<std::string_view> string(std::string_view name);
  std::optional<std::string_view> string_token(std::string_view name);  // as it stands, quoted
  std::optional<std::uint64_t> uint(std::string_view name);

  Reply& reply() { return reply_; }

 private:
  template <typename Take>
  void visit(std::string_view name, Take take);

  std::string_view arguments_;
  std::optional<std::span<const mcp::Argument>> read_;  // all of them
  json::Reader& reader_;
  Reply& reply_;
};

}  // namespace gauntlet::server
