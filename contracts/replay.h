// A ledger executed again from its genesis, entry by entry, and held against what somebody kept of it: for audits. Deterministic; no threads, no disk.
//
// Blocks need not be at hand. A transaction that left no entry changed nothing (leaves_entry), and a block without an entry fired no deadline, so the
// entries of one height, in their order, make a block that must give exactly these entries again: deadlines, results and nonces, byte for byte. What
// such a block does not give is the real block's hash, which nothing of an execution depends on. The replay marks of the state ('u' and 'U', state_keys.h)
// are pruned by every block, the empty ones too, so they may differ from a node's; whether a transaction is refused does not depend on those pruned.
//
// read_entry() judges what needs no state (decoding, envelope, id, signatures) and may run on any thread; Replay belongs to one.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/execute.h"
#include "ledger/entry.h"
#include "ledger/merkle_log.h"

namespace daftar::contracts {

/// Codes 1xx and 2xx are judgements of the envelope and the moment, not of the ledger: such a transaction leaves no entry.
bool leaves_entry(const ledger::Rejection& rejection);

/// The first thing in which a kept ledger is not what its genesis and its transactions make.
struct Difference {
  std::optional<std::uint64_t> entry;   // the entry it is about; nothing: about something else (a root, a certificate, the state)
  std::uint64_t height = 0;             // the block; 0: not known
  std::string field;                    // missing | place | encoding | block | block_time | envelope | id | nonce | signature | result | entries | ...
  std::string expected, found;          // in words; empty where there is nothing to compare
  std::string sentence;                 // all of it, for people
};

/// An entry as it was kept, its envelope parsed and its signatures verified.
struct KeptEntry {
  ledger::Entry entry;
  std::shared_ptr<const ledger::Transaction> transaction;   // null for a deadline
  ledger::Digest leaf_hash;
};

/// `bytes` were kept in the place of entry `index`. leaf_hash is not computed: hash_leaf() does that.
Expected<KeptEntry, Difference> read_entry(std::uint64_t index, std::string_view bytes, const ledger::TransactionLimits& limits);
void hash_leaf(KeptEntry& kept);

/// The state in memory, in the order of keys.
class ReplayedState final : public ledger::StateView {
 public:
  using Values = std::map<std::string, std::string, std::less<>>;
  std::optional<std::string> get(std::string_view key) const override;
  void scan(std::string_view from, std::string_view to, const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  void apply(const ledger::ChangeSet& changes);
  void put(std::string key, std::string value) { values_.insert_or_assign(std::move(key), std::move(value)); }
  const Values& values() const { return values_; }

 private:
  Values values_;
};

/// Is this key one of the replay marks, which two honest copies may differ in?
bool is_replay_mark(std::string_view key);
/// What a state value is, for people: "account acme/UZS", and its value where it is a balance: "1200 minor units".
std::string describe_state_key(std::string_view key);
std::string describe_state_value(std::string_view key, std::string_view value);

/// How far a replay has come, for one that goes on later.
struct ReplayPosition {
  std::uint64_t height = 0;        // of the last entry; 0: none
  std::uint64_t time_ms = 0;       // of its block; of the genesis
  ledger::MerkleFrontier log;      // of all entries so far
};

class Replay {
 public:
  /// At height 0. The sentence says what is wrong with the genesis.
  static Expected<std::unique_ptr<Replay>, std::string> from_genesis(std::shared_ptr<const ledger::Genesis> genesis);
  /// As it was left; `state` and `position` are believed.
  static std::unique_ptr<Replay> resumed(std::shared_ptr<const ledger::Genesis> genesis, ReplayedState state, ReplayPosition position);

  /// All entries of one height, in their order, at least one, with their leaf hashes. After a difference the replay is of no further use.
  Expected<void, Difference> execute(const std::vector<KeptEntry>& entries);

  const ReplayPosition& position() const { return position_; }
  std::uint64_t entries() const { return position_.log.size(); }
  ledger::Digest root() const { return position_.log.root(); }
  const ReplayedState& state() const { return state_; }
  /// Whose lines count under the tree as it stands now: the set before the last block, if that block changed the validators (nodes.h).
  const std::vector<ledger::PublicKey>& signers() const { return signers_; }

 private:
  Replay(std::shared_ptr<const ledger::Genesis> genesis, ReplayedState state, ReplayPosition position);
  void name_signers();

  const std::shared_ptr<const ledger::Genesis> genesis_;
  const Engine engine_;
  ReplayedState state_;
  ReplayPosition position_;
  std::vector<ledger::PublicKey> signers_;
  bool signers_leave_ = false;   // the last block named others for the trees after it
};

}  // namespace daftar::contracts
