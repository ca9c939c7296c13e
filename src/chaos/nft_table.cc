#include "chaos/nft_table.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <nftables/libnftables.h>
#include <sys/select.h>

#include <cstdio>
#include <utility>

#include "core/fd.h"

namespace gauntlet::chaos {
namespace {

std::string first_line(const char* text) {
  const std::string all = text == nullptr ? "" : text;
  return all.substr(0, all.find('\n'));
}

bool select_can_wait_for_another() {
  const core::Fd next(open("/dev/null", O_RDONLY | O_CLOEXEC));
  return next.valid() && next.get() + 1 < FD_SETSIZE;
}

}  // namespace

void NftTable::Free::operator()(nft_ctx* context) const { nft_ctx_free(context); }

core::Result<NftTable> NftTable::open(const Lab& lab, Place place, const std::string& name) {
  if (!select_can_wait_for_another())
    return core::internal_error("nftables: too many descriptors are open already");
  nft_ctx* context = nullptr;  // its socket belongs to where it was made
  lab.in(place, [&] { context = nft_ctx_new(NFT_CTX_DEFAULT); });
  if (context == nullptr) return core::internal_error("nftables: no context");
  NftTable table(context, name);
  nft_ctx_buffer_output(context);
  nft_ctx_buffer_error(context);
  return table;
}

core::Result<void> NftTable::fill(const std::string& body) {
  if (std::exchange(filled_, true))
    if (auto removed = remove(); !removed) return removed;
  return order(fmt::format("table ip {} {{\n flags owner;\n{}}}\n", name_, body));
}

core::Result<void> NftTable::order(const std::string& text) {
  std::string named = text;
  for (std::size_t at = 0; (at = named.find("@@", at)) != std::string::npos;)
    named.replace(at, 2, "ip " + name_);
  if (nft_run_cmd_from_buffer(context_.get(), named.c_str()) == 0) return {};
  return core::internal_error("nftables: " + first_line(nft_ctx_get_error_buffer(context_.get())));
}

core::Result<PacketCount> NftTable::counter(const std::string& name) {
  auto listed = order(fmt::format("list counter @@ {}\n", name));
  if (!listed) return std::unexpected(listed.error());
  const std::string text = nft_ctx_get_output_buffer(context_.get());
  unsigned long long packets = 0, bytes = 0;
  const std::size_t at = text.find("packets ");
  if (at == std::string::npos ||
      std::sscanf(text.c_str() + at, "packets %llu bytes %llu", &packets, &bytes) != 2)
    return core::internal_error("nftables: no counter " + name);
  return PacketCount{packets, bytes};
}

core::Result<bool> NftTable::has_elements(const std::string& set) {
  auto listed = order(fmt::format("list set @@ {}\n", set));
  if (!listed) return std::unexpected(listed.error());
  return std::string(nft_ctx_get_output_buffer(context_.get())).contains("elements");
}

core::Result<void> NftTable::remove() { return order("delete table @@\n"); }

}  // namespace gauntlet::chaos
