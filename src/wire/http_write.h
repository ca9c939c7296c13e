// HTTP/1.1 responses appended to a send buffer: heads, and chunks for streams of unknown length.
//
// `extra_headers` is zero or more complete "Name: value\r\n" lines, and goes out unchecked.
// An empty `content_type` leaves that header out. Nothing here keeps state (RFC 9112 sections 4,
// 6 and 7.1).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gauntlet::wire {

// "" for a status without a registered phrase.
std::string_view reason_phrase(int status);

// 1xx and 204 go out without a Content-Length (RFC 9110 section 8.6).
void append_response_head(std::string& out, int status, std::string_view content_type,
                          std::size_t content_length, std::string_view extra_headers);

// A head in parts: its beginning, as far as the Content-Type ("": none), and its end, the
// Content-Length and the empty line.
void append_head_start(std::string& out, int status, std::string_view content_type);
void append_length(std::string& out, std::size_t content_length);

// A head whose body follows in chunks.
void append_chunked_head(std::string& out, int status, std::string_view content_type,
                         std::string_view extra_headers);

// One chunk; nothing where `data` is empty, since an empty chunk ends the body.
void append_chunk(std::string& out, std::string_view data);

void append_last_chunk(std::string& out);

}  // namespace gauntlet::wire
