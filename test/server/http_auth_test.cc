// Bearer tokens as an HTTP connection meets them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "served.h"
#include "server/credentials.h"

namespace gauntlet::server {
namespace {

const std::string kAlice = "Authorization: Bearer 0123456789abcdef\r\n";
const std::string kBob = "Authorization: Bearer fedcba9876543210\r\n";

Config guarded_config() {
  const auto path =
      std::filesystem::temp_directory_path() / ("gauntlet-http-auth-" + std::to_string(getpid()));
  std::ofstream(path) << "0123456789abcdef alice mcp\nfedcba9876543210 bob mcp\n";
  Config config = test_config();
  config.lines.clear();
  config.auth.source = AuthSource::token_file;
  config.auth.path = path.string();
  config.credentials = *Credentials::read(config);
  std::filesystem::remove(path);
  return config;
}

class HttpAuth : public testing::Test {
 protected:
  Served served_{guarded_config()};
  Client client_{served_.http()};
};

std::string post(const std::string& headers, const std::string& body) {
  return http("POST", "/mcp", kPostHeaders + headers, body);
}

TEST_F(HttpAuth, EachRequestIsJudgedByItsOwnToken) {
  for (int i = 0; i < 3; ++i) {
    const HttpResponse refused = client_.ask(post("", initialize()));
    EXPECT_EQ(refused.status, 401);
    EXPECT_TRUE(refused.headers.contains("www-authenticate"));
    EXPECT_EQ(client_.ask(post(kAlice, initialize())).status, 200);
  }
}

TEST_F(HttpAuth, PipelinedRequestsAreNotMixedUp) {
  client_.send(post(kAlice, initialize()) + post("", initialize()) + post(kAlice, initialize()) +
               http("GET", "/health") + post("Authorization: Bearer x\r\n", initialize()));
  for (const int status : {200, 401, 200, 200, 401})
    EXPECT_EQ(client_.read_response().status, status);
}

TEST_F(HttpAuth, TheBodyOfARefusedRequestIsPassedOver) {
  const std::string request = post("", std::string(900'000, 'x'));
  for (std::size_t at = 0; at < request.size(); at += 100'000)
    client_.send(std::string_view(request).substr(at, 100'000));
  EXPECT_EQ(client_.read_response().status, 401);
  EXPECT_EQ(client_.ask(post(kAlice, initialize())).status, 200);
}

TEST_F(HttpAuth, ASessionIsNotThereForAnotherPrincipal) {
  const HttpResponse opened = client_.ask(post(kAlice, initialize()));
  const std::string session = "Mcp-Session-Id: " + opened.headers.at("mcp-session-id") + "\r\n";
  const std::string ping = message("2", "ping");
  EXPECT_EQ(client_.ask(post(kAlice + session, ping)).status, 200);

  const HttpResponse foreign = client_.ask(post(kBob + session, ping));
  const std::string made_up = "Mcp-Session-Id: " + std::string(32, 'a') + "\r\n";
  const HttpResponse unknown = client_.ask(post(kBob + made_up, ping));
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(foreign.body.find("-32001"), std::string::npos);
  EXPECT_NE(unknown.body.find("-32001"), std::string::npos);
  EXPECT_EQ(client_.ask(http("DELETE", "/mcp", kBob + session)).status, 404);
  EXPECT_EQ(client_.ask(http("GET", "/mcp", kBob + session)).status, 404);
  EXPECT_EQ(client_.ask(post(session, ping)).status, 401);

  EXPECT_EQ(client_.ask(post(kAlice + session, ping)).status, 200) << "it is still there";
  EXPECT_EQ(client_.ask(http("DELETE", "/mcp", kAlice + session)).status, 200);
}

TEST_F(HttpAuth, NothingButThePagesIsForEverybody) {
  for (const char* path : {"/mcp", "/sse", "/message", "/", "/health/", "/mcp/../health", "/x"})
    EXPECT_EQ(client_.ask(http("GET", path)).status, 401) << path;
  for (const char* path : {"/health", "/ready", "/metrics", "/health?x=/mcp",
                           "/.well-known/oauth-protected-resource/mcp"})
    EXPECT_EQ(client_.ask(http("GET", path)).status, 200) << path;
}

TEST(HttpAuthConfig, LinesOverTcpCannotBeGuarded) {
  Config config = test_config();
  config.auth.source = AuthSource::token_file;
  const auto credentials = Credentials::read(config);
  ASSERT_FALSE(credentials);
  EXPECT_TRUE(credentials.error().text.starts_with("authorization cannot guard newline JSON"));
}

TEST(HttpWithoutAuth, TheMetadataIsNotThere) {
  const Served served;
  EXPECT_EQ(Client(served.http()).ask(http("GET", "/.well-known/oauth-protected-resource")).status,
            404);
}

}  // namespace
}  // namespace gauntlet::server
