#include "main/last_words.h"

#include <filesystem>

#include "report/page.h"

namespace gauntlet::main {

void tell_page(record::MetricsServer* live, const run::Record& record, const run::Verdict& verdict,
               const RunOptions& options, bool more_runs) {
  namespace fs = std::filesystem;
  if (live == nullptr || !live->has_listeners()) return;
  std::error_code error;
  const auto report =
      fs::absolute(fs::path(options.results) / record.run.id / "report.html", error);
  const bool is_there = fs::exists(report, error);
  live->publish_history(
      report::last_document(record, verdict, is_there ? report.string() : "", more_runs));
}

}  // namespace gauntlet::main
