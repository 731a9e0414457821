// Copies of a ledger with a history, as a node keeps them, and a hand that changes what is kept.
#pragma once
#include <catch2/catch.hpp>

#include <functional>

#include "contracts/nodes.h"
#include "contracts/result.h"
#include "ledger/checkpoint.h"
#include "node/executor.h"
#include "storage/keys.h"
#include "storage/rocks_state_database.h"
#include "storage/rocks_state_reads.h"
#include "tests/harness/small_network.h"
#include "tools/audit/ledger_check.h"

namespace daftar::tests {

inline ledger::proto::TaxRule a_tax() {
  ledger::proto::TaxRule rule;
  rule.set_code("vat-12");
  rule.set_version(1);
  rule.set_kind("vat");
  rule.set_rate_ppm(120'000);
  rule.set_base("inclusive");
  rule.set_withheld_share_ppm(1'000'000);
  rule.add_categories("services");
  rule.set_payee_residence("resident");
  rule.add_payee_statuses("vat_payer");
  rule.set_vat_route("treasury");
  rule.set_revenue_account("tax-office/UZS/revenue.vat");
  rule.set_status("illustration");
  rule.set_currency("UZS");
  rule.set_country("UZ");
  return rule;
}

/// A node's state store in a folder of its own, filled block by block.
class Copy {
 public:
  explicit Copy(const SmallNetwork& network) : network_(network), previous_(network.genesis->ledger_id()) {
    auto opened = storage::open_rocks_state_store({.path = folder_ / "state", .memtable_bytes = 1u << 20, .block_cache_bytes = 1u << 20, .value_cache_bytes = 1u << 20});
    REQUIRE(opened);
    store_ = std::move(*opened);
    REQUIRE(node::initialise_store(*network.genesis, *store_));
    executor_.emplace(network.genesis, *store_);
  }

  node::ExecutedBlock block(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, std::uint64_t time_ms = 0) {
    time_ms_ = time_ms != 0 ? time_ms : std::max(time_ms_, start_ms) + 1000;
    auto block = ledger::make_block(previous_, ++height_, time_ms_, false, std::move(transactions));
    previous_ = block->hash();
    auto done = executor_->execute({height_, 1, std::make_shared<const std::string>(block->bytes()), block});
    REQUIRE(done);
    return *done;
  }
  /// Signed by the validators of these numbers.
  std::string note(std::uint64_t size, const ledger::Digest& root, const std::vector<std::size_t>& nodes) const {
    const ledger::Checkpoint checkpoint{network_.genesis->origin(), size, root};
    std::vector<ledger::CheckpointSignature> lines;
    for (const auto node : nodes) {
      const auto& key = network_.checkpoint_keys.at(node - 1);
      lines.push_back({key.public_key(), ledger::sign_checkpoint(checkpoint, key)});
    }
    return ledger::signed_note(checkpoint, lines);
  }
  void certify(const node::ExecutedBlock& block, const std::vector<std::size_t>& nodes) { REQUIRE(store_->put_certificate(block.size, note(block.size, block.root, nodes))); }
  storage::StateStore& store() { return *store_; }
  /// Flushed and let go of: from now on it is a folder.
  void close() {
    executor_.reset();
    store_.reset();
  }
  std::string path() const { return folder_ / "state"; }
  const SmallNetwork& network() const { return network_; }
  std::uint64_t next_time() const { return time_ms_ + 1000; }

  /// Changes rows of the closed store, past everything that the store holds them to.
  struct Hand {
    storage::Database& database;
    std::optional<std::string> read(std::size_t family, const std::string& key) const { return *database.get(family, key); }
    void write(std::size_t family, const std::string& key, const std::optional<std::string>& value) const {
      rocksdb::WriteOptions options;
      options.disableWAL = true;
      const auto status = value ? database.db().Put(options, database.family(family), key, *value) : database.db().Delete(options, database.family(family), key);
      REQUIRE(status.ok());
    }
    ledger::Entry entry(std::uint64_t index) const { return *ledger::decode_entry(*read(storage::family::entries, storage::number_key(index))); }
    void put(std::uint64_t index, const ledger::Entry& entry) const { write(storage::family::entries, storage::number_key(index), ledger::encode_entry(entry)); }
  };
  void doctor(const std::function<void(const Hand&)>& change) const {
    const storage::StateStoreOptions options{.path = path() + "/1", .memtable_bytes = 1u << 20, .block_cache_bytes = 1u << 20};
    auto database = storage::Database::open(options.path, storage::state_database_options(options, rocksdb::Env::Default()), storage::state_column_families(options));
    REQUIRE(database);
    change(Hand{**database});
    REQUIRE((*database)->db().Flush({}, (*database)->families()).ok());
  }

 private:
  static constexpr std::uint64_t start_ms = 1'800'000'000'000;
  TemporaryFolder folder_;
  const SmallNetwork& network_;
  std::unique_ptr<storage::StateStore> store_;
  std::optional<node::Executor> executor_;
  ledger::Digest previous_;
  std::uint64_t height_ = 0, time_ms_ = 0;
};

/// Payments with tax, a refusal, blocks without entries, a fourth validator from the tree of `changed` entries on. Same transactions each time.
struct History {
  SmallNetwork network{3, {"acme", "baraka"}, ledger::SigningKey::generate, 0, {}, {a_tax()}};
  std::vector<std::vector<std::shared_ptr<const ledger::Transaction>>> blocks;
  std::uint64_t entries = 0, changed = 0;
  static constexpr std::uint64_t valid_until = 1'800'000'600'000;

  explicit History(int payments = 12) {
    add({network.issue("acme/UZS", 1'000'000'00, "s1", valid_until), network.issue("baraka/UZS", 5'00, "s2", valid_until)});
    add({});
    network.make_node();
    const auto proposal = network.propose("operator-1", {network.node_change("add_validator", 4, "127.0.0.1:7004")}, valid_until - 1000);
    // propose() and approve() date their transactions by the clock of the machine, and this ledger by its own.
    add({dated(*proposal)});
    const auto id = blocks.back()[0]->id();
    add({dated(*network.approve("operator-1", id))});
    add({dated(*network.approve("operator-2", id)), pay(100'00)});
    changed = entries;
    for (int n = 1; n <= payments; ++n) add(n % 4 == 0 ? std::vector<std::shared_ptr<const ledger::Transaction>>{} : std::vector{pay(n * 112'00), pay(n)});
    add({network.transfer("baraka", "acme", 999'999'999'99, valid_until)});
    add({});
  }

  std::shared_ptr<const ledger::Transaction> pay(std::int64_t amount) const {
    ledger::proto::Operation operation;
    operation.mutable_transfer()->set_from("acme/UZS");
    operation.mutable_transfer()->set_to("baraka/UZS");
    operation.mutable_transfer()->set_amount(amount);
    operation.mutable_transfer()->set_category("services");
    return network.transaction("acme", {operation}, valid_until);
  }

  /// A copy with all blocks, a certificate after each block with entries, by the validators in force there. `leave_out`: this entry never was.
  std::unique_ptr<Copy> copy(std::optional<std::uint64_t> leave_out = {}, bool certified = true) const {
    auto out = std::make_unique<Copy>(network);
    std::uint64_t index = 0;
    for (const auto& block : blocks) fill(*out, block, index, leave_out, certified);
    out->close();
    return out;
  }
  void fill(Copy& out, std::vector<std::shared_ptr<const ledger::Transaction>> block, std::uint64_t& index, std::optional<std::uint64_t> leave_out, bool certified) const {
    const std::uint64_t first = index;
    index += block.size();
    if (leave_out && *leave_out >= first && *leave_out < index) block.erase(block.begin() + static_cast<std::ptrdiff_t>(*leave_out - first));
    const auto done = out.block(block);
    if (certified && !block.empty()) out.certify(done, done.size <= changed ? std::vector<std::size_t>{1, 3} : std::vector<std::size_t>{1, 2, 4});
  }

 private:
  void add(std::vector<std::shared_ptr<const ledger::Transaction>> block) {
    entries += block.size();
    blocks.push_back(std::move(block));
  }
  std::shared_ptr<const ledger::Transaction> dated(const ledger::Transaction& transaction) const {
    auto body = transaction.body();
    body.set_valid_until_ms(valid_until);
    return network.sign(body.sender(), body);
  }
};

inline audit::CheckReport checked(const Copy& copy, audit::CheckOptions options = {}) {
  options.threads = 2;
  auto ledger = storage::StoredLedger::open(copy.path());
  if (!ledger) FAIL(ledger.error().text());
  auto report = audit::check_ledger(copy.network().genesis, **ledger, options);
  if (!report) FAIL(report.error().code << ": " << report.error().sentence);
  return *report;
}

}  // namespace daftar::tests
