#include "chaos/link_emulator.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <tuple>

#include "stats/binomial.h"

namespace gauntlet::chaos {
namespace {

constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};
constexpr std::size_t kAnswerBytesMax = 192 * 1024;
constexpr double kConfidence = 0.9999;
constexpr const char* kRouting = "ipv4/ip_forward";
constexpr core::Nanos kMoment = core::kSecond / 4;
constexpr int kQuestionsBefore = 16;
constexpr int kQuestionsAtOnce = 4;
constexpr core::Nanos kBetweenQuestions = core::kSecond / 10;
constexpr double kAsidePrecision = 0.1;
constexpr double kAsideLessMs = 1, kAsideMoreMs = 10;

[[noreturn]] void be_the_link(int control) {
  setsid();  // the terminal's signals are for Gauntlet
  prctl(PR_SET_NAME, "gauntlet-link");
  net::close_all_but(control);
  const int null = open("/dev/null", O_RDWR);
  for (const int standard : {0, 1, 2}) dup2(null, standard);
  try {
    run_link_pump(control, link_ports());
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

core::Result<LinkFindings> read_answer(const std::string& answer) {
  LinkFindings found;
  if (answer.size() < sizeof found.report) return core::internal_error("the link emulator is gone");
  std::memcpy(&found.report, answer.data(), sizeof found.report);
  const std::string texts = answer.substr(sizeof found.report);
  const std::size_t end = texts.find('\n');
  if (texts.size() < 2) return found;
  auto forth = stats::Histogram::decode_v2_compressed_base64(texts.substr(0, end));
  auto back = stats::Histogram::decode_v2_compressed_base64(texts.substr(end + 1));
  if (!forth || !back) return core::internal_error("the link emulator speaks nonsense");
  found.delays = {std::move(*forth), std::move(*back)};
  return found;
}

}  // namespace

core::Result<std::unique_ptr<LinkEmulator>> LinkEmulator::start(const Lab& lab) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return std::unexpected(core::errno_error("socketpair"));
  std::unique_ptr<LinkEmulator> emulator(new LinkEmulator(lab));
  emulator->control_.reset(ends[0]);
  core::Fd theirs(ends[1]);
  setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  emulator->pid_ = net::fork_inside(lab.link());
  if (emulator->pid_ < 0) return std::unexpected(core::errno_error("start the link emulator"));
  if (emulator->pid_ == 0) be_the_link(theirs.get());
  theirs.reset();
  std::array<char, 256> word;
  const ssize_t got = recv(ends[0], word.data(), word.size(), 0);
  const std::string said(word.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (said != "ready")
    return core::internal_error("the link emulator did not start" +
                                (said.empty() ? said : ": " + said));
  if (auto off = lab.set(Place::link, kRouting, "0"); !off) return std::unexpected(off.error());
  return emulator;
}

LinkEmulator::~LinkEmulator() {
  if (pid_ <= 0) return;
  std::ignore = lab_.set(Place::link, kRouting, "1");
  control_.reset();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

core::Result<LinkFindings> LinkEmulator::ask(const LinkOrder& order) const {
  std::string answer(kAnswerBytesMax, '\0');
  ssize_t got = send(control_.get(), &order, sizeof order, MSG_NOSIGNAL);
  if (got > 0) got = recv(control_.get(), answer.data(), answer.size(), 0);
  answer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return read_answer(answer);
}

core::Result<LinkFindings> LinkEmulator::add(const LinkStage& stage) {
  auto found = ask({LinkOrder::Kind::add, stage});
  if (found && !found->report.in_force)
    return core::internal_error("the link has faults enough already");
  return found;
}

core::Result<LinkFindings> LinkEmulator::remove(std::uint64_t id) {
  return ask({LinkOrder::Kind::remove, {.id = id}});
}

core::Result<LinkFindings> LinkEmulator::report(std::uint64_t id) const {
  return ask({LinkOrder::Kind::report, {.id = id}});
}

namespace {

bool is_chance(double p) { return p >= 0 && p <= 1; }

core::Result<void> check(const LinkSettings& settings) {
  for (const double p : {settings.loss, settings.burst_enter, settings.burst_leave,
                         settings.duplicate, settings.reorder})
    if (!is_chance(p)) return core::usage_error("a chance must lie in 0-100%");
  if (settings.delay_ns < 0 || settings.jitter_ns < 0 || settings.reorder_by_ns < 0)
    return core::usage_error("a delay cannot be negative");
  return {};
}

// A rate and being held back delay without bound, and so does normal jitter.
bool is_bounded(const LinkSettings& ordered) {
  return ordered.bytes_per_s == 0 && ordered.reorder == 0 &&
         ordered.jitter == LinkSettings::Jitter::uniform;
}

// Whether what was applied lies within what was ordered, true to the histogram's hundredth: none is
// less, and most are not more (keeping the order adds to some, where another fault holds packets
// back).
bool within_order(const LinkSettings& ordered, const stats::Histogram& delays) {
  constexpr double kPrecision = 0.01;
  if (!is_bounded(ordered) || delays.empty()) return true;
  const double least_us = static_cast<double>(ordered.delay_ns - ordered.jitter_ns) / 1e3;
  const double most_us = static_cast<double>(ordered.delay_ns + ordered.jitter_ns) / 1e3;
  return static_cast<double>(delays.min_us()) >= least_us * (1 - kPrecision) - 1 &&
         delays.quantile_ms(0.5) * 1e3 <= most_us * (1 + kPrecision) + 1;
}

// Whether one direction shows each part of what was ordered.
bool as_ordered(const LinkSettings& ordered, const LinkCounts& counts,
                const stats::Histogram& delays) {
  if (ordered.burst_enter > 0 && counts.bursts == 0) return false;
  if (ordered.loss > 0 && ordered.burst_enter == 0 &&
      !stats::binomial_interval(counts.seen, ordered.loss, kConfidence).contains(counts.lost))
    return false;
  if (ordered.loss > 0 && counts.lost == 0) return false;
  if (ordered.duplicate > 0 && counts.duplicated == 0) return false;
  if (ordered.reorder > 0 && counts.held_back == 0) return false;
  const bool slows = ordered.delay_ns > 0 || ordered.jitter_ns > 0 || ordered.bytes_per_s > 0;
  if (!within_order(ordered, delays)) return false;
  return !slows || counts.overflowed > 0 || (counts.passed() > 0 && delays.max_us() > 0);
}

void tell(Evidence& found, const char* way, const LinkSettings& ordered, const LinkCounts& counts,
          const stats::Histogram& delays) {
  const auto fact = [&](const char* name, const std::string& value) {
    found.facts.emplace_back(fmt::format("{}_{}", name, way), value);
  };
  fact("packets_seen", std::to_string(counts.seen));
  fact("packets_passed", std::to_string(counts.passed()));
  fact("packets_lost", std::to_string(counts.lost));
  if (ordered.loss > 0 && ordered.burst_enter == 0) {
    const auto [lo, hi] = stats::binomial_interval(counts.seen, ordered.loss, kConfidence);
    fact("packets_lost_expected", fmt::format("{}-{}", lo, hi));
  }
  if (ordered.burst_enter > 0) fact("bursts", std::to_string(counts.bursts));
  if (ordered.duplicate > 0) fact("packets_duplicated", std::to_string(counts.duplicated));
  if (ordered.reorder > 0) fact("packets_held_back", std::to_string(counts.held_back));
  if (ordered.bytes_per_s > 0) fact("packets_overflowed", std::to_string(counts.overflowed));
  if (delays.empty()) return;
  fact("delay_ms_p50", fmt::format("{:.3f}", delays.quantile_ms(0.5)));
  fact("delay_ms_p99", fmt::format("{:.3f}", delays.quantile_ms(0.99)));
  fact("delay_ms_max", fmt::format("{:.3f}", delays.quantile_ms(1)));
}

// What is ordered to be added to a round trip; nothing where it is nothing, or has no bounds.
struct Added {
  double least_ms = 0, most_ms = 0;
};

std::optional<Added> added_to_round_trip(const LinkEffect& effect) {
  Added added;
  for (const LinkSettings& way : {effect.to_server, effect.to_load}) {
    if (!is_bounded(way)) return std::nullopt;
    added.least_ms += core::to_millis(std::max<core::Nanos>(0, way.delay_ns - way.jitter_ns));
    added.most_ms += core::to_millis(way.delay_ns + way.jitter_ns);
  }
  return added.most_ms > 0 ? std::optional(added) : std::nullopt;
}

}  // namespace

// From the client that it is for, where it is for one.
core::Result<void> LinkFault::open_side_probe() {
  if (!added_to_round_trip(effect_)) return {};
  auto probe =
      SideProbe::open(effect_.only_client.value_or(Lab::load_address()), Lab::server_address());
  if (!probe) return std::unexpected(probe.error());
  side_.emplace(std::move(*probe));
  return {};
}

core::Result<void> LinkFault::probe() {
  if (effect_.to_server == LinkSettings() && effect_.to_load == LinkSettings())
    return core::usage_error("nothing is asked of the link");
  if (auto ok = check(effect_.to_server); !ok) return ok;
  if (auto ok = check(effect_.to_load); !ok) return ok;
  const auto found = emulator_.report(0);
  return found ? open_side_probe() : std::unexpected(found.error());
}

core::Result<void> LinkFault::arm(core::Nanos ttl) {
  ttl_ = ttl;
  last_.reset();
  if (auto opened = open_side_probe(); !opened || !side_) return opened;
  const auto found = emulator_.report(0);
  if (!found) return std::unexpected(found.error());
  alone_ = found->report.stages == 0;
  side_->begin(kMoment);
  side_->converse(kQuestionsBefore, kMoment);
  const RoundTrips& before = side_->look();
  rtt_before_ms_.reset();
  if (!before.times.empty()) rtt_before_ms_ = before.times.quantile_ms(0);
  return {};
}

core::Result<void> LinkFault::start() {
  id_ = emulator_.next_id();
  const auto added =
      emulator_.add({.id = id_,
                     .settings = {effect_.to_server, effect_.to_load},
                     .seed = effect_.seed,
                     .only_client = effect_.only_client ? ipv4(*effect_.only_client) : 0,
                     .until_ns = core::monotonic_ns() + ttl_});
  if (!added) return std::unexpected(added.error());
  overtaken_before_ = added->report.overtaken;
  stopped_ = false;
  started_ns_ = core::monotonic_ns();
  if (side_) side_->begin(ttl_);
  look_aside();
  ask_aside();
  return {};
}

void LinkFault::look_aside() {
  if (!side_) return;
  aside_ = side_->look();
  looked_ns_ = core::monotonic_ns();
  if (last_) alone_ &= last_->report.stages <= 1;
}

void LinkFault::ask_aside() {
  if (!side_ || core::monotonic_ns() < asked_ns_ + kBetweenQuestions) return;
  asked_ns_ = core::monotonic_ns();
  side_->ask(kQuestionsAtOnce);
}

// The median's part beyond the least before has to lie in what was ordered, true to a tenth and to
// what busy machines do to a round trip. Beside another fault of the link it is the whole one, and
// has no most. An answer that could not have come yet shows nothing against it.
bool LinkFault::shown_aside() const {
  const auto ordered = added_to_round_trip(effect_);
  if (!ordered) return true;
  if (aside_.times.empty()) return core::to_millis(looked_ns_ - started_ns_) < ordered->most_ms;
  const bool compares = alone_ && rtt_before_ms_;
  const double added = aside_.times.quantile_ms(0.5) - (compares ? *rtt_before_ms_ : 0);
  return added >= ordered->least_ms * (1 - kAsidePrecision) - kAsideLessMs &&
         (!compares || added <= ordered->most_ms * (1 + kAsidePrecision) + kAsideMoreMs);
}

void LinkFault::tell_aside(Evidence& found) const {
  const auto ordered = added_to_round_trip(effect_);
  if (!ordered) return;
  const auto fact = [&](const char* name, const std::string& value) {
    found.facts.emplace_back(name, value);
  };
  const auto millis = [&](const char* name, double value) {
    fact(name, fmt::format("{:.3f}", value));
  };
  fact("side_probe_asked", std::to_string(aside_.asked));
  fact("side_probe_answered", std::to_string(aside_.times.count()));
  if (rtt_before_ms_) millis("rtt_ms_before", *rtt_before_ms_);
  if (!aside_.times.empty()) {
    millis("rtt_ms_min", aside_.times.quantile_ms(0));
    millis("rtt_ms_p50", aside_.times.quantile_ms(0.5));
    millis("rtt_ms_max", aside_.times.quantile_ms(1));
    if (alone_ && rtt_before_ms_)
      millis("rtt_added_ms_p50", aside_.times.quantile_ms(0.5) - *rtt_before_ms_);
  }
  fact("rtt_added_ms_ordered", fmt::format("{:g}-{:g}", ordered->least_ms, ordered->most_ms));
  if (!alone_) fact("rtt_beside", "another fault of the link");
}

Evidence LinkFault::evidence() {
  if (!stopped_) {
    if (auto found = emulator_.report(id_)) last_ = std::move(*found);
    look_aside();
    ask_aside();
  }
  if (!last_) return {};
  const LinkReport& report = last_->report;
  Evidence found;
  const auto nobody_else = [&](const LinkCounts& counts) { return counts.seen <= aside_.asked; };
  const bool none = std::ranges::all_of(report.counts, nobody_else);
  found.shown = !none && as_ordered(effect_.to_server, report.counts[0], last_->delays[0]) &&
                as_ordered(effect_.to_load, report.counts[1], last_->delays[1]) && shown_aside();
  tell(found, "to_server", effect_.to_server, report.counts[0], last_->delays[0]);
  tell(found, "to_load", effect_.to_load, report.counts[1], last_->delays[1]);
  found.facts.emplace_back("packets_overtaken",
                           std::to_string(report.overtaken - overtaken_before_));
  tell_aside(found);
  found.facts.emplace_back("emulator_missed", std::to_string(report.missed));
  found.facts.emplace_back("emulator_failed", std::to_string(report.failed));
  return found;
}

core::Result<void> LinkFault::stop() {
  if (stopped_) return {};
  look_aside();
  auto found = emulator_.remove(id_);
  if (!found) return std::unexpected(found.error());
  last_ = std::move(*found);
  stopped_ = true;
  return {};
}

// Packets that were held for a while leave when their time has come; until then there is a trace.
core::Result<void> LinkFault::verify_clean() {
  const auto found = emulator_.report(id_);
  if (!found) return std::unexpected(found.error());
  if (found->report.in_force) return core::internal_error("the link still has this fault");
  if (found->report.stages == 0 && found->report.held_now > 0)
    return core::internal_error(
        fmt::format("{} packets are still on their way", found->report.held_now));
  return {};
}

}  // namespace gauntlet::chaos
