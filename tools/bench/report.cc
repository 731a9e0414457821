#include "tools/bench/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace daftar::bench {
namespace {

double rounded(double value, int places) {
  const double scale = std::pow(10.0, places);
  return std::round(value * scale) / scale;
}

double percentile_ms(const LatencyHistogram& latencies, std::uint32_t parts_per_million) {
  return rounded(milliseconds(latencies.percentile(parts_per_million)), 3);
}

}  // namespace

double Report::tx_per_s() const { return measured_s > 0 ? static_cast<double>(outcome.committed) / measured_s : 0; }
double Report::verify_per_s_core() const { return std::max(verify_before, verify_after); }
double Report::limit_tx_per_s() const { return verify_per_s_core() * cores / options.nodes; }

std::uint64_t Report::flushes() const {
  if (counters.empty()) return 0;
  return std::min_element(counters.begin(), counters.end(), [](const Counters& a, const Counters& b) { return a.flushes < b.flushes; })->flushes;
}

std::uint64_t Report::elections() const {
  std::uint64_t out = 0;
  for (const Counters& node : counters) out = std::max(out, node.term);
  return out;
}

bool Report::is_short() const {
  return options.seconds < 60 || flushes() < 3 || !options.full_size() || options.plain_api || !options.default_timers();
}

std::string Report::json() const {
  std::uint64_t fsyncs = 0;
  for (const Counters& node : counters) fsyncs += node.fsyncs;
  const Counters led = leader >= 1 && leader <= counters.size() ? counters[leader - 1] : Counters{};
  const nlohmann::ordered_json out = {
      {"tx_per_s", rounded(tx_per_s(), 1)},
      {"p50_ms", percentile_ms(outcome.latencies, 500'000)},
      {"p99_ms", percentile_ms(outcome.latencies, 990'000)},
      {"max_ms", rounded(milliseconds(outcome.latencies.max()), 3)},
      {"errors", errors()},
      {"nodes", options.nodes},
      {"clients", options.clients},
      {"verify_per_s_core", rounded(verify_per_s_core(), 0)},
      {"limit_tx_per_s", rounded(limit_tx_per_s(), 0)},
      {"ratio", rounded(limit_tx_per_s() > 0 ? tx_per_s() / limit_tx_per_s() : 0, 3)},
      {"fsyncs", fsyncs},
      {"blocks", led.blocks},
      {"flushes", flushes()},
      {"seals", led.seals},
      {"certificates", led.certificates},
      {"elections", elections()},
      {"election_timeout_ms", options.election_timeout_ms},
      {"rejected", outcome.rejected},
      {"short", is_short()},
      {"seconds", rounded(measured_s, 3)},
      {"warmup_s", options.warmup_s},
      {"setup_s", rounded(setup_s, 1)},
      {"batch", options.batch},
      {"keys", options.keys},
      {"accounts", options.accounts},
      {"category", options.category},
      {"submit", options.submit == SubmitTo::all ? "all" : "leader"},
      {"wait", options.certified ? "certified" : "committed"},
      {"api_tls", !options.plain_api},
      {"seed", options.seed},
      {"cores", cores},
      {"single_client_p50_ms", percentile_ms(single, 500'000)},
      {"single_client_p99_ms", percentile_ms(single, 990'000)},
      {"fdatasync_p50_ms", percentile_ms(fdatasync, 500'000)},
      {"verify_before", rounded(verify_before, 0)},
      {"verify_after", rounded(verify_after, 0)},
      {"roots_equal", roots.held},
      {"roots_compared", roots.compared},
      {"receipts_verified", receipts.compared},
      {"problems", problems},
  };
  return out.dump();
}

std::string Report::table() const {
  std::string out;
  const auto line = [&out](const char* label, const std::string& value) {
    char text[160];
    std::snprintf(text, sizeof text, "%-34s %s\n", label, value.c_str());
    out += text;
  };
  const auto number = [](double value, int places) {
    char text[40];
    std::snprintf(text, sizeof text, "%.*f", places, value);
    return std::string(text);
  };
  line("transactions per second", number(tx_per_s(), 0));
  line("share of the verification limit", number(100 * tx_per_s() / limit_tx_per_s(), 1) + " % of " + number(limit_tx_per_s(), 0));
  line("latency p50 / p99 / max", number(percentile_ms(outcome.latencies, 500'000), 1) + " / " +
                                      number(percentile_ms(outcome.latencies, 990'000), 1) + " / " +
                                      number(milliseconds(outcome.latencies.max()), 1) + " ms");
  line("one client alone, p50", number(percentile_ms(single, 500'000), 2) + " ms");
  line("fdatasync of 4 KiB, p50", number(percentile_ms(fdatasync, 500'000), 2) + " ms");
  line("committed, rejected, errors", std::to_string(outcome.committed) + ", " + std::to_string(outcome.rejected) + ", " + std::to_string(errors()));
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const Counters& c = counters[i];
    line(("node " + std::to_string(i + 1) + (i + 1 == leader ? " (leader)" : "")).c_str(),
         std::to_string(c.blocks) + " blocks, " + std::to_string(c.fsyncs) + " fsyncs, " + std::to_string(c.flushes) + " flushes, " +
             std::to_string(c.seals) + " seals, " + std::to_string(c.certificates) + " certificates");
  }
  line("elections", std::to_string(elections()));
  line("roots", roots.held ? "equal at " + std::to_string(roots.compared) + " heights" : "NOT shown equal");
  line("receipts verified offline", std::to_string(receipts.compared));
  line("for the record", is_short() ? "no: short run or small network (see docs/performance.md)" : "yes");
  for (const std::string& problem : problems) line("PROBLEM", problem);
  return out;
}

}  // namespace daftar::bench
