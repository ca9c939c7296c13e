// Tool: one tool as data and a function. ToolCall: one call of it.
//
// A tool is one file in server/tools/ and one line in server/tools/all.h:
//
//   void run(ToolCall& call) {
//     const auto name = call.string("name");
//     if (!name) return call.reply().tool_error("hello needs name: a string");
//     call.reply().text(fmt::format("Hello, {}", *name));
//   }
//   const Tool kHello = {"hello", "Greets.", R"({"type":"object",…})", run};
//
// A tool runs on the worker's thread and must not block: what takes time answers with later().
// Wrong arguments are a tool_error (2025-11-25: so that a model can see and correct them).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "json/reader.h"
#include "server/answer.h"
#include "server/reply.h"

namespace gauntlet::server {

class Service;
class ToolCall;

struct Tool {
  std::string_view name;
  std::string_view description;
  std::string_view input_schema;  // JSON text
  void (*run)(ToolCall& call);
};

using LateAnswer = std::move_only_function<void(Reply& reply)>;

struct StreamPlan {
  std::uint64_t count = 0;
  std::uint64_t cut = 0;
  core::Nanos interval_ns = 0;
  core::Nanos retry_ns = 100 * core::kMillisecond;
};

// What a call came with.
struct CallContext {
  std::string_view id;         // raw token
  std::string_view arguments;  // raw JSON of an object, or empty
  mcp::Era era;
  ReturnPath path;
};

class ToolCall {
 public:
  ToolCall(const CallContext& context, Service& service, json::Reader& reader, Reply& reply)
      : context_(context), service_(service), reader_(reader), reply_(reply) {}

  // The argument of that name; nothing where it is absent or of another type. Each view holds
  // until the next argument is asked for.
  std::optional<std::string_view> string(std::string_view name);
  std::optional<std::string_view> string_token(std::string_view name);  // as it stands, quoted
  std::optional<std::uint64_t> uint(std::string_view name);

  Reply& reply() { return reply_; }

  // Answers after a while instead of now; says so itself when too many calls are waiting.
  void later(core::Nanos delay_ns, LateAnswer answer);
  void stream(const StreamPlan& plan);
  bool is_later() const { return is_later_; }

 private:
  bool find(std::string_view name, json::ondemand::document& document, json::ondemand::value& into);

  const CallContext& context_;
  Service& service_;
  json::Reader& reader_;
  Reply& reply_;
  bool is_later_ = false;
};

}  // namespace gauntlet::server
