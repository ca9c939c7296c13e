// Calls: handlers that wait, ask and are ended, told by what comes out of their outlets.
#include "server/calls.h"
#include "server/seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/service.h"
#include "server/transport.h"

namespace gauntlet::server {
namespace {

namespace bj = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

int frames = 0;  // of handlers, alive

struct Frame {
  Frame() { ++frames; }
  ~Frame() { --frames; }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
};

Task answer_at_once(Call&) { co_return text_result("now"); }

Task sleep_a_while(Call& call) {
  const Frame frame;
  co_await call.sleep(core::kMillisecond);
  co_return text_result("later");
}

Task throw_something(Call&) {
  throw std::runtime_error("broken");
  co_return text_result("never");
}

Task report(Call& call) {
  const Frame frame;
  for (const double done : {1.0, 1.0, 0.5, 2.0}) call.progress(done, 2);
  call.log(kLogInfo, "a word");
  call.log(kLogInfo + 2, "a warning");
  co_return text_result("reported");
}

Question name_question() {
  return elicitation("Your name?", bj::parse(R"({"type":"object"})").as_object());
}

Task greet(Call& call) {
  const Frame frame;
  Question question = name_question();
  const ClientReply reply = co_await call.ask("name", std::move(question));
  if (!reply.error.empty()) co_return tool_error(reply.error);
  co_return text_result("Hello, " + reply.text("name"));
}

Task ask_twice(Call& call) {
  Question first_question = name_question();
  const ClientReply first = co_await call.ask("first", std::move(first_question));
  Question second_question = name_question();
  const ClientReply second = co_await call.ask("second", std::move(second_question));
  co_return text_result(first.text("name") + " and " + second.text("name"));
}

Task ask_both(Call& call) {
  std::vector<std::pair<std::string, Question>> questions;
  questions.emplace_back("name", name_question());
  questions.emplace_back("poem", sampling("A poem", 10));
  const std::vector<ClientReply> replies = co_await call.ask_all(std::move(questions));
  co_return text_result(replies[0].text("name") + ": " + replies[1].text());
}

// What came out of one outlet.
struct Sent {
  OutletRequest request;
  std::vector<std::string> messages;
  std::vector<std::string> answers;
  bool closed = false;
};

class FakeTransport final : public Transport {
 public:
  FakeTransport(net::Loop& loop, Service& service, const Limits& limits)
      : Transport(loop, service, limits) {}

  std::unique_ptr<Outlet> open_outlet(const ReturnPath&, const OutletRequest& request) override {
    sent.push_back(std::make_shared<Sent>());
    sent.back()->request = request;
    return std::make_unique<Recorder>(*this, sent.back());
  }
  void on_letter(const Letter&) override {}

  std::vector<std::shared_ptr<Sent>> sent;
  std::function<void(CallId)> on_send;

 private:
  class Recorder final : public Outlet {
   public:
    Recorder(FakeTransport& transport, std::shared_ptr<Sent> sent)
        : transport_(transport), sent_(std::move(sent)) {}
    ~Recorder() override { sent_->closed = true; }
    void send(std::string_view json) override {
      sent_->messages.emplace_back(json);
      if (transport_.on_send) transport_.on_send(sent_->request.call);
    }
    void finish(const Answer& answer) override { sent_->answers.emplace_back(answer.body); }
    bool disconnect(core::Nanos) override { return false; }

   private:
    FakeTransport& transport_;
    std::shared_ptr<Sent> sent_;
  };

  std::unique_ptr<Peer> make_peer() const override { return std::make_unique<Peer>(); }
  std::span<char> consume(Peer&, std::span<char>) override { return {}; }
};

constexpr std::uint8_t kAll = kCanSample | kCanElicit | kCanListRoots;

class CallsTest : public testing::Test {
 protected:
  CallsTest() { frames = 0; }

  Request request(mcp::Era era, std::string_view params = "{}") const {
    Request made;
    made.id = "7";
    made.method = "tools/call";
    made.params = bj::parse({params.data(), params.size()}).as_object();
    made.era = era;
    made.capabilities = kAll;
    made.owner = "me";
    return made;
  }
  Request stateful(std::string_view params = "{}") const {
    return request(mcp::Era::stateful, params);
  }
  Request stateless(std::string_view params = "{}") const {
    return request(mcp::Era::stateless, params);
  }

  // The answer that came at once, as a tree; null where it comes later.
  bj::value start(Request request, Handler handler) {
    ReturnPath path;
    path.transport = &transport_;
    const Answer answer = calls_.start(std::move(request), path, handler);
    status_ = answer.http_status;
    return answer.later ? bj::value() : bj::parse({answer.body.data(), answer.body.size()});
  }
  Answer listen(std::string_view params) {
    ReturnPath path;
    path.transport = &transport_;
    return calls_.listen(stateless(params), path);
  }

