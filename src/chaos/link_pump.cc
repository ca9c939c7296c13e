#include "chaos/link_pump.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

#include "chaos/packet_port.h"
#include "stats/histogram.h"

namespace gauntlet::chaos {
namespace {

constexpr std::size_t kSourceAt = kVirtioBytes + kEthernetBytes + 12;  // in a frame: IPv4 source
constexpr std::size_t kDestinationAt = kSourceAt + 4;
constexpr std::size_t kPortsAt = kDestinationAt + 4;  // both, of TCP and UDP
constexpr int kReadsPerTurn = 8;  // of one port, before the other one and the clock are looked at

// Every packet waits for this process, so it should not wait for a core; where we may not have
// that (only root may), other programs show in the tail of the link's delay.
void hurry() {
  constexpr int kNice = -15;
  prctl(PR_SET_TIMERSLACK, 1);
  std::ignore = setpriority(PRIO_PROCESS, 0, kNice);
}

// The connection that a packet belongs to, the same both ways; 0 for what has no ports.
std::size_t flow_of(std::span<const char> frame) {
  std::array<std::uint16_t, 2> ports{};
  if (frame.size() < kPortsAt + sizeof ports) return 0;
  std::memcpy(ports.data(), frame.data() + kPortsAt, sizeof ports);
  return static_cast<std::size_t>(ports[0] ^ ports[1]);
}

// One fault's part of the link.
struct Stage {
  explicit Stage(const LinkStage& asked)
      : plan(asked),
        models{LinkModel(asked.settings[0], asked.seed),
               LinkModel(asked.settings[1], ~asked.seed)} {}

  bool concerns(LinkWay way, std::span<const char> frame) const {
    if (plan.only_client == 0) return true;
    std::uint32_t client = 0;
    const std::size_t at = way == LinkWay::to_server ? kSourceAt : kDestinationAt;
    if (frame.size() < at + sizeof client) return false;
    std::memcpy(&client, frame.data() + at, sizeof client);
    return client == plan.only_client;
  }

  LinkStage plan;
  std::array<LinkModel, 2> models;
  std::array<stats::Histogram, 2> delays;
};

struct Held {
  core::Nanos due = 0;
  std::uint64_t number = 0;  // in the order of arrival
  LinkWay way{};
  std::vector<char> frame;

  bool operator>(const Held& other) const {
    return due != other.due ? due > other.due : number > other.number;
  }
};

class Pump {
 public:
  Pump(int control, const LinkPorts& ports, PacketPort load, PacketPort server)
      : control_(control), ports_(ports), sides_{std::move(load), std::move(server)} {}

  void run() {
    while (wait()) {
      for (const LinkWay way : {LinkWay::to_server, LinkWay::to_load}) take(way);
      send_due(core::monotonic_ns());
    }
  }

 private:
  // False when our owner is gone.
  bool wait() {
    std::array<pollfd, 3> fds{
        {{control_, POLLIN, 0}, {sides_[0].fd(), POLLIN, 0}, {sides_[1].fd(), POLLIN, 0}}};
    timespec left{};
    if (!held_.empty()) {
      const core::Nanos ns = std::max<core::Nanos>(0, held_.top().due - core::monotonic_ns());
      left = {.tv_sec = ns / core::kSecond, .tv_nsec = ns % core::kSecond};
    }
    if (ppoll(fds.data(), fds.size(), held_.empty() ? nullptr : &left, nullptr) < 0)
      return errno == EINTR;
    return fds[0].revents == 0 || obey();
  }

  // Packets of that way arrive at the near side and leave by the far one.
  PacketPort& near(LinkWay way) { return sides_[static_cast<std::size_t>(way)]; }
  PacketPort& far(LinkWay way) { return sides_[1 - static_cast<std::size_t>(way)]; }

  void take(LinkWay way) {
    for (int reads = 0; reads < kReadsPerTurn; ++reads) {
      const auto frames = near(way).receive();
      const core::Nanos now = core::monotonic_ns();
      for (const std::span<char> frame : frames) {
        readdress(way, frame);
        pass_stages(way, frame, now);
      }
      if (frames.size() < kFramesPerRead) return;
    }
  }

  // As a router does: to who is at the wire's other end, from our port there.
  void readdress(LinkWay way, std::span<char> frame) const {
    const bool forth = way == LinkWay::to_server;
    const MacAddress& to = forth ? ports_.server_mac : ports_.load_mac;
    const MacAddress& from = forth ? ports_.to_server.mac : ports_.to_load.mac;
    std::memcpy(&frame[kVirtioBytes], to.data(), to.size());
    std::memcpy(&frame[kVirtioBytes + to.size()], from.data(), from.size());
  }

