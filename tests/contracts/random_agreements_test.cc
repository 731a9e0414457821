// The contracts of random_trade.h, many thousands of acts: no money is created, lost or stuck, and a second ledger comes to the same root.
//
//   DAFTAR_ACTIONS=1000000 build/bin/contracts_tests "random acts on contracts*"     the long run; DAFTAR_SEED=N repeats one
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>

#include "random_trade.h"

namespace daftar::contracts::test {
namespace {

/// What nothing has come to: "rental: part_early".
std::vector<std::string> not_reached(const TradeTally& tally) {
  std::vector<std::string> out;
  for (const Shipped& shipped : all_shipped()) {
    const auto look = [&](const auto& declared, const std::string& name) {
      const auto found = tally.reached.find(&declared);
      if (found == tally.reached.end() || found->second == 0) out.push_back(shipped.program().name + ": " + name + ", line " + std::to_string(declared.place.line));
    };
    for (const auto& action : shipped.text.actions) look(action, action.name);
    for (const auto& deadline : shipped.text.deadlines) look(deadline, deadline.name);
    for (const auto& phase : shipped.text.phases)
      if (phase.end) look(phase, phase.name);
  }
  return out;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* wish = std::getenv(variable);
  return wish == nullptr ? otherwise : std::strtoull(wish, nullptr, 10);
}

/// Refusals that a long run meets, too.
std::vector<std::string> not_met(const TradeTally& tally) {
  std::vector<std::string> out;
  for (const char* code : {"overdraft", "overflow", "not_a_party", "wrong_phase", "milestone_wrong_stage", "condition_not_met", "already_signed", "field_invalid", "term_out_of_range",
                           "role_missing", "terms_digest_mismatch", "over_allotment", "not_line_owner", "payment_wrong_stage", "contract_replaced", "replacement_incomplete", "seal_mismatch", "not_awarded",
                           "awarded_to_others"})
    if (!tally.codes.contains(code)) out.push_back(code);
  return out;
}

bool everything_seen(const TradeTally& tally) {
  return not_reached(tally).empty() && not_met(tally).empty() && tally.answered > 0 && tally.changed > 0 && tally.carried_over > 0 && tally.bound_forward > 0 && tally.by_award > 0;
}

/// Goes on beyond `wanted` until the rarest act has happened, too: some are met once in 50,000 actions, so that one run in three would miss them.
void trade_at_random(std::uint64_t seed, std::uint64_t wanted) {
  std::cout << "random acts on contracts: seed " << seed << " (DAFTAR_SEED=" << seed << " DAFTAR_ACTIONS=" << wanted << " repeats it)" << std::endl;
  INFO("seed " << seed);
  const auto begin = std::chrono::steady_clock::now();
  Trade trade(seed);
  for (std::uint64_t look = 20'000; trade.tally.actions < wanted || (!everything_seen(trade.tally) && trade.tally.actions < 20 * wanted);) {
    trade.block();
    if (trade.tally.actions < look) continue;
    trade.world().check_invariants();
    look += 20'000;
  }
  trade.settle();
  trade.world().check_invariants();
  const Digest root = trade.world().agreed_root();
  const TradeTally& t = trade.tally;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin).count();
  std::cout << t.actions << " actions, " << t.accepted << " of them accepted; " << t.deadlines << " deadlines, " << t.deadlines_refused << " of them put off; " << t.contracts
            << " contracts, of the last ones " << t.ended_by_time << " ended by time alone; "
            << t.answered << " offers answered, " << t.changed << " contracts changed, " << t.carried_over << " carried over to another year, " << t.bound_forward << " amounts bound forward, "
            << t.by_award << " contracts by an award; root " << root.hex() << "; " << seconds << " s\n";
  for (const auto& [code, count] : t.codes) std::cout << "  refused, " << code << ": " << count << "\n";
  CHECK(not_reached(t) == std::vector<std::string>{});
  CHECK(not_met(t) == std::vector<std::string>{});
  CHECK(t.ended == t.contracts);
  CHECK(t.answered > 0);
  CHECK(t.changed > 0);
  CHECK(t.carried_over > 0);
  CHECK(t.bound_forward > 0);
  CHECK(t.by_award > 0);
  CHECK(2 * t.accepted > t.actions);   // else little would have happened
}

}  // namespace

TEST_CASE("random acts on contracts of all templates create no money, lose none and leave none stuck") {
  trade_at_random(number_from("DAFTAR_SEED", std::random_device{}()), number_from("DAFTAR_ACTIONS", 50'000));
}

TEST_CASE("random acts on contracts go on until the rarest act has happened, as with seed 2174159152") { trade_at_random(2174159152, 50'000); }

}  // namespace daftar::contracts::test
