#include "server/failpoint_control.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "json/writer.h"
#include "server/board.h"
#include "wire/http_write.h"

namespace gauntlet::server {
namespace {

constexpr std::string_view kRoot = "/failpoints";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::uint64_t kDelayMsMax = 600'000;
constexpr wire::HttpLimits kHttpLimits{.head_bytes_max = 8 * 1024, .body_bytes_max = 1024};

// The settings of an order: name=value&name=value, nothing escaped.
class Settings {
 public:
  explicit Settings(std::string_view query) : query_(query) {}

  std::string_view text(std::string_view name) const {
    for (std::string_view rest = query_; !rest.empty();) {
      const std::string_view pair = rest.substr(0, rest.find('&'));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name)
        return pair.substr(equals + 1);
    }
    return {};
  }
  // Nothing where it is no number up to `max`; 0 where it is absent.
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t max) const {
    const std::string_view digits = text(name);
    return digits.empty() ? 0 : parse(digits, max);
  }
  // "3" or "0-31", as bits.
  std::optional<std::uint64_t> bits(std::string_view name) const {
    const std::string_view range = text(name);
    const std::size_t dash = range.find('-');
    const auto first = parse(range.substr(0, dash), kShardCount - 1);
    const auto last =
        dash == std::string_view::npos ? first : parse(range.substr(dash + 1), kShardCount - 1);
    if (!first || !last || *first > *last) return std::nullopt;
    return (~std::uint64_t{0} >> (kShardCount - 1 - (*last - *first))) << *first;
  }

 private:
  static std::optional<std::uint64_t> parse(std::string_view digits, std::uint64_t max) {
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || stop != end || value > max) return std::nullopt;
    return value;
  }

  std::string_view query_;
};

bool order_tool(Failpoints& failpoints, const Settings& settings, core::Nanos delay_ns) {
  const auto fails = settings.number("fail", 1);
  return fails && failpoints.set_tool(settings.text("name"), {delay_ns, *fails == 1});
}

bool order_registry(Failpoints& failpoints, const Settings& settings) {
  const auto shards = settings.bits("shards");
  if (shards) failpoints.make_unreachable(*shards);
  return shards.has_value();
}

bool order_cut(Failpoints& failpoints, const Settings& settings) {
  const auto from = settings.number("from", kWorkersMax);
  const auto to = settings.number("to", kWorkersMax);
  return from && to && failpoints.cut(*from, *to);
}

// False where the settings make no sense.
bool order(Failpoints& failpoints, std::string_view name, const Settings& settings) {
  if (name == "registry") return order_registry(failpoints, settings);
  if (name == "cut") return order_cut(failpoints, settings);
  const auto ms = settings.number("ms", kDelayMsMax).value_or(0);
  const core::Nanos delay_ns = static_cast<core::Nanos>(ms) * core::kMillisecond;
  if (name == "tool") return order_tool(failpoints, settings, delay_ns);
  if (delay_ns > 0) failpoints.delay_handlers(delay_ns);
  return delay_ns > 0;
}

std::string list(const Failpoints& failpoints) {
  std::string out = "[";
  for (const FailpointReport& report : failpoints.report()) {
    if (out.size() > 1) out += ",\n ";
    out += R"({"name":)";
    json::append_string(out, report.name);
    out += R"(,"settings":)";
    json::append_string(out, report.settings);
    out += fmt::format(R"(,"hits":{}}})", report.hits);
  }
  return out + "]\n";
}

FailpointAnswer refusal(int status, std::string_view why) {
  return {status, fmt::format("{{\"error\":\"{}\"}}\n", why)};
}

}  // namespace

FailpointAnswer obey(Failpoints& failpoints, std::string_view method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const Settings settings(target.substr(std::min(target.size(), path.size() + 1)));
  if (path != kRoot && !path.starts_with(std::string(kRoot) + "/"))
    return refusal(404, "there is only /failpoints");
  const std::string_view name = path.substr(std::min(path.size(), kRoot.size() + 1));
  const bool known = std::ranges::find(kFailpointNames, name) != kFailpointNames.end();
  if (!known && !name.empty()) return refusal(404, "no such failpoint");
  if (method == "POST" && known) {
    if (!order(failpoints, name, settings)) return refusal(400, "these settings make no sense");
  } else if (method == "DELETE") {
    known ? void(failpoints.take_back(name)) : failpoints.take_all_back();
  } else if (method != "GET") {
    return refusal(405, "GET, POST or DELETE");
  }
  return {200, list(failpoints)};
}

FailpointControl::FailpointControl(net::Loop& loop, int listening_fd, std::string_view token,
                                   Failpoints& failpoints)
    : loop_(loop), listening_fd_(listening_fd), token_(sha256(token)), failpoints_(failpoints) {
  loop_.listen(listening_fd_, *this, 0);
}

FailpointControl::~FailpointControl() {
  loop_.stop_listening(listening_fd_);
  for (const auto& [tag, connection] : connections_)
    loop_.close(connection.stream, net::CloseMode::orderly);
}

void FailpointControl::on_accepted(core::Fd socket, std::uint64_t) {
  if (connections_.size() >= kFailpointConnectionsMax) return;
  const std::uint64_t tag = next_tag_++;
  const net::StreamId stream = loop_.adopt(std::move(socket), *this, tag);
  connections_.emplace(tag, Connection{{wire::HttpParser::Role::request, kHttpLimits}, {}, stream});
}

void FailpointControl::on_data(net::StreamId stream, std::uint64_t tag, std::span<char> bytes) {
  Connection& connection = connections_.at(tag);
  if (!feed(connection, bytes)) return connection.parser.retain();
  const auto& [status, body] = connection.answer;
  std::string& out = loop_.output(stream);
  wire::append_response_head(out, status, "application/json", body.size(), "Connection: close\r\n");
  out += body;
  loop_.close(stream, net::CloseMode::orderly);
  connections_.erase(tag);
}

void FailpointControl::on_closed(net::StreamId, std::uint64_t tag, net::CloseReason, int) {
  connections_.erase(tag);
}

// True once the request is whole, or is none.
bool FailpointControl::feed(Connection& connection, std::span<char> bytes) {
  for (;;) {
    const auto step = connection.parser.step(bytes);
    bytes = bytes.subspan(step.consumed);
    switch (step.event) {
      case wire::HttpParser::Event::need_more: return false;
      case wire::HttpParser::Event::head:
        connection.answer = answer(connection.parser.head());
        break;
      case wire::HttpParser::Event::body: break;
      case wire::HttpParser::Event::end: return true;
      case wire::HttpParser::Event::error:
        connection.answer = refusal(400, wire::to_string(connection.parser.error()));
        return true;
    }
  }
}

FailpointAnswer FailpointControl::answer(const wire::HttpHead& head) {
  const std::string_view sent = head.value_of("authorization");
  if (!sent.starts_with(kBearer) || !same_digest(sha256(sent.substr(kBearer.size())), token_))
    return refusal(401, "the token is missing or wrong");
  return obey(failpoints_, head.method, head.target);
}

}  // namespace gauntlet::server
