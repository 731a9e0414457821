// Files of changes of the validators, in both forms, and a receipt that needs them.
#include <catch2/catch.hpp>

#include "contracts/result.h"
#include "ledger/merkle_log.h"
#include "tests/tools/small_genesis.h"
#include "tools/validator_changes.h"

namespace daftar::tools {
namespace {

/// A ledger of one validator whose only entry hands over to another key.
struct HandedOver {
  HandedOver() {
    const auto compiled = small_genesis("handed-over");
    genesis = compiled.genesis;
    contracts::ExecutionResult result;
    result.events.push_back({"validators_changed", "", 0, 0, contracts::validator_set_text({{2, heir.public_key()}})});
    first = entry(0, contracts::encode_result(result));
    second = entry(1, contracts::encode_result({}));
    change = receipt(first, {}, {1, ledger::leaf_hash(ledger::leaf_record(first))}, compiled.validators[0].checkpoint);
    const auto left = ledger::leaf_hash(ledger::leaf_record(first)), right = ledger::leaf_hash(ledger::leaf_record(second));
    later = receipt(second, {left}, {2, ledger::node_hash(left, right)}, heir);
  }

  static ledger::Entry entry(std::uint64_t index, std::string result) {
    return {.index = index, .height = index + 1, .time_ms = 1, .kind = ledger::EntryKind::transaction, .id = ledger::sha256(std::to_string(index)),
            .nonce = std::string(16, 'n'), .envelope = "envelope", .result = std::move(result)};
  }
  std::string receipt(const ledger::Entry& entry, const std::vector<ledger::Digest>& proof, std::pair<std::uint64_t, ledger::Digest> tree, const ledger::SigningKey& key) const {
    const ledger::Checkpoint checkpoint{genesis->origin(), tree.first, tree.second};
    return ledger::make_receipt(entry, proof, ledger::signed_note(checkpoint, {{key.public_key(), ledger::sign_checkpoint(checkpoint, key)}}));
  }

  std::shared_ptr<const ledger::Genesis> genesis;
  ledger::SigningKey heir = ledger::SigningKey::generate();
  ledger::Entry first, second;
  std::string change, later;
};

}  // namespace

TEST_CASE("changes are read as receipts one after another or as a JSON list of them") {
  const HandedOver ledger;
  const auto none = follow_validators(*ledger.genesis, "", "file");
  REQUIRE(none);
  CHECK(none->changes() == 0);
  CHECK(none->verify(ledger.change));
  CHECK_FALSE(none->verify(ledger.later));   // whose key is that?
  for (const std::string& form : {ledger.change, nlohmann::json::array({ledger.change}).dump()}) {
    const auto chain = follow_validators(*ledger.genesis, form, "file");
    REQUIRE(chain);
    CHECK(chain->changes() == 1);
    CHECK(chain->verify(ledger.later));
  }
}

TEST_CASE("a file of changes that does not hold is refused by name, with what to do") {
  const HandedOver ledger, other;
  for (const std::string& bad : {std::string("rubbish"), std::string("[1]"), std::string("[\"rubbish\"]"), std::string("[oops"), ledger.later, other.change,
                                 nlohmann::json::array({other.change}).dump()}) {
    INFO(bad.substr(0, 60));
    const auto refused = follow_validators(*ledger.genesis, bad, "my-changes");
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().sentence, Catch::StartsWith("my-changes: "));
    CHECK_THAT(refused.error().advice, Catch::Contains("daftar network validators --out"));
  }
}

}  // namespace daftar::tools
