#include "report/files.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <string>

#include "core/fd.h"
#include "report/junit.h"
#include "report/page.h"
#include "report/scaling_svg.h"
#include "report/summary_json.h"
#include "run/measured.h"

namespace gauntlet::report {

namespace {

core::Result<void> write_all(int fd, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return std::unexpected(core::errno_error(name));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

core::Result<void> write_whole_file(const std::filesystem::path& path, std::string_view text) {
  const std::string beside = path.string() + ".part";
  core::Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return std::unexpected(core::errno_error(beside));
  auto written = write_all(fd.get(), text, beside);
  if (written && ::fsync(fd.get()) != 0) written = std::unexpected(core::errno_error(beside));
  if (written && ::rename(beside.c_str(), path.c_str()) != 0) {
    written = std::unexpected(core::errno_error(path.string()));
  }
  if (!written) ::unlink(beside.c_str());
  return written;
}

core::Result<void> write_reports(const std::filesystem::path& folder, const run::Record& record,
                                 const run::Verdict& verdict, int exit_code) {
  auto done = write_whole_file(folder / "summary.json", summary_json(record, verdict, exit_code));
  if (done) done = write_whole_file(folder / "junit.xml", junit_xml(record, verdict));
  if (done) done = write_whole_file(folder / "report.html", report_page(record, verdict));
  if (!done || record.levels.empty() || run::are_scenarios(record)) return done;
  const auto svg = scaling_svg(record.plan.suite + ": " + record.run.id, record.levels);
  return write_whole_file(folder / "scaling.svg", svg);
}

core::Result<std::filesystem::path> write_results(const std::filesystem::path& results,
                                                  const run::Record& record,
                                                  const run::Verdict& verdict, int exit_code) {
  auto folder = results / record.run.id;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return core::internal_error(fmt::format("{}: {}", folder.string(), error.message()));
  if (auto done = write_reports(folder, record, verdict, exit_code); !done)
    return std::unexpected(done.error());
  return folder;
}

}  // namespace gauntlet::report
