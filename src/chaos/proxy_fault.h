// ProxyFault: a toxic in a running fault proxy (`gauntlet proxy --control`) as a Fault. The proxy
// itself ends the toxic after its ttl; evidence are its exact counters. Each call is one short HTTP
// request on the control address, which gives up after kProxyAnswerPatience.
#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "chaos/ask.h"
#include "chaos/fault.h"
#include "chaos/proxy_toxic.h"
#include "net/endpoint.h"

namespace gauntlet::chaos {

inline constexpr core::Nanos kProxyAnswerPatience = 2 * core::kSecond;

class ProxyFault final : public Fault {
 public:
  ProxyFault(net::Endpoint control, std::string token, Toxic toxic);
  ~ProxyFault() override;
  ProxyFault(const ProxyFault&) = delete;
  ProxyFault& operator=(const ProxyFault&) = delete;

  core::Result<void> probe() override;
  core::Result<void> arm(core::Nanos ttl) override;
  core::Result<void> start() override;
  Evidence evidence() override;
  core::Result<void> stop() override;
  core::Result<void> verify_clean() override;

 private:
  core::Result<HttpAnswer> order(const std::string& method, const std::string& path,
                                 const std::string& body = {}) const;
  core::Result<boost::json::object> counters() const;
  // Of this toxic; empty where the proxy knows none of its name.
  boost::json::object own(const boost::json::object& counters) const;

  net::Endpoint control_;
  std::string token_;
  Toxic toxic_;
  bool started_ = false;       // and not stopped
  bool started_once_ = false;  // the counters are this fault's
};

}  // namespace gauntlet::chaos
