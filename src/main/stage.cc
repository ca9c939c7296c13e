#include "main/stage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "chaos/loopback_passage.h"
#include "core/clock.h"
#include "core/random.h"
#include "main/fault_maker.h"
#include "main/own_server.h"
#include "net/endpoint.h"
#include "report/page.h"
#include "run/fault_kind.h"

namespace gauntlet::main {
namespace {

constexpr std::size_t kRunIdSeedDigits = 8;
constexpr core::Nanos kAtTheEnd = INT64_MAX / 2;  // not before we are gone

std::string make_run_id(const run::Plan& plan) {
  std::uint64_t state = plan.seed ^ static_cast<std::uint64_t>(core::monotonic_ns());
  const std::string digits = fmt::format("{:016x}", core::split_mix_64(state));
  return fmt::format("{}-{}-{}", core::wall_clock_compact(), plan.suite,
                     digits.substr(0, kRunIdSeedDigits));
}

bool could_use_lab(const run::Plan& plan) {
  return plan.lab.tuned_tcp || std::ranges::any_of(plan.faults, [](const run::Fault& fault) {
           const auto* kind = run::find_fault_kind(fault.kind);
           return kind != nullptr && kind->in_lab;
         });
}

// Where a command's server listens, in the lab too; 0 where there is no such server.
std::uint16_t loopback_port(const RunOptions& options) {
  if (options.command.empty()) return 0;
  const auto url = net::Url::parse(options.url);
  return url && url->endpoint.text().starts_with("127.0.0.1:") ? url->endpoint.port() : 0;
}

// "" where what is to be loaded can be started in the lab.
std::string why_outside(const RunOptions& options) {
  const bool own = options.command.empty() && (options.url.empty() || options.url == "builtin");
  if (own || loopback_port(options) != 0) return "";
  if (options.command.empty())
    return "only what Gauntlet starts itself is in it, and this target it did not";
  if (options.url.empty()) return "what a command says on stdio travels over no network";
  return "a command's server is reached there at 127.0.0.1 alone, and its URL says otherwise";
}

core::Result<std::optional<chaos::NftTable>> lay_passage(const chaos::Lab& lab,
                                                         std::uint16_t port) {
  if (port == 0) return std::nullopt;
  return chaos::open_loopback_passage(lab, port);
}

core::Result<void> lab_works(std::uint16_t port) {
  return chaos::Lab::try_apart([port]() -> core::Result<void> {
    const auto lab = chaos::Lab::enter({});
    if (!lab) return std::unexpected(lab.error());
    const auto passage = lay_passage(**lab, port);
    return passage ? core::Result<void>() : std::unexpected(passage.error());
  });
}

}  // namespace

Stage::Stage(const std::string& run_id, const RunOptions& options)
    : run_id_(run_id),
      folder_(std::filesystem::absolute(options.results) / run_id_),
      journal_(folder_),
      store_(std::filesystem::absolute(options.results)) {}

core::Result<std::unique_ptr<Stage>> Stage::prepare(const run::Plan& plan,
                                                    const RunOptions& options,
                                                    const std::string& run_id) {
  std::unique_ptr<Stage> stage(new Stage(run_id.empty() ? make_run_id(plan) : run_id, options));
  if (std::ranges::any_of(plan.faults, needs_warden)) stage->start_warden();
  if (auto opened = stage->open_metrics(plan, options); !opened)
    return std::unexpected(opened.error());
  if (auto entered = stage->enter_lab(plan, options); !entered)
    return std::unexpected(entered.error());
  return stage;
}

// Without one, no fault that needs it begins. It also removes what a killed server leaves.
void Stage::start_warden() {
  auto warden = chaos::Warden::start();
  if (!warden) return;
  warden_.emplace(std::move(*warden));
  std::ignore = warden_->note(
      chaos::Undo::command(fmt::format("rm -f {}", fmt::join(own_server_files(), " "))), kAtTheEnd);
}

core::Result<void> Stage::open_metrics(const run::Plan& plan, const RunOptions& options) {
  if (options.metrics_listen.empty() && plan.metrics_port == 0) return {};
  const std::string where = options.metrics_listen.empty()
                                ? fmt::format("127.0.0.1:{}", plan.metrics_port)
                                : options.metrics_listen;
  const auto endpoint = net::Endpoint::parse(where);
  if (!endpoint) return core::usage_error("--metrics-listen: " + endpoint.error().text);
  auto listener = record::MetricsServer::listen(*endpoint);
  if (!listener) return std::unexpected(listener.error());
  metrics_listener_ = std::move(*listener);
  return {};
}

core::Result<void> Stage::start_metrics() {
  if (metrics_) metrics_->go_on();
  if (metrics_ || !metrics_listener_.valid()) return {};
  auto server = record::MetricsServer::start(std::move(metrics_listener_));
  if (!server) return std::unexpected(server.error());
  metrics_ = std::move(*server);
  metrics_->show_page(report::live_page());
  return {};
}

void Stage::rest_metrics() {
  if (metrics_) metrics_->rest();
}

// Tried in a process of its own first: one that fails to enter is not where it was before.
core::Result<void> Stage::enter_lab(const run::Plan& plan, const RunOptions& options) {
  const bool demanded = plan.lab.use == run::LabUse::on;
  if (!demanded && !could_use_lab(plan)) return {};
  no_lab_ = plan.lab.use == run::LabUse::off ? "it is off" : why_outside(options);
  const std::uint16_t port = loopback_port(options);
  if (no_lab_.empty())
    if (const auto possible = lab_works(port); !possible) no_lab_ = possible.error().text;
  if (demanded && !no_lab_.empty()) return core::usage_error("no lab: " + no_lab_);
  if (!no_lab_.empty()) return {};
  if (options.repeat > 1)
    return core::usage_error(
        "--repeat: this suite's faults need a lab, which a process enters once; run it so many "
        "times");
  auto lab = chaos::Lab::enter({});
  if (!lab) return std::unexpected(lab.error());
  lab_ = std::move(*lab);
  auto passage = lay_passage(*lab_, port);
  if (!passage) return std::unexpected(passage.error());
  passage_ = std::move(*passage);
  return {};
}

}  // namespace gauntlet::main
