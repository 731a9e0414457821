// daftar-bench: see `daftar-bench --help` and docs/performance.md.
#include <stdlib.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tools/bench/checks.h"
#include "tools/bench/driver.h"
#include "tools/bench/failover.h"
#include "tools/bench/options.h"
#include "tools/bench/population.h"
#include "tools/bench/probes.h"
#include "tools/bench/report.h"
#include "tools/bench/workload.h"
#include "tools/local_network.h"
#include "tools/wallet.h"

namespace daftar::bench {
namespace {

namespace fs = std::filesystem;

volatile std::sig_atomic_t interrupted = 0;
void on_interrupt(int) { interrupted = 1; }

/// The run cannot go on. What was started is stopped by destructors.
struct Abandoned : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
T must(tools::Result<T> result, const std::string& what) {
  if (!result) throw Abandoned(what + ": " + result.error().sentence);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void say(const std::string& text) { std::cerr << "daftar-bench: " << text << "\n"; }

void stop_if_interrupted() {
  if (interrupted) throw Abandoned("interrupted");
}

/// The folder of one run; removed with all in it unless it is to be kept.
class Folder {
 public:
  Folder(const std::string& wanted, bool keep) : keep_(keep) {
    if (!wanted.empty()) {
      path_ = fs::absolute(wanted);
      if (fs::exists(path_) && !fs::is_empty(path_)) throw Abandoned(path_.string() + " is not empty");
      fs::create_directories(path_);
      return;
    }
    std::string pattern = (fs::temp_directory_path() / "daftar-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw Abandoned("no folder could be made as " + pattern);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    if (!keep_) fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool keep_;
};

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw Abandoned("cannot write " + file.string());
}

tools::LocalNetwork start_network(const Options& options, const Population& population, const fs::path& folder) {
  const fs::path source = folder / "genesis-source";
  fs::create_directories(source);
  const bool taxed = options.category != "none";
  write_text(source / "network.toml", population.network_toml(options.nodes, taxed));
  if (taxed) write_text(source / "profile.toml", population.profile_toml());
  tools::LocalNetworkOptions network_options;
  network_options.dir = folder / "network";
  network_options.genesis_dir = source;
  network_options.nodes = options.nodes;
  network_options.daftard = options.daftard;
  network_options.api_tls = !options.plain_api;
  if (!options.default_timers())
    network_options.extra_config = {{"raft.tick_ms", std::to_string(options.tick_ms)},
                                    {"raft.heartbeat_ms", std::to_string(options.heartbeat_ms)},
                                    {"raft.election_timeout_ms", std::to_string(options.election_timeout_ms)}};
  auto network = must(tools::LocalNetwork::create(std::move(network_options)), "the network could not be made");
  network.stop_on_destruction(true);
  must(network.start_all(), "the nodes could not be started");
  must(network.wait_ready(), "the network did not become ready");
  return network;
}

unsigned find_leader(tools::LocalNetwork& network) {
  for (int i = 0; i < 300; ++i) {
    if (const auto leader = network.leader()) return *leader;
    stop_if_interrupted();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  throw Abandoned("the nodes named no leader for 30 s");
}

/// Sends set-up transactions, a few at a time: each is made, sent and must be accepted.
class Loader {
 public:
  Loader(tools::LocalNetwork& network, std::string what, std::uint32_t operations)
      : network_(network), what_(std::move(what)), operations_(operations) {}

  bool take(Population::Step step) {
    stop_if_interrupted();
    tools::add_bulk_frame(frames_, step.envelope);
    ++pending_;
    pending_operations_ += step.operations;
    if (pending_ == bulk_max) flush();
    return true;
  }
  void flush() {
    if (pending_ == 0) return;
    if (!connection_) connection_.emplace(network_.endpoints()[find_leader(network_) - 1]);
    std::size_t accepted = 0;
    std::string problem;
    const auto answer = connection_->submit_bulk(frames_, tools::Wait::committed, std::chrono::seconds(60), [&](const tools::BulkLine& line) {
      if (line.status == tools::SubmitStatus::committed || line.status == tools::SubmitStatus::certified)
        ++accepted;
      else
        problem = line.line;
    });
    if (!answer) problem = answer.error().sentence;
    if (accepted != pending_) throw Abandoned(what_ + ": " + problem);
    done_ += pending_operations_;
    frames_.clear();
    pending_ = 0;
    pending_operations_ = 0;
    if (const auto now = Clock::now(); now - said_ > std::chrono::seconds(2) || done_ == operations_) {
      say(what_ + ": " + std::to_string(done_) + " of " + std::to_string(operations_));
      said_ = now;
    }
  }

 private:
  static constexpr std::size_t bulk_max = 16;  // at most 1 MiB of transactions on the way
  tools::LocalNetwork& network_;
  std::string what_;
  std::uint32_t operations_, done_ = 0, pending_operations_ = 0;
  std::optional<tools::NodeConnection> connection_;
  std::string frames_;
  std::size_t pending_ = 0;
  Clock::time_point said_ = Clock::now();
};

void populate(tools::LocalNetwork& network, const Population& population, std::uint64_t valid_until_ms) {
  Loader members(network, "members registered", population.keys());
  population.registrations(*network.genesis(), network.member_key("registrar"), valid_until_ms, [&](Population::Step s) { return members.take(std::move(s)); });
  members.flush();
  Loader money(network, "accounts funded", population.accounts());
  population.issues(*network.genesis(), network.member_key("bank"), valid_until_ms, [&](Population::Step s) { return money.take(std::move(s)); });
  money.flush();
}

std::vector<Counters> all_counters(tools::LocalNetwork& network) {
  std::vector<Counters> out;
  for (unsigned node = 1; node <= network.nodes(); ++node) out.push_back(read_counters(network, node).value_or(Counters{}));
  return out;
}

std::vector<Counters> difference(const std::vector<Counters>& after, const std::vector<Counters>& before) {
  std::vector<Counters> out;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto rise = [&](std::uint64_t Counters::*field) { return after[i].*field >= before[i].*field ? after[i].*field - before[i].*field : 0; };
    out.push_back({rise(&Counters::fsyncs), rise(&Counters::blocks), rise(&Counters::flushes), rise(&Counters::seals), rise(&Counters::certificates),
                   rise(&Counters::term)});
  }
  return out;
}

void measure_load(Report& report, tools::LocalNetwork& network, std::vector<Batch>& batches) {
  const Options& options = report.options;
  std::vector<Counters> before, after;
  Clock::time_point started{}, ended{};
  DriveOptions drive_options;
  drive_options.clients = options.clients;
  drive_options.certified = options.certified;
  drive_options.warmup = std::chrono::seconds(options.warmup_s);
  drive_options.measured = std::chrono::seconds(options.seconds);
  drive_options.sample_per_client = (options.receipts + options.clients - 1) / options.clients;
  const ChooseEndpoint choose = [&](std::uint32_t client) {
    if (options.submit == SubmitTo::all) return network.endpoints()[client % network.nodes()];
    for (int i = 0; i < 100; ++i) {
      for (const tools::Endpoint& endpoint : network.endpoints()) {
        tools::NodeConnection connection(endpoint);
        const auto answer = connection.request("GET", "/v1/status");
        const auto json = answer ? nlohmann::json::parse(answer->body, nullptr, false) : nlohmann::json();
        const unsigned leader = json.is_object() ? json.value("leader", 0u) : 0u;
        if (leader >= 1 && leader <= network.nodes()) return network.endpoints()[leader - 1];
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return network.endpoints().front();
  };
  std::uint64_t last = 0;
  report.outcome = drive(
      batches, drive_options, choose,
      [&] {
        before = all_counters(network);
        started = Clock::now();
        say("measuring");
      },
      [&] {
        ended = Clock::now();
        after = all_counters(network);
      },
      [&](std::uint64_t committed) {
        say(std::to_string(committed) + " committed, " + std::to_string(committed - last) + " in the last second");
        last = committed;
        return interrupted == 0;
      });
  stop_if_interrupted();
  report.measured_s = std::min<double>(options.seconds, std::chrono::duration<double>(ended - started).count());
  report.counters = difference(after, before);
  report.leader = find_leader(network);
}

void judge(Report& report) {
  if (report.outcome.ran_dry) report.problems.push_back("the signed transactions were used up before the time was: give a larger --sign");
  if (report.outcome.committed == 0) report.problems.push_back("nothing was committed in the measured window");
  if (report.errors() > 0 || report.outcome.rejected > 0) {
    report.problems.push_back(std::to_string(report.errors()) + " errors and " + std::to_string(report.outcome.rejected) +
                              " rejected; the first: " + report.outcome.first_problem);
  }
  if (!report.roots.held) report.problems.push_back(report.roots.problem);
  if (!report.receipts.held) report.problems.push_back(report.receipts.problem);
}

/// Everything between the two measurements of the verification rate: a network lives only in here.
void run_network(Report& report, const Population& population, const fs::path& folder) {
  const Options& options = report.options;
  const unsigned threads = std::max(1u, report.cores);
  constexpr std::chrono::hours valid_for(6);
  const std::uint64_t valid_until_ms = tools::now_ms() + static_cast<std::uint64_t>(std::chrono::milliseconds(valid_for).count());

  const auto setup_start = Clock::now();
  say("starting " + std::to_string(options.nodes) + " nodes in " + folder.string());
  auto network = start_network(options, population, folder);
  populate(network, population, valid_until_ms);
  report.setup_s = std::chrono::duration<double>(Clock::now() - setup_start).count();

  const double time_s = options.seconds + options.warmup_s;
  WorkloadOptions workload;
  workload.transactions = options.sign > 0 ? options.sign : static_cast<std::uint64_t>(report.limit_tx_per_s() * time_s) + 10'000;
  workload.batch = options.batch;
  workload.category = options.category;
  workload.seed = options.seed;
  workload.valid_until_ms = valid_until_ms;
  workload.batch_ms = static_cast<std::uint64_t>(1000 * options.batch / std::max(1.0, report.limit_tx_per_s()));
  workload.threads = threads;
  say("signing " + std::to_string(workload.transactions) + " transfers ahead");
  auto batches = sign_ahead(population, network.genesis()->ledger_id(), workload, [](std::uint64_t) { stop_if_interrupted(); });

  if (options.single > 0) {
    say("one client alone: " + std::to_string(options.single) + " transactions");
    Random random(options.seed ^ 0x73696e676c65u);
    std::vector<std::string> envelopes;
    for (std::uint32_t i = 0; i < options.single; ++i)
      envelopes.push_back(make_transfer(population, network.genesis()->ledger_id(), options.category, valid_until_ms, random));
    std::string problem;
    report.single = drive_single(envelopes, network.endpoints()[find_leader(network) - 1], problem);
    if (!problem.empty()) report.problems.push_back("one client alone: " + problem);
    report.fdatasync = measure_fdatasync(folder.string(), 300);
  }

  say("load: " + std::to_string(options.clients) + " clients, " + std::to_string(options.warmup_s) + " s warm-up, then " +
      std::to_string(options.seconds) + " s");
  measure_load(report, network, batches);

  say("comparing roots and verifying receipts");
  report.roots = check_roots(network, 20, std::chrono::seconds(60));
  auto& ids = report.outcome.sample_ids;
  if (ids.size() > options.receipts) ids.resize(options.receipts);
  report.receipts = check_receipts(network, ids, tools::Reader{"auditor", &network.member_key("auditor")});
  network.stop_all();
}

int run_failover(const Options& options) {
  Folder folder(options.directory, options.keep);
  const Population population({options.keys, options.accounts, options.seed}, std::max(1u, std::thread::hardware_concurrency()));
  constexpr std::chrono::hours valid_for(6);
  const std::uint64_t valid_until_ms = tools::now_ms() + static_cast<std::uint64_t>(std::chrono::milliseconds(valid_for).count());
  say("starting " + std::to_string(options.nodes) + " nodes in " + folder.path().string());
  auto network = start_network(options, population, folder.path());
  populate(network, population, valid_until_ms);
  say("killing " + std::to_string(options.kills) + " leaders");
  const Failover failover = measure_failover(network, population, options, valid_until_ms, [] { return interrupted == 0; });
  stop_if_interrupted();
  network.stop_all();
  std::cout << (options.json ? failover.json(options) + "\n" : failover.table(options)) << std::flush;
  for (const std::string& problem : failover.problems) say("PROBLEM: " + problem);
  return failover.problems.empty() ? 0 : 1;
}

int run(const Options& options) {
  if (options.failover) return run_failover(options);
  Report report;
  report.options = options;
  report.cores = std::max(1u, std::thread::hardware_concurrency());
  Folder folder(options.directory, options.keep);

  say("measuring the verification rate of one core");
  report.verify_before = measure_verify_per_second(std::chrono::milliseconds(1500));
  say("deriving " + std::to_string(options.keys) + " keys");
  const Population population({options.keys, options.accounts, options.seed}, report.cores);
  run_network(report, population, folder.path());
  report.verify_after = measure_verify_per_second(std::chrono::milliseconds(1500));
  judge(report);

  std::cout << (options.json ? report.json() + "\n" : report.table()) << std::flush;
  for (const std::string& problem : report.problems) say("PROBLEM: " + problem);
  return report.problems.empty() ? 0 : 1;
}

}  // namespace
}  // namespace daftar::bench

int main(int argc, char** argv) {
  daftar::bench::Options options;
  int exit_code = 0;
  if (!daftar::bench::parse_options(argc, argv, options, exit_code)) return exit_code;
  daftar::ledger::initialise_crypto();
  std::signal(SIGINT, daftar::bench::on_interrupt);
  std::signal(SIGTERM, daftar::bench::on_interrupt);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return daftar::bench::run(options);
  } catch (const std::exception& error) {
    std::cerr << "daftar-bench: " << error.what() << "\n";
    return 1;
  }
}
