// All resources and templates of resources. A new one is a file beside this one and two lines here.
#pragma once

#include <array>

#include "server/catalog.h"

namespace gauntlet::server {

extern const Resource kCounterResource;
extern const Resource kClockResource;
extern const ResourceTemplate kTextTemplate;

inline constexpr std::array kAllResources = {&kCounterResource, &kClockResource};
inline constexpr std::array kAllTemplates = {&kTextTemplate};

// The result of reading a text: one entry of `contents`.
Outcome text_resource(std::string_view uri, std::string_view mime_type, std::string_view text);

}  // namespace gauntlet::server
