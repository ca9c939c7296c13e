#include "mcp/answer.h"

namespace gauntlet::mcp {
namespace {

using json::ondemand::object;
using json::ondemand::value;

// What a reader of one field says: true to go on, false where the message is not well-formed.
bool read_string(value& from, std::string_view& into) {
  return json::read_string(from, into) == simdjson::SUCCESS;
}

bool skip(value& from) {
  std::string_view raw;
  return simdjson::to_json_string(from).get(raw) == simdjson::SUCCESS;
}

// Calls on_field(key, value) for each field until one says false.
template <typename OnField>
bool each_field(object& fields, OnField on_field) {
  for (auto field : fields) {
    std::string_view key;
    value v;
    if (json::read_key(field, key) != simdjson::SUCCESS) return false;
    if (field.value().get(v) != simdjson::SUCCESS) return false;
    if (!on_field(key, v)) return false;
  }
  return true;
}

// Every block of a content array is an object with a type, and a text block has its text.
bool read_content_block(value from, Answer& answer) {
  object block;
  if (from.get_object().get(block) != simdjson::SUCCESS) return false;
  std::string_view type;
  bool has_text = false;
  const bool well_formed = each_field(block, [&](std::string_view key, value& v) {
    if (key == "type") return read_string(v, type);
    if (key != "text") return skip(v);
    has_text = true;
    return read_string(v, answer.text);
  });
  return well_formed && !type.empty() && (type != "text" || has_text);
}

bool read_content(value& from, Answer& answer) {
  json::ondemand::array blocks;
  if (from.get_array().get(blocks) != simdjson::SUCCESS) return skip(from);
  answer.has_content = true;
  for (auto element : blocks) {
    value block;
    if (element.get(block) != simdjson::SUCCESS) return false;
    if (!read_content_block(block, answer)) return false;
  }
  return true;
}

bool read_server_info(value& from, Answer& answer) {
  object info;
  if (from.get_object().get(info) != simdjson::SUCCESS) return skip(from);
  return each_field(info, [&](std::string_view key, value& v) {
    if (key == "name") return read_string(v, answer.server_name);
    if (key == "version") return read_string(v, answer.server_version);
    return skip(v);
  });
}

bool read_meta(value& from, Answer& answer) {
  object meta;
  if (from.get_object().get(meta) != simdjson::SUCCESS) return skip(from);
  return each_field(meta, [&](std::string_view key, value& v) {
    return key == kMetaServerInfo ? read_server_info(v, answer) : skip(v);
  });
}

bool read_supported_versions(value& from, Answer& answer) {
  json::ondemand::array versions;
  if (from.get_array().get(versions) != simdjson::SUCCESS) return skip(from);
  for (auto element : versions) {
    std::string_view version;
    if (element.get_string().get(version) != simdjson::SUCCESS) return false;
    if (version == name_of(kLatestStateless)) answer.discovers_stateless = true;
  }
  return true;
}

bool read_array_flag(value& from, bool& is_array) {
  json::ondemand::json_type type{};
  if (from.type().get(type) != simdjson::SUCCESS) return false;
  is_array = type == json::ondemand::json_type::array;
  return skip(from);
}

bool read_result(value& from, Answer& answer) {
  answer.kind = Answer::Kind::result;
  object result;
  if (from.get_object().get(result) != simdjson::SUCCESS) return false;
  return each_field(result, [&](std::string_view key, value& v) {
    if (key == "content") return read_content(v, answer);
    if (key == "isError") return v.get_bool().get(answer.is_error) == simdjson::SUCCESS;
    if (key == "resultType") return read_string(v, answer.result_type);
    if (key == "tools") return read_array_flag(v, answer.has_tools);
    if (key == "protocolVersion") return read_string(v, answer.protocol_version);
    if (key == "serverInfo") return read_server_info(v, answer);
    if (key == "_meta") return read_meta(v, answer);
    if (key == "supportedVersions") return read_supported_versions(v, answer);
    return skip(v);
  });
}

bool read_error(value& from, Answer& answer) {
  answer.kind = Answer::Kind::error;
  object error;
  bool has_code = false;
  if (from.get_object().get(error) != simdjson::SUCCESS) return false;
  const bool well_formed = each_field(error, [&](std::string_view key, value& v) {
    if (key == "message") return read_string(v, answer.error_message);
    if (key != "code") return skip(v);
    has_code = true;
    return v.get_int64().get(answer.error_code) == simdjson::SUCCESS;
  });
  return well_formed && has_code;
}

bool read_id(value& from, Answer& answer) {
  answer.raw_id = from.raw_json_token();
  const auto last = answer.raw_id.find_last_not_of(" \t\r\n");
  answer.raw_id = answer.raw_id.substr(0, last + 1);
  answer.has_number_id = from.get_uint64().get(answer.id) == simdjson::SUCCESS;
  return answer.has_number_id || skip(from);
}

bool read_message(object& message, Answer& answer) {
  bool is_json_rpc = false;
  const bool well_formed = each_field(message, [&](std::string_view key, value& v) {
    if (key == "id") return read_id(v, answer);
    if (key == "result") return read_result(v, answer);
    if (key == "error") return read_error(v, answer);
    if (key == "method") return read_string(v, answer.method);
    if (key != "jsonrpc") return skip(v);
    std::string_view version;
    is_json_rpc = read_string(v, version) && version == "2.0";
    return is_json_rpc;
  });
  return well_formed && is_json_rpc;
}

}  // namespace

Answer read_answer(json::Reader& reader, std::span<const char> bytes) {
  Answer answer;
  json::ondemand::document document;
  object message;
  if (reader.open(bytes).get(document) != simdjson::SUCCESS ||
      document.get_object().get(message) != simdjson::SUCCESS || !read_message(message, answer) ||
      document.current_location().error() != simdjson::OUT_OF_BOUNDS)  // bytes after the message
    return Answer{};
  if (!answer.method.empty()) {
    if (answer.kind != Answer::Kind::invalid) return Answer{};  // both a call and an answer
    answer.kind = answer.raw_id.empty() ? Answer::Kind::notification : Answer::Kind::request;
  }
  return answer;
}

bool shape_fits(const Answer& answer, std::string_view method, Revision revision) {
  if (answer.kind != Answer::Kind::result) return false;
  if (era_of(revision) == Era::stateless && answer.result_type != "complete") return false;
  if (method == "tools/call") return answer.has_content;
  if (method == "tools/list") return answer.has_tools;
  return true;
}

}  // namespace gauntlet::mcp
