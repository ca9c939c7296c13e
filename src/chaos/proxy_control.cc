#include "chaos/proxy_control.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "wire/http_write.h"

namespace gauntlet::chaos {
namespace {

using Event = wire::HttpParser::Event;

constexpr std::string_view kBearer = "Bearer ";
constexpr wire::HttpLimits kRequestLimits{.head_bytes_max = 8 * 1024, .body_bytes_max = 16 * 1024};

ControlAnswer refusal(int status, std::string_view why) {
  return {status, boost::json::serialize(boost::json::object{{"error", why}}) + "\n"};
}

// The time that it takes does not tell how much of it is right.
bool same_secret(std::string_view left, std::string_view right) {
  unsigned char differs = left.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < left.size(); ++i)
    differs |= static_cast<unsigned char>(left[i] ^ (i < right.size() ? right[i] : 0));
  return differs == 0;
}

std::string_view name_of(ToxicEnd end) {
  return end == ToxicEnd::none ? "" : end == ToxicEnd::ttl ? "ttl" : "order";
}

std::string list(const ProxyBoard& board) {
  boost::json::array toxics;
  for (const ToxicRow& row : board.table())
    if (row.serial != 0 && row.ended == ToxicEnd::none) toxics.push_back(json_of(row.toxic));
  return boost::json::serialize(toxics) + "\n";
}

struct Count {
  std::string_view name;
  std::uint64_t value;
};

std::array<Count, 5> counts_of(const ToxicCounters& counters) {
  return {{{"connections", counters.connections},
           {"chunks", counters.chunks},
           {"bytes", counters.bytes},
           {"messages", counters.messages},
           {"seen", counters.seen}}};
}

std::array<Count, 9> counts_of(const ProxyTotals& totals) {
  return {{{"accepted", totals.accepted},
           {"closed", totals.closed},
           {"refused", totals.refused},
           {"unreachable", totals.unreachable},
           {"bytes_upstream", totals.bytes[0]},
           {"bytes_downstream", totals.bytes[1]},
           {"answers", totals.answers},
           {"opaque", totals.opaque},
           {"oversized", totals.oversized}}};
}

template <typename Visit>
void each_named(ProxyBoard& board, Visit visit) {
  for (std::size_t i = 0; i < kToxicsMax; ++i)
    if (const ToxicRow& row = board.table()[i]; row.serial != 0 && !row.toxic.name().empty())
      visit(row, board.counters(i));
}

std::string metrics(ProxyBoard& board) {
  std::string out;
  const auto family = [&](std::string_view name, std::string_view type, std::string_view help) {
    out += fmt::format("# HELP gauntlet_proxy_{0} {1}\n# TYPE gauntlet_proxy_{0} {2}\n", name, help,
                       type);
  };
  for (const auto& [name, value] : counts_of(board.totals())) {
    family(fmt::format("{}_total", name), "counter", fmt::format("As {} of /counters.", name));
    out += fmt::format("gauntlet_proxy_{}_total {}\n", name, value);
  }
  const auto labels = [](const ToxicRow& row) {
    return fmt::format("toxic=\"{}\",type=\"{}\"", row.toxic.name(), to_string(row.toxic.kind));
  };
  family("toxic_active", "gauge", "1 while the toxic is in force.");
  each_named(board, [&](const ToxicRow& row, const ToxicCounters&) {
    out += fmt::format("gauntlet_proxy_toxic_active{{{}}} {:d}\n", labels(row),
                       row.ended == ToxicEnd::none);
  });
  for (std::size_t i = 0; i < counts_of(ToxicCounters{}).size(); ++i) {
    const std::string name = fmt::format("toxic_{}_total", counts_of(ToxicCounters{})[i].name);
    family(name, "counter", "What the toxic had an effect on; seen: or could have had one.");
    each_named(board, [&](const ToxicRow& row, const ToxicCounters& counters) {
      out += fmt::format("gauntlet_proxy_{}{{{}}} {}\n", name, labels(row),
                         counts_of(counters)[i].value);
    });
  }
  return out;
}

ControlAnswer order(ProxyBoard& board, bool on_messages, std::string_view body) {
  const auto toxic = toxic_of_json(body);
  if (!toxic) return refusal(400, toxic.error().text);
  const auto put = put_in_force(board, on_messages, *toxic);
  if (!put) return refusal(400, put.error().text);
  return {200, list(board)};
}

ControlAnswer take_away(ProxyBoard& board, std::string_view name) {
  if (name.empty()) {
    board.remove_all();
  } else if (!board.remove(name)) {
    return refusal(404, fmt::format("no toxic named '{}' is in force", name));
  }
  return {200, list(board)};
}

}  // namespace

core::Result<void> check_fit(const Toxic& toxic, bool on_messages) {
  if (!toxic.on_messages() || on_messages) return {};
  return core::usage_error(
      fmt::format("{} needs to see messages, and this proxy passes bytes; give it an upstream of "
                  "http://, tcp:// or unix:",
                  to_string(toxic.kind)));
}

