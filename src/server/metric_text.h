// What metrics are written with: Prometheus' text format (0.0.4), appended a line at a time.
#pragma once

#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace gauntlet::server {

// `type` is counter, gauge or histogram; the samples follow.
inline void describe(std::string& out, std::string_view name, std::string_view type,
                     std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

template <typename Number>
void sample(std::string& out, std::string_view name, Number value) {
  fmt::format_to(std::back_inserter(out), "{} {}\n", name, value);
}

// `text` is the label's value: nothing in it needs an escape.
template <typename Label, typename Number>
void labelled(std::string& out, std::string_view name, std::string_view label, const Label& text,
              Number value) {
  fmt::format_to(std::back_inserter(out), "{}{{{}=\"{}\"}} {}\n", name, label, text, value);
}

}  // namespace gauntlet::server
