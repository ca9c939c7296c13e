#include "chaos/scrape.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "chaos/ask.h"

namespace gauntlet::chaos {
namespace {

constexpr core::Nanos kScrapeTimeout = 500 * core::kMillisecond;

// The value of "name{…} 12" or "name 12"; nothing for any other line.
std::optional<double> sample_of(std::string_view line, std::string_view name) {
  if (!line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  if (line.empty() || (line.front() != '{' && line.front() != ' ')) return std::nullopt;
  line.remove_prefix(line.rfind(' ') + 1);
  double value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<std::string> metrics_at(const net::Endpoint& http) {
  auto answer = ask(http, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", kScrapeTimeout);
  if (!answer || answer->status != 200) return std::nullopt;
  return std::move(answer->body);
}

std::optional<double> sum_of(std::string_view text, std::string_view metric) {
  std::optional<double> sum;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (const auto value = sample_of(text.substr(at, end - at), metric))
      sum = sum.value_or(0) + *value;
    at = end + 1;
  }
  return sum;
}

std::optional<double> metric_at(const net::Endpoint& http, std::string_view metric) {
  const auto text = metrics_at(http);
  return text ? sum_of(*text, metric) : std::nullopt;
}

}  // namespace gauntlet::chaos
