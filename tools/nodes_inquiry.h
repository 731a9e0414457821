// One question to all nodes of the network at once, so that one that hangs holds nobody up for long.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tools/api_client.h"

namespace daftar::tools {

class NodesInquiry {
 public:
  /// How long a node may take to be reached and, on top of it, to answer.
  static constexpr ClientTimeouts patience{.connect = std::chrono::milliseconds(1500), .answer = std::chrono::milliseconds(3000)};
  /// How much longer the others are waited for when somebody has said all that was asked.
  static constexpr std::chrono::milliseconds stragglers_max{300};

  explicit NodesInquiry(const std::vector<Endpoint>& nodes);
  /// Waits for the answers that are still under way: at most `patience`.
  ~NodesInquiry();

  /// GET `target` of every node; what came within `patience`, in the order of the nodes. Ends earlier, without those that are silent by then, once
  /// an answer was `sufficient`. A node that still owes the answer to an earlier question is not asked another. One thread at a time.
  std::vector<Result<HttpAnswer>> ask(const std::string& target, const std::function<bool(const HttpAnswer&)>& sufficient);

 private:
  struct Node {
    explicit Node(const Endpoint& endpoint) : connection(endpoint, patience) {}
    NodeConnection connection;   // of the running question, else of ask()
    std::future<void> question;
    std::optional<Result<HttpAnswer>> answer;
    bool busy = false;           // these two: under mutex_
  };
  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace daftar::tools
