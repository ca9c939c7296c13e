// Catalog: what a server offers: tools, resources, templates of resources, and prompts.
//
// Each is a constant in a small file of its own, named in a list (tools/all.h and its kin):
//
//   Task run(Call& call) { co_return text_result("hello"); }
//   const Tool kHello = {.name = "hello", .description = "Greets.",
//                        .input_schema = R"({"type":"object"})", .start = run};
//
// docs/server.md tells how to add one. What `present` says no to is neither listed nor found.
// Belongs to one thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/call.h"
#include "server/config.h"
#include "server/contents.h"
#include "server/tool.h"

namespace gauntlet::server {

struct Resource {
  std::string_view uri;
  std::string_view name;
  std::string_view description;
  std::string_view mime_type;
  Handler read;
  Present present = nullptr;
};

// "scheme://…/{name}…" with one variable, which matches anything without a slash.
struct ResourceTemplate {
  std::string_view uri_template;
  std::string_view name;
  std::string_view description;
  std::string_view mime_type;
  Handler read;
  std::span<const std::string_view> choices = {};  // of the variable, for completion
};

struct PromptArgument {
  std::string_view name;
  std::string_view description;
  bool required = false;
  std::span<const std::string_view> choices = {};  // for completion
};

struct Prompt {
  std::string_view name;
  std::string_view description;
  std::span<const PromptArgument> arguments;
  Handler get;
  Present present = nullptr;
};

// What the variable of a template stands for in a URI; nothing where it does not match.
std::optional<std::string_view> match(std::string_view uri_template, std::string_view uri);

// A header that mirrors an argument of a tool (x-mcp-header in its input schema).
struct MirroredArgument {
  std::string argument;
  std::string header;  // "mcp-param-region", in lower case
};

class Catalog {
 public:
  enum class List : std::uint8_t { tools, resources, templates, prompts };

  Catalog(const Config& config, const Contents& contents);

  // What is added must be constant, and its schema be written in one line: lists are sent as one.
  void add(const Tool& tool);
  void add(const Resource& resource);
  void add(const ResourceTemplate& resource_template);
  void add(const Prompt& prompt);

  const Tool* find_tool(std::string_view name) const;
  const Prompt* find_prompt(std::string_view name) const;
  // The handler that reads it.
  Handler find_resource(std::string_view uri) const;
  std::span<const MirroredArgument> mirrored(const Tool& tool) const;

  // One page of a list: the members of the result object after its brace, "tools":[…] and
  // "nextCursor" where there are more. `with_execution`: tools say whether they run as tasks
  // (2025-11-25). Nothing where the cursor is not one of ours.
  std::optional<std::string> page(List list, std::optional<std::string_view> cursor,
                                  bool with_execution = false) const;

  // What an argument of a prompt, or the variable of a template, may begin with, and how many such
  // there are beyond the hundred that are given. Nothing where there is no such prompt or template.
  struct Choices {
    std::vector<std::string_view> values;
    std::size_t total = 0;
  };
  std::optional<Choices> complete_prompt(std::string_view prompt, std::string_view argument,
                                         std::string_view begin) const;
  std::optional<Choices> complete_template(std::string_view uri_template,
                                           std::string_view begin) const;

 private:
  struct Entry {
    std::string json;
    Present present = nullptr;
    std::string_view execution = {};
  };
  void list(List list, Entry entry);
  bool is_present(Present present) const { return present == nullptr || present(contents_); }

  const Contents& contents_;
  std::size_t page_size_;
  std::vector<Entry> entries_[4];  // by List
  std::unordered_map<std::string_view, const Tool*> tools_;
  std::unordered_map<const Tool*, std::vector<MirroredArgument>> mirrored_;
  std::unordered_map<std::string_view, const Resource*> resources_;
  std::vector<const ResourceTemplate*> templates_;
  std::unordered_map<std::string_view, const Prompt*> prompts_;
};

}  // namespace gauntlet::server
