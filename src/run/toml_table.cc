#include "run/toml_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/quantity.h"
#include "run/nearest.h"

namespace gauntlet::run {

namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
  }
}

std::string wanted(std::string_view what, const toml::node& node) {
  return fmt::format("has to be {}, not {}", what, type_name(node));
}

// A number as TOML knows it, or as `parse` reads it from a string.
template <typename Parse>
core::Result<double> number_or_text(const toml::node& node, std::string_view what, Parse parse) {
  if (const auto* integer = node.as_integer()) return static_cast<double>(integer->get());
  if (const auto* floating = node.as_floating_point()) return floating->get();
  if (const auto* text = node.as_string()) return parse(text->get());
  return core::usage_error(wanted(what, node));
}

core::Result<std::uint64_t> count_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return core::parse_count(text->get());
  const auto* integer = node.as_integer();
  if (integer == nullptr) return core::usage_error(wanted("a whole number", node));
  if (integer->get() < 0) return core::usage_error("must not be negative");
  return static_cast<std::uint64_t>(integer->get());
}

}  // namespace

void TomlProblems::report(const toml::node& where, std::string_view what) {
  if (first_) return;
  const auto line = where.source().begin.line;
  first_ = core::Error{core::ErrorKind::usage, fmt::format("{}:{}: {}", file_, line, what)};
}

TomlTable::TomlTable(const toml::table& table, std::string label, std::vector<std::string> known,
                     TomlProblems& problems)
    : table_(table), label_(std::move(label)), problems_(problems) {
  for (const auto& [key, node] : table) {
    if (std::ranges::find(known, key.str()) != known.end()) continue;
    problems.report(node, fmt::format("unknown key `{}` in {}{}", key.str(), label_,
                                      did_you_mean(key.str(), known)));
  }
}

void TomlTable::complain(std::string_view key, std::string_view what) {
  const auto* node = find(key);
  const toml::node& where = node != nullptr ? *node : static_cast<const toml::node&>(table_);
  problems_.report(where, fmt::format("`{}` in {}: {}", key, label_, what));
}

void TomlTable::require(std::string_view key) {
  if (!has(key)) problems_.report(table_, fmt::format("{} needs `{}`", label_, key));
}

std::string TomlTable::text(std::string_view key, std::string_view fallback) {
  const auto* node = find(key);
  if (node == nullptr) return std::string(fallback);
  if (const auto* value = node->as_string()) return value->get();
  complain(key, wanted("a string", *node));
  return std::string(fallback);
}

std::string TomlTable::choice(std::string_view key, std::string_view fallback,
                              std::initializer_list<std::string_view> allowed) {
  auto value = text(key, fallback);
  if (std::ranges::find(allowed, value) == allowed.end()) {
    complain(key, fmt::format("`{}` is not one of {}", value, fmt::join(allowed, ", ")));
  }
  return value;
}

bool TomlTable::flag(std::string_view key, bool fallback) {
  const auto* node = find(key);
  if (node == nullptr) return fallback;
  if (const auto* value = node->as_boolean()) return value->get();
  complain(key, wanted("true or false", *node));
  return fallback;
}

std::uint64_t TomlTable::count(std::string_view key, std::uint64_t fallback,
                               Range<std::uint64_t> range) {
  const auto* node = find(key);
  if (node == nullptr) return fallback;
  const auto value = count_of(*node);
  if (!value) {
    complain(key, value.error().text);
  } else if (*value < range.low || *value > range.high) {
    complain(key, fmt::format("has to be from {} to {}, not {}", range.low, range.high, *value));
  } else {
    return *value;
  }
  return fallback;
}

double TomlTable::checked(std::string_view key, core::Result<double> value, double fallback,
                          Range<double> range) {
  if (!value) {
    complain(key, value.error().text);
  } else if (!(*value > range.low && *value <= range.high)) {  // so that NaN is refused too
    complain(key, fmt::format("has to be above {} and at most {}, not {}", range.low, range.high,
                              *value));
  } else {
    return *value;
  }
  return fallback;
}

double TomlTable::number(std::string_view key, double fallback, Range<double> range) {
  const auto* node = find(key);
  if (node == nullptr) return fallback;
  const auto refuse = [&](const std::string&) -> core::Result<double> {
    return core::usage_error(wanted("a number", *node));
  };
  return checked(key, number_or_text(*node, "a number", refuse), fallback, range);
}

double TomlTable::rate(std::string_view key, Range<double> range) {
  const auto* node = find(key);
  if (node == nullptr) return 0;
  return checked(key, number_or_text(*node, "a rate such as \"5000/s\"", core::parse_rate), 0,
                 range);
}

double TomlTable::ratio(std::string_view key, double fallback) {
  const auto* node = find(key);
  if (node == nullptr) return fallback;
  return checked(key, number_or_text(*node, "a ratio such as 0.5 or \"50%\"", core::parse_ratio),
                 fallback, {0, 1});
}

core::Nanos TomlTable::checked_duration(const toml::node& node, std::string_view key,
                                        core::Nanos fallback, Range<core::Nanos> range) {
  const auto complain_here = [&](std::string_view what) {
    problems_.report(node, fmt::format("`{}` in {}: {}", key, label_, what));
    return fallback;
  };
  const auto* text = node.as_string();
  if (text == nullptr) return complain_here(wanted("a duration such as \"30s\"", node));
  const auto value = core::parse_duration(text->get());
  if (!value) return complain_here(value.error().text);
  if (*value < range.low || *value > range.high) {
    return complain_here(fmt::format("has to be from {} to {}, not {}",
                                     core::format_duration(range.low),
                                     core::format_duration(range.high), text->get()));
  }
  return *value;
}

core::Nanos TomlTable::duration(std::string_view key, core::Nanos fallback,
                                Range<core::Nanos> range) {
  const auto* node = find(key);
  return node == nullptr ? fallback : checked_duration(*node, key, fallback, range);
}

core::Nanos TomlTable::duration_of(Mode mode, std::string_view key, core::Nanos fallback,
                                   Range<core::Nanos> range) {
  const auto* node = find(key);
  const auto* by_mode = node == nullptr ? nullptr : node->as_table();
  if (by_mode == nullptr) return duration(key, fallback, range);
  TomlTable modes(*by_mode, fmt::format("`{}` of {}", key, label_), {"demo", "short", "extended"},
                  problems_);
  core::Nanos chosen = fallback;
  for (const Mode each : {Mode::demo, Mode::short_, Mode::extended}) {
    modes.require(to_string(each));
    const auto value = modes.duration(to_string(each), fallback, range);
    if (each == mode) chosen = value;
  }
  return chosen;
}

}  // namespace gauntlet::run
