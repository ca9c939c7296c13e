#include "main/run_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

#include "core/quantity.h"
#include "main/floor.h"
#include "record/prometheus.h"
#include "report/screen.h"
#include "run/fault_kind.h"
#include "run/slices.h"
#include "verdict/self_check.h"

namespace gauntlet::main {
namespace {

constexpr core::Nanos kStep = 50 * core::kMillisecond;
constexpr const char* kRtoMin = "ipv4/tcp_rto_min_us";
constexpr const char* kStockRtoMin = "200000";

run::Host describe_host() {
  const core::Machine machine = core::this_machine();
  return {.cpu_model = machine.cpu_model,
          .cores = machine.cores,
          .kernel = machine.kernel,
          .memory_bytes = machine.memory_bytes,
          .loop_backend = {}};
}

bool has_kind(const run::Plan& plan, bool (*is_that)(const run::Fault&)) {
  return std::ranges::any_of(plan.faults, is_that);
}

bool is_of_link(const run::Fault& fault) {
  const auto* kind = run::find_fault_kind(fault.kind);
  return kind != nullptr && kind->by_emulator;
}

}  // namespace

RunSession::RunSession(run::Plan plan, const RunOptions& options, std::vector<std::string> argv,
                       Stage& stage, Keeping keeping)
    : plan_(std::move(plan)),
      remaining_(plan_),
      options_(options),
      stage_(stage),
      keeping_(keeping),
      io_(*net::parse_io(options.io)),
      sampler_([this] { return target_pids(); }, [this] { return own_pids(); }),
      own_threads_(plan_),
      faults_(plan_, stage.journal()) {
  record_.run.id = stage.run_id();
  record_.run.repro = repro_line(argv, plan_.seed);
  record_.run.argv = std::move(argv);
  record_.run.started_at = core::wall_clock_iso8601();
  record_.host = describe_host();
}

void RunSession::say(const std::string& line) const {
  if (stage_.screen() != nullptr) stage_.screen()->tend();
  if (options_.quiet) return;
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

// What the lab needs for this plan; the emulator is forked, so before there are threads.
core::Result<void> RunSession::set_the_stage() {
  chaos::Lab* lab = stage_.lab();
  record_.lab = {.used = lab != nullptr, .reason = stage_.no_lab()};
  if (!stage_.no_lab().empty())
    say("no lab: " + stage_.no_lab() + "; what of its faults a proxy cannot do is skipped");
  if (lab == nullptr) return {};
  record_.lab.tcp = plan_.lab.tuned_tcp ? "tuned" : "stock";
  const std::string rto_min =
      plan_.lab.tuned_tcp ? chaos::tuned_tcp().front().second : kStockRtoMin;
  for (const auto place : {chaos::Place::load, chaos::Place::server}) {
    if (lab->set(place, kRtoMin, rto_min)) continue;
    record_.lab.tcp = "stock";  // this kernel has no such setting
  }
  for (int i = 0; i < chaos::Lab::kLoadAddresses; ++i)
    target_.sources.push_back(*net::Endpoint::tcp(chaos::Lab::load_address(i), 0));
  say(fmt::format("lab: load, link and server in network namespaces of their own, {} TCP",
                  record_.lab.tcp));
  if (!has_kind(plan_, is_of_link)) return {};
  stage_.rest_metrics();
  auto emulator = chaos::LinkEmulator::start(*lab);
  if (!emulator) return std::unexpected(emulator.error());
  emulator_ = std::move(*emulator);
  return {};
}

core::Result<void> RunSession::start_own_server() {
  const chaos::Lab* lab = stage_.lab();
  OwnServerOptions wanted{
      .transport = plan_.load.transport,
      .workers = plan_.load.workers,
      .io = io_,
      .failpoints = has_kind(plan_, [](const auto& fault) { return fault.kind == "failpoint"; }),
      .workers_die = has_kind(
          plan_,
          [](const auto& fault) { return fault.kind == "kill_worker" || fault.kind == "crash"; }),
      .folder = stage_.folder()};
  const bool could_go_on = keeping_.store != nullptr && keeping_.level == 0 && lab == nullptr;
  if (could_go_on && plan_.faults.empty()) wanted.keep = plan_.load.keep_server;
  if (lab != nullptr) wanted.inside = &lab->server();
  if (lab != nullptr) wanted.host = chaos::Lab::server_address();
  auto server = OwnServer::start(wanted);
  if (!server) return std::unexpected(server.error());
  own_server_ = std::move(*server);
  say(fmt::format("target: our own server, {} (pid {}), its flow control off", own_server_->url(),
                  own_server_->pid()));
  return {};
}

core::Result<void> RunSession::choose_target() {
  target_.headers = plan_.load.headers;
  if (!options_.command.empty() && options_.url.empty()) {
    target_.command = options_.command;
    return {};
  }
  std::string url = options_.url;
  if (url.empty() || url == "builtin") {
    if (!own_server_)
      if (auto started = start_own_server(); !started) return started;
    url = own_server_->url();
  }
  auto parsed = net::Url::parse(url);
  if (!parsed) return std::unexpected(parsed.error());
  target_.url = std::move(*parsed);
  return options_.command.empty() ? core::Result<void>() : spawn();
}

// In the lab it is reached at another address (chaos/loopback_passage.h), and keeps its name.
core::Result<void> RunSession::spawn() {
  net::Endpoint& where = target_.url.endpoint;
  const chaos::Lab* lab = stage_.lab();
  if (lab != nullptr) where = *net::Endpoint::tcp(chaos::Lab::server_address(), where.port());
  auto server = SpawnedServer::start(options_.command, where, lab ? &lab->server() : nullptr);
  if (!server) return std::unexpected(server.error());
  spawned_.emplace(std::move(*server));
  say(fmt::format("target: {} (pid {}){}{}", options_.command.front(), spawned_->pid(),
                  lab != nullptr ? ", in the lab" : "",
                  options_.restart ? ", started again after a crash" : ""));
  return {};
}

// Our fault proxy, where the suite has faults for it. The target keeps its name.
core::Result<void> RunSession::stand_between() {
  const auto wants = [&](const run::Fault& fault) {
    return goes_by_proxy(fault, stage_.lab() != nullptr);
  };
  if (target_.is_stdio() || std::ranges::none_of(plan_.faults, wants)) return {};
  auto proxy = FaultProxy::start(target_.url, plan_.load.connections, plan_.seed);
  if (!proxy) return std::unexpected(proxy.error());
  for (const auto& fault : plan_.faults) {
    if (!wants(fault)) continue;
    if (const auto made = proxy->make(fault.id, toxic_for(fault)); !made)
      return core::usage_error(fmt::format("[[fault]] `{}`: {}", fault.id, made.error().text));
  }
  proxy_.emplace(std::move(*proxy));
  target_.url.endpoint = proxy_->where();
  say(fmt::format("between: our fault proxy on {} (pid {})", proxy_->where().text(),
                  proxy_->pid()));
  return {};
}

core::Result<void> RunSession::start_metrics() {
  if (const auto started = stage_.start_metrics(); !started) return started;
  if (const auto* metrics = stage_.metrics())
    say(fmt::format("live page: http://{0}/, metrics: http://{0}/metrics",
                    metrics->where().text()));
  return {};
}

core::Result<void> RunSession::meet_target() {
  const auto wanted = wanted_revision(plan_.load.protocol);
  if (!wanted) return std::unexpected(wanted.error());
  if (!record::valid_metrics_prefix(options_.metrics_prefix))
    return core::usage_error("--metrics-prefix: a letter or _, then letters, digits and _");
  if (auto set = set_the_stage(); !set) return set;
  if (auto started = start_metrics(); !started) return started;
  if (auto chosen = choose_target(); !chosen) return chosen;
  if (!target_.is_stdio() && !target_.url.endpoint.is_unix() && target_.url.endpoint.is_loopback())
    listener_ = core::tcp_listener(target_.url.endpoint.port());
  if (auto between = stand_between(); !between) return between;
  if (auto told = find_gauges(); !told) return told;
  auto introduction = load::probe(target_, *wanted, plan_.load);
  if (!introduction) return std::unexpected(introduction.error());
  introduction_ = std::move(*introduction);
  target_.revision = introduction_.revision;
  say(fmt::format("meets: {} {}, MCP {} over {}",
                  introduction_.server_name.empty() ? "a server" : introduction_.server_name,
                  introduction_.server_version, mcp::name_of(introduction_.revision),
                  target_.transport_name()));
  return find_floor();
}

void RunSession::take_target(RunSession& before) {
  own_server_ = std::move(before.own_server_);
  before.own_server_.reset();
  spawned_ = std::move(before.spawned_);
  before.spawned_.reset();
  proxy_ = std::move(before.proxy_);
  before.proxy_.reset();
  target_ = before.target_;
  introduction_ = before.introduction_;
  listener_ = before.listener_;
}

core::Result<void> RunSession::find_gauges() {
  if (plan_.load.target_metrics.empty()) {
    const bool asked_for = own_server_ && run::is_soak(plan_) && stage_.lab() == nullptr;
    if (asked_for) gauges_.look_at(own_server_->metrics());
    return {};
  }
  const auto where = net::Endpoint::parse(plan_.load.target_metrics);
  if (!where) return core::usage_error("target_metrics: " + where.error().text);
  gauges_.look_at(*where);
  return {};
}

// Only where the target is on this machine: elsewhere another machine's floor would count.
core::Result<void> RunSession::find_floor() {
  const auto& load = plan_.load;
  if (!went_.empty()) return {};  // it was looked for when the run began
  const bool is_here =
      !target_.is_stdio() && (target_.url.endpoint.is_unix() || target_.url.endpoint.is_loopback());
  if (load.floor == 0 || !is_here) return {};
  std::string message;
  load::prepare_operations(plan_, target_).front().append(message, "", 0, 0);
  const bool is_unix = target_.url.endpoint.is_unix();
  const auto floor = floor_here({.connections = load.connections,
                                 .burst = load.burst,
                                 .message_bytes = message.size(),
                                 .length = load.floor,
                                 .io = io_},
                                is_unix ? "unix" : "tcp");
  if (!floor) return std::unexpected(floor.error());
  record_.floor = {floor->messages_per_s, floor->burst_p50_ms, floor->burst_p99_ms, message.size()};
  say(fmt::format("floor: {} echoed in bursts of {} x {} bytes",
                  core::format_rate(floor->messages_per_s), load.burst, message.size()));
  return {};
}

FaultTarget RunSession::what_to_hit() {
  FaultTarget target{.server = own_server_ ? &*own_server_ : nullptr,
                     .spawned = spawned_ ? &*spawned_ : nullptr,
                     .proxy = proxy_ ? &*proxy_ : nullptr,
                     .connections = plan_.load.connections,
                     .context = {stage_.warden(), stage_.lab(), emulator_.get()},
                     .no_lab = stage_.no_lab().empty() ? "none was asked for" : stage_.no_lab()};
  if (!target_.is_stdio()) target.processes = target_pids();
  if (!target_.is_stdio() && !target_.url.endpoint.is_unix())
    target.port = target_.url.endpoint.port();
  return target;
}

core::Result<void> RunSession::open_connections(core::Nanos grace) {
  faults_.arm(plan_, what_to_hit());
  started_ = core::monotonic_ns();
  engine_ = std::make_unique<load::Engine>(remaining_, target_, io_);
  record_.host.loop_backend = engine_->loop_backend();
  recorder_.emplace(plan_, engine_->threads());
  const core::Nanos limit = started_ + plan_.load.ramp + grace;
  while (engine_->ready() < plan_.load.connections && core::monotonic_ns() < limit &&
         !interrupt_.requested()) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(kStep));
  }
  const core::Nanos opened = core::monotonic_ns() - started_;
  if (went_.empty()) record_.opened_s = core::to_seconds(opened);
  say(fmt::format("connections: {} of {} ready after {}", engine_->ready(), plan_.load.connections,
                  core::format_duration(opened)));
  if (engine_->ready() > 0 || interrupt_.requested()) return {};
  return core::unreachable_error("not one connection to " + target_.text() + " could be opened");
}

