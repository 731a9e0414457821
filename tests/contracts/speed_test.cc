// Prints what execution costs on this machine; judges only the outcome. For figures of record: docs/performance.md.
#include <catch2/catch.hpp>

#include <chrono>
#include <iostream>

#include "world.h"

namespace daftar::contracts::test {

TEST_CASE("a block of 500 transfers is executed, its cost is printed") {
  constexpr int members = 1'000, transfers = 500;
  World w([](proto::Genesis& g) {
    for (int i = 0; i < members; ++i) *g.add_members() = member("m" + std::to_string(i), "company", "UZ", "vat_payer", {"enterprise"});
  });
  ledger::ChangeSet money;
  for (int i = 0; i < members; ++i) money.put("am" + std::to_string(i) + "/UZS", encode_record(Account{1'000'00}));
  for (const char* category : {"none", "services"}) {
    MemoryState state = w.state();
    state.apply(money);
    std::vector<std::shared_ptr<const ledger::Transaction>> transactions;
    for (int i = 0; i < transfers; ++i) {
      const std::string from = "m" + std::to_string(2 * i), to = "m" + std::to_string(2 * i + 1);
      transactions.push_back(w.transaction(from, {transfer(from + "/UZS", to + "/UZS", 1'00, category)}));
    }
    const auto block = ledger::make_block(Digest{}, 1, w.now() + 1, false, std::move(transactions));
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = w.engine().execute(*block, state);
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
    std::cout << "500 transfers of category " << category << ": " << us << " us in memory\n";
    REQUIRE(std::all_of(outcome.entries.begin(), outcome.entries.end(), [](const ExecutedEntry& e) { return e.accepted; }));
  }
}

}  // namespace daftar::contracts::test
