#include "server/catalog.h"

#include <algorithm>
#include <charconv>

#include "core/check.h"
#include "json/writer.h"
#include "server/conformance/all.h"
#include "server/prompts/all.h"
#include "server/resources/all.h"
#include "server/tools/all.h"
#include "stats/base64.h"

namespace gauntlet::server {
namespace {

constexpr std::size_t kCompletionsMax = 100;  // server/utilities/completion: at most 100 values
constexpr std::string_view kCursorHead = "from ";
constexpr std::string_view kListNames[] = {"tools", "resources", "resourceTemplates", "prompts"};

void member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  if (!out.ends_with('{')) out += ',';
  json::append_string(out, name);
  out += ':';
  json::append_string(out, text);
}

void raw_member(std::string& out, std::string_view name, std::string_view json) {
  if (json.empty()) return;
  out += ',';
  json::append_string(out, name);
  (out += ':') += json;
}

std::string_view execution_of(AsTask as_task) {
  switch (as_task) {
    case AsTask::optional: return R"("execution":{"taskSupport":"optional"})";
    case AsTask::required: return R"("execution":{"taskSupport":"required"})";
    case AsTask::never: break;
  }
  return {};
}

std::string argument_json(const PromptArgument& argument) {
  std::string out = "{";
  member(out, "name", argument.name);
  member(out, "description", argument.description);
  out += argument.required ? R"(,"required":true})" : R"(,"required":false})";
  return out;
}

// Opaque to clients: where to go on.
std::string cursor_of(std::size_t from) {
  return stats::to_base64(std::string(kCursorHead) + std::to_string(from));
}

std::optional<std::size_t> read_cursor(std::string_view cursor) {
  const auto text = stats::from_base64(cursor);
  if (!text || !text->starts_with(kCursorHead)) return std::nullopt;
  std::size_t from = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data() + kCursorHead.size(), end, from);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return from;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return out;
}

std::vector<MirroredArgument> mirrored_in(std::string_view input_schema) {
  std::vector<MirroredArgument> found;
  const auto schema = boost::json::parse({input_schema.data(), input_schema.size()});
  const auto* const properties = schema.as_object().if_contains("properties");
  if (properties == nullptr) return found;
  for (const auto& [name, property] : properties->as_object()) {
    const auto* const object = property.if_object();
    const auto* const header = object == nullptr ? nullptr : object->if_contains("x-mcp-header");
    if (header == nullptr) continue;
    const auto& text = header->as_string();
    found.push_back({std::string(name), "mcp-param-" + lower({text.data(), text.size()})});
  }
  return found;
}

Catalog::Choices choices_of(std::span<const std::string_view> all, std::string_view begin) {
  Catalog::Choices choices;
  for (const std::string_view value : all) {
    if (!value.starts_with(begin)) continue;
    if (++choices.total <= kCompletionsMax) choices.values.push_back(value);
  }
  return choices;
}

}  // namespace

std::optional<std::string_view> match(std::string_view uri_template, std::string_view uri) {
  const std::size_t open = uri_template.find('{');
  const std::string_view before = uri_template.substr(0, open);
  const std::string_view after = uri_template.substr(uri_template.find('}') + 1);
  if (uri.size() <= before.size() + after.size()) return std::nullopt;
  if (!uri.starts_with(before) || !uri.ends_with(after)) return std::nullopt;
  uri.remove_prefix(before.size());
  uri.remove_suffix(after.size());
  if (uri.contains('/')) return std::nullopt;
  return uri;
}

Catalog::Catalog(const Config& config, const Contents& contents)
    : contents_(contents), page_size_(config.page_size) {
  for (const Tool* const tool : kAllTools) add(*tool);
  for (const Resource* const resource : kAllResources) add(*resource);
  for (const ResourceTemplate* const one : kAllTemplates) add(*one);
  for (const Prompt* const prompt : kAllPrompts) add(*prompt);
  if (!config.conformance) return;
  for (const Tool* const tool : conformance_tools()) add(*tool);
  for (const Resource* const resource : conformance_resources()) add(*resource);
  for (const ResourceTemplate* const one : conformance_templates()) add(*one);
  for (const Prompt* const prompt : conformance_prompts()) add(*prompt);
}

void Catalog::list(List list, Entry entry) {
  GAUNTLET_CHECK(!entry.json.contains('\n'));
  entries_[static_cast<std::size_t>(list)].push_back(std::move(entry));
}