  void run_timers(core::Nanos ahead = core::kSecond) {
    timers_.run_due(core::monotonic_ns() + ahead);
  }
  const Sent& outlet(std::size_t i = 0) const { return *transport_.sent.at(i); }

  // The number in a question's id, "g0-<number>".
  static std::uint64_t number_of(const std::string& question) {
    const bj::value id = bj::parse(question).at("id");
    return std::stoull(std::string(id.as_string().c_str()).substr(3));
  }
  bool reply(std::uint64_t number, std::string_view name, const std::string& owner = "me") {
    bj::object response;
    response["result"] = {{"action", "accept"},
                          {"content", {{"name", bj::string_view(name.data(), name.size())}}}};
    return calls_.answer_question(number, owner, response);
  }

  // The second round of a stateless call.
  static std::string retry(const bj::value& state, std::string_view responses,
                           std::string_view arguments = "{}", std::string_view tool = "t") {
    return R"({"name":")" + std::string(tool) + R"(","arguments":)" + std::string(arguments) +
           R"(,"inputResponses":)" + std::string(responses) + R"(,"requestState":)" +
           bj::serialize(state) + "}";
  }
  static std::string named(std::string_view key, std::string_view name) {
    return R"({")" + std::string(key) + R"(":{"action":"accept","content":{"name":")" +
           std::string(name) + R"("}}})";
  }
  // The state after the first of two questions was answered.
  bj::value state_after_one() {
    const auto params = R"({"name":"t","arguments":{},"inputResponses":)" + named("first", "A");
    return start(stateless(params + "}"), ask_twice).at("result").at("requestState");
  }
  int error_of_retry(const bj::value& state, std::string_view arguments = "{}",
                     std::string_view tool = "t") {
    const bj::value answer =
        start(stateless(retry(state, named("second", "B"), arguments, tool)), ask_twice);
    const bj::value* const error = answer.as_object().if_contains("error");
    return error == nullptr ? 0 : static_cast<int>(error->at("code").as_int64());
  }

  Config config_;
  std::unique_ptr<net::Loop> loop_ = net::make_loop();
  Timers timers_;
  Registry registry_{100, core::kSecond};
  EventLog events_{1 << 16};
  Mailbox mailbox_;
  Contents contents_;
  Shared shared_{registry_, events_, &mailbox_, random_state_key(), &contents_};
  Service service_{config_, timers_, shared_};
  FakeTransport transport_{*loop_, service_, config_.limits};
  std::string body_;
  int status_ = 0;
  Calls calls_{config_, timers_, shared_, service_.gate(),
               [this](const Request& asked, Outcome& outcome) {
                 bj::object json{{"id", asked.id}};
                 if (outcome.error_code == 0) {
                   json["result"] = outcome.result;
                 } else {
                   json["error"] = {{"code", outcome.error_code},
                                    {"message", outcome.error_message},
                                    {"data", outcome.error_data}};
                 }
                 body_ = bj::serialize(json);
                 return Answer{.http_status = outcome.http_status, .body = body_};
               }};
};

TEST_F(CallsTest, WhatIsReadyAtOnceNeedsNoOutlet) {
  EXPECT_THAT(bj::serialize(start(stateful(), answer_at_once)), HasSubstr(R"("text":"now")"));
  EXPECT_THAT(transport_.sent, IsEmpty());
  EXPECT_EQ(calls_.count(), 0U);
}

TEST_F(CallsTest, WhatWaitsAnswersThroughItsOutlet) {
  EXPECT_TRUE(start(stateful(), sleep_a_while).is_null());
  EXPECT_THAT(outlet().answers, IsEmpty());
  run_timers();
  EXPECT_THAT(outlet().answers, ElementsAre(HasSubstr("later")));
  EXPECT_TRUE(outlet().closed);
  EXPECT_EQ(calls_.count(), 0U);
  EXPECT_EQ(frames, 0);
}

TEST_F(CallsTest, WhatAHandlerThrowsIsAnInternalError) {
  const bj::value answer = start(stateful(), throw_something);
  EXPECT_EQ(answer.at("error").at("code").as_int64(), mcp::kInternalError);
}

