// A ledger whose validators change, certified as the rule says, and a verifier who holds nothing but the genesis and receipts.
#include <catch2/catch.hpp>

#include "contracts/validator_chain.h"
#include "ledger/merkle_log.h"
#include "world.h"

namespace daftar::contracts::test {
namespace {

std::string key_bytes(std::string_view name) { return std::string(key_of(name).public_key().view()); }

/// One operator, who decides alone, and one validator at the beginning.
class CertifiedWorld {
 public:
  CertifiedWorld() {
    world_.must("operator", open_account());
    keep();
  }

  /// A block in which each list of steps is proposed and comes into force at once.
  void change(const std::vector<std::vector<proto::NodeChange>>& proposals) {
    std::vector<std::shared_ptr<const ledger::Transaction>> transactions;
    for (const auto& steps : proposals) {
      proto::Operation o;
      for (const auto& step : steps) *o.mutable_propose_node_change()->add_changes() = step;
      o.mutable_propose_node_change()->set_until_ms(world_.now() + day);
      transactions.push_back(world_.transaction("operator", {o}));
    }
    world_.block(std::move(transactions));
    for (const auto& entry : world_.last_block().entries) REQUIRE(entry.accepted);
    keep();
  }
  void another_entry() {
    world_.must("operator", open_account());
    keep();
  }

  static proto::NodeChange step(std::string verb, std::uint32_t node) {
    proto::NodeChange change;
    change.set_verb(std::move(verb));
    change.set_node(node);
    if (!change.verb().starts_with("add")) return change;
    change.set_operator_("operator");
    change.set_link_key(key_bytes("link-" + std::to_string(node)));
    change.set_checkpoint_key(key_bytes("checkpoint-" + std::to_string(node)));
    change.set_link_address("node:7000");
    return change;
  }

  std::uint64_t size() const { return leaves_.size(); }
  const ledger::Genesis& genesis() const { return world_.genesis(); }
  const ledger::Entry& entry(std::uint64_t index) const { return entries_.at(index); }
  ledger::Entry& entry(std::uint64_t index) { return entries_.at(index); }

  /// A receipt under the tree of `tree_size` entries, signed by the validators of these numbers.
  std::string receipt(std::uint64_t index, std::uint64_t tree_size, const std::vector<unsigned>& signers) const {
    const std::vector<Digest> leaves(leaves_.begin(), leaves_.begin() + static_cast<long>(tree_size));
    const auto proof = ledger::inclusion_proof(index, tree_size, [&](unsigned level, std::uint64_t i) {
      const auto width = 1L << level, first = static_cast<long>(i) * width;
      return ledger::root_of({leaves.begin() + first, leaves.begin() + first + width});
    });
    const ledger::Checkpoint checkpoint{genesis().origin(), tree_size, ledger::root_of(leaves)};
    std::vector<ledger::CheckpointSignature> signatures;
    for (const unsigned number : signers) {
      const auto key = key_of("checkpoint-" + std::to_string(number));
      signatures.push_back({key.public_key(), ledger::sign_checkpoint(checkpoint, key)});
    }
    return ledger::make_receipt(entries_.at(index), proof, ledger::signed_note(checkpoint, signatures));
  }

 private:
  static proto::Operation open_account() {
    static int count = 0;
    return open("operator/UZS/account" + std::to_string(++count));
  }
  void keep() {
    ++height_;
    for (const ExecutedEntry& executed : world_.last_block().entries) {
      entries_.push_back({.index = entries_.size(),
                          .height = height_,
                          .time_ms = world_.now(),
                          .kind = executed.kind,
                          .id = executed.id,
                          .nonce = executed.nonce,
                          .envelope = executed.transaction->envelope(),
                          .result = executed.result});
      leaves_.push_back(ledger::leaf_hash(ledger::leaf_record(entries_.back())));
    }
  }

