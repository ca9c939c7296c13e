// What the official conformance suite expects a server to have (`gauntlet serve --conformance`):
// its tools, resources and prompts, by the names and with the texts that it looks for.
#pragma once

#include <span>

#include "server/catalog.h"

namespace gauntlet::server {

std::span<const Tool* const> conformance_tools();
std::span<const Resource* const> conformance_resources();
std::span<const ResourceTemplate* const> conformance_templates();
std::span<const Prompt* const> conformance_prompts();

}  // namespace gauntlet::server