TEST_F(CallsTest, ProgressGrowsAndNeedsAToken) {
  start(stateful(R"({"_meta":{"progressToken":"p"}})"), report);
  ASSERT_EQ(outlet().messages.size(), 2U);
  EXPECT_THAT(outlet().messages[0], HasSubstr(R"("progressToken":"p","progress":1E0)"));
  EXPECT_THAT(outlet().messages[1], HasSubstr(R"("progress":2E0)"));
  start(stateful(), report);
  start(stateful(R"({"_meta":{"progressToken":1.5}})"), report);
  EXPECT_EQ(transport_.sent.size(), 1U);
}

TEST_F(CallsTest, LogsAreSentFromTheirLevelUp) {
  Request wants_warnings = stateful();
  wants_warnings.log_level = kLogInfo + 2;
  start(std::move(wants_warnings), report);
  EXPECT_THAT(outlet().messages, ElementsAre(HasSubstr("a warning")));
}

TEST_F(CallsTest, AnAbandonedCallIsDestroyedWhereItWaits) {
  start(stateful(), sleep_a_while);
  EXPECT_EQ(frames, 1);
  calls_.abandon(outlet().request.call);
  EXPECT_EQ(frames, 0);
  EXPECT_TRUE(outlet().closed);
  run_timers();  // finds nobody
  EXPECT_THAT(outlet().answers, IsEmpty());
}

TEST_F(CallsTest, ACallIsAbandonedFromWithinItsOwnMessage) {
  transport_.on_send = [this](CallId call) { calls_.abandon(call); };
  EXPECT_TRUE(start(stateful(R"({"_meta":{"progressToken":1}})"), report).is_null());
  EXPECT_EQ(frames, 0);
  EXPECT_EQ(calls_.count(), 0U);
  EXPECT_THAT(outlet().answers, IsEmpty());
}

TEST_F(CallsTest, OnlyItsOwnerCancelsACall) {
  start(stateful(), sleep_a_while);
  EXPECT_FALSE(calls_.cancel("somebody else", "7"));
  EXPECT_FALSE(calls_.cancel("me", "8"));
  EXPECT_FALSE(calls_.cancel("me", R"("7")"));
  EXPECT_EQ(frames, 1);
  EXPECT_TRUE(calls_.cancel("me", "7"));
  EXPECT_EQ(frames, 0);
  EXPECT_TRUE(outlet().closed);
  EXPECT_THAT(outlet().answers, testing::Each(IsEmpty()));  // ended, and without an answer
  EXPECT_FALSE(calls_.cancel("me", "7"));
}

TEST_F(CallsTest, ASessionThatIsClosedTakesItsCallsWithIt) {
  Request other = stateful();
  other.owner = "somebody else";
  start(std::move(other), sleep_a_while);
  start(stateful(), sleep_a_while);
  start(stateful(), sleep_a_while);  // the same id once more
  calls_.abandon_owner("me");
  EXPECT_EQ(calls_.count(), 1U);
  EXPECT_FALSE(outlet(0).closed);
  EXPECT_TRUE(outlet(1).closed);
  EXPECT_TRUE(outlet(2).closed);
}

TEST_F(CallsTest, CallsInFlightAreBounded) {
  config_.limits.later_max = 2;
  start(stateful(), sleep_a_while);
  start(stateful(), sleep_a_while);
  EXPECT_TRUE(start(stateful(), sleep_a_while).is_object());
  EXPECT_EQ(status_, 503);
  EXPECT_EQ(listen(R"({"notifications":{"toolsListChanged":true}})").http_status, 503);
}

TEST_F(CallsTest, OneSessionsCallsAreBounded) {
  config_.limits.session_calls_max = 1;
  Request one = stateful();
  one.session = SessionKey{1, 2};
  start(one, sleep_a_while);
  EXPECT_TRUE(start(one, sleep_a_while).is_object());
  EXPECT_EQ(status_, 503);
  Request other = one;
  other.owner = "somebody else";
  EXPECT_TRUE(start(std::move(other), sleep_a_while).is_null());
  run_timers();
  EXPECT_TRUE(start(one, sleep_a_while).is_null());
}

TEST_F(CallsTest, StatefulQuestionsGoToTheClientAndWait) {
  EXPECT_TRUE(start(stateful(), greet).is_null());
  ASSERT_EQ(outlet().messages.size(), 1U);
  const std::string question = outlet().messages[0];
  EXPECT_THAT(question, HasSubstr(R"("method":"elicitation/create")"));
  const std::uint64_t number = number_of(question);
  EXPECT_FALSE(reply(number, "Eve", "somebody else"));
  EXPECT_FALSE(reply(number + 1, "Eve"));
  EXPECT_TRUE(reply(number, "Ada"));
  EXPECT_THAT(outlet().answers, ElementsAre(HasSubstr("Hello, Ada")));
  EXPECT_FALSE(reply(number, "Eve"));
  EXPECT_EQ(calls_.question_count(), 0U);
}

