#include "tools/bench/driver.h"

#include <algorithm>
#include <thread>

namespace daftar::bench {
namespace {

/// What the clients of one run share.
struct Run {
  std::vector<Batch>& batches;
  const DriveOptions& options;
  const ChooseEndpoint& choose;
  Clock::time_point measure_from, measure_to;
  std::atomic<std::size_t> next_batch{0};
  std::atomic<std::uint64_t> committed{0};
  std::atomic<bool> ran_dry{false};
  std::atomic<bool> ended{false};
};

class Client {
 public:
  Client(Run& run, std::uint32_t number) : run_(run), number_(number), random_(number + 1), connection_(run.choose(number)) {}

  Outcome work() {
    while (Clock::now() < run_.measure_to && !run_.ended) {
      const std::size_t i = run_.next_batch++;
      if (i >= run_.batches.size()) {
        run_.ran_dry = true;
        break;
      }
      send(run_.batches[i]);
      std::string().swap(run_.batches[i].frames);
    }
    return std::move(outcome_);
  }

 private:
  void send(const Batch& batch) {
    const auto start = Clock::now();
    std::size_t lines = 0, busy = 0;
    const auto answer = connection_.submit_bulk(
        batch.frames, run_.options.certified ? tools::Wait::certified : tools::Wait::committed, run_.options.answer_timeout,
        [&](const tools::BulkLine& line) {
          ++lines;
          if (line.status == tools::SubmitStatus::busy) ++busy;
          count(line, start);
        });
    const bool refused_whole = !answer && answer.error().code == "busy";
    if (refused_whole) {
      if (within(Clock::now())) outcome_.busy += batch.transactions;
      busy = batch.transactions;
    } else if (lines < batch.transactions) {
      if (within(Clock::now())) outcome_.unknown += batch.transactions - lines;
    }
    if (!answer) {
      note(answer.error().code + ": " + answer.error().sentence);
      if (!refused_whole) connection_ = tools::NodeConnection(run_.choose(number_));
    }
    if (busy == batch.transactions || (!answer && lines == 0)) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }

  void count(const tools::BulkLine& line, Clock::time_point start) {
    const auto now = Clock::now();
    const bool counts = within(now);
    switch (line.status) {
      case tools::SubmitStatus::committed:
      case tools::SubmitStatus::certified:
        ++outcome_.committed_in_all;
        ++run_.committed;
        sample(line.line);
        if (counts) {
          ++outcome_.committed;
          outcome_.latencies.record(now - start);
        }
        return;
      case tools::SubmitStatus::rejected: outcome_.rejected += counts; break;
      case tools::SubmitStatus::busy: outcome_.busy += counts; break;
      case tools::SubmitStatus::unknown: outcome_.unknown += counts; break;
    }
    note(line.line);
  }

  bool within(Clock::time_point now) const { return now >= run_.measure_from && now < run_.measure_to; }

  /// Reservoir sampling: each committed transaction has the same chance to be kept.
  void sample(std::string_view line) {
    auto& kept = outcome_.sample_ids;
    const std::size_t wanted = run_.options.sample_per_client;
    if (wanted == 0) return;
    if (kept.size() < wanted) {
      kept.emplace_back(string_member(line, "id"));
    } else if (const std::uint64_t place = random_.next() % outcome_.committed_in_all; place < wanted) {
      kept[place] = string_member(line, "id");
    }
  }

  void note(std::string_view problem) {
    if (outcome_.first_problem.empty()) outcome_.first_problem = problem;
  }

  Run& run_;
  std::uint32_t number_;
  Random random_;
  tools::NodeConnection connection_;
  Outcome outcome_;
};

}  // namespace

void Outcome::merge(Outcome&& other) {
  committed += other.committed;
  rejected += other.rejected;
  busy += other.busy;
  unknown += other.unknown;
  latencies.merge(other.latencies);
  committed_in_all += other.committed_in_all;
  for (std::string& id : other.sample_ids) sample_ids.push_back(std::move(id));
  if (first_problem.empty()) first_problem = std::move(other.first_problem);
  ran_dry = ran_dry || other.ran_dry;
}

std::string_view string_member(std::string_view line, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  std::size_t at = line.find(key);
  if (at == std::string_view::npos) return {};
  at += key.size();
  while (at < line.size() && line[at] == ' ') ++at;
  if (at >= line.size() || line[at] != '"') return {};
  const std::size_t end = line.find('"', at + 1);
  return end == std::string_view::npos ? std::string_view{} : line.substr(at + 1, end - at - 1);
}

Outcome drive(std::vector<Batch>& batches, const DriveOptions& options, const ChooseEndpoint& choose, const std::function<void()>& at_start,
              const std::function<void()>& at_end, const std::function<bool(std::uint64_t)>& progress) {
  Run run{batches, options, choose, Clock::now() + options.warmup, Clock::now() + options.warmup + options.measured};
  std::vector<Outcome> outcomes(options.clients);
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < options.clients; ++i) threads.emplace_back([&, i] { outcomes[i] = Client(run, i).work(); });

  const auto wait_until = [&](Clock::time_point edge) {
    while (Clock::now() < edge && !run.ran_dry && !run.ended) {
      std::this_thread::sleep_until(std::min(edge, Clock::now() + std::chrono::seconds(1)));
      if (!progress(run.committed)) run.ended = true;
    }
  };
  wait_until(run.measure_from);
  at_start();
  wait_until(run.measure_to);
  at_end();
  for (std::thread& thread : threads) thread.join();

  Outcome all;
  for (Outcome& outcome : outcomes) all.merge(std::move(outcome));
  all.ran_dry = run.ran_dry;
  return all;
}

LatencyHistogram drive_single(const std::vector<std::string>& envelopes, const tools::Endpoint& endpoint, std::string& problem) {
  LatencyHistogram latencies;
  tools::NodeConnection connection(endpoint);
  for (const std::string& envelope : envelopes) {
    const auto start = Clock::now();
    const auto answer = connection.submit(envelope, tools::Wait::committed, std::chrono::seconds(10));
    const auto latency = Clock::now() - start;
    if (!answer || !answer->accepted()) {
      problem = answer ? std::string(tools::name(answer->status)) + " " + answer->code + " " + answer->detail : answer.error().sentence;
      break;
    }
    latencies.record(latency);
  }
  return latencies;
}

}  // namespace daftar::bench
