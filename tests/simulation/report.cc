#include "tests/simulation/report.h"

#include <chrono>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

namespace daftar::simulation {
namespace {

using Json = nlohmann::ordered_json;

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

void add_counts(Json& json, const Verdict& verdict) {
  json["ticks"] = verdict.ticks;
  json["steps"] = verdict.steps;
  json["committed"] = verdict.committed;
  json["elections"] = verdict.elections;
  json["membership_changes"] = verdict.membership_changes;
  json["proposals"] = verdict.proposals;
  json["observers"] = verdict.observers;
  json["removed"] = verdict.removed;
  json["snapshots"] = verdict.snapshots;
  json["installed_at_start"] = verdict.installed_at_start;
  json["snapshots_resumed"] = verdict.snapshots_resumed;
  json["snapshots_superseded"] = verdict.snapshots_superseded;
  json["compactions"] = verdict.compactions;
  json["doubts"] = verdict.doubts;
  json["given_up"] = verdict.given_up;
  json["certificates"] = verdict.certificates;
  json["restarts"] = verdict.restarts;
  json["refused_starts"] = verdict.refused_starts;
  json["log_reads"] = verdict.log_reads;
  json["answered"] = verdict.answered;
  json["retries"] = verdict.retries;
  json["reads"] = verdict.reads;
  json["reads_unconfirmed"] = verdict.reads_unconfirmed;
  json["faults"] = Json::object();
  for (std::size_t i = 0; i < fault_kinds; ++i) json["faults"][std::string(name(static_cast<Fault>(i)))] = verdict.faults.of(static_cast<Fault>(i));
}

void add(Verdict& sum, const Verdict& one) {
  sum.ticks += one.ticks;
  sum.steps += one.steps;
  sum.committed += one.committed;
  sum.elections += one.elections;
  sum.proposals += one.proposals;
  sum.membership_changes += one.membership_changes;
  sum.observers += one.observers;
  sum.removed += one.removed;
  sum.snapshots += one.snapshots;
  sum.installed_at_start += one.installed_at_start;
  sum.snapshots_resumed += one.snapshots_resumed;
  sum.snapshots_superseded += one.snapshots_superseded;
  sum.compactions += one.compactions;
  sum.doubts += one.doubts;
  sum.given_up += one.given_up;
  sum.certificates += one.certificates;
  sum.restarts += one.restarts;
  sum.refused_starts += one.refused_starts;
  sum.log_reads += one.log_reads;
  sum.answered += one.answered;
  sum.retries += one.retries;
  sum.reads += one.reads;
  sum.reads_unconfirmed += one.reads_unconfirmed;
  sum.converged_ticks = std::max(sum.converged_ticks, one.converged_ticks);
  sum.faults.add(one.faults);
}

}  // namespace

std::string report(const Verdict& verdict) {
  Json json;
  json["seed"] = verdict.seed;
  json["nodes"] = verdict.nodes;
  json["digest"] = hex(verdict.digest);
  add_counts(json, verdict);
  json["converged_ticks"] = verdict.converged_ticks;
  if (verdict.trace_lines > 0) json["trace_lines"] = verdict.trace_lines;
  json["violations"] = verdict.passed() ? 0 : 1;
  return json.dump();
}

CampaignResult campaign(const CampaignOptions& options) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  std::mutex mutex;
  std::uint64_t next = options.each.seed, seeds = 0;
  Verdict sum;
  CampaignResult result;
  const auto work = [&] {
    for (;;) {
      SimOptions one = options.each;
      {
        const std::lock_guard lock(mutex);
        if (seeds > 0 && std::chrono::steady_clock::now() >= end) return;
        one.seed = next++;
      }
      const Verdict verdict = simulate(one);
      const std::lock_guard lock(mutex);
      ++seeds;
      add(sum, verdict);
      if (verdict.passed()) continue;
      result.failed.push_back(one.seed);
      std::printf("%s\nseed %llu failed: %s\n", verdict.story.c_str(), static_cast<unsigned long long>(one.seed), verdict.detail.c_str());
      std::fflush(stdout);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1u, options.jobs); ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  Json json;
  json["first_seed"] = options.each.seed;
  json["seeds"] = seeds;
  add_counts(json, sum);
  json["converged_ticks_max"] = sum.converged_ticks;
  json["violations"] = result.failed.size();
  json["failed_seeds"] = result.failed;
  result.report = json.dump();
  return result;
}

}  // namespace daftar::simulation
