#include "run/suite.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "run/limit.h"
#include "run/nearest.h"
#include "run/plan_bounds.h"
#include "run/shipped.h"
#include "run/suite_parts.h"
#include "run/toml_table.h"

namespace gauntlet::run {

namespace {

Plan read_plan(const toml::table& root, std::string_view file, Mode mode, TomlProblems& problems) {
  TomlTable top(root, "the suite",
                {"suite", "description", "metrics_port", "load", "client", "lab", "level", "mix",
                 "phase", "fault", "test"},
                problems);
  Plan plan;
  plan.mode = mode;
  plan.suite = top.text("suite", std::filesystem::path(file).stem().string());
  if (!is_name(plan.suite)) top.complain("suite", kNameRule);
  plan.description = top.text("description", "");
  plan.metrics_port = static_cast<std::uint16_t>(top.count("metrics_port", 0, {0, 65535}));
  read_load(top, plan);
  read_client(top, plan);
  read_lab(top, plan);
  read_levels(top, plan);
  read_mix(top, plan);
  read_phases(top, plan);
  read_faults(top, plan);
  read_tests(top, plan);
  return plan;
}

std::string syntax_error(std::string_view file, const toml::parse_error& error) {
  const auto begin = error.source().begin;
  return fmt::format("{}:{}:{}: {}", file, begin.line, begin.column, error.description());
}

core::Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) {
    return core::usage_error(fmt::format("{}: cannot be read", path));
  }
  std::string text(kSuiteBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kSuiteBytesMax) {
    return core::usage_error(fmt::format("{}: larger than {} bytes", path, kSuiteBytesMax));
  }
  return text;
}

bool looks_like_path(std::string_view text) {
  return text.ends_with(".toml") || text.find('/') != std::string_view::npos;
}

}  // namespace

core::Result<Plan> parse_suite(std::string_view toml, std::string_view file, Mode mode) {
  try {
    const toml::table root = toml::parse(toml, file);
    TomlProblems problems(file);
    Plan plan = read_plan(root, file, mode, problems);
    if (problems.first()) return std::unexpected(*problems.first());
    return plan;
  } catch (const toml::parse_error& error) {
    return core::usage_error(syntax_error(file, error));
  }
}

core::Result<SuiteText> find_suite(std::string_view name_or_path) {
  if (looks_like_path(name_or_path)) {
    std::string path(name_or_path);
    auto text = read_file(path);
    if (!text) return std::unexpected(text.error());
    return SuiteText{std::move(path), std::move(*text)};
  }
  std::vector<std::string> names;
  for (const auto& shipped : shipped_suites()) {
    if (shipped.name == name_or_path) {
      return SuiteText{fmt::format("{}.toml", shipped.name), std::string(shipped.text)};
    }
    names.emplace_back(shipped.name);
  }
  return core::usage_error(
      fmt::format("no suite is called `{}`{} (`gauntlet list` shows all; a file ends in .toml)",
                  name_or_path, did_you_mean(name_or_path, names)));
}

core::Result<Plan> load_suite(std::string_view name_or_path, Mode mode) {
  const auto suite = find_suite(name_or_path);
  if (!suite) return std::unexpected(suite.error());
  return parse_suite(suite->toml, suite->file, mode);
}

core::Result<std::vector<Operation>> load_mix(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return std::unexpected(text.error());
  try {
    const toml::table root = toml::parse(*text, path);
    TomlProblems problems(path);
    TomlTable top(root, "the file", {"mix"}, problems);
    Plan plan;
    read_mix(top, plan);
    if (problems.first()) return std::unexpected(*problems.first());
    return plan.load.mix;
  } catch (const toml::parse_error& error) {
    return core::usage_error(syntax_error(path, error));
  }
}

core::Result<Mode> parse_mode(std::string_view text) {
  for (const Mode mode : {Mode::demo, Mode::short_, Mode::extended}) {
    if (text == to_string(mode)) return mode;
  }
  return core::usage_error(fmt::format("mode `{}` is not one of demo, short, extended", text));
}

core::Result<std::string> checked_arguments(std::string_view json) {
  boost::json::error_code error;
  const auto value = boost::json::parse(boost::json::string_view(json.data(), json.size()), error);
  if (error) return core::usage_error(fmt::format("not valid JSON: {}", error.message()));
  if (!value.is_object()) return core::usage_error("has to be a JSON object");
  auto text = boost::json::serialize(value);
  if (text.size() > kArgumentsBytesMax) {
    return core::usage_error(fmt::format("larger than {} bytes", kArgumentsBytesMax));
  }
  return text;
}

core::Result<std::pair<std::string, std::string>> checked_header(std::string_view name,
                                                                 std::string_view value) {
  constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";  // RFC 9110, section 5.6.2
  const auto is_token = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || kTokenMarks.contains(c);
  };
  const auto is_control = [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; };
  if (name.empty() || !std::ranges::all_of(name, is_token)) {
    return core::usage_error(fmt::format("`{}` is not a header name", name));
  }
  if (std::ranges::any_of(value, is_control)) {
    return core::usage_error(fmt::format("header `{}` holds a control character", name));
  }
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view framing : {"content-length", "transfer-encoding", "connection"}) {
    if (lower == framing) return core::usage_error(fmt::format("header `{}` is ours", name));
  }
  return std::pair{std::string(name), std::string(value)};
}

}  // namespace gauntlet::run