void RunSession::drive() {
  ticks_before_ = core::cpu_ticks();
  record_.connections_peak = std::max(record_.connections_peak, engine_->ready());
  engine_->begin();
  note_begin();
  describe();
  if (keeping_.store != nullptr)
    keep(keeping_.store->begin(keeping_.level, record_, keeping_.whole));
  leaves_server_ = keeping_.store != nullptr;
  while (!engine_->finished()) {
    step();
    if (interrupt_.requested() && !record_.interrupted) {
      record_.interrupted = true;
      engine_->stop();
    }
    std::this_thread::sleep_for(std::chrono::nanoseconds(kStep));
  }
  step();
  if (recorder_->finish()) show_second();
  if (stage_.screen() != nullptr) stage_.screen()->leave();
}

void RunSession::step() {
  const core::Nanos now = core::monotonic_ns();
  const double t = load_s(now);
  sampler_.tick(now, t);
  gauges_.tick(now, t);
  own_threads_.tick(t - record_.gaps_s(0, t));
  faults_.tick(now, engine_->load_start());
  note_target_exit();
  if (stage_.screen() != nullptr) stage_.screen()->tend();
  bool closed = false;
  engine_->collect([&](std::size_t thread, const run::Snapshot& snapshot) {
    closed |= recorder_->add(thread, snapshot);
  });
  if (closed) show_second();
}

