// Any messages to the server without its transports: the first byte says who sends them, every line
// after it is a message. No input harms, every answer is one line of JSON that answers its request
// and no other, and when all is over nothing is left waiting. TASK in a message stands for the id
// of the latest task.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/check.h"
#include "mcp/message.h"
#include "server/batch.h"
#include "server/service.h"
#include "server/transport.h"

namespace {

using namespace gauntlet;
using namespace gauntlet::server;

constexpr std::size_t kBytesMax = 4096;
constexpr std::size_t kTurnsMax = 20'000;  // of the timers

void check_message(std::string_view json) {
  GAUNTLET_CHECK(!json.contains('\n'));
  std::string padded(json);
  padded.append(net::kReadPadding, ' ');
  json::Reader reader;
  const auto message = mcp::parse_message(reader, {padded.data(), json.size()});
  if (message) return;
  // Refusals of what cannot be read have no id, and are no messages that we would take.
  GAUNTLET_CHECK(json.starts_with(R"({"jsonrpc":"2.0","error":)") ||
                 json.starts_with(R"({"jsonrpc":"2.0","id":null,"error":)"));
}

class Outlets final : public Transport {
 public:
  Outlets(net::Loop& loop, Service& service, const Limits& limits)
      : Transport(loop, service, limits) {}

  std::unique_ptr<Outlet> open_outlet(const ReturnPath&, const OutletRequest&) override {
    ++open_;
    return std::make_unique<Checked>(open_);
  }
  void on_letter(const Letter&) override {}
  int open() const { return open_; }

 private:
  class Checked final : public Outlet {
   public:
    explicit Checked(int& open) : open_(open) {}
    ~Checked() override { --open_; }
    void send(std::string_view json) override {
      GAUNTLET_CHECK(!finished_);
      check_message(json);
    }
    void finish(const Answer& answer) override {
      GAUNTLET_CHECK(!finished_);
      finished_ = true;
      if (!answer.body.empty()) check_message(answer.body);
    }
    bool disconnect(core::Nanos) override { return false; }

   private:
    int& open_;
    bool finished_ = false;
  };

  std::unique_ptr<Peer> make_peer() const override { return std::make_unique<Peer>(); }
  std::span<char> consume(Peer&, std::span<char>) override { return {}; }

  int open_ = 0;
};

// With all fixtures, since these ask, wait and report.
Config fuzzed_config() {
  Config config;
  config.conformance = true;
  config.page_size = 5;
  config.limits.later_max = 50;
  config.limits.jobs_max = 8;
  config.limits.job_bytes_max = 1 << 14;
  return config;
}

const Config kConfig = fuzzed_config();
constexpr mcp::Revision kStateful[] = {mcp::Revision::v2024_11_05, mcp::Revision::v2025_03_26,
                                       mcp::Revision::v2025_06_18, mcp::Revision::v2025_11_25};

class Fuzzed {
 public:
  explicit Fuzzed(unsigned who) : who_(who) {
    Session session;
    session.revision = kStateful[who % 4];
    session.capabilities = kCanSample | kCanElicit | kCanListRoots;
    connection_ = {.opened = true, .session = session};
    const SessionId id = text_of(*registry_.open(session, 1));
    session_.assign(id.data(), id.size());
    mailbox_.listen(*loop_, [this](const Letter& letter) { service_.on_letter(letter); });
  }
  ~Fuzzed() {
    for (std::size_t i = 0; timers_.count() > 0; ++i) {
      GAUNTLET_CHECK(i < kTurnsMax);
      timers_.run_due(core::monotonic_ns() + 3600 * core::kSecond);
    }
    service_.stop();
    GAUNTLET_CHECK(service_.later_count() == 0);
    GAUNTLET_CHECK(outlets_.open() == 0);
    service_.abandon_all();
    mailbox_.close(*loop_);
  }

  void on_line(std::string_view line);

 private:
  bool over_http() const { return (who_ & 4) != 0; }
  Caller caller(const mcp::HeaderFacts& headers);
  void handle(std::span<const char> json, const Caller& caller);
  void on_batch(std::span<const char> json, const Caller& caller);
  void note_task(std::string_view answer);
  std::string with_task(std::string_view line) const;

  unsigned who_;
  std::unique_ptr<net::Loop> loop_ = net::make_loop();
  Timers timers_;
  Registry registry_{64, core::kSecond};
  EventLog events_{1 << 14};
  Mailbox mailbox_;
  Contents contents_;
  Shared shared_{registry_, events_, &mailbox_, {}, &contents_};
  Service service_{kConfig, timers_, shared_};
  Outlets outlets_{*loop_, service_, kConfig.limits};
  LocalSession connection_;
  std::string session_;
  std::string task_ = std::string(SessionId().size(), '0');
};

Caller Fuzzed::caller(const mcp::HeaderFacts& headers) {
  Caller caller;
  caller.path.transport = &outlets_;
  caller.now_ns = 2;
  if (over_http()) {
    caller.headers = &headers;
    caller.session_id = session_;
  } else {
    caller.connection = &connection_;
  }
  return caller;
}

void Fuzzed::handle(std::span<const char> json, const Caller& caller) {
  const Answer answer = service_.handle(json, caller);
  GAUNTLET_CHECK(!answer.later || answer.body.empty());
  if (answer.body.empty()) return;
  check_message(answer.body);
  note_task(answer.body);
}

void Fuzzed::note_task(std::string_view answer) {
  constexpr std::string_view kKey = R"("taskId":")";
  const std::size_t at = answer.find(kKey);
  if (at == std::string_view::npos) return;
  const std::string_view id = answer.substr(at + kKey.size(), task_.size());
  if (parse_session_id(id)) task_ = id;
}

std::string Fuzzed::with_task(std::string_view line) const {
  constexpr std::string_view kPlace = "TASK";
  std::string text(line);
  for (std::size_t at; (at = text.find(kPlace)) != std::string::npos;)
    text.replace(at, kPlace.size(), task_);
  return text;
}

void Fuzzed::on_batch(std::span<const char> json, const Caller& caller) {
  const auto batch = split_batch(json, kConfig.limits.batch_max);
  if (!batch) return check_message(service_.refuse(batch.error()).body);
  for (const std::string& message : *batch) handle(message_of(message), caller);
}

// Over HTTP the headers of the stateless era say what the body says, unless the first byte has it
// that they are missing.
void Fuzzed::on_line(std::string_view line) {
  std::string padded = with_task(line);
  const std::size_t size = padded.size();
  padded.append(net::kReadPadding, ' ');
  const std::span<const char> json(padded.data(), size);
  json::Reader reader;
  const auto message = mcp::parse_message(reader, json);
  mcp::HeaderFacts headers;
  if (message && message->has_claim && (who_ & 8) == 0)
    headers = {message->claimed_version, message->method,
               !message->task_id.empty() ? message->task_id
               : message->uri.empty()    ? message->name
                                         : message->uri};
  if (is_batch(json) && connection_.session.revision == mcp::Revision::v2025_03_26)
    on_batch(json, caller(headers));
  else
    handle(json, caller(headers));
  timers_.run_due(core::monotonic_ns());  // tasks begin
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kBytesMax) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  if (rest.contains("cpu")) return 0;  // burns up to ten seconds, as it should
  Fuzzed fuzzed(data[0]);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    fuzzed.on_line(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return 0;
}
