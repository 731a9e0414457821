// Contracts of the service template in memory, whose milestones wait to be accepted: made by the engine itself, from a genesis on.
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>

#include <set>

#include "contracts/agreements/library.h"
#include "contracts/agreements/records.h"
#include "contracts/execute.h"
#include "contracts/language/instance.h"
#include "ledger/genesis.h"
#include "ledger/state_view.h"

namespace daftar::contracts_bench {

/// Looked up in a flat table by hash, as a node's newest values are (storage/value_cache.h): what is measured is execution, not this.
class MemoryState final : public ledger::StateView {
 public:
  std::optional<std::string> get(std::string_view key) const override;
  void scan(std::string_view from, std::string_view to, const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  void apply(const ledger::ChangeSet& changes);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  boost::unordered_flat_map<std::string, std::string, Hash, std::equal_to<>> values_;
  std::set<std::string, std::less<>> keys_;   // in order
};

class Deals {
 public:
  struct Options {
    std::size_t contracts = 0;
    std::uint32_t milestones = 0;     // of each
    bool from_line = false;           // public contracts: the money is a budget line's
    std::size_t together = 1;         // of a contract's milestones, accepted in one transaction
  };
  explicit Deals(const Options& options);

  const contracts::Engine& engine() const { return *engine_; }
  const MemoryState& state() const { return state_; }
  /// Of the next acceptances of `count` contracts: going round, one transaction each. Not executed, so each can be made again and again.
  std::shared_ptr<const ledger::Block> acceptances(std::size_t count);
  /// Their taxes, for the judgement that they are the two.
  static std::size_t taxes_of(const contracts::ExecutedEntry& entry);

  const contracts::agreements::Library::Known& known() const { return *known_; }
  contracts::agreements::Agreement agreement(std::size_t contract) const;

 private:
  using Transactions = std::vector<std::shared_ptr<const ledger::Transaction>>;
  std::shared_ptr<const ledger::Transaction> sent_by(const std::string& sender, std::vector<ledger::proto::Operation> operations);
  ledger::proto::Operation act(std::size_t contract, const std::string& name, std::uint32_t entry = 0) const;
  void execute(Transactions transactions);
  void make_ledger();
  void open_line(std::size_t number);
  ledger::proto::DraftContract draft_of(std::size_t contract) const;
  void make_contract(std::size_t number);

  Options options_;
  std::unique_ptr<contracts::agreements::Library::Known> known_;
  std::shared_ptr<const ledger::Genesis> genesis_;
  std::unique_ptr<contracts::Engine> engine_;
  MemoryState state_;
  std::vector<std::pair<ledger::Digest, ledger::Digest>> contracts_;   // id, digest
  std::uint64_t height_ = 0, now_ms_, nonce_ = 0;
  std::size_t next_ = 0;
};

}  // namespace daftar::contracts_bench
