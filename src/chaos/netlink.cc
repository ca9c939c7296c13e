#include "chaos/netlink.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "core/check.h"

namespace gauntlet::chaos {
namespace {

void put_port(nlmsghdr* header, const Port& port) {
  mnl_attr_put_strz(header, IFLA_IFNAME, port.name.c_str());
  mnl_attr_put(header, IFLA_ADDRESS, port.mac.size(), port.mac.data());
}

}  // namespace

std::uint32_t ipv4(const std::string& text) {
  in_addr address{};
  GAUNTLET_CHECK(inet_pton(AF_INET, text.c_str(), &address) == 1);
  return address.s_addr;
}

void Netlink::Close::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

core::Result<Netlink> Netlink::open() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
  if (socket == nullptr) return std::unexpected(core::errno_error("netlink"));
  Netlink netlink(socket);
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0)
    return std::unexpected(core::errno_error("netlink"));
  return netlink;
}

nlmsghdr* Netlink::message(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr* header = mnl_nlmsg_put_header(buffer_.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  return header;
}

core::Result<void> Netlink::send(const std::string& what) {
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer_.data());
  std::array<char, 4096> answer;
  ssize_t got = mnl_socket_sendto(socket_.get(), header, header->nlmsg_len);
  if (got >= 0) got = mnl_socket_recvfrom(socket_.get(), answer.data(), answer.size());
  if (got >= 0)
    got = mnl_cb_run(answer.data(), static_cast<std::size_t>(got), 0,
                     mnl_socket_get_portid(socket_.get()), nullptr, nullptr);
  if (got < 0) return std::unexpected(core::errno_error(what));
  return {};
}

core::Result<void> Netlink::add_wire(const Port& here, const Port& there, int there_fd) {
  nlmsghdr* header = message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg));
  put_port(header, here);
  nlattr* info = mnl_attr_nest_start(header, IFLA_LINKINFO);
  mnl_attr_put_str(header, IFLA_INFO_KIND, "veth");
  nlattr* data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
  nlattr* peer = mnl_attr_nest_start(header, VETH_INFO_PEER);
  mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg));
  put_port(header, there);
  mnl_attr_put_u32(header, IFLA_NET_NS_FD, static_cast<std::uint32_t>(there_fd));
  mnl_attr_nest_end(header, peer);
  mnl_attr_nest_end(header, data);
  mnl_attr_nest_end(header, info);
  return send("make a veth pair");
}

core::Result<void> Netlink::add_address(const std::string& port, const std::string& address,
                                        int prefix) {
  nlmsghdr* header = message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  auto* body = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifaddrmsg)));
  body->ifa_family = AF_INET;
  body->ifa_prefixlen = static_cast<std::uint8_t>(prefix);
  body->ifa_index = if_nametoindex(port.c_str());
  mnl_attr_put_u32(header, IFA_LOCAL, ipv4(address));
  mnl_attr_put_u32(header, IFA_ADDRESS, ipv4(address));
  return send("add the address " + address);
}

core::Result<void> Netlink::add_route(const std::string& network, int prefix,
                                      const std::string& gateway) {
  nlmsghdr* header = message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  auto* body = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(rtmsg)));
  body->rtm_family = AF_INET;
  body->rtm_dst_len = static_cast<std::uint8_t>(prefix);
  body->rtm_table = RT_TABLE_MAIN;
  body->rtm_protocol = RTPROT_STATIC;
  body->rtm_scope = RT_SCOPE_UNIVERSE;
  body->rtm_type = RTN_UNICAST;
  mnl_attr_put_u32(header, RTA_DST, ipv4(network));
  mnl_attr_put_u32(header, RTA_GATEWAY, ipv4(gateway));
  return send("add the route to " + network);
}

core::Result<void> Netlink::set_up(const std::string& port) {
  nlmsghdr* header = message(RTM_NEWLINK, 0);
  auto* body = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg)));
  body->ifi_index = static_cast<int>(if_nametoindex(port.c_str()));
  body->ifi_change = IFF_UP;
  body->ifi_flags = IFF_UP;
  return send("set up " + port);
}

}  // namespace gauntlet::chaos
