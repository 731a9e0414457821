// Changing the nodes of a running network, seen from outside: the file in which a new node describes itself, what the network says of its
// nodes (/v1/nodes), and what a change would do to the number of failures the network survives. Pure; asks nobody.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ledger/hash.h"
#include "ledger/keys.h"
#include "ledger/proto/ledger.pb.h"
#include "tools/error.h"

namespace daftar::tools {

/// What `daftard init` writes for a node that the genesis does not name (node.json): public things only.
struct NodeFile {
  ledger::Digest ledger_id;
  std::uint32_t number = 0;
  std::string operator_member, link_address;
  ledger::PublicKey link_key, checkpoint_key;
};
/// `source` names the file in the sentence of an error.
Result<NodeFile> parse_node_file(std::string_view text, const std::string& source);

struct KnownNode {
  std::uint32_t number = 0;
  std::string operator_member, standing;      // observer | validator | removed
  std::string link_key;                       // hex
  std::optional<bool> connected;              // by the asked node; absent: it does not speak with it, or is it itself
  std::optional<std::uint64_t> match;         // on the leader: how far its log is known to agree
};

/// /v1/nodes of one node.
struct NetworkFacts {
  std::uint32_t asked = 0, leader = 0;
  bool from_leader = false;
  std::uint64_t term = 0, commit = 0;
  std::vector<std::uint32_t> voters, learners, outgoing;
  std::uint32_t next_node = 0;
  std::size_t approvals_needed = 0;
  std::vector<std::string> approvers;         // whose approvals count
  std::vector<KnownNode> nodes;

  const KnownNode* find(std::uint32_t number) const;
  /// It is the leader, or the leader is connected with it.
  bool reachable(std::uint32_t number) const;
  /// No change of the voters is under way, and this node is (or is not) among them.
  bool votes(std::uint32_t number) const;
};
Result<NetworkFacts> parse_network_facts(const nlohmann::json& answer);

struct Tolerance {
  std::size_t voters = 0, needed = 0, reachable = 0;   // needed: more than half of the voters
  /// How many of those reachable may still fall; negative: nothing can be decided.
  std::int64_t spare() const { return static_cast<std::int64_t>(reachable) - static_cast<std::int64_t>(needed); }
};

struct VoterChange {
  std::vector<std::uint32_t> joining, leaving;
};

struct ChangePlan {
  Tolerance before, after;
  std::string refusal;    // why the change must not be made now, in one sentence; empty: it may
};
/// Joining nodes that the leader does not know yet count as reachable: they are added as observers first and vote only once they have caught
/// up. A joining node that it knows and does not reach does not count.
ChangePlan plan_change(const NetworkFacts& facts, const VoterChange& change);
/// A table of before and after.
std::vector<std::string> plan_table(const ChangePlan& plan);
nlohmann::json plan_json(const ChangePlan& plan);

// Steps of a proposal.
/// The registry says so already.
bool in_force(const NetworkFacts& facts, const ledger::proto::NodeChange& step);
ledger::proto::NodeChange addition(const NodeFile& node);   // as observer
ledger::proto::NodeChange step(const std::string& verb, std::uint32_t node);

}  // namespace daftar::tools
