#include "server/params.h"

#include <array>
#include <charconv>

#include "mcp/message.h"

namespace gauntlet::server {
namespace {

namespace json = boost::json;

constexpr std::string_view kMetaLogLevel = "io.modelcontextprotocol/logLevel";
constexpr std::array<std::string_view, 8> kLevels = {"debug", "info",     "notice", "warning",
                                                     "error", "critical", "alert",  "emergency"};

json::string_view to_json(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

const json::object* object_in(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(to_json(key));
  return value == nullptr ? nullptr : value->if_object();
}

const json::string* string_in(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(to_json(key));
  return value == nullptr ? nullptr : value->if_string();
}

template <typename Number>
std::optional<Number> read_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

json::object object_of(std::span<const char> text) {
  json::parse_options options;
  options.max_depth = mcp::kDepthMax + 2;
  json::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error || !value.is_object()) return {};
  return std::move(value.get_object());
}

json::object params_of(std::span<const char> text) {
  json::object message = object_of(text);
  json::value* const params = message.if_contains("params");
  if (params == nullptr || !params->is_object()) return {};
  return std::move(params->get_object());
}

const json::value* argument_of(const json::object& params, std::string_view name) {
  const json::object* const arguments = object_in(params, "arguments");
  return arguments == nullptr ? nullptr : arguments->if_contains(to_json(name));
}

std::uint8_t capabilities_in(const json::object& params, std::string_view key) {
  const json::object* const said = object_in(params, key);
  if (said == nullptr) return 0;
  std::uint8_t bits = 0;
  if (object_in(*said, "sampling") != nullptr) bits |= kCanSample;
  if (const json::object* const modes = object_in(*said, "elicitation"))
    if (modes->empty() || object_in(*modes, "form") != nullptr) bits |= kCanElicit;
  if (object_in(*said, "roots") != nullptr) bits |= kCanListRoots;
  const json::object* const extensions = object_in(*said, "extensions");
  if (extensions != nullptr && object_in(*extensions, mcp::kTasksExtension) != nullptr)
    bits |= kKnowsTasks;
  return bits;
}

void read_client_meta(Request& request) {
  const json::object* const meta = object_in(request.params, "_meta");
  if (meta == nullptr) return;
  request.capabilities = capabilities_in(*meta, mcp::kMetaClientCapabilities);
  request.log_level = log_level_in(*meta, kMetaLogLevel).value_or(kNoLogs);
}

std::optional<std::uint8_t> log_level_in(const json::object& params, std::string_view key) {
  const json::string* const name = string_in(params, key);
  if (name == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < kLevels.size(); ++i)
    if (kLevels[i] == view(*name)) return static_cast<std::uint8_t>(i);
  return std::nullopt;
}

std::optional<std::string> cancelled_id(const json::object& params) {
  const json::value* const id = params.if_contains("requestId");
  const bool fits = id != nullptr && (id->is_string() || id->is_int64() || id->is_uint64());
  if (!fits) return std::nullopt;
  return json::serialize(*id);
}

std::string canonical_id(std::string_view raw_id) {
  if (!raw_id.starts_with('"')) return std::string(raw_id);
  json::error_code error;
  const json::value id = json::parse(to_json(raw_id), error);
  return error ? std::string(raw_id) : json::serialize(id);
}

std::optional<Asking> question_of(std::string_view raw_id) {
  if (!raw_id.starts_with("\"g") || !raw_id.ends_with('"')) return std::nullopt;
  raw_id = raw_id.substr(2, raw_id.size() - 3);
  const std::size_t dash = raw_id.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto worker = read_number<std::uint32_t>(raw_id.substr(0, dash));
  const auto number = read_number<std::uint64_t>(raw_id.substr(dash + 1));
  if (!worker || !number) return std::nullopt;
  return Asking{*worker, *number};
}

std::optional<Completing> completion_in(const json::object& params) {
  const json::object* const ref = object_in(params, "ref");
  const json::object* const argument = object_in(params, "argument");
  if (ref == nullptr || argument == nullptr) return std::nullopt;
  const json::string* const type = string_in(*ref, "type");
  if (type == nullptr) return std::nullopt;
  Completing asked;
  asked.of_prompt = *type == "ref/prompt";
  const json::string* const name = string_in(*ref, asked.of_prompt ? "name" : "uri");
  const json::string* const argument_name = string_in(*argument, "name");
  const json::string* const begin = string_in(*argument, "value");
  if (name == nullptr || argument_name == nullptr || begin == nullptr) return std::nullopt;
  asked.name = view(*name);
  asked.argument = view(*argument_name);
  asked.begin = view(*begin);
  return asked;
}

bool mirrors(const mcp::HeaderFacts& headers, std::string_view lower_name,
             const json::value* argument) {
  const auto header = headers.find(headers.head, lower_name);
  const bool absent = argument == nullptr || argument->is_null();
  if (absent || !header) return absent && !header;
  if (const auto* const text = argument->if_string()) return mcp::header_says(*header, view(*text));
  if (const auto* const truth = argument->if_bool()) return *header == (*truth ? "true" : "false");
  if (argument->is_number()) {
    const auto number = read_number<double>(*header);
    return number && *number == argument->to_number<double>();
  }
  return false;
}

void complete_result(json::object& result, std::string_view method, std::string_view server_info) {
  if (!result.contains("resultType")) result["resultType"] = "complete";
  if (method == "resources/read" && result["resultType"] == "complete") {
    if (!result.contains("ttlMs")) result["ttlMs"] = 0;
    if (!result.contains("cacheScope")) result["cacheScope"] = "private";
  }
  json::value& meta = result["_meta"];
  if (!meta.is_object()) meta.emplace_object();
  meta.get_object()[to_json(mcp::kMetaServerInfo)] = json::parse(to_json(server_info));
}

}  // namespace gauntlet::server
