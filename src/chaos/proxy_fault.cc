#include "chaos/proxy_fault.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <utility>

#include "chaos/proxy_control.h"

namespace gauntlet::chaos {
namespace {

constexpr useconds_t kSettlePause = 5'000;  // us

core::Error unanswered(const net::Endpoint& control) {
  return {core::ErrorKind::unreachable,
          fmt::format("the fault proxy does not answer on {}", control.text())};
}

std::string error_in(const std::string& body) {
  boost::system::error_code error;
  const auto json = boost::json::parse(body, error);
  const auto* const text =
      error || !json.is_object() ? nullptr : json.get_object().if_contains("error");
  return text != nullptr && text->is_string() ? std::string(text->get_string().c_str())
                                              : "it gave no reason";
}

core::Error refused(const std::string& body) {
  return {core::ErrorKind::usage, "the fault proxy refuses: " + error_in(body)};
}

bool shows_effect(const boost::json::object& counters) {
  const auto above_zero = [&](std::string_view name) {
    return counters.at(name).to_number<std::uint64_t>() > 0;
  };
  return above_zero("connections") || above_zero("messages");
}

}  // namespace

ProxyFault::ProxyFault(net::Endpoint control, std::string token, Toxic toxic)
    : control_(control), token_(std::move(token)), toxic_(toxic) {}

ProxyFault::~ProxyFault() {
  if (!started_) return;
  [[maybe_unused]] const auto stopped = stop();  // else its ttl ends it
}

core::Result<HttpAnswer> ProxyFault::order(const std::string& method, const std::string& path,
                                           const std::string& body) const {
  auto answer = ask(control_,
                    fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n"
                                "Content-Length: {}\r\n\r\n{}",
                                method, path, token_, body.size(), body),
                    kProxyAnswerPatience);
  return answer ? std::move(answer) : std::unexpected(unanswered(control_));
}

core::Result<boost::json::object> ProxyFault::counters() const {
  const auto answer = order("GET", "/counters");
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200) return std::unexpected(refused(answer->body));
  boost::system::error_code error;
  const auto json = boost::json::parse(answer->body, error);
  if (error || !json.is_object() || !json.get_object().contains("toxics"))
    return std::unexpected(unanswered(control_));
  return json.get_object();
}

boost::json::object ProxyFault::own(const boost::json::object& counters) const {
  for (const auto& toxic : counters.at("toxics").as_array())
    if (toxic.at("name").as_string() == toxic_.name()) return toxic.as_object();
  return {};
}

core::Result<void> ProxyFault::probe() {
  const auto all = counters();
  if (!all) return std::unexpected(all.error());
  const auto found = own(*all);
  if (!found.empty() && found.at("active").as_bool())
    return core::usage_error(
        fmt::format("the fault proxy has a toxic named '{}' in force", toxic_.name()));
  return check_fit(toxic_, all->at("understands_messages").as_bool());
}

core::Result<void> ProxyFault::arm(core::Nanos ttl) {
  if (ttl < core::kMillisecond) return core::usage_error("a toxic lasts one millisecond at least");
  toxic_.ttl_ns = ttl;
  return {};
}

core::Result<void> ProxyFault::start() {
  const auto answer = order("POST", "/toxics", boost::json::serialize(json_of(toxic_)));
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200) return std::unexpected(refused(answer->body));
  started_ = started_once_ = true;
  return {};
}

Evidence ProxyFault::evidence() {
  Evidence evidence;
  const auto all = counters();
  if (!all) {
    evidence.facts.emplace_back("error", all.error().text);
  } else if (const auto found = own(*all); started_once_ && !found.empty()) {
    evidence.shown = shows_effect(found);
    for (const auto& [name, value] : found)
      evidence.facts.emplace_back(name, value.is_string() ? std::string(value.as_string().c_str())
                                                          : boost::json::serialize(value));
  }
  return evidence;
}

core::Result<void> ProxyFault::stop() {
  const auto answer = order("DELETE", fmt::format("/toxics/{}", toxic_.name()));
  if (!answer) return std::unexpected(answer.error());
  started_ = false;
  const bool gone = answer->status == 200 || answer->status == 404;  // 404: its ttl was over
  if (!gone) return std::unexpected(refused(answer->body));
  return {};
}

core::Result<void> ProxyFault::verify_clean() {
  const core::Nanos limit = core::monotonic_ns() + kProxyAnswerPatience;
  for (;; usleep(kSettlePause)) {
    const auto all = counters();
    if (!all) return std::unexpected(all.error());
    const auto found = own(*all);
    if (!found.empty() && found.at("active").as_bool())
      return core::internal_error(fmt::format("the toxic '{}' is still in force", toxic_.name()));
    if (all->at("settled").as_bool()) return {};
    if (core::monotonic_ns() > limit)
      return core::internal_error("a process of the fault proxy has not noticed the toxic's end");
  }
}

}  // namespace gauntlet::chaos