void RunSession::show_second() {
  keep_second();
  publish_metrics();
  publish_live();
  show_view();
}

// "" where it is no climb.
std::string RunSession::level_text() const {
  if (keeping_.level == 0) return "";
  const auto& levels = keeping_.whole->levels;
  return fmt::format("level {} of {}: {}", keeping_.level, levels.size(),
                     levels.at(static_cast<std::size_t>(keeping_.level) - 1).name);
}

void RunSession::show_view() {
  if (stage_.screen() == nullptr) return;
  const auto* metrics = stage_.metrics();
  const double t = recorder_->seconds().back().t;
  const auto faults = active_faults(t);
  stage_.screen()->show(
      {.plan = plan_,
       .seconds = recorder_->seconds(),
       .counts = recorder_->totals().counts,
       .faults = faults,
       .level = level_text(),
       .target = target_.text(),
       .page = metrics == nullptr ? "" : fmt::format("http://{}/", metrics->where().text()),
       .gaps_s = record_.gaps_s(0, t),
       .lag_allowed_ms = verdict::allowed_lag_ms(plan_)});
}

void RunSession::publish_metrics() {
  auto* metrics = stage_.metrics();
  if (metrics == nullptr) return;
  const double t = recorder_->seconds().empty() ? 0 : recorder_->seconds().back().t;
  metrics->publish(record::prometheus_text({.plan = plan_,
                                            .recorder = *recorder_,
                                            .target_memory_mb = sampler_.latest_mb(),
                                            .active_faults = active_faults(t)},
                                           options_.metrics_prefix));
}

