// What an acceptance of a service contract's milestone costs, on one core, in memory, its signature verified before: the whole of Engine::execute, and the parts
// of it. Figures of record: docs/performance.md.
#include <benchmark/benchmark.h>

#include "contracts/language/interpreter.h"
#include "ledger/check.h"
#include "tools/contracts_bench/deals.h"

namespace daftar::contracts_bench {
namespace {

constexpr std::size_t contracts_in_state = 2'000, transactions_in_block = 500;
constexpr std::uint32_t milestones = 4;

/// Blocks of acceptances over the whole state, executed one after the other, none written: each is a first acceptance.
void accept_milestones(benchmark::State& run, const Deals::Options& options) {
  Deals deals(options);
  std::vector<std::shared_ptr<const ledger::Block>> blocks;
  for (std::size_t i = 0; i < options.contracts; i += transactions_in_block) blocks.push_back(deals.acceptances(transactions_in_block));
  for (const auto& block : blocks)
    for (const auto& entry : deals.engine().execute(*block, deals.state()).entries) DAFTAR_CHECK(entry.accepted && Deals::taxes_of(entry) == (options.from_line ? 0 : 2 * options.together));
  std::size_t next = 0;
  for (auto _ : run) {
    benchmark::DoNotOptimize(deals.engine().execute(*blocks[next], deals.state()));
    next = (next + 1) % blocks.size();
  }
  run.SetItemsProcessed(static_cast<std::int64_t>(run.iterations()) * static_cast<std::int64_t>(transactions_in_block * options.together));
}

void accept_from_account(benchmark::State& run) { accept_milestones(run, {.contracts = contracts_in_state, .milestones = milestones}); }
void accept_four_from_account(benchmark::State& run) { accept_milestones(run, {.contracts = contracts_in_state, .milestones = milestones, .together = milestones}); }

void accept_from_line(benchmark::State& run) { accept_milestones(run, {.contracts = contracts_in_state, .milestones = milestones, .from_line = true}); }

/// The ledger's side left out: verbs that say yes.
class Agreeable final : public contracts::language::Verbs {
 public:
  contracts::language::Result hold(std::uint16_t, ledger::MinorUnits) override { return {}; }
  contracts::language::Result pay(std::uint16_t, std::uint16_t, ledger::MinorUnits amount, std::string_view) override {
    paid += amount;
    return {};
  }
  contracts::language::Result give_back(std::uint16_t, ledger::MinorUnits) override { return {}; }
  ledger::MinorUnits paid = 0;
};

void accept_in_the_language(benchmark::State& run) {
  const Deals deals({.contracts = 1, .milestones = milestones});
  const auto agreement = deals.agreement(0);
  const auto instance = contracts::language::decode_instance(agreement.instance);
  const contracts::language::Interpreter interpreter(deals.known().program);
  const contracts::language::Moment moment{static_cast<std::int64_t>(agreement.drafted_ms) + 5'000, 0};
  Agreeable verbs;
  for (auto _ : run) {
    contracts::language::Instance changed = *instance;
    DAFTAR_CHECK(interpreter.act(changed, {"accept", 0, {}}, moment, verbs).has_value());
    benchmark::DoNotOptimize(interpreter.next_due(changed));
  }
  DAFTAR_CHECK(verbs.paid > 0);
  run.SetItemsProcessed(static_cast<std::int64_t>(run.iterations()));
}

void read_and_write_an_agreement(benchmark::State& run) {
  const Deals deals({.contracts = 1, .milestones = milestones});
  const std::string bytes = contracts::encode_record(deals.agreement(0));
  for (auto _ : run) {
    auto agreement = *contracts::decode_record<contracts::agreements::Agreement>(bytes);
    agreement.instance = contracts::language::encode(*contracts::language::decode_instance(agreement.instance));
    benchmark::DoNotOptimize(contracts::encode_record(agreement));
  }
  run.SetItemsProcessed(static_cast<std::int64_t>(run.iterations()));
  run.SetBytesProcessed(static_cast<std::int64_t>(run.iterations() * bytes.size()));
}

BENCHMARK(accept_from_account)->Unit(benchmark::kMicrosecond);
BENCHMARK(accept_four_from_account)->Unit(benchmark::kMicrosecond);
BENCHMARK(accept_from_line)->Unit(benchmark::kMicrosecond);
BENCHMARK(accept_in_the_language);
BENCHMARK(read_and_write_an_agreement);

}  // namespace
}  // namespace daftar::contracts_bench

BENCHMARK_MAIN();
