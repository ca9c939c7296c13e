// The JSON writer of the data plane: appends text to a buffer, nothing else.
// It does not check structure; tests validate what comes out. Strings are escaped as RFC 8259 asks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gauntlet::json {

void append_string(std::string& out, std::string_view text);  // with quotes
void append_uint(std::string& out, std::uint64_t value);
void append_int(std::string& out, std::int64_t value);
void append_number(std::string& out, double value);  // shortest form that reads back the same

}  // namespace gauntlet::json