core::Result<void> put_in_force(ProxyBoard& board, bool on_messages, const Toxic& toxic) {
  if (auto fits = check_fit(toxic, on_messages); !fits) return fits;
  return board.add(toxic, core::monotonic_ns());
}

std::string counters_json(ProxyBoard& board, bool on_messages) {
  boost::json::object json;
  for (const auto& [name, value] : counts_of(board.totals())) json[name] = value;
  json["settled"] = board.settled();
  json["understands_messages"] = on_messages;
  boost::json::array toxics;
  each_named(board, [&](const ToxicRow& row, const ToxicCounters& counters) {
    boost::json::object toxic = {{"name", row.toxic.name()},
                                 {"type", to_string(row.toxic.kind)},
                                 {"active", row.ended == ToxicEnd::none},
                                 {"ended_by", name_of(row.ended)}};
    for (const auto& [name, value] : counts_of(counters)) toxic[name] = value;
    toxics.push_back(toxic);
  });
  json["toxics"] = toxics;
  return boost::json::serialize(json) + "\n";
}

ControlAnswer obey(ProxyBoard& board, bool on_messages, std::string_view method,
                   std::string_view target, std::string_view body) {
  board.end_overdue(core::monotonic_ns());
  const std::string_view path = target.substr(0, target.find('?'));
  const bool named = path.starts_with("/toxics/") && path.size() > 8;
  if (path == "/counters" || path == "/metrics") {
    if (method != "GET") return refusal(405, "only GET");
    if (path == "/counters") return {200, counters_json(board, on_messages)};
    return {200, metrics(board), "text/plain; version=0.0.4; charset=utf-8"};
  }
  if (path != "/toxics" && !named)
    return refusal(404, "there are /toxics, /toxics/NAME, /counters and /metrics");
  if (method == "DELETE") return take_away(board, named ? path.substr(8) : "");
  if (named) return refusal(405, "only DELETE");
  if (method == "POST") return order(board, on_messages, body);
  return method == "GET" ? ControlAnswer{200, list(board)} : refusal(405, "GET, POST or DELETE");
}

ProxyControl::ProxyControl(net::Loop& loop, int listening_fd, std::string_view token,
                           ProxyBoard& board, bool on_messages)
    : loop_(loop),
      listening_fd_(listening_fd),
      token_(token),
      board_(board),
      on_messages_(on_messages) {
  loop_.listen(listening_fd_, *this, 0);
}

ProxyControl::~ProxyControl() {
  loop_.stop_listening(listening_fd_);
  for (const auto& [tag, connection] : connections_)
    loop_.close(connection.stream, net::CloseMode::orderly);
}

void ProxyControl::on_accepted(core::Fd socket, std::uint64_t) {
  if (connections_.size() >= kProxyControlConnectionsMax) return;
  const std::uint64_t tag = next_tag_++;
  const net::StreamId stream = loop_.adopt(std::move(socket), *this, tag);
  connections_.emplace(tag,
                       Connection{{wire::HttpParser::Role::request, kRequestLimits}, stream, {}});
}

void ProxyControl::on_data(net::StreamId, std::uint64_t tag, std::span<char> bytes) {
  Connection& connection = connections_.at(tag);
  for (;;) {
    const auto step = connection.parser.step(bytes);
    bytes = bytes.subspan(step.consumed);
    if (step.event == Event::need_more) return connection.parser.retain();
    if (step.event == Event::body) connection.body.append(step.body.data(), step.body.size());
    if (step.event == Event::end) return answer(tag, answer_to(connection));
    if (step.event == Event::error)
      return answer(tag, refusal(400, wire::to_string(connection.parser.error())));
    if (step.event == Event::head) connection.parser.retain();
  }
}

void ProxyControl::on_closed(net::StreamId, std::uint64_t tag, net::CloseReason, int) {
  connections_.erase(tag);
}

ControlAnswer ProxyControl::answer_to(Connection& connection) {
  const wire::HttpHead& head = connection.parser.head();
  const std::string_view sent = head.value_of("authorization");
  if (!sent.starts_with(kBearer) || !same_secret(sent.substr(kBearer.size()), token_))
    return refusal(401, "the token is missing or wrong");
  return obey(board_, on_messages_, head.method, head.target, connection.body);
}

void ProxyControl::answer(std::uint64_t tag, const ControlAnswer& answer) {
  const net::StreamId stream = connections_.at(tag).stream;
  std::string& out = loop_.output(stream);
  wire::append_response_head(out, answer.status, answer.content_type, answer.body.size(),
                             "Connection: close\r\n");
  out += answer.body;
  loop_.close(stream, net::CloseMode::orderly);
  connections_.erase(tag);
}

}  // namespace gauntlet::chaos
