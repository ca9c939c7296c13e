// Result<T>: a value, or an Error that a user can read. Used wherever failure is expected.
// The kind of an Error decides the exit code of the program (see main/exit_code.h).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace gauntlet::core {

enum class ErrorKind : std::uint8_t {
  usage,        // the user's input is wrong: what, where, what to do
  unreachable,  // the target cannot be reached or does not speak MCP
  internal,     // the operating system or Gauntlet itself failed
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string text;  // one line, no trailing full stop or newline
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string text) {
  return std::unexpected(Error{kind, std::move(text)});
}
inline std::unexpected<Error> usage_error(std::string text) {
  return fail(ErrorKind::usage, std::move(text));
}
inline std::unexpected<Error> unreachable_error(std::string text) {
  return fail(ErrorKind::unreachable, std::move(text));
}
inline std::unexpected<Error> internal_error(std::string text) {
  return fail(ErrorKind::internal, std::move(text));
}

// "connect: Connection refused" for the current errno.
Error errno_error(std::string_view what);

}  // namespace gauntlet::core
