#include "mcp/message.h"

#include "mcp/revision.h"

namespace gauntlet::mcp {
namespace {

using json::ondemand::document;
using json::ondemand::json_type;
using json::ondemand::object;
using json::ondemand::value;
using simdjson::error_code;

// What the top level says before it is judged as a whole.
struct Parts {
  Message message;
  bool version_fits = false;
  bool has_id = false;
  bool id_fits = false;
  bool params_fit = true;
  bool has_outcome = false;  // result or error: a response
};

std::string_view trimmed(std::string_view token) {
  constexpr auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!token.empty() && is_blank(token.back())) token.remove_suffix(1);
  return token;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_integer(std::string_view token) {
  if (token.starts_with('-')) token.remove_prefix(1);
  if (token.empty() || (token[0] == '0' && token.size() > 1)) return false;
  for (const char c : token)
    if (!is_digit(c)) return false;
  return true;
}

void skip_digits(std::string_view& token) {
  while (!token.empty() && is_digit(token.front())) token.remove_prefix(1);
}

// RFC 8259 section 6.
bool is_number(std::string_view token) {
  if (token.starts_with('-')) token.remove_prefix(1);
  if (token.empty() || !is_digit(token[0])) return false;
  if (token[0] == '0')
    token.remove_prefix(1);
  else
    skip_digits(token);
  if (token.starts_with('.')) {
    token.remove_prefix(1);
    if (token.empty() || !is_digit(token[0])) return false;
    skip_digits(token);
  }
  if (token.starts_with('e') || token.starts_with('E')) {
    token.remove_prefix(1);
    if (token.starts_with('+') || token.starts_with('-')) token.remove_prefix(1);
    if (token.empty() || !is_digit(token[0])) return false;
    skip_digits(token);
  }
  return token.empty();
}

// Calls on_field(key, value) for each field; stops at the first error.
template <typename OnField>
error_code each_field(object fields, OnField on_field) {
  for (auto result : fields) {
    std::string_view key;
    if (const auto error = json::read_key(result, key)) return error;
    value field;
    if (const auto error = result.value().get(field)) return error;
    if (const auto error = on_field(key, field)) return error;
  }
  return simdjson::SUCCESS;
}

// Goes through a value that is not looked at: simdjson finds what is wrong with it only when asked.
error_code check(value field, int depth);

error_code check_scalar(value field, json_type type) {
  if (type == json_type::string) {
    std::string_view text;
    return json::read_string(field, text);
  }
  if (type == json_type::number) {
    // By hand: a number is well-formed however large it is.
    return is_number(trimmed(field.raw_json_token())) ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
  }
  if (type == json_type::boolean) {
    bool truth = false;
    return field.get_bool().get(truth);
  }
  bool is_null = false;
  if (const auto error = field.is_null().get(is_null)) return error;
  return is_null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
}

error_code check_array(value field, int depth) {
  json::ondemand::array elements;
  if (const auto error = field.get_array().get(elements)) return error;
  for (auto result : elements) {
    value element;
    if (const auto error = result.get(element)) return error;
    if (const auto error = check(element, depth + 1)) return error;
  }
  return simdjson::SUCCESS;
}

error_code check_object(object fields, int depth) {
  return each_field(fields,
                    [depth](std::string_view, value inner) { return check(inner, depth + 1); });
}

error_code check(value field, int depth) {
  if (depth > kDepthMax) return simdjson::DEPTH_ERROR;
  json_type type{};
  if (const auto error = field.type().get(type)) return error;
  if (type == json_type::array) return check_array(field, depth);
  if (type != json_type::object) return check_scalar(field, type);
  object fields;
  if (const auto error = field.get_object().get(fields)) return error;
  return check_object(fields, depth);
}

error_code take_string(value field, std::string_view& into) {
  json_type type{};
  if (const auto error = field.type().get(type)) return error;
  into = {};
  return type == json_type::string ? json::read_string(field, into) : check(field, 1);
}

error_code is_object(value field, bool& answer) {
  json_type type{};
  if (const auto error = field.type().get(type)) return error;
  answer = type == json_type::object;
  return simdjson::SUCCESS;
}

error_code take_id(value field, Parts& parts) {
  json_type type{};
  if (const auto error = field.type().get(type)) return error;
  const std::string_view token = trimmed(field.raw_json_token());
  parts.has_id = true;
  parts.id_fits = false;
  if (token.size() > kIdBytesMax) return simdjson::SUCCESS;
  if (type == json_type::string) {
    std::string_view unescaped;  // only to know that its escapes are sound
    if (const auto error = json::read_string(field, unescaped)) return error;
    parts.id_fits = true;
  } else if (type == json_type::number) {
    parts.id_fits = is_integer(token);
    if (!is_number(token)) return simdjson::NUMBER_ERROR;
  } else if (const auto error = check(field, 1)) {
    return error;
  }
  parts.message.id = parts.id_fits ? token : std::string_view();
  return simdjson::SUCCESS;
}

error_code take_meta(value field, Message& message) {
  object fields;
  if (field.get_object().get(fields)) return check(field, 2);  // judged by its absence
  return each_field(fields, [&](std::string_view key, value inner) {
    if (key == kMetaProtocolVersion) {
      message.has_claim = true;
      return take_string(inner, message.claimed_version);
    }
    if (key != kMetaClientCapabilities) return check(inner, 3);
    const auto error = is_object(inner, message.has_client_capabilities);
    return error ? error : check(inner, 3);
  });
}

error_code take_arguments(value field, Message& message) {
  const char* const begin = field.raw_json_token().data();
  const char* end = nullptr;
  object fields;
  message.arguments = {};
  message.argument_count = 0;
  if (field.get_object().get(fields)) return check(field, 2);
  const auto error = each_field(fields, [&message](std::string_view key, value inner) {
    const std::size_t at = message.argument_count++;
    if (at < message.first_arguments.size())
      message.first_arguments[at] = {key, trimmed(inner.raw_json_token())};
    return check(inner, 3);
  });
  if (error) return error;
  if (const auto broken = field.current_location().get(end)) return broken;  // the next token's
  message.arguments = trimmed({begin, end});
  return simdjson::SUCCESS;
}

error_code take_params(value field, Parts& parts) {
  bool fits = false;
  if (const auto error = is_object(field, fits)) return error;
  parts.params_fit = fits;
  if (!fits) return check(field, 1);
  object fields;
  if (const auto error = field.get_object().get(fields)) return error;
  Message& message = parts.message;
  return each_field(fields, [&message](std::string_view key, value inner) {
    if (key == "name") return take_string(inner, message.name);
    if (key == "arguments") return take_arguments(inner, message);
    if (key == "_meta") return take_meta(inner, message);
    if (key == "uri") return take_string(inner, message.uri);
    if (key == "protocolVersion") return take_string(inner, message.protocol_version);
    if (key == "taskId") return take_string(inner, message.task_id);
    if (key == "task") message.has_task = true;
    if (key == "cursor") message.has_cursor = true;
    return check(inner, 2);
  });
}

error_code take_top(object fields, Parts& parts) {
  return each_field(fields, [&parts](std::string_view key, value field) {
    if (key == "jsonrpc") {
      std::string_view version;
      const auto error = take_string(field, version);
      parts.version_fits = version == "2.0";
      return error;
    }
    if (key == "id") return take_id(field, parts);
    if (key == "method") return take_string(field, parts.message.method);
    if (key == "params") return take_params(field, parts);
    if (key == "result" || key == "error") parts.has_outcome = true;
    return check(field, 1);
  });
}

bool at_end(document& doc) { return doc.current_location().error() == simdjson::OUT_OF_BOUNDS; }

std::unexpected<MessageError> refuse(int code, std::string_view text, std::string_view id = {}) {
  return std::unexpected(MessageError{code, text, id});
}

std::expected<Message, MessageError> judge(Parts& parts) {
  Message& message = parts.message;
  const std::string_view id = message.id;
  if (!parts.version_fits) return refuse(kInvalidRequest, "jsonrpc must be \"2.0\"", id);
  if (parts.has_id && !parts.id_fits)
    return refuse(kInvalidRequest, "id must be a string or an integer");
  if (!parts.params_fit) return refuse(kInvalidRequest, "params must be an object", id);
  if (message.method.empty()) {
    if (!parts.has_outcome || !parts.has_id)
      return refuse(kInvalidRequest, "not a request, notification or response", id);
    message.kind = Message::Kind::response;
  } else if (parts.has_id) {
    message.kind = Message::Kind::request;
  }
  return message;
}

}  // namespace

std::expected<Message, MessageError> parse_message(json::Reader& reader,
                                                   std::span<const char> bytes) {
  document doc;
  if (bytes.empty() || reader.open(bytes).get(doc)) return refuse(kParseError, "not JSON");
  json_type type{};
  if (doc.type().get(type)) return refuse(kParseError, "not JSON");
  if (type == json_type::array) return refuse(kInvalidRequest, "batches are not supported");
  if (type != json_type::object) return refuse(kInvalidRequest, "not an object");
  object fields;
  Parts parts;
  if (doc.get_object().get(fields)) return refuse(kParseError, "not JSON");
  const error_code error = take_top(fields, parts);
  if (error == simdjson::DEPTH_ERROR) return refuse(kParseError, "nested too deep");
  if (error || !at_end(doc)) return refuse(kParseError, "not JSON");
  return judge(parts);
}

}  // namespace gauntlet::mcp
