// Database: a SQLite file as the store uses it: opened or made, statements bound and stepped.
// What SQLite says is wrong becomes one line with the file's name. One thread, and one process:
// whoever has the file open keeps all others out (locking_mode EXCLUSIVE), so a run that goes on is
// told from one that died. Files from elsewhere are not trusted: no schema of theirs runs code,
// values are bounded, and damage is an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace gauntlet::record {

inline constexpr std::int64_t kStoreMark = 0x476e746c;  // "Gntl", SQLite's application_id
inline constexpr std::int64_t kStoreVersion = 1;        // user_version
inline constexpr int kValueBytesMax = 256 * 1024 * 1024;

class Database;

// One prepared statement. Parameters and columns are numbered from 1 and from 0, as SQLite does.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  void bind(int at, std::int64_t value);
  void bind(int at, double value);
  void bind(int at, std::string_view text);         // borrowed until the next reset
  void bind_bytes(int at, std::string_view bytes);  // the same
  void bind_null(int at);

  // Runs a statement that gives no rows, and makes it ready to be bound anew.
  core::Result<void> run();
  // True where there is a row to be read.
  core::Result<bool> step();

  int columns() const;
  std::string_view name(int column) const;
  bool is_null(int column) const;
  // Nothing where the value is of another type.
  std::optional<std::int64_t> integer(int column) const;
  std::optional<double> number(int column) const;
  std::optional<std::string_view> text(int column) const;   // until the next step
  std::optional<std::string_view> bytes(int column) const;  // the same

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;  // null where the SQL is not accepted
};

class Database {
 public:
  // Makes a new file; it must not be there yet.
  static core::Result<Database> create(const std::filesystem::path& path);
  // Opens one that create() made, after a look through all of it. Errors: usage, in one line.
  static core::Result<Database> open(const std::filesystem::path& path);

  core::Result<void> run(std::string_view sql);
  // How a store is written: create() has done so.
  core::Result<void> prepare_to_write();
  // Everything that `work` writes, or nothing of it.
  template <typename Work>
  core::Result<void> transaction(Work work) {
    auto done = run("BEGIN");
    if (done) done = work();
    if (done) done = run("COMMIT");
    if (!done && !run("ROLLBACK")) return done;  // SQLite has done so already
    return done;
  }

  core::Error error() const;  // SQLite's latest
  const std::filesystem::path& path() const { return path_; }

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* database) const;
  };

  explicit Database(std::filesystem::path path) : path_(std::move(path)) {}
  core::Result<void> attach(int flags);
  core::Result<void> check_kind();
  core::Result<std::int64_t> pragma(std::string_view name);

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace gauntlet::record
