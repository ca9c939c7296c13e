// Fixtures of the conformance suite by theme, a file each; and the blocks that several are made of.
#pragma once

#include <boost/json.hpp>

#include <span>
#include <string>
#include <string_view>

#include "server/call.h"
#include "server/catalog.h"

namespace gauntlet::server {

std::span<const Tool> simple_tools();
std::span<const Tool> notifying_tools();
std::span<const Tool> asking_tools();
std::span<const Tool> input_required_tools();
std::span<const Tool> list_changing_tools();
std::span<const Tool> schema_tools();
std::span<const Tool> mirrored_header_tools();
std::span<const Tool> reconnection_tools();
std::span<const Tool> task_tools();
std::span<const Resource> test_resources();
std::span<const ResourceTemplate> test_templates();
std::span<const Prompt> test_prompts();
std::span<const Prompt> changing_prompts();

inline constexpr std::string_view kNoArguments = R"({"type":"object","properties":{}})";
inline constexpr std::string_view kWatchedResource = "test://watched-resource";
// One red pixel, in base64.
inline constexpr std::string_view kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";

boost::json::object image_content();
boost::json::object embedded_resource(std::string_view uri, std::string_view mime_type,
                                      std::string_view text);
// A form of one field that has to be filled in.
Question form_of_one(std::string_view message, std::string_view field, std::string_view type);
// What the user did with a form: the action and what is filled in, as JSON; or why there is no
// answer.
std::string action_in(const ClientReply& reply);
std::string filled_in(const ClientReply& reply);

}  // namespace gauntlet::server