  void pass_stages(LinkWay way, std::span<const char> frame, core::Nanos now) {
    const auto side = static_cast<std::size_t>(way);
    core::Nanos due = now;
    bool twice = false;
    for (const auto& stage : stages_) {
      if (now >= stage->plan.until_ns || !stage->concerns(way, frame)) continue;
      const auto fate = stage->models[side].meet(due, frame.size() - kVirtioBytes, flow_of(frame));
      if (!fate.passes) return;
      stage->delays[side].record_ns(fate.due - due);
      due = fate.due;
      twice |= fate.twice;
    }
    for (int copies = twice ? 2 : 1; copies > 0; --copies) send_or_hold(way, frame, due, now);
  }

  void send_or_hold(LinkWay way, std::span<const char> frame, core::Nanos due, core::Nanos now) {
    const std::uint64_t number = next_number_++;
    if (due <= now && (held_.empty() || held_.top().due > now)) return send(way, number, frame);
    if (held_bytes_ + frame.size() > kHeldBytesMax) {
      ++totals_.failed;
      return;
    }
    held_bytes_ += frame.size();
    held_.push({due, number, way, {frame.begin(), frame.end()}});
  }

  void send_due(core::Nanos now) {
    while (!held_.empty() && held_.top().due <= now) {
      const Held& next = held_.top();
      send(next.way, next.number, next.frame);
      held_bytes_ -= next.frame.size();
      held_.pop();
    }
  }

  void send(LinkWay way, std::uint64_t number, std::span<const char> frame) {
    std::uint64_t& latest = latest_[static_cast<std::size_t>(way)];
    if (number < latest) ++totals_.overtaken;
    latest = std::max(latest, number);
    ++(far(way).send(frame) ? totals_.forwarded : totals_.failed);
  }

  // One order, and its answer: a LinkReport, then the histograms.
  bool obey() {
    LinkOrder order;
    if (recv(control_, &order, sizeof order, 0) != sizeof order) return false;
    if (order.kind == LinkOrder::Kind::add && stages_.size() < kLinkStagesMax)
      stages_.push_back(std::make_unique<Stage>(order.stage));
    const auto found = std::ranges::find_if(
        stages_, [&](const auto& stage) { return stage->plan.id == order.stage.id; });
    Stage* stage = found == stages_.end() ? nullptr : found->get();
    const std::string answer = report(stage);
    if (order.kind == LinkOrder::Kind::remove && stage != nullptr) stages_.erase(found);
    return ::send(control_, answer.data(), answer.size(), MSG_NOSIGNAL) > 0;
  }

  std::string report(const Stage* stage) {
    for (PacketPort& side : sides_) totals_.missed += side.missed();
    LinkReport report = totals_;
    report.held_now = held_.size();
    report.stages = stages_.size();
    std::string histograms = "\n";
    if (stage != nullptr) {
      report.in_force = core::monotonic_ns() < stage->plan.until_ns;
      for (const std::size_t side : {0U, 1U}) report.counts[side] = stage->models[side].counts();
      histograms = stage->delays[0].encode_v2_compressed_base64() + "\n" +
                   stage->delays[1].encode_v2_compressed_base64();
    }
    return std::string(reinterpret_cast<const char*>(&report), sizeof report) + histograms;
  }

  int control_;
  LinkPorts ports_;
  std::array<PacketPort, 2> sides_;  // towards load, towards server
  std::vector<std::unique_ptr<Stage>> stages_;
  std::priority_queue<Held, std::vector<Held>, std::greater<>> held_;
  std::size_t held_bytes_ = 0;
  std::uint64_t next_number_ = 1;
  std::array<std::uint64_t, 2> latest_{};
  LinkReport totals_;
};

}  // namespace

void run_link_pump(int control_fd, const LinkPorts& ports) {
  hurry();
  auto load = PacketPort::open(ports.to_load);
  auto server = PacketPort::open(ports.to_server);
  const std::string word = load && server ? "ready" : (load ? server : load).error().text;
  if (send(control_fd, word.data(), word.size(), MSG_NOSIGNAL) < 0 || word != "ready") return;
  Pump(control_fd, ports, std::move(*load), std::move(*server)).run();
}

}  // namespace gauntlet::chaos