TEST_F(CallsTest, SeveralQuestionsAreAnsweredInAnyOrder) {
  start(stateful(), ask_both);
  ASSERT_EQ(outlet().messages.size(), 2U);
  bj::object poem;
  poem["result"] = {
      {"role", "assistant"}, {"model", "poet"}, {"content", {{"type", "text"}, {"text", "roses"}}}};
  EXPECT_TRUE(calls_.answer_question(number_of(outlet().messages[1]), "me", poem));
  EXPECT_THAT(outlet().answers, IsEmpty());
  EXPECT_TRUE(reply(number_of(outlet().messages[0]), "Ada"));
  EXPECT_THAT(outlet().answers, ElementsAre(HasSubstr("Ada: roses")));
}

TEST_F(CallsTest, ARefusedQuestionIsARepliedError) {
  start(stateful(), greet);
  bj::object refusal;
  refusal["error"] = {{"code", -1}, {"message", "no"}};
  EXPECT_TRUE(calls_.answer_question(number_of(outlet().messages[0]), "me", refusal));
  EXPECT_THAT(outlet().answers, ElementsAre(HasSubstr(R"("isError":true)")));
}

TEST_F(CallsTest, AQuestionDoesNotWaitForEver) {
  start(stateful(), greet);
  run_timers(config_.limits.question_ns + core::kSecond);
  EXPECT_THAT(outlet().answers, ElementsAre(HasSubstr(R"("isError":true)")));
  EXPECT_EQ(calls_.question_count(), 0U);
  EXPECT_EQ(frames, 0);
}

TEST_F(CallsTest, StatefulClientsAreNotAskedWhatTheyDidNotOffer) {
  Request request = stateful();
  request.capabilities = kCanSample;
  EXPECT_THAT(bj::serialize(start(std::move(request), greet)), HasSubstr(R"("isError":true)"));
  EXPECT_THAT(transport_.sent, IsEmpty());
}

TEST_F(CallsTest, StatelessQuestionsAreTheAnswer) {
  const bj::value result = start(stateless(), greet).at("result");
  EXPECT_EQ(result.at("resultType").as_string(), "input_required");
  EXPECT_EQ(result.at("inputRequests").at("name").at("method").as_string(), "elicitation/create");
  EXPECT_EQ(frames, 0);
  EXPECT_EQ(calls_.count(), 0U);
  const std::string answered = R"({"inputResponses":)" + named("name", "Ada") + "}";
  EXPECT_THAT(bj::serialize(start(stateless(answered), greet)), HasSubstr("Hello, Ada"));
}

TEST_F(CallsTest, SeveralStatelessQuestionsAreAskedTogether) {
  const bj::value asked = start(stateless(), ask_both).at("result").at("inputRequests");
  EXPECT_EQ(asked.as_object().size(), 2U);
  // Those that were answered are not asked again.
  const std::string one = R"({"inputResponses":)" + named("name", "Ada") + "}";
  const bj::value rest = start(stateless(one), ask_both).at("result").at("inputRequests");
  EXPECT_EQ(rest.as_object().size(), 1U);
  EXPECT_TRUE(rest.as_object().contains("poem"));
}

TEST_F(CallsTest, WhatIsNoAnswerIsRefused) {
  for (const char* responses :
       {R"({"name":12345})", R"({"name":{}})", R"({"name":{"action":"accpet"}})",
        R"({"name":{"action":"accept","content":[]}})", R"({"name":{"roots":[]}})", "null", "[]"}) {
    const std::string params = R"({"inputResponses":)" + std::string(responses) + "}";
    const bj::value answer = start(stateless(params), greet);
    EXPECT_EQ(answer.at("error").at("code"), mcp::kInvalidParams) << responses;
  }
  start(stateful(), greet);
  bj::object response;
  response["result"] = {{"action", "accpet"}};
  EXPECT_TRUE(calls_.answer_question(number_of(outlet().messages[0]), "me", response));
  EXPECT_THAT(outlet().answers, ElementsAre(HasSubstr(R"("isError":true)")));
}

TEST_F(CallsTest, WhatWasNotAskedIsNeitherTakenNorKept) {
  const std::string extra = R"({"name":"t","arguments":{},"inputResponses":{"second":5,"x":{},)" +
                            named("first", "A").substr(1) + "}";
  const bj::value asked = start(stateless(extra), ask_twice);
  ASSERT_TRUE(asked.as_object().contains("error")) << "the second one is asked for, and wrong";
  const std::string eager = R"({"name":"t","arguments":{},"inputResponses":{"x":{"y":1},)" +
                            named("first", "A").substr(1) + "}";
  const bj::value state = start(stateless(eager), ask_twice).at("result").at("requestState");
  const bj::value kept =
      bj::parse(unseal(shared_.state_key, std::string(state.as_string())).value());
  EXPECT_EQ(kept.at("known").as_object().size(), 1U);
  EXPECT_TRUE(kept.at("known").as_object().contains("first"));
}

