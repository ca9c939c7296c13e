#include "wire/web_socket.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "trace.h"
#include "wire/web_socket_write.h"

namespace gauntlet::wire {
namespace {

using Opcode = WebSocketOpcode;
using Role = WebSocketParser::Role;

// "81 05 48" as bytes.
std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 3)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  return bytes;
}

std::string masked(Opcode opcode, std::string_view payload, bool final = true) {
  std::string frame;
  append_masked_frame(frame, opcode, payload, {0x37, 0xfa, 0x21, 0x3d}, final);
  return frame;
}

struct Row {
  const char* name;
  Role role;
  std::string bytes;
  std::string trace;  // with messages of at most 300 bytes
};

constexpr auto kServer = Role::server;
constexpr auto kClient = Role::client;

const std::vector<Row> kRows = {
    // the examples of RFC 6455 section 5.7
    {"hello", kClient, bytes_of("81 05 48 65 6c 6c 6f"), "text Hello\n"},
    {"hello_masked", kServer, bytes_of("81 85 37 fa 21 3d 7f 9f 4d 51 58"), "text Hello\n"},
    {"hello_fragmented", kClient, bytes_of("01 03 48 65 6c 80 02 6c 6f"), "text Hello\n"},
    {"ping", kClient, bytes_of("89 05 48 65 6c 6c 6f"), "ping Hello\n"},
    {"pong_masked", kServer, bytes_of("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), "pong Hello\n"},
    {"binary_256", kClient, bytes_of("82 7e 01 00") + std::string(256, 'b'),
     "binary " + std::string(256, 'b') + "\n"},
    {"binary_64k", kClient, bytes_of("82 7f 00 00 00 00 00 01 00 00"), "error message too large\n"},

    {"empty_text", kServer, masked(Opcode::text, ""), "text \n"},
    {"two", kServer, masked(Opcode::text, "a") + masked(Opcode::text, "b"), "text a\ntext b\n"},
    {"fragments", kServer,
     masked(Opcode::text, "", false) + masked(Opcode::continuation, "{", false) +
         masked(Opcode::continuation, "", false) + masked(Opcode::continuation, "}"),
     "text {}\n"},
    {"only_the_last_has_bytes", kServer,
     masked(Opcode::binary, "", false) + masked(Opcode::continuation, "{}"), "binary {}\n"},
    {"control_between_fragments", kServer,
     masked(Opcode::text, "He", false) + masked(Opcode::ping, "?") +
         masked(Opcode::continuation, "l", false) + masked(Opcode::pong, "") +
         masked(Opcode::continuation, "lo"),
     "ping ?\npong \ntext Hello\n"},
    {"character_across_fragments", kServer,
     masked(Opcode::text, "\xC3", false) + masked(Opcode::continuation, "\xA4"), "text \xC3\xA4\n"},
    {"unended_message", kServer, masked(Opcode::text, "He", false), "partial\n"},
    {"unended_frame", kServer, masked(Opcode::text, "He").substr(0, 7), "partial\n"},
    {"unended_head", kServer, masked(Opcode::text, "He").substr(0, 1), "partial\n"},
    {"nothing", kServer, "", ""},

    {"reserved_bit_1", kServer, bytes_of("c1 80"), "error reserved bits are set\n"},
    {"reserved_bit_3", kServer, bytes_of("91 80"), "error reserved bits are set\n"},
    {"opcode_3", kServer, bytes_of("83 80"), "error unknown opcode\n"},
    {"opcode_11", kServer, bytes_of("8b 80"), "error unknown opcode\n"},
    {"unmasked", kServer, bytes_of("81 05 48 65 6c 6c 6f"), "error wrongly masked\n"},
    {"masked_by_a_server", kClient, bytes_of("81 85 37 fa 21 3d"), "error wrongly masked\n"},
    {"long_form_of_125", kServer, bytes_of("82 fe 00 7d 00 00 00 00"), "error malformed length\n"},
    {"longer_form_of_65535", kServer, bytes_of("82 ff 00 00 00 00 00 00 ff ff 00 00 00 00"),
     "error malformed length\n"},
    {"beyond_63_bits", kServer, bytes_of("82 ff 80 00 00 00 00 00 00 00 00 00 00 00"),
     "error malformed length\n"},
    {"longest", kServer, bytes_of("82 ff 7f ff ff ff ff ff ff ff 00 00 00 00"),
     "error message too large\n"},
    {"exact", kServer, masked(Opcode::text, std::string(300, 'x')),
     "text " + std::string(300, 'x') + "\n"},
    {"too_large", kServer, masked(Opcode::text, std::string(301, 'x')),
     "error message too large\n"},
    {"too_large_together", kServer,
     masked(Opcode::text, std::string(200, 'x'), false) +
         masked(Opcode::continuation, std::string(101, 'x')),
     "error message too large\n"},
    {"ping_fragmented", kServer, masked(Opcode::ping, "", false),
     "error malformed control frame\n"},
    {"ping_of_126", kServer, bytes_of("89 fe 00 7e 00 00 00 00"),
     "error malformed control frame\n"},
    {"continuation_of_nothing", kServer, masked(Opcode::continuation, "x"),
     "error fragments out of order\n"},
    {"message_within_a_message", kServer,
     masked(Opcode::text, "a", false) + masked(Opcode::text, "b"),
     "error fragments out of order\n"},
    {"bad_text", kServer, masked(Opcode::text, "\xC3"), "error text is not UTF-8\n"},
    {"surrogate", kServer, masked(Opcode::text, "\xED\xA0\x80"), "error text is not UTF-8\n"},
    {"binary_is_no_text", kServer, masked(Opcode::binary, "\xC3"), "binary \xC3\n"},

    {"close", kServer,
     masked(Opcode::close,
            "\x03\xE8"
            "bye"),
     "close 1000 bye\n"},
    {"close_without_code", kServer, masked(Opcode::close, ""), "close 1005 \n"},
    {"nothing_counts_after_close", kServer, masked(Opcode::close, "") + "what\xFF ever this is",
     "close 1005 \n"},
    {"half_a_code", kServer, masked(Opcode::close, "\x03"), "error malformed close\n"},
    {"code_1005", kServer, masked(Opcode::close, "\x03\xED"), "error malformed close\n"},
    {"code_999", kServer, masked(Opcode::close, "\x03\xE7"), "error malformed close\n"},
    {"code_5000", kServer, masked(Opcode::close, "\x13\x88"), "error malformed close\n"},
    {"code_4999", kServer, masked(Opcode::close, "\x13\x87"), "close 4999 \n"},
    {"bad_reason", kServer, masked(Opcode::close, "\x03\xE8\xC3"), "error text is not UTF-8\n"},
};

TEST(WebSocket, MessagesAreTheSameHoweverSplit) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    const auto traced = [&](const trace::Cuts& cuts) {
      return trace::of_web_socket(row.role, 300, row.bytes, cuts);
    };
    EXPECT_EQ(traced({}), row.trace);
    EXPECT_EQ(traced(trace::cut_every(1, row.bytes)), row.trace);
    for (std::size_t cut = 1; cut < row.bytes.size(); ++cut) {
      ASSERT_EQ(traced({cut}), row.trace) << "cut at " << cut;
    }
  }
}

