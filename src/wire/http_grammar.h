// The lines of an HTTP/1.1 head, and what they mean together (RFC 9112 sections 2 to 6).
//
// Each parser takes one line that begins at `from`; views it stores point into it. A line is good
// only with its CRLF before `end`: whether a bad one is merely unfinished is for the caller to see.
// Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "wire/http.h"

namespace gauntlet::wire {

struct ParsedLine {
  const char* next = nullptr;  // behind the line's LF; nullptr where the line is bad
  HttpError error = HttpError::none;
};

// ASCII letters only: names and tokens are nothing else.
bool equal_ignoring_case(std::string_view left, std::string_view right);

constexpr bool crlf_at(const char* from, const char* end) {
  return end - from >= 2 && from[0] == '\r' && from[1] == '\n';
}

ParsedLine parse_request_line(const char* from, const char* end, HttpHead& head);
ParsedLine parse_status_line(const char* from, const char* end, HttpHead& head);
ParsedLine parse_field_line(const char* from, const char* end, HttpHeader& field);

// A whole chunk-size line with its CRLF. Extensions are checked and dropped (section 7.1.1).
bool parse_chunk_line(std::string_view line, std::uint64_t& size_bytes);

// Sets length, coding and persistence from the headers, once all are in.
HttpError settle(HttpHead& head);

}  // namespace gauntlet::wire
