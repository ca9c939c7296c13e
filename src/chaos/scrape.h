// Scrape: what a program tells at http://…/metrics, in Prometheus' text format. Waits for at most a
// moment. Whatever comes back is bounded, and a line that is none is passed over.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/endpoint.h"

namespace gauntlet::chaos {

// Nothing where it cannot be had, or is no whole answer of status 200.
std::optional<std::string> metrics_at(const net::Endpoint& http);

// The sum of a metric's samples over all labels; nothing where there is none.
std::optional<double> sum_of(std::string_view text, std::string_view metric);

// Both at once.
std::optional<double> metric_at(const net::Endpoint& http, std::string_view metric);

}  // namespace gauntlet::chaos
