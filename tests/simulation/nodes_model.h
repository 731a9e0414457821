// The registry of nodes as it should be: a model of its own of what proposals and approvals do (docs/contracts.md, "Nodes"), fed with the
// transactions of the one history in order. Knows the rules, none of the code under test.
#pragma once
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consensus/types.h"
#include "ledger/genesis.h"
#include "ledger/transaction.h"

namespace daftar::simulation {

class NodesModel {
 public:
  enum class Standing : std::uint8_t { observer, validator, removed };
  struct Node { Standing standing = Standing::observer; std::string operator_member; ledger::PublicKey checkpoint_key; };
  using Nodes = std::map<std::uint64_t, Node>;

  explicit NodesModel(const ledger::Genesis& genesis);

  /// One transaction with one operation on nodes, at block time `now_ms`: whether it is accepted; then it has taken effect.
  bool accepts(const ledger::Transaction& transaction, std::uint64_t now_ms);
  /// A block ends; the tree has `size` entries now.
  void block_ended(std::uint64_t size);

  const Nodes& nodes() const { return nodes_; }
  /// `steps` carried out on the nodes of now, in order; nothing if one does not fit, or nobody would validate.
  std::optional<Nodes> after(const std::vector<ledger::proto::NodeChange>& steps) const;
  /// How many operators must approve now.
  std::size_t approvals_needed() const;
  /// Who runs a validator now, ascending.
  std::vector<std::string> operators() const;
  /// What the consensus is to become.
  consensus::Membership membership() const { return membership_of(nodes_); }
  static consensus::Membership membership_of(const Nodes& nodes);
  /// Whose lines certify a tree of `size`, with their keys.
  const std::map<std::uint64_t, ledger::PublicKey>& validators_at(std::uint64_t size) const {
    return size == 0 ? sets_.begin()->second : std::prev(sets_.lower_bound(size))->second;
  }

 private:
  struct Proposal { std::vector<ledger::proto::NodeChange> steps; std::uint64_t until_ms = 0; std::set<std::string> approvals; bool open = true; };
  bool approve(Proposal& proposal, const std::string& member);

  const std::uint32_t approvals_stated_;
  Nodes nodes_;
  std::map<ledger::Digest, Proposal> proposals_;
  std::set<std::string> keys_;                                                        // in use, for ever
  std::map<std::uint64_t, std::map<std::uint64_t, ledger::PublicKey>> sets_;          // by the size above which they count, from 0
};

}  // namespace daftar::simulation