  World world_;
  std::uint64_t height_ = 0;
  std::vector<ledger::Entry> entries_;
  std::vector<Digest> leaves_;
};

std::vector<std::uint32_t> numbers(const std::vector<ValidatorKey>& validators) {
  std::vector<std::uint32_t> found;
  for (const auto& validator : validators) found.push_back(validator.number);
  return found;
}

template <class T>
std::string part_of(const Expected<T, ledger::ReceiptFault>& judged) {
  return judged ? "none" : judged.error().part;
}

using Numbers = std::vector<std::uint32_t>;

/// Entry 0; entry 1 adds node 2 and 3 (tree 2); entry 2; entry 3 removes node 1 (tree 4); entry 4.
void make_two_changes(CertifiedWorld& w) {
  w.change({{CertifiedWorld::step("add_validator", 2), CertifiedWorld::step("add_validator", 3)}});
  w.another_entry();
  w.change({{CertifiedWorld::step("remove", 1)}});
  w.another_entry();
  REQUIRE(w.size() == 5);
}

}  // namespace

TEST_CASE("a chain from the genesis follows every change of the validators") {
  CertifiedWorld w;
  make_two_changes(w);
  auto chain = ValidatorChain::from_genesis(w.genesis());
  CHECK(numbers(chain.validators_at(1'000'000)) == Numbers{1});
  CHECK(part_of(chain.advance(w.receipt(1, 2, {1}))) == "none");
  CHECK(part_of(chain.advance(w.receipt(3, 4, {2, 3}))) == "none");
  CHECK(chain.changes() == 2);
  CHECK(numbers(chain.validators_at(0)) == Numbers{1});
  CHECK(numbers(chain.validators_at(2)) == Numbers{1});      // the tree with the change itself
  CHECK(numbers(chain.validators_at(3)) == Numbers{1, 2, 3});
  CHECK(numbers(chain.validators_at(4)) == Numbers{1, 2, 3});
  CHECK(numbers(chain.validators_at(5)) == Numbers{2, 3});
  CHECK(chain.checkpoint_keys_at(5) == std::vector{key_of("checkpoint-2").public_key(), key_of("checkpoint-3").public_key()});

  // Each tree by its own set, old receipts too.
  CHECK(part_of(chain.verify(w.receipt(0, 1, {1}))) == "none");
  CHECK(part_of(chain.verify(w.receipt(0, 3, {1}))) == "signatures");
  CHECK(part_of(chain.verify(w.receipt(0, 3, {1, 3}))) == "none");
  CHECK(part_of(chain.verify(w.receipt(4, 5, {2, 3}))) == "none");
  CHECK(part_of(chain.verify(w.receipt(4, 5, {1, 2}))) == "signatures");   // node 1 has left
}

TEST_CASE("receipts of changes are read from one text, and taking one again changes nothing") {
  CertifiedWorld w;
  make_two_changes(w);
  const std::string text = w.receipt(1, 2, {1}) + w.receipt(3, 4, {1, 2});
  auto chain = ValidatorChain::from_genesis(w.genesis());
  CHECK(part_of(chain.advance_all("")) == "none");
  CHECK(part_of(chain.advance_all(text)) == "none");
  CHECK(part_of(chain.advance_all(text)) == "none");
  CHECK(chain.changes() == 2);
  CHECK(numbers(chain.validators_at(5)) == Numbers{2, 3});
  CHECK(part_of(chain.advance_all(text + "rubbish\n")) == "checkpoint");
  CHECK(part_of(chain.advance_all("rubbish")) == "format");
}

TEST_CASE("a chain refuses what does not follow") {
  CertifiedWorld w;
  make_two_changes(w);
  auto chain = ValidatorChain::from_genesis(w.genesis());
  CHECK(part_of(chain.advance(w.receipt(0, 1, {1}))) == "change");             // no change at all
  CHECK(part_of(chain.advance(w.receipt(3, 4, {2, 3}))) == "signatures");      // the first change is missing
  CHECK(part_of(chain.advance(w.receipt(1, 2, {2, 3}))) == "signatures");      // newcomers vouch for themselves
  CHECK(part_of(chain.advance("c2sp.org/tlog-proof@v1\n")) == "entry");
  CHECK(chain.changes() == 0);
  CHECK(numbers(chain.validators_at(9)) == Numbers{1});

  // The set is what the log proves, not what a file says.
  auto result = *decode_result(w.entry(1).result);
  result.events.back().text = validator_set_text({{7, key_of("checkpoint-7").public_key()}});
  w.entry(1).result = encode_result(result);
  CHECK(part_of(chain.advance(w.receipt(1, 2, {1}))) == "proof");
}

TEST_CASE("two changes in one block are both certified by the set before, and the last one counts") {
  CertifiedWorld w;
  w.change({{CertifiedWorld::step("add_validator", 2)}, {CertifiedWorld::step("add_validator", 3)}});
  REQUIRE(w.size() == 3);
  auto chain = ValidatorChain::from_genesis(w.genesis());
  CHECK(part_of(chain.advance(w.receipt(1, 3, {1}))) == "none");
  CHECK(numbers(chain.validators_at(4)) == Numbers{1, 2});
  CHECK(part_of(chain.advance(w.receipt(2, 3, {1}))) == "none");
  CHECK(numbers(chain.validators_at(3)) == Numbers{1});
  CHECK(numbers(chain.validators_at(4)) == Numbers{1, 2, 3});
}

}  // namespace daftar::contracts::test