void Catalog::add(const Tool& tool) {
  std::string out = "{";
  member(out, "name", tool.name);
  member(out, "description", tool.description);
  raw_member(out, "inputSchema", tool.input_schema);
  list(List::tools, {out + "}", tool.present, execution_of(tool.as_task)});
  tools_.emplace(tool.name, &tool);
  if (auto found = mirrored_in(tool.input_schema); !found.empty())
    mirrored_.emplace(&tool, std::move(found));
}

void Catalog::add(const Resource& resource) {
  std::string out = "{";
  member(out, "uri", resource.uri);
  member(out, "name", resource.name);
  member(out, "description", resource.description);
  member(out, "mimeType", resource.mime_type);
  list(List::resources, {out + "}", resource.present});
  resources_.emplace(resource.uri, &resource);
}

void Catalog::add(const ResourceTemplate& one) {
  std::string out = "{";
  member(out, "uriTemplate", one.uri_template);
  member(out, "name", one.name);
  member(out, "description", one.description);
  member(out, "mimeType", one.mime_type);
  list(List::templates, {out + "}"});
  templates_.push_back(&one);
}

void Catalog::add(const Prompt& prompt) {
  std::string out = "{";
  member(out, "name", prompt.name);
  member(out, "description", prompt.description);
  if (!prompt.arguments.empty()) {
    std::string arguments = "[";
    for (const PromptArgument& argument : prompt.arguments) {
      if (arguments.size() > 1) arguments += ',';
      arguments += argument_json(argument);
    }
    raw_member(out, "arguments", arguments + "]");
  }
  list(List::prompts, {out + "}", prompt.present});
  prompts_.emplace(prompt.name, &prompt);
}

const Tool* Catalog::find_tool(std::string_view name) const {
  const auto found = tools_.find(name);
  return found != tools_.end() && is_present(found->second->present) ? found->second : nullptr;
}

const Prompt* Catalog::find_prompt(std::string_view name) const {
  const auto found = prompts_.find(name);
  return found != prompts_.end() && is_present(found->second->present) ? found->second : nullptr;
}

Handler Catalog::find_resource(std::string_view uri) const {
  if (const auto found = resources_.find(uri); found != resources_.end())
    return is_present(found->second->present) ? found->second->read : nullptr;
  for (const ResourceTemplate* const one : templates_)
    if (match(one->uri_template, uri)) return one->read;
  return nullptr;
}

std::span<const MirroredArgument> Catalog::mirrored(const Tool& tool) const {
  const auto found = mirrored_.find(&tool);
  if (found == mirrored_.end()) return {};
  return found->second;
}

std::optional<std::string> Catalog::page(List list, std::optional<std::string_view> cursor,
                                         bool with_execution) const {
  const auto& entries = entries_[static_cast<std::size_t>(list)];
  const auto from = cursor ? read_cursor(*cursor) : std::optional<std::size_t>(0);
  if (!from || *from > entries.size()) return std::nullopt;
  std::string out = "\"" + std::string(kListNames[static_cast<std::size_t>(list)]) + "\":[";
  const std::size_t end = std::min(entries.size(), *from + page_size_);
  for (std::size_t i = *from; i < end; ++i) {
    if (!is_present(entries[i].present)) continue;
    if (!out.ends_with('[')) out += ',';
    out += entries[i].json;
    if (!with_execution || entries[i].execution.empty()) continue;
    out.back() = ',';  // its brace
    (out += entries[i].execution) += '}';
  }
  out += ']';
  if (end < entries.size()) (out += R"(,"nextCursor":")") += cursor_of(end) + "\"";
  return out;
}

std::optional<Catalog::Choices> Catalog::complete_prompt(std::string_view name,
                                                         std::string_view argument,
                                                         std::string_view begin) const {
  const Prompt* const prompt = find_prompt(name);
  if (prompt == nullptr) return std::nullopt;
  for (const PromptArgument& one : prompt->arguments)
    if (one.name == argument) return choices_of(one.choices, begin);
  return Choices{};
}

std::optional<Catalog::Choices> Catalog::complete_template(std::string_view uri_template,
                                                           std::string_view begin) const {
  for (const ResourceTemplate* const one : templates_)
    if (one->uri_template == uri_template) return choices_of(one->choices, begin);
  return std::nullopt;
}

}  // namespace gauntlet::server
