// daftar-sim: runs simulations of a whole validator network (docs/consensus.md, "The simulator"). Exit status 0: nothing was violated.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <random>

#include "tests/simulation/report.h"

using namespace daftar;

int main(int argc, char** argv) {
  simulation::SimOptions options;
  std::optional<std::uint64_t> seed;
  std::string faults = "all";
  std::string trace_file;
  double campaign_minutes = 0;
  unsigned jobs = 1;
  CLI::App app("Simulates a network of Daftar validators under faults, deterministically, and checks what it promises.", "daftar-sim");
  app.add_option("--seed", seed, "first or only seed; drawn, and printed, when not given");
  app.add_option("--ticks", options.ticks, "ticks of 20 ms with faults, before they end and everything must converge")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_flag("!--steady", options.changes, "no node comes or goes");
  app.add_option("--nodes", options.nodes, "validators to begin with; drawn from the seed when not given")->check(CLI::Range(3, 7));
  app.add_option("--faults", faults, "all, none, or a list: loss,delay,duplicate,reorder,partition,one-way,flap,clog,crash,power,blackout,pause,torn,rot,"
                                     "misdirect,io-error,slow-sync,hang-sync,clock,clocks,old-disk")->capture_default_str();
  app.add_option("--campaign", campaign_minutes, "run seed after seed for so many minutes")->check(CLI::PositiveNumber);
  app.add_option("--trace", trace_file, "write what passes in and out of every consensus core to this file, one JSON object a line, and hold each line against\n"
                                        "the thesis; of one seed")->excludes("--campaign");
  app.add_option("--jobs", jobs, "of a campaign: simulations at a time")->capture_default_str()->check(CLI::Range(1, 256));
  CLI11_PARSE(app, argc, argv);
  const auto set = simulation::parse_faults(faults);
  if (!set) {
    std::fprintf(stderr, "daftar-sim: --faults: %s\n", set.error().c_str());
    return 2;
  }
  options.faults = *set;
  options.seed = seed ? *seed : std::random_device()() % 1'000'000'000u;
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  if (campaign_minutes > 0) {
    const auto result = simulation::campaign({options, static_cast<std::uint64_t>(campaign_minutes * 60), jobs});
    std::printf("%s\n", result.report.c_str());
    return result.failed.empty() ? 0 : 1;
  }
  std::ofstream trace;
  if (!trace_file.empty()) {
    trace.open(trace_file);
    options.checks_trace = true;
    options.trace = [&trace](const std::string& line) { trace << line << '\n'; };
  }
  const auto verdict = simulation::simulate(options);
  if (!trace_file.empty() && !trace.flush()) {
    std::fprintf(stderr, "daftar-sim: cannot write %s\n", trace_file.c_str());
    return 2;
  }
  if (!verdict.passed()) std::printf("%s\nseed %llu failed: %s\n", verdict.story.c_str(), static_cast<unsigned long long>(options.seed), verdict.detail.c_str());
  std::printf("%s\n", simulation::report(verdict).c_str());
  return verdict.passed() ? 0 : 1;
}