TEST(WebSocket, AWholeMessageLiesInTheCallersBytes) {
  const std::string frame = masked(Opcode::text, "{}");
  std::string bytes = frame + std::string(kReadPadding, '\0');
  std::span<char> span(bytes.data(), frame.size());
  std::span<char> payload;
  WebSocketParser parser(Role::server, 100);
  ASSERT_EQ(parser.next(span, payload), WebSocketParser::Event::text);
  EXPECT_EQ(payload.data(), bytes.data() + 6);
  EXPECT_FALSE(parser.partial());
}

TEST(WebSocket, ErrorsHaveCloseCodes) {
  EXPECT_EQ(close_code_of(WebSocketError::bad_mask), kCloseProtocolError);
  EXPECT_EQ(close_code_of(WebSocketError::bad_text), kCloseBadText);
  EXPECT_EQ(close_code_of(WebSocketError::message_too_large), kCloseTooLarge);
}

std::string written(Opcode opcode, std::string_view payload) {
  std::string out;
  append_web_socket_frame(out, opcode, payload);
  return out;
}

TEST(WebSocketWrite, TakesTheShortestLength) {
  EXPECT_EQ(written(Opcode::text, "Hello"), bytes_of("81 05 48 65 6c 6c 6f"));
  EXPECT_EQ(written(Opcode::text, std::string(125, 'x')).size(), 2U + 125);
  EXPECT_TRUE(written(Opcode::binary, std::string(126, 'x')).starts_with(bytes_of("82 7e 00 7e")));
  EXPECT_EQ(written(Opcode::binary, std::string(65535, 'x')).size(), 4U + 65535);
  EXPECT_TRUE(written(Opcode::binary, std::string(65536, 'x'))
                  .starts_with(bytes_of("82 7f 00 00 00 00 00 01 00 00")));
}

TEST(WebSocketWrite, MasksAsInTheExample) {
  EXPECT_EQ(masked(Opcode::text, "Hello"), bytes_of("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
}

TEST(WebSocketWrite, CutsALongReasonBetweenCharacters) {
  std::string out;
  append_web_socket_close(out, kCloseNormal, std::string(122, 'x') + "\xC3\xA4");
  EXPECT_EQ(trace::of_web_socket(Role::client, 300, out),
            "close 1000 " + std::string(122, 'x') + "\n");
  out.clear();
  append_web_socket_close(out, kCloseNoCode);
  EXPECT_EQ(out, bytes_of("88 00"));
}

}  // namespace
}  // namespace gauntlet::wire
