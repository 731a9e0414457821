// The registry of nodes: who runs which node with which keys, which of them validate, and since when. The genesis writes the first
// records; afterwards only proposals that enough operators have approved change them (contracts/governance/node_changes.h). Consensus
// follows the registry, never the other way round.
//
// Numbers count from 1 without a gap and are never used again: a removed node keeps its record, and its keys stay spoken for.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/record_codec.h"
#include "ledger/state_view.h"

namespace daftar::contracts {

inline constexpr std::size_t validators_max = 31;    // present at one time
inline constexpr std::size_t observers_max = 255;    // present at one time

/// Stored: never renumber.
enum class NodeStanding : std::uint8_t {
  observer = 1,    // receives and executes everything, never votes, signs no checkpoint
  validator = 2,   // votes and signs checkpoints
  removed = 3,     // for good
};
std::string_view name(NodeStanding standing);

struct NodeRecord {
  std::uint32_t number = 0;
  std::string operator_member;           // member with role operator
  ledger::PublicKey link_key;            // TLS between nodes and to clients
  ledger::PublicKey checkpoint_key;      // signs checkpoints; of observers too, so that promoting asks for no new key
  std::string link_address;              // host:port or [IPv6]:port; empty for nodes of the genesis, which say their own in their configuration
  NodeStanding standing = NodeStanding::observer;
  std::uint64_t since_height = 0;        // block that gave it this standing; 0: the genesis
  bool operator==(const NodeRecord&) const = default;
};
template <class A, RecordOf<NodeRecord> R>
void fields(A& a, R& r) {
  a(r.number, r.operator_member, r.link_key, r.checkpoint_key, r.link_address, r.standing, r.since_height);
}

struct ValidatorKey {
  std::uint32_t number = 0;
  ledger::PublicKey checkpoint_key;
  bool operator==(const ValidatorKey&) const = default;
};
template <class A, RecordOf<ValidatorKey> R>
void fields(A& a, R& r) {
  a(r.number, r.checkpoint_key);
}

/// Whose signatures certify checkpoints: of trees larger than the tree after block `height` (0: than the empty tree), up to and including
/// the tree after the block of the next set. A block that changes the validators is thus still certified by those before it.
struct ValidatorSet {
  std::uint64_t height = 0;
  std::vector<ValidatorKey> validators;   // ascending by number, 1 to validators_max
  bool operator==(const ValidatorSet&) const = default;
};
template <class A, RecordOf<ValidatorSet> R>
void fields(A& a, R& r) {
  a(r.height, r.validators);
}

enum class NodeVerb : std::uint8_t { add_observer = 1, add_validator = 2, promote = 3, demote = 4, remove = 5 };
std::string_view name(NodeVerb verb);
std::optional<NodeVerb> node_verb_named(std::string_view text);

/// One step of a proposal. All but verb and node are empty unless it adds.
struct NodeStep {
  NodeVerb verb = NodeVerb::add_observer;
  std::uint32_t node = 0;
  std::string operator_member;
  ledger::PublicKey link_key, checkpoint_key;
  std::string link_address;
  bool adds() const { return verb == NodeVerb::add_observer || verb == NodeVerb::add_validator; }
};
template <class A, RecordOf<NodeStep> R>
void fields(A& a, R& r) {
  a(r.verb, r.node, r.operator_member, r.link_key, r.checkpoint_key, r.link_address);
}

/// An open proposal whose time is over stays `open`: who reads compares until_ms with the block time.
enum class ProposalStage : std::uint8_t { open = 1, in_force = 2, withdrawn = 3 };
std::string_view name(ProposalStage stage);

struct NodeProposal {
  ledger::Digest id;                      // of the transaction that proposed
  std::string proposer;
  std::vector<NodeStep> steps;
  std::uint64_t proposed_ms = 0, until_ms = 0;
  std::vector<std::string> approvals;     // members, in order of approval; how many are needed depends on the validators present
  ProposalStage stage = ProposalStage::open;
};
template <class A, RecordOf<NodeProposal> R>
void fields(A& a, R& r) {
  a(r.id, r.proposer, r.steps, r.proposed_ms, r.until_ms, r.approvals, r.stage);
}

// Reads, for nodes and tools.

/// All records, the removed ones too, ascending by number.
std::vector<NodeRecord> nodes(const ledger::StateView& state);
/// All sets there have been, ascending by height; the first is the genesis's, the last is in force now.
std::vector<ValidatorSet> validator_sets(const ledger::StateView& state);
std::optional<NodeProposal> node_proposal(const ledger::StateView& state, const ledger::Digest& id);
/// In order of id, at most `limit` (and query::page_max); `after`: raw 32 bytes of the last id of the page before, or empty.
std::vector<NodeProposal> node_proposals(const ledger::StateView& state, std::string_view after, std::size_t limit);
/// How many of the operators of `nodes`' validators must approve a change; `stated` is the genesis's limit, 0 for more than half. Never more
/// than there are.
std::size_t approvals_needed(const std::vector<NodeRecord>& nodes, std::uint32_t stated);
/// The members who operate a validator of `nodes`, ascending, each once.
std::vector<std::string> validator_operators(const std::vector<NodeRecord>& nodes);

/// The new set in an entry that changed the validators stands as text in the event `validators_changed`: "1=<hex of the checkpoint key> 2=…",
/// ascending by number. Part of results, so it never changes.
std::string validator_set_text(const std::vector<ValidatorKey>& validators);
/// Total; refuses everything but what validator_set_text writes.
std::optional<std::vector<ValidatorKey>> parse_validator_set_text(std::string_view text);

/// host:port or [IPv6]:port in at most 200 bytes; the host in letters, digits, '.' and '-', the port from 1 to 65535.
bool is_link_address(std::string_view text);

}  // namespace daftar::contracts
