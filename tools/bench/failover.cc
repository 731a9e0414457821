#include "tools/bench/failover.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "tools/bench/workload.h"

namespace daftar::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned clients_per_node = 2;
constexpr std::chrono::milliseconds pause_between_payments(50);
constexpr std::chrono::milliseconds payment_timeout(100);  // and then the next: so some payment is fresh at any moment
constexpr std::chrono::milliseconds commit_patience(60'000);

/// Clients of every node, each with one payment under way, and the moment at which one of them first saw a commit after a kill.
class Payers {
 public:
  Payers(tools::LocalNetwork& network, const Population& population, const Options& options, std::uint64_t valid_until_ms) {
    for (const tools::Endpoint& endpoint : network.endpoints())
      for (unsigned i = 0; i < clients_per_node; ++i)
        threads_.emplace_back([this, &population, endpoint, ledger = network.genesis()->ledger_id(), category = options.category, valid_until_ms,
                               random = Random(options.seed ^ (endpoint.node * 1000u + i))]() mutable {
          tools::NodeConnection connection(endpoint, {std::chrono::milliseconds(200), std::chrono::milliseconds(500)});
          while (!stopping_) {
            const auto sent = Clock::now();
            const auto answer = connection.submit(make_transfer(population, ledger, category, valid_until_ms, random), tools::Wait::committed, payment_timeout);
            if (answer && answer->accepted()) committed(sent, Clock::now());
            if (answer && answer->status == tools::SubmitStatus::rejected) ++rejected_;
            std::this_thread::sleep_until(sent + pause_between_payments);
          }
        });
  }
  ~Payers() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

  /// Commits of payments sent from now on count.
  Clock::time_point watch() {
    const std::lock_guard lock(mutex_);
    seen_.reset();
    since_ = Clock::now();
    return since_;
  }
  std::optional<Clock::time_point> wait_for_commit() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, commit_patience, [this] { return seen_.has_value(); });
    return seen_;
  }
  std::uint64_t total() const { return total_; }
  std::uint64_t rejected() const { return rejected_; }

 private:
  void committed(Clock::time_point sent, Clock::time_point at) {
    ++total_;
    const std::lock_guard lock(mutex_);
    if (sent < since_ || seen_) return;
    seen_ = at;
    changed_.notify_all();
  }

  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> total_{0}, rejected_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  Clock::time_point since_ = Clock::time_point::max();
  std::optional<Clock::time_point> seen_;
  std::vector<std::thread> threads_;
};

double in_ms(std::chrono::nanoseconds time) { return std::round(std::chrono::duration<double, std::milli>(time).count() * 10) / 10; }

/// One leader's death; the problem, or empty.
std::string kill_leader(tools::LocalNetwork& network, Payers& payers, Failover& out) {
  if (const auto ready = network.wait_ready(std::chrono::seconds(60)); !ready) return ready.error().sentence;
  const auto leader = network.leader();
  if (!leader) return {};  // it changes just now: the caller asks again
  const auto killed_at = payers.watch();
  network.stop_node(*leader, SIGKILL);
  const auto seen = payers.wait_for_commit();
  if (!seen) return "no payment was committed within 60 s of the death of node " + std::to_string(*leader);
  out.gaps.push_back(*seen - killed_at);
  if (const auto started = network.start_node(*leader); !started) return started.error().sentence;
  return {};
}

}  // namespace

std::chrono::nanoseconds Failover::percentile(unsigned percent) const {
  if (gaps.empty()) return {};
  return gaps[std::max<std::size_t>(1, (gaps.size() * percent + 99) / 100) - 1];
}

Failover measure_failover(tools::LocalNetwork& network, const Population& population, const Options& options, std::uint64_t valid_until_ms,
                          const std::function<bool()>& go_on) {
  Failover out;
  Random random(options.seed ^ 0x6b696c6cu);
  {
    Payers payers(network, population, options, valid_until_ms);
    const auto start = Clock::now();
    std::this_thread::sleep_for(std::chrono::seconds(5));
    out.load_tx_per_s = static_cast<double>(payers.total()) / std::chrono::duration<double>(Clock::now() - start).count();
    while (out.gaps.size() < options.kills && go_on() && out.problems.empty()) {
      // At any moment between two heartbeats, and well after the last election.
      std::this_thread::sleep_for(std::chrono::milliseconds(500 + random.below(500)));
      if (auto problem = kill_leader(network, payers, out); !problem.empty()) out.problems.push_back(std::move(problem));
    }
    if (payers.rejected() > 0) out.problems.push_back(std::to_string(payers.rejected()) + " payments were rejected");
  }
  std::sort(out.gaps.begin(), out.gaps.end());
  if (out.gaps.size() < options.kills) out.problems.push_back("only " + std::to_string(out.gaps.size()) + " kills were measured");
  out.roots = check_roots(network, 20, std::chrono::seconds(60));
  if (!out.roots.held) out.problems.push_back(out.roots.problem);
  return out;
}

std::string Failover::json(const Options& options) const {
  const auto in_timeouts = [&](unsigned percent) {
    return std::round(in_ms(percentile(percent)) / options.election_timeout_ms * 100) / 100;
  };
  const nlohmann::ordered_json line = {
      {"failover_median_ms", in_ms(percentile(50))},
      {"failover_p90_ms", in_ms(percentile(90))},
      {"failover_max_ms", in_ms(percentile(100))},
      {"median_election_timeouts", in_timeouts(50)},
      {"p90_election_timeouts", in_timeouts(90)},
      {"max_election_timeouts", in_timeouts(100)},
      {"kills", gaps.size()},
      {"nodes", options.nodes},
      {"tick_ms", options.tick_ms},
      {"heartbeat_ms", options.heartbeat_ms},
      {"election_timeout_ms", options.election_timeout_ms},
      {"load_tx_per_s", std::round(load_tx_per_s)},
      {"roots_equal", roots.held},
      {"roots_compared", roots.compared},
      {"cores", std::max(1u, std::thread::hardware_concurrency())},
      {"seed", options.seed},
      {"problems", problems},
  };
  return line.dump();
}

std::string Failover::table(const Options& options) const {
  std::string out;
  for (const auto& [label, percent] : {std::pair{"median", 50u}, std::pair{"p90", 90u}, std::pair{"max", 100u}}) {
    char text[120];
    std::snprintf(text, sizeof text, "leader killed to next commit, %-8s %8.1f ms  %5.2f election timeouts\n", label, in_ms(percentile(percent)),
                  in_ms(percentile(percent)) / options.election_timeout_ms);
    out += text;
  }
  return out + std::to_string(gaps.size()) + " kills; roots " + (roots.held ? "equal at " + std::to_string(roots.compared) + " heights" : "NOT shown equal") + "\n";
}

}  // namespace daftar::bench
