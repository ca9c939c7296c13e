#include "server/conformance/all.h"

#include <initializer_list>
#include <vector>

#include "server/conformance/fixtures.h"

namespace gauntlet::server {
namespace {

template <typename Item>
std::vector<const Item*> pointers(std::initializer_list<std::span<const Item>> themes) {
  std::vector<const Item*> all;
  for (const auto& theme : themes)
    for (const Item& item : theme) all.push_back(&item);
  return all;
}

}  // namespace

std::span<const Tool* const> conformance_tools() {
  static const auto kTools =
      pointers<Tool>({simple_tools(), notifying_tools(), asking_tools(), input_required_tools(),
                      list_changing_tools(), schema_tools(), mirrored_header_tools(),
                      reconnection_tools(), task_tools()});
  return kTools;
}

std::span<const Resource* const> conformance_resources() {
  static const auto kResources = pointers<Resource>({test_resources()});
  return kResources;
}

std::span<const ResourceTemplate* const> conformance_templates() {
  static const auto kTemplates = pointers<ResourceTemplate>({test_templates()});
  return kTemplates;
}

std::span<const Prompt* const> conformance_prompts() {
  static const auto kPrompts = pointers<Prompt>({test_prompts(), changing_prompts()});
  return kPrompts;
}

}  // namespace gauntlet::server