TEST_F(CallsTest, StatelessClientsAreToldWhatTheyLack) {
  Request request = stateless();
  request.capabilities = kCanSample;
  const bj::value error = start(std::move(request), greet).at("error");
  EXPECT_EQ(error.at("code").as_int64(), mcp::kMissingClientCapability);
  EXPECT_EQ(error.at("data").at("requiredCapabilities"), bj::parse(R"({"elicitation":{}})"));
  EXPECT_EQ(status_, 400);
}

TEST_F(CallsTest, AStateKeepsWhatWasAnsweredBefore) {
  const bj::value state = state_after_one();
  EXPECT_THAT(bj::serialize(start(stateless(retry(state, named("second", "B"))), ask_twice)),
              HasSubstr("A and B"));
}

TEST_F(CallsTest, AStateIsGoodForItsRequestOnly) {
  const bj::value state = state_after_one();
  EXPECT_EQ(error_of_retry(state), 0);
  EXPECT_EQ(error_of_retry(state, R"({"more":1})"), mcp::kInvalidParams);
  EXPECT_EQ(error_of_retry(state, "{}", "another"), mcp::kInvalidParams);
  Request foreign = stateless(retry(state, named("second", "B")));
  foreign.principal = 5;
  EXPECT_TRUE(start(std::move(foreign), ask_twice).as_object().contains("error"));
}

TEST_F(CallsTest, AStateThatWasTouchedIsRefused) {
  const std::string state(state_after_one().as_string().c_str());
  EXPECT_EQ(error_of_retry(bj::value(state + "-TAMPERED")), mcp::kInvalidParams);
  EXPECT_EQ(error_of_retry(bj::value("")), mcp::kInvalidParams);
  EXPECT_EQ(error_of_retry(bj::value(7)), mcp::kInvalidParams);
  for (std::size_t i = 0; i < state.size(); i += 5) {
    std::string other = state;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(error_of_retry(bj::value(other)), mcp::kInvalidParams) << i;
  }
}

TEST_F(CallsTest, AStateOfAnotherServerOrTimeIsRefused) {
  const std::string state(state_after_one().as_string().c_str());
  const std::string text = unseal(shared_.state_key, state).value();
  EXPECT_EQ(error_of_retry(bj::value(seal(random_state_key(), text))), mcp::kInvalidParams);
  bj::value old = bj::parse(text);
  old.as_object()["until"] = 1;
  EXPECT_EQ(error_of_retry(bj::value(seal(shared_.state_key, bj::serialize(old)))),
            mcp::kInvalidParams);
}

TEST_F(CallsTest, ListenersHearWhatTheyAskedFor) {
  EXPECT_TRUE(listen(R"({"notifications":{"toolsListChanged":true}})").later);
  EXPECT_THAT(outlet().messages, ElementsAre(HasSubstr("subscriptions/acknowledged")));
  Letter letter;
  letter.kind = Letter::Kind::prompts_changed;
  calls_.publish(letter);
  letter.kind = Letter::Kind::tools_changed;
  calls_.publish(letter);
  ASSERT_EQ(outlet().messages.size(), 2U);
  EXPECT_THAT(outlet().messages[1], HasSubstr("notifications/tools/list_changed"));
  for (const std::string& message : outlet().messages)
    EXPECT_THAT(message, HasSubstr(R"("io.modelcontextprotocol/subscriptionId":7)"));
}

TEST_F(CallsTest, ListenersAreAnsweredWhenTheServerStops) {
  listen(R"({"notifications":{"toolsListChanged":true}})");
  calls_.end_listeners();
  EXPECT_THAT(outlet().answers, ElementsAre(HasSubstr("subscriptionId")));
  EXPECT_TRUE(outlet().closed);
  calls_.publish({});
}

TEST_F(CallsTest, ListenersCanBeCancelledAndAbandoned) {
  listen(R"({"notifications":{}})");
  EXPECT_TRUE(calls_.cancel("me", "7"));
  EXPECT_TRUE(outlet().closed);
  listen(R"({"notifications":{}})");
  calls_.abandon(outlet(1).request.call);
  EXPECT_TRUE(outlet(1).closed);
  EXPECT_FALSE(listen(R"({"notifications":5})").later);
}

}  // namespace
}  // namespace gauntlet::server