// Only who listens costs more than the heat map's next column.
void RunSession::publish_live() {
  auto* metrics = stage_.metrics();
  if (metrics == nullptr) return;
  const auto& histograms = recorder_->histograms();
  const bool first = !live_;
  if (first) {
    live_.emplace(record_, level_text());
    for (std::size_t i = 0; i + 1 < histograms.size(); ++i) live_->add(histograms[i]);
  }
  live_->add(histograms.back());
  if (!metrics->has_listeners()) return;
  const auto& totals = recorder_->totals();
  const report::LiveState state = {.seconds = recorder_->seconds(),
                                   .memory = sampler_.memory(),
                                   .cores = sampler_.cores(),
                                   .counts = totals.counts,
                                   .response = totals.response,
                                   .service = totals.service};
  if (first) return metrics->publish_history(live_->history(state));
  metrics->publish_second(live_->second(state),
                          metrics->wants_history() ? live_->history(state) : "");
}

// A fault that cuts connections is felt until its victims are back.
std::vector<std::string> RunSession::active_faults(double t) const {
  std::vector<std::string> active = faults_.active(core::monotonic_ns());
  if (recorder_->seconds().empty() || recorder_->seconds().back().victims_waiting == 0)
    return active;
  auto latest = run::latest_fault(plan_, "disconnect", t);
  if (!latest.empty()) active.push_back(std::move(latest));
  return active;
}

// An end that no crash of ours explains is the target's own, and stays.
void RunSession::note_spawned_exit() {
  const auto exit = spawned_->poll_exit();
  if (!exit || record_.target_exited) return;
  const bool asked_for = options_.restart && restarts_ < faults_.crashes();
  if (asked_for && spawned_->start_again()) {
    ++restarts_;
    return;
  }
  record_.target_exited = true;
  record_.target_exit = *exit;
}

void RunSession::note_target_exit() {
  if (spawned_) return note_spawned_exit();
  if (!own_server_ || record_.target_exited) return;
  if (const auto exit = own_server_->poll_exit()) {
    record_.target_exited = true;
    record_.target_exit = *exit;
  }
}

std::vector<pid_t> RunSession::target_pids() const {
  if (own_server_) return {own_server_->pid()};
  if (spawned_) return {spawned_->pid()};
  if (listener_) return {*listener_};
  if (target_.is_stdio() && engine_) return engine_->child_pids();
  return {};
}

// Beside our own threads: what of the generator is a process of its own.
std::vector<pid_t> RunSession::own_pids() const {
  std::vector<pid_t> pids;
  if (proxy_) pids = core::process_tree(std::array{proxy_->pid()});
  if (emulator_) pids.push_back(emulator_->pid());
  return pids;
}

}  // namespace gauntlet::main
