#include "record/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

namespace gauntlet::record {

namespace {

constexpr int kPagesPerCheckpoint = 4'000;  // 16 MB; a checkpoint syncs, and costs some ms

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(database.database_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                     nullptr);
  statement_.reset(statement);
}

void Statement::bind(int at, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), at, value);
}
void Statement::bind(int at, double value) { sqlite3_bind_double(statement_.get(), at, value); }
void Statement::bind(int at, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}
void Statement::bind_bytes(int at, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), at, bytes.data(), bytes.size(), SQLITE_STATIC);
}
void Statement::bind_null(int at) { sqlite3_bind_null(statement_.get(), at); }

core::Result<void> Statement::run() {
  const auto stepped = step();
  sqlite3_reset(statement_.get());
  if (!stepped) return std::unexpected(stepped.error());
  return {};
}

core::Result<bool> Statement::step() {
  if (!statement_) return std::unexpected(database_.error());
  const int status = sqlite3_step(statement_.get());
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  return std::unexpected(database_.error());
}

int Statement::columns() const { return sqlite3_column_count(statement_.get()); }

std::string_view Statement::name(int column) const {
  const char* name = sqlite3_column_name(statement_.get(), column);
  return name == nullptr ? "" : name;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::optional<std::int64_t> Statement::integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) return std::nullopt;
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<double> Statement::number(int column) const {
  const int type = sqlite3_column_type(statement_.get(), column);
  if (type != SQLITE_FLOAT && type != SQLITE_INTEGER) return std::nullopt;
  return sqlite3_column_double(statement_.get(), column);
}

std::optional<std::string_view> Statement::text(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_TEXT) return std::nullopt;
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return std::nullopt;
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return std::string_view(text, static_cast<std::size_t>(size));
}

std::optional<std::string_view> Statement::bytes(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_BLOB) return std::nullopt;
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return std::string_view(bytes, static_cast<std::size_t>(size));
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

core::Error Database::error() const {
  const int status = sqlite3_errcode(database_.get());
  const std::string file = path_.string();
  const char* text = sqlite3_errmsg(database_.get());
  switch (status) {
    case SQLITE_BUSY:
      return {core::ErrorKind::usage,
              file + ": in use: the run goes on, or another Gauntlet reads it"};
    case SQLITE_CORRUPT:
      return {core::ErrorKind::usage, fmt::format("{}: damaged: {}", file, text)};
    // What a query lacks: the tables are not ours.
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
    case SQLITE_TOOBIG:
      return {core::ErrorKind::usage, fmt::format("{}: not a store of Gauntlet's: {}", file, text)};
    default: return {core::ErrorKind::internal, fmt::format("{}: {}", file, text)};
  }
}

core::Result<void> Database::run(std::string_view sql) {
  const std::string text(sql);
  if (sqlite3_exec(database_.get(), text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return std::unexpected(error());
  return {};
}

core::Result<std::int64_t> Database::pragma(std::string_view name) {
  Statement statement(*this, fmt::format("PRAGMA {}", name));
  const auto row = statement.step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement.integer(0).value_or(0) : 0;
}

core::Result<void> Database::attach(int flags) {
  sqlite3* database = nullptr;
  const int status =
      sqlite3_open_v2(path_.c_str(), &database, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(database);
  if (status != SQLITE_OK)
    return core::usage_error(fmt::format("{}: {}", path_.string(), sqlite3_errstr(status)));
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, kValueBytesMax);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  return run("PRAGMA cell_size_check = 1; PRAGMA locking_mode = EXCLUSIVE");
}

core::Result<Database> Database::create(const std::filesystem::path& path) {
  if (std::filesystem::exists(path))
    return core::usage_error(fmt::format("{}: is there already", path.string()));
  Database database(path);
  auto done = database.attach(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (done) done = database.prepare_to_write();
  if (done)
    done = database.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                    kStoreMark, kStoreVersion));
  if (!done) return std::unexpected(done.error());
  return database;
}

core::Result<void> Database::prepare_to_write() {
  return run(fmt::format(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = {}",
      kPagesPerCheckpoint));
}

core::Result<void> Database::check_kind() {
  const auto mark = pragma("application_id");
  if (!mark) return std::unexpected(mark.error());
  if (*mark != kStoreMark)
    return core::usage_error(fmt::format("{}: not a store of Gauntlet's", path_.string()));
  const auto version = pragma("user_version");
  if (!version) return std::unexpected(version.error());
  if (*version != kStoreVersion)
    return core::usage_error(fmt::format("{}: a store of format {}; this Gauntlet reads format {}",
                                         path_.string(), *version, kStoreVersion));
  return {};
}

core::Result<Database> Database::open(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path))
    return core::usage_error(fmt::format("{}: there is no such file", path.string()));
  Database database(path);
  auto done = database.attach(SQLITE_OPEN_READWRITE);
  if (done) done = database.check_kind();
  if (!done) return std::unexpected(done.error());
  Statement check(database, "PRAGMA quick_check(1)");
  const auto row = check.step();
  if (!row) return std::unexpected(row.error());
  std::string_view said = *row ? check.text(0).value_or("unreadable") : "unreadable";
  if (said != "ok") {
    said.remove_prefix(said.find_last_of('\n') + 1);  // a headline comes first
    return core::usage_error(fmt::format("{}: damaged: {}", path.string(), said));
  }
  return database;
}

}  // namespace gauntlet::record
