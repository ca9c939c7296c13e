#include "server/auth.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "signer.h"

namespace gauntlet::server {
namespace {

constexpr std::string_view kAlice = "0123456789abcdef";
constexpr std::string_view kBob = "fedcba9876543210";

std::string token_file_error(std::string_view text) {
  const auto file = TokenFile::parse(text, "tokens");
  return file ? "none" : file.error().text;
}

TEST(TokenFile, FindsTokensAndNothingElse) {
  const auto file = TokenFile::parse(
      "# token subject scopes\n\n0123456789abcdef alice mcp,admin\r\n  fedcba9876543210\tbob", "t");
  ASSERT_TRUE(file);
  ASSERT_NE(file->find(kAlice), nullptr);
  EXPECT_EQ(joined(file->find(kAlice)->scopes), "mcp admin");
  ASSERT_NE(file->find(kBob), nullptr);
  EXPECT_TRUE(file->find(kBob)->scopes.empty());
  EXPECT_NE(file->find(kAlice)->principal, file->find(kBob)->principal);
  for (const std::string_view other : {"", "0123456789abcde", "0123456789abcdeg", "alice", "#"})
    EXPECT_EQ(file->find(other), nullptr) << other;
}

TEST(TokenFile, ErrorsNameTheLineAndNoToken) {
  EXPECT_EQ(token_file_error("# none\n"), "'tokens' holds no token");
  EXPECT_EQ(token_file_error("0123456789abcdef a\nsecret b\n"),
            "tokens:2: its token is not 16 to 512 characters of A-Z a-z 0-9 - . _ ~ + / =");
  EXPECT_EQ(token_file_error("0123456789abcdef\n"),
            "tokens:1: the subject is missing: token subject scope,…");
  EXPECT_EQ(token_file_error("0123456789abcdef a b c\n"),
            "tokens:1: there is more than token subject scope,…");
  EXPECT_EQ(token_file_error("0123456789abcdef a\n0123456789abcdef b\n"),
            "tokens:2: this token is there already");
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "0123456789abcdef" + std::to_string(i) + " a\n";
  EXPECT_EQ(token_file_error(many), "tokens:1001: more than 1000 tokens");
}

// A file of the test's own, gone when it ends.
class File {
 public:
  explicit File(std::string_view text)
      : path_(std::filesystem::temp_directory_path() /
              ("gauntlet-auth-" + std::to_string(getpid()))) {
    std::ofstream(path_) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// A request's head, parsed.
class Request {
 public:
  explicit Request(std::string_view headers, std::string_view target = "/mcp")
      : bytes_("POST " + std::string(target) + " HTTP/1.1\r\n" + std::string(headers) + "\r\n" +
               std::string(wire::kReadPadding, '\0')),
        parser_(wire::HttpParser::Role::request, {}) {
    const auto step =
        parser_.step(std::span<char>(bytes_).first(bytes_.size() - wire::kReadPadding));
    EXPECT_EQ(step.event, wire::HttpParser::Event::head);
  }
  const wire::HttpHead& head() const { return parser_.head(); }

 private:
  std::string bytes_;
  wire::HttpParser parser_;
};

std::string bearer(std::string_view token) {
  return "Host: localhost:3000\r\nAuthorization: Bearer " + std::string(token) + "\r\n";
}

class TokenAuth : public testing::Test {
 protected:
  static AuthConfig config(const File& file) {
    AuthConfig config;
    config.source = AuthSource::token_file;
    config.path = file.path();
    return config;
  }
  std::string outcome(const Request& request) const {
    const auto principal = authorizer_.authorize(request.head(), 0);
    if (principal) return *principal == principal_of("", "alice") ? "alice" : "somebody";
    return std::to_string(principal.error().status) + " " + principal.error().header_line;
  }

  File file_{"0123456789abcdef alice mcp,admin\nfedcba9876543210 bob other\n"};
  Authorizer authorizer_ = *Authorizer::make(config(file_), true);
};

constexpr std::string_view kWhere =
    R"(resource_metadata="https://localhost:3000/.well-known/oauth-protected-resource/mcp", )"
    R"(scope="mcp")"
    "\r\n";

TEST_F(TokenAuth, AKnownTokenIsLetIn) {
  EXPECT_EQ(outcome(Request(bearer(kAlice))), "alice");
  EXPECT_EQ(outcome(Request("aUTHORIZATION: bEARER   0123456789abcdef\r\n")), "alice");
}

TEST_F(TokenAuth, WithoutATokenTheClientIsToldWhereToGetOne) {
  const std::string refused = "401 WWW-Authenticate: Bearer " + std::string(kWhere);
  EXPECT_EQ(outcome(Request("Host: localhost:3000\r\n")), refused);
  for (const char* other : {"Basic YTpi", "Bearer", "Bearer a b", "Bearerer x", "Negotiate"})
    EXPECT_EQ(
        outcome(Request("Host: localhost:3000\r\nAuthorization: " + std::string(other) + "\r\n")),
        refused)
        << other;
}

TEST_F(TokenAuth, EveryWrongGuessIsAnsweredAlike) {
  const std::string refused = R"(401 WWW-Authenticate: Bearer error="invalid_token", )"
                              R"(error_description="the token is not known", )" +
                              std::string(kWhere);
  for (const char* guess : {"0123456789abcdeg", "0123456789abcde", "x", "0123456789abcdef0",
                            "eyJhbGciOiJub25lIn0.e30.", "alice"})
    EXPECT_EQ(outcome(Request(bearer(guess))), refused) << guess;
}

TEST_F(TokenAuth, ATokenThatAllowsTooLittleIsForbidden) {
  EXPECT_EQ(outcome(Request(bearer(kBob))),
            R"(403 WWW-Authenticate: Bearer error="insufficient_scope", )"
            R"(error_description="the token does not allow this", )" +
                std::string(kWhere));
}

TEST_F(TokenAuth, ATokenInTheQueryIsRefusedEvenIfGood) {
  const std::string target = "/mcp?access_token=" + std::string(kAlice);
  EXPECT_TRUE(outcome(Request(bearer(kAlice), target)).starts_with("400 "));
  EXPECT_TRUE(outcome(Request("", target)).starts_with("400 "));
}

TEST_F(TokenAuth, TwoTokensAreRefused) {
  EXPECT_TRUE(outcome(Request(bearer(kAlice) + "Authorization: Bearer x\r\n")).starts_with("400 "));
}

TEST_F(TokenAuth, AHostThatIsNoneIsNotRepeated) {
  for (const char* host : {"Host: a\"b\r\n", "Host: a/b\r\n", "Host: \r\n", ""})
    EXPECT_EQ(outcome(Request(host)), "401 WWW-Authenticate: Bearer scope=\"mcp\"\r\n") << host;
}

TEST_F(TokenAuth, MetadataIsServedAtTheWellKnownPaths) {
  EXPECT_TRUE(authorizer_.is_metadata_path("/.well-known/oauth-protected-resource"));
  EXPECT_TRUE(authorizer_.is_metadata_path("/.well-known/oauth-protected-resource/mcp"));
  EXPECT_FALSE(authorizer_.is_metadata_path("/.well-known/oauth-protected-resource/"));
  EXPECT_FALSE(authorizer_.is_metadata_path("/.well-known/oauth-protected-resourcex"));
  EXPECT_FALSE(authorizer_.is_metadata_path("/mcp"));
  EXPECT_EQ(authorizer_.metadata(Request(bearer(kAlice)).head()),
            R"({"resource":"https://localhost:3000/mcp","bearer_methods_supported":["header"],)"
            R"("scopes_supported":["mcp"]})");
}

TEST(JwtAuth, AudienceNamesTheResourceAndIssuerTheServer) {
  const Signer signer("ES256");
  const File file(key_set_of({signer.jwk()}));
  AuthConfig config;
  config.source = AuthSource::jwks;
  config.path = file.path();
  EXPECT_FALSE(Authorizer::make(config, false)) << "issuer and audience are missing";
  config.issuer = "https://issuer.example";
  config.audience = "https://api.example/v1/mcp";
  const auto authorizer = Authorizer::make(config, false);
  ASSERT_TRUE(authorizer);

  const std::string claims =
      R"({"iss":"https://issuer.example","aud":"https://api.example/v1/mcp","sub":"alice",)"
      R"("exp":1000,"scope":"mcp"})";
  const Request request(bearer(signer.token(claims)));
  const auto principal = authorizer->authorize(request.head(), 999);
  ASSERT_TRUE(principal);
  EXPECT_EQ(*principal, principal_of("https://issuer.example", "alice"));
  EXPECT_NE(*principal, principal_of("", "alice")) << "another issuer's alice is another";

  const auto late = authorizer->authorize(request.head(), 2000);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().text, "the token has expired");
  EXPECT_NE(late.error().header_line.find(
                R"(="https://api.example/.well-known/oauth-protected-resource/v1/mcp")"),
            std::string::npos);
  EXPECT_TRUE(authorizer->is_metadata_path("/.well-known/oauth-protected-resource/v1/mcp"));
  EXPECT_EQ(authorizer->metadata(request.head()),
            R"({"resource":"https://api.example/v1/mcp","bearer_methods_supported":["header"],)"
            R"("scopes_supported":["mcp"],"authorization_servers":["https://issuer.example"]})");
}

TEST(JwtAuth, WhatNobodySignedIsAnsweredAlike) {
  const Signer signer("ES256"), other("ES256", "other");
  const File file(key_set_of({signer.jwk()}));
  AuthConfig config{
      .source = AuthSource::jwks, .path = file.path(), .issuer = "i", .audience = "a"};
  const auto authorizer = Authorizer::make(config, false);
  ASSERT_TRUE(authorizer);
  for (const std::string& token :
       {std::string("x"), other.token("{}"), signer.token(R"({"alg":"none"})", "{}"),
        other.token(signer.header(), "{}"), std::string(9000, 'x')}) {
    const auto refused = authorizer->authorize(Request(bearer(token)).head(), 0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "the token is not known") << token;
  }
}

TEST(AuthConfigTest, ErrorsSayWhatIsWrong) {
  const File file("0123456789abcdef a\n");
  AuthConfig config{.source = AuthSource::token_file, .path = file.path()};
  EXPECT_TRUE(Authorizer::make(config, false));
  config.scopes = {"a\"b"};
  EXPECT_EQ(Authorizer::make(config, false).error().text, "'a\"b' is not a scope");
  config.scopes = {};
  config.servers = {"issuer.example"};
  EXPECT_EQ(Authorizer::make(config, false).error().text, "'issuer.example' is not a URL");
  config.servers = {};
  config.path = "/nowhere";
  EXPECT_EQ(Authorizer::make(config, false).error().text,
            "cannot read '/nowhere': No such file or directory");
}

}  // namespace
}  // namespace gauntlet::server
