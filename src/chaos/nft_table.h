// NftTable: one nftables table in one place of the lab, owned by us: the kernel removes it when
// this object or our process is gone, and lets nobody else change it. Belongs to one thread.
// The library waits for its socket with select(), which ends the process where the descriptor is
// 1024 or more: so open() comes before the load opens its connections, fill() whenever.
// Source: nft(8) (`flags owner`), libnftables.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "chaos/lab.h"
#include "core/result.h"

struct nft_ctx;

namespace gauntlet::chaos {

struct PacketCount {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

class NftTable {
 public:
  static core::Result<NftTable> open(const Lab& lab, Place place, const std::string& name);
  // Makes the table, anew where there was one; `body` is what stands between its braces.
  core::Result<void> fill(const std::string& body);

  // Orders in nft's language; `@@` stands for the table there.
  core::Result<void> order(const std::string& text);
  core::Result<PacketCount> counter(const std::string& name);
  core::Result<bool> has_elements(const std::string& set);
  core::Result<void> remove();

 private:
  struct Free {
    void operator()(nft_ctx* context) const;
  };
  NftTable(nft_ctx* context, std::string name) : context_(context), name_(std::move(name)) {}

  std::unique_ptr<nft_ctx, Free> context_;
  std::string name_;
  bool filled_ = false;
};

}  // namespace gauntlet::chaos
