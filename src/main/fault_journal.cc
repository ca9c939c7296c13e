#include "main/fault_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "core/clock.h"

namespace gauntlet::main {

core::Result<void> FaultJournal::note(std::string_view event, const run::Fault& fault,
                                      std::uint32_t occurrence, std::string_view detail) {
  const auto path = folder_ / "faults.jsonl";
  if (!file_.valid()) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    file_ = core::Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!file_.valid()) return std::unexpected(core::errno_error(path.string()));
  }
  boost::json::object line = {{"at", core::wall_clock_iso8601()},
                              {"event", event},
                              {"fault", fault.id},
                              {"kind", fault.kind},
                              {"occurrence", occurrence}};
  if (!detail.empty()) line["detail"] = detail;
  const std::string text = boost::json::serialize(line) + "\n";
  if (write(file_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fdatasync(file_.get()) != 0)
    return std::unexpected(core::errno_error(path.string()));
  return {};
}

}  // namespace gauntlet::main
