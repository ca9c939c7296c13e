// Task: a handler at work: a coroutine that ends with the outcome of its request.
// Outcome: a result, or a JSON-RPC error.
//
// Owned by the call it works for; destroying it destroys what the handler holds, wherever it
// waits. Runs on the worker's thread only. What a handler throws becomes an internal error.
#pragma once

#include <boost/json.hpp>

#include <coroutine>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "mcp/revision.h"

namespace gauntlet::server {

struct Outcome {
  boost::json::object result;
  int error_code = 0;  // 0: a result
  std::string error_message;
  boost::json::object error_data;
  int http_status = 200;
};

Outcome text_result(std::string_view text);
// {"type":"text","text":…} and its kin, in one result.
Outcome content_result(boost::json::array content);
// The call reached the tool, and failed there: isError.
Outcome tool_error(std::string_view text);
Outcome rpc_error(int code, std::string_view message, boost::json::object data = {});

boost::json::object text_content(std::string_view text);

class Task {
 public:
  struct promise_type {
    Outcome outcome;

    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(Outcome value) { outcome = std::move(value); }
    void unhandled_exception() {
      try {
        throw;
      } catch (const std::exception& error) {
        outcome = rpc_error(mcp::kInternalError, error.what());
      } catch (...) {
        outcome = rpc_error(mcp::kInternalError, "the handler failed");
      }
    }
  };

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  void resume() { handle_.resume(); }
  bool done() const { return handle_.done(); }
  Outcome& outcome() { return handle_.promise().outcome; }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace gauntlet::server
