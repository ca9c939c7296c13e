#include "chaos/disconnect_fault.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <sstream>
#include <utility>

#include "chaos/netlink.h"
#include "core/fd.h"
#include "core/random.h"
#include "net/endpoint.h"

namespace gauntlet::chaos {
namespace {

constexpr std::uint32_t kEstablished = 1;  // TCP_ESTABLISHED

using Socket = std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)>;
using Ids = std::vector<inet_diag_sockid>;

inet_diag_req_v2* put_request(char* buffer, std::uint16_t type, std::uint16_t flags) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer);
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  auto* request =
      static_cast<inet_diag_req_v2*>(mnl_nlmsg_put_extra_header(header, sizeof(inet_diag_req_v2)));
  request->sdiag_family = AF_INET;
  request->sdiag_protocol = IPPROTO_TCP;
  request->idiag_states = 1U << kEstablished;
  return request;
}

int keep(const nlmsghdr* header, void* ids) {
  const auto* found = static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(header));
  static_cast<Ids*>(ids)->push_back(found->id);
  return MNL_CB_OK;
}

// Sends what lies in the buffer and reads answers until the kernel says that they are all.
bool transact(mnl_socket* socket, const char* buffer, int (*each)(const nlmsghdr*, void*),
              void* data) {
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer);
  if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0) return false;
  std::vector<char> answer(64 * 1024);
  for (;;) {
    const ssize_t got = mnl_socket_recvfrom(socket, answer.data(), answer.size());
    if (got < 0) return false;
    const int more = mnl_cb_run(answer.data(), static_cast<std::size_t>(got), 0,
                                mnl_socket_get_portid(socket), each, data);
    if (more <= MNL_CB_STOP) return more == MNL_CB_STOP;
  }
}

core::Result<Socket> open_diag() {
  Socket socket(mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC), &mnl_socket_close);
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0)
    return std::unexpected(core::errno_error("sock_diag"));
  return socket;
}

// The clients' ends of the server's connections in this network.
core::Result<Ids> connections(mnl_socket* socket, const DisconnectTarget& target) {
  alignas(8) std::array<char, 512> buffer{};
  put_request(buffer.data(), SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
  Ids ids;
  if (!transact(socket, buffer.data(), keep, &ids))
    return std::unexpected(core::errno_error("sock_diag"));
  const std::uint32_t client = target.only_client ? ipv4(*target.only_client) : 0;
  std::erase_if(ids, [&](const inet_diag_sockid& id) {
    return ntohs(id.idiag_dport) != target.port || (client != 0 && id.idiag_src[0] != client);
  });
  return ids;
}

bool destroy(mnl_socket* socket, const inet_diag_sockid& id) {
  alignas(8) std::array<char, 512> buffer{};
  put_request(buffer.data(), SOCK_DESTROY, NLM_F_ACK)->id = id;
  return transact(socket, buffer.data(), nullptr, nullptr);
}

std::string text_of(const inet_diag_sockid& id) {
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, id.idiag_src, text.data(), text.size());
  return fmt::format("{}:{}", text.data(), ntohs(id.idiag_sport));
}

// The first `count` of a random order.
void draw(Ids& ids, std::size_t count, std::uint64_t seed) {
  core::Random random(seed);
  count = std::min(count, ids.size());
  for (std::size_t i = 0; i < count; ++i) std::swap(ids[i], ids[i + random.below(ids.size() - i)]);
  ids.resize(count);
}

}  // namespace

// The kernel looks at our rights once it has found the connection: so one of our own is destroyed.
core::Result<void> DisconnectFault::probe() {
  if (target_.port == 0) return core::usage_error("the server's port is missing");
  const auto listener = net::listen_on(*net::Endpoint::tcp("127.0.0.1", 0));
  if (!listener) return std::unexpected(listener.error());
  const auto there = net::local_endpoint(listener->get());
  const core::Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!there || connect(client.get(), there->address(), there->length()) != 0)
    return std::unexpected(core::errno_error("connect to ourselves"));
  const auto here = net::local_endpoint(client.get());
  inet_diag_sockid id{};
  id.idiag_sport = htons(here->port());
  id.idiag_dport = htons(there->port());
  id.idiag_src[0] = id.idiag_dst[0] = ipv4("127.0.0.1");
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  const auto socket = open_diag();
  if (!socket) return std::unexpected(socket.error());
  if (destroy(socket->get(), id)) return {};
  return std::unexpected(core::errno_error("SOCK_DESTROY"));
}

core::Result<void> DisconnectFault::arm(core::Nanos) {
  victims_.clear();
  before_ = read_counters();
  return {};
}

core::Result<void> DisconnectFault::start() {
  const auto socket = open_diag();
  if (!socket) return std::unexpected(socket.error());
  auto ids = connections(socket->get(), target_);
  if (!ids) return std::unexpected(ids.error());
  found_ = ids->size();
  if (target_.count > 0) draw(*ids, target_.count, target_.seed);
  for (const inet_diag_sockid& id : *ids) {
    if (destroy(socket->get(), id)) {
      victims_.push_back(text_of(id));
    } else if (errno != ENOENT) {  // ENOENT: it has ended since
      return std::unexpected(core::errno_error("SOCK_DESTROY"));
    }
  }
  return {};
}

// Of the network namespace that the calling thread is in.
DisconnectFault::Counters DisconnectFault::read_counters() {
  Counters counters;
  std::ifstream file("/proc/thread-self/net/snmp");
  std::string names, values;
  while (std::getline(file, names) && std::getline(file, values)) {
    if (!names.starts_with("Tcp:")) continue;
    std::istringstream name_words(names), value_words(values);
    for (std::string name, value; name_words >> name && value_words >> value;) {
      if (name == "EstabResets") counters.resets = std::stoull(value);
      if (name == "OutRsts") counters.sent = std::stoull(value);
    }
  }
  return counters;
}

Evidence DisconnectFault::evidence() {
  const Counters now = read_counters();
  const std::uint64_t resets = now.resets - before_.resets;
  return {.shown = !victims_.empty() && resets >= victims_.size(),
          .facts = {{"connections_found", std::to_string(found_)},
                    {"connections_destroyed", std::to_string(victims_.size())},
                    {"TcpEstabResets", std::to_string(resets)},
                    {"TcpOutRsts", std::to_string(now.sent - before_.sent)}}};
}

}  // namespace gauntlet::chaos
