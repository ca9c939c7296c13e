#include "chaos/proxy_toxic.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <initializer_list>
#include <optional>

#include "core/quantity.h"

namespace gauntlet::chaos {
namespace {

using enum ToxicValue;

constexpr std::uint32_t bits(std::initializer_list<ToxicValue> values) {
  std::uint32_t set = 0;
  for (const auto value : values) set |= 1U << static_cast<unsigned>(value);
  return set;
}

struct KindRow {
  std::string_view name;
  std::uint32_t needed, allowed;  // values
};
constexpr auto kOfAnswers = {nth, max, openings};
constexpr std::array<KindRow, kToxicKindCount> kKinds = {{
    {"latency", bits({ms}), bits({ms, jitter})},
    {"bandwidth", bits({rate}), bits({rate})},
    {"slow_close", bits({ms}), bits({ms})},
    {"timeout", 0, bits({ms})},
    {"reset_peer", 0, bits({ms})},
    {"slicer", bits({size}), bits({size, variation, delay_us})},
    {"limit_data", bits({bytes}), bits({bytes})},
    {"down", 0, 0},
    {"drop_answer", 0, bits(kOfAnswers)},
    {"duplicate_answer", 0, bits(kOfAnswers)},
    {"corrupt_answer", 0, bits(kOfAnswers)},
    {"wrong_id", 0, bits(kOfAnswers)},
    {"delay_answer", bits({ms}), bits({ms, nth, max, openings})},
    {"cut_sse", 0, bits(kOfAnswers)},
    {"http_status", bits({status}), bits({status, retry_after, nth, max, openings})},
}};

struct ValueRow {
  std::string_view name, also;  // toxiproxy's name, where it differs
  std::uint64_t max;
};
constexpr std::uint64_t kAny = 1ULL << 40;
constexpr std::array<ValueRow, kToxicValueCount> kValues = {{
    {"ms", "latency", kToxicMillisMax},
    {"jitter", "", kToxicMillisMax},
    {"rate", "", 100'000'000},
    {"bytes", "", kAny},
    {"size", "average_size", 1 << 20},
    {"variation", "size_variation", 1 << 20},
    {"delay_us", "", 60'000'000},
    {"nth", "", kAny},
    {"max", "", kAny},
    {"openings", "", 1},
    {"status", "", 599},
    {"retry_after", "", 86'400},
}};

constexpr std::array<std::string_view, 3> kStreams = {"upstream", "downstream", "both"};

const KindRow& row_of(ToxicKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

core::Result<ToxicKind> kind_of(std::string_view name) {
  const auto row = std::ranges::find(kKinds, name, &KindRow::name);
  if (row != kKinds.end()) return static_cast<ToxicKind>(row - kKinds.begin());
  std::string names;
  for (const auto& known : kKinds) names += fmt::format(" {}", known.name);
  return core::usage_error(fmt::format("'{}' is no toxic; there are:{}", name, names));
}

// toxiproxy calls a time by a name for each of its kinds.
std::optional<std::size_t> value_named(ToxicKind kind, std::string_view name) {
  if (name == "delay") name = kind == ToxicKind::slicer ? "delay_us" : "ms";
  if (name == "timeout") name = "ms";
  for (std::size_t i = 0; i < kValues.size(); ++i)
    if (name == kValues[i].name || (name == kValues[i].also && !name.empty())) return i;
  return std::nullopt;
}

core::Result<void> set_value(Toxic& toxic, std::string_view name, std::uint64_t value) {
  const auto index = value_named(toxic.kind, name);
  const KindRow& row = row_of(toxic.kind);
  if (!index || (row.allowed >> *index & 1U) == 0)
    return core::usage_error(fmt::format("{} takes no '{}'", row.name, name));
  if (value > kValues[*index].max)
    return core::usage_error(
        fmt::format("{}: {} is at most {}", row.name, name, kValues[*index].max));
  toxic.values[*index] = value;
  return {};
}

void write_name(Toxic& toxic, std::string_view name) {
  toxic.name_text.fill('\0');
  std::ranges::copy(name, toxic.name_text.begin());
}

core::Result<void> set_name(Toxic& toxic, std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-.").contains(c);
  };
  if (name.empty() || name.size() > kToxicNameBytesMax || !std::ranges::all_of(name, plain))
    return core::usage_error(fmt::format("a toxic's name is 1-{} letters, digits, '_', '-' and '.'",
                                         kToxicNameBytesMax));
  write_name(toxic, name);
  return {};
}

core::Result<void> set_stream(Toxic& toxic, std::string_view name) {
  const auto found = std::ranges::find(kStreams, name);
  if (found == kStreams.end())
    return core::usage_error(fmt::format("stream is upstream, downstream or both, not '{}'", name));
  toxic.stream = static_cast<ProxyStream>(found - kStreams.begin());
  return {};
}

core::Result<void> set_share(Toxic& toxic, double share) {
  if (!(share >= 0 && share <= 1)) return core::usage_error("share lies in 0-1");
  toxic.share = share;
  return {};
}

core::Result<void> set_text(Toxic& toxic, std::string_view name, std::string_view value) {
  if (name == "name") return set_name(toxic, value);
  if (name == "stream") return set_stream(toxic, value);
  if (name == "share" || name == "toxicity") {
    const auto share = core::parse_ratio(value);
    return share ? set_share(toxic, *share) : std::unexpected(share.error());
  }
  if (name == "ttl") {
    const auto ttl = core::parse_duration(value);
    if (!ttl) return std::unexpected(ttl.error());
    toxic.ttl_ns = *ttl;
    return {};
  }
  const auto number = name == "bytes" ? core::parse_bytes(value) : core::parse_count(value);
  if (!number) return core::usage_error(fmt::format("{}: {}", name, number.error().text));
  return set_value(toxic, name, *number);
}

core::Result<Toxic> checked(const Toxic& toxic) {
  const KindRow& row = row_of(toxic.kind);
  for (std::size_t i = 0; i < kValues.size(); ++i)
    if ((row.needed >> i & 1U) != 0 && toxic.values[i] == 0)
      return core::usage_error(fmt::format("{} needs {}", row.name, kValues[i].name));
  if (toxic.value(variation) >= std::max<std::uint64_t>(toxic.value(size), 1))
    return core::usage_error("slicer: variation is less than size");
  if (toxic.value(nth) > 0 && toxic.share < 1)
    return core::usage_error(fmt::format("{} takes nth or share, not both", row.name));
  const auto code = toxic.value(status);
  if (toxic.kind == ToxicKind::http_status && code != 404 && code != 429 && code != 503)
    return core::usage_error("http_status: status is 404, 429 or 503");
  return toxic;
}

Toxic begun(ToxicKind kind) {
  Toxic toxic;
  toxic.kind = kind;
  if (kind == ToxicKind::http_status) toxic.values[static_cast<std::size_t>(retry_after)] = 1;
  write_name(toxic, row_of(kind).name);
  return toxic;
}

core::Result<void> set_attribute(Toxic& toxic, std::string_view name,
                                 const boost::json::value& value) {
  boost::system::error_code error;
  const auto number = value.to_number<std::uint64_t>(error);
  if (error) return core::usage_error(fmt::format("{} is not a number from 0 on", name));
  return set_value(toxic, name, number);
}

core::Result<void> set_member(Toxic& toxic, std::string_view key, const boost::json::value& value) {
  if (key == "type") return {};
  if ((key == "name" || key == "stream") && value.is_string())
    return set_text(toxic, key, std::string_view(value.get_string()));
  if (key == "toxicity" && value.is_number()) return set_share(toxic, value.to_number<double>());
  if (key == "ttl_ms" && value.is_int64() && value.get_int64() >= 0 &&
      value.get_int64() <= core::kDurationMax / core::kMillisecond) {
    toxic.ttl_ns = value.get_int64() * core::kMillisecond;
    return {};
  }
  if (key != "attributes" || !value.is_object())
    return core::usage_error(fmt::format("a toxic has no such '{}'", key));
  for (const auto& [name, attribute] : value.get_object())
    if (auto ok = set_attribute(toxic, name, attribute); !ok) return ok;
  return {};
}

}  // namespace

std::string_view to_string(ToxicKind kind) { return row_of(kind).name; }

core::Result<Toxic> parse_toxic(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto kind = kind_of(text.substr(0, colon));
  if (!kind) return std::unexpected(kind.error());
  Toxic toxic = begun(*kind);
  for (std::string_view rest = text.substr(std::min(colon + 1, text.size())); !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos)
      return core::usage_error(fmt::format("'{}' in '{}' is not name=value", pair, text));
    const auto ok = set_text(toxic, pair.substr(0, equals), pair.substr(equals + 1));
    if (!ok) return std::unexpected(ok.error());
  }
  return checked(toxic);
}

core::Result<Toxic> toxic_of_json(std::string_view json) {
  boost::system::error_code error;
  const auto parsed = boost::json::parse(json, error);
  if (error || !parsed.is_object()) return core::usage_error("the body is not a JSON object");
  const auto& members = parsed.get_object();
  const auto* const type = members.if_contains("type");
  if (type == nullptr || !type->is_string()) return core::usage_error("the toxic has no type");
  const auto kind = kind_of(std::string_view(type->get_string()));
  if (!kind) return std::unexpected(kind.error());
  Toxic toxic = begun(*kind);
  for (const auto& [key, value] : members)
    if (const auto ok = set_member(toxic, key, value); !ok) return std::unexpected(ok.error());
  return checked(toxic);
}

boost::json::object json_of(const Toxic& toxic) {
  boost::json::object attributes;
  const KindRow& row = row_of(toxic.kind);
  for (std::size_t i = 0; i < kValues.size(); ++i)
    if ((row.allowed >> i & 1U) != 0) attributes[kValues[i].name] = toxic.values[i];
  boost::json::object json = {{"name", toxic.name()},
                              {"type", row.name},
                              {"stream", kStreams[static_cast<std::size_t>(toxic.stream)]},
                              {"toxicity", toxic.share},
                              {"attributes", attributes}};
  if (toxic.ttl_ns > 0) json["ttl_ms"] = toxic.ttl_ns / core::kMillisecond;
  return json;
}

}  // namespace gauntlet::chaos
