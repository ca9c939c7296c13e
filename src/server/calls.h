// Calls: the calls in progress of one worker: handlers that wait, subscriptions that listen, and
// the questions they have put to their clients.
//
// A call begins in start(). One that ends without having waited or sent anything gives its answer
// at once; all others have an outlet, and end through it. Timers, questions and transports know a
// call by its id only, so that one that is gone is simply not found.
// Calls that run as jobs, and those that follow one (tasks/result), hear of its changes by letters,
// and look once a second, as letters may get lost (calls_jobs.cc).
// Belongs to the worker's thread.
#pragma once

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/call.h"
#include "server/call_index.h"
#include "server/config.h"
#include "server/gate.h"
#include "server/shared.h"
#include "server/timers.h"
#include "server/tool.h"

namespace gauntlet::server {

inline constexpr std::size_t kOpenQuestionsMax = 10'000;
// How long a sealed state is good for.
inline constexpr core::Nanos kSealedFor = 600 * core::kSecond;

class Calls {
 public:
  // Writes an outcome as the answer to a request; its body holds until the next call.
  using Finish = std::function<Answer(const Request& request, Outcome& outcome)>;
  // Makes the handler of a call.
  using Work = std::function<Task(Call& call)>;

  Calls(const Config& config, Timers& timers, Shared& shared, Gate& gate, Finish finish);
  ~Calls();

  // The answer, or one that comes later. With a delay the handler begins after it.
  Answer start(Request request, const ReturnPath& path, const Work& work, core::Nanos delay_ns = 0);
  // The same as a job: the answer is that there is one.
  Answer start_job(Request request, const ReturnPath& path, const Work& work,
                   core::Nanos delay_ns = 0);
  // tasks/result: its outcome, once it is over; meanwhile what it asks.
  Answer follow(Request request, const ReturnPath& path, const JobId& id);
  // News of a job, here or at another worker.
  void on_job_changed(const JobId& id);
  // Tells all workers.
  void announce(const JobHead& job);
  // Gives a job the answers to what it asks, {result} or {error} by key; any that are none stop it.
  enum class Given : std::uint8_t { taken, no_job, misfit };
  Given answer_job(const JobId& id, const JobOwner& owner, const boost::json::object& responses);
  // Once a second: ends the handlers of jobs that are over or forgotten.
  void sweep_jobs();
  // … or soon, when it may be a handler that has it done.
  void sweep_jobs_soon();
  // subscriptions/listen: an outlet that stays open, for the news in `filter`.
  Answer listen(Request request, const ReturnPath& path);
  // Tells the listeners that want it.
  void publish(const Letter& letter);
  // The server stops: every listener gets its answer.
  void end_listeners();

  void abandon(CallId id);
  // False where there is no such call here.
  bool cancel(const std::string& owner, std::string_view raw_id);
  // A response to question `number`; false where nobody waits for it, or `owner` was not asked.
  bool answer_question(std::uint64_t number, const std::string& owner,
                       const boost::json::object& response);
  // Before the transports go, whose outlets the calls have.
  void abandon_all();
  // Its session was closed.
  void abandon_owner(const std::string& owner);

  std::size_t count() const { return calls_.size(); }
  // With the subscriptions: what Limits::later_max bounds.
  std::size_t waiting() const { return calls_.size() + listeners_.size(); }
  std::size_t question_count() const { return questions_.size(); }

 private:
  friend class Call;

  struct Asked {
    CallId call = 0;
    std::size_t place = 0;  // of the answer, among those that the call waits for
    ClientCapability needs = kCanSample;
  };
  struct JobHash {
    std::size_t operator()(const JobId& id) const { return id.low; }
  };
  struct Listener {
    Request request;
    std::unique_ptr<Outlet> outlet;
    boost::json::object filter;
  };

  bool full(const Request& request) const;
  Answer busy(const Request& request);
  Answer refuse(const Request& request, std::string_view why);
  Outlet& outlet_of(Call& call);
  bool run(Call& call);
  Answer settle(CallId id, bool within_start);
  Outcome outcome_of(Call& call);
  Outcome input_required(Call& call);
  Outcome lacking(std::uint8_t capabilities);
  void resume(CallId id);
  void forget(CallId id);
  void wake_after(core::Nanos length, Call& call);
  void wake(CallId id);
  void end_wait(Call& call);
  void unfollow(const Call& call);
  std::optional<Job> open_job(const Request& request);
  Answer become_job(Call& call, bool within_start);
  Answer settle_job(Call& call);
  void run_as(const Job& job, Call& call, core::Nanos delay_ns);
  void ask_in_job(Call& call, std::vector<std::pair<std::string, Question>>& questions);
  void take_responses(Call& call);
  void end_late(CallId id);
  void look(CallId id);
  void note_progress(const Call& call, double done, double total, std::string_view message);
  void await_news(Call& call);
  bool runs_here(const JobId& id) const;
  static Task await_result(Call& call);
  void fail_jobs();
  void keep_visible_jobs(boost::json::object& filter, const JobOwner& owner);
  void tell_of_job(Listener& listener, const JobId& id);
  void tell_of_jobs(Listener& listener);
  std::uint64_t register_question(Call& call, std::size_t place, ClientCapability needs);
  std::string sealed_state(const Call& call);
  bool open_state(Call& call);
  bool open_responses(Call& call);
  OutletRequest outlet_request(CallId id, const Request& request) const;

  const Config& config_;
  Timers& timers_;
  Shared& shared_;
  JobTable& jobs_;
  Gate& gate_;
  Finish finish_;
  CallId next_ = 1;
  CallId running_ = 0;   // whose handler is on the stack
  bool doomed_ = false;  // … and is to be destroyed once it is not
  std::uint64_t next_question_ = 1;
  std::unordered_map<CallId, std::unique_ptr<Call>> calls_;
  CallIndex index_;  // of the calls and the listeners
  std::map<CallId, Listener> listeners_;
  std::unordered_map<std::uint64_t, Asked> questions_;
  std::unordered_multimap<JobId, CallId, JobHash> job_calls_;  // that run as it, or follow it
};

}  // namespace gauntlet::server
