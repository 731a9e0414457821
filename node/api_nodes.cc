// The nodes: the registry with its proposals, what this node knows of the others, and how the validators changed.
#include <algorithm>

#include "contracts/nodes.h"
#include "node/api.h"

namespace daftar::node {
namespace {

Json render_validators(const std::vector<contracts::ValidatorKey>& validators) {
  Json list = Json::array();
  for (const auto& validator : validators) list.push_back({{"node", validator.number}, {"checkpoint_key", validator.checkpoint_key.hex()}});
  return list;
}

Json render_node(const contracts::NodeRecord& node, const NodeStatus& status) {
  Json out{{"node", node.number}, {"operator", node.operator_member}, {"standing", name(node.standing)}, {"link_key", node.link_key.hex()},
           {"checkpoint_key", node.checkpoint_key.hex()}, {"link_address", node.link_address}, {"since_height", node.since_height}};
  const auto peer = std::find_if(status.peers.begin(), status.peers.end(), [&](const auto& p) { return p.node == node.number; });
  if (peer == status.peers.end()) return out;
  out["connected"] = peer->connected;
  out["match"] = peer->match;
  return out;
}

Json render_proposal(const contracts::NodeProposal& proposal, std::uint64_t block_time_ms) {
  const bool expired = proposal.stage == contracts::ProposalStage::open && proposal.until_ms < block_time_ms;
  Json out{{"id", proposal.id.hex()}, {"proposer", proposal.proposer}, {"stage", expired ? "expired" : name(proposal.stage)},
           {"proposed", iso_time(proposal.proposed_ms)}, {"proposed_ms", proposal.proposed_ms}, {"until", iso_time(proposal.until_ms)},
           {"until_ms", proposal.until_ms}, {"approvals", proposal.approvals}, {"changes", Json::array()}};
  for (const auto& step : proposal.steps) {
    Json one{{"verb", name(step.verb)}, {"node", step.node}};
    if (step.adds()) {
      one["operator"] = step.operator_member;
      one["link_key"] = step.link_key.hex();
      one["checkpoint_key"] = step.checkpoint_key.hex();
      one["link_address"] = step.link_address;
    }
    out["changes"].push_back(std::move(one));
  }
  return out;
}

}  // namespace

void Api::add_nodes_routes() {
  add_read("/v1/nodes", &Api::nodes);
  add_read("/v1/nodes/proposals", &Api::node_proposals, {"after", "limit"});
  add_read("/v1/nodes/proposals/{}", &Api::node_proposal);
  add_read("/v1/validators/changes", &Api::validator_changes, {"from", "limit"});
}

HttpResponse Api::nodes(const HttpRequest&, const Read& read) {
  const auto records = contracts::nodes(*read.state);
  const auto status = service_.status();
  Json out{{"node", status.node}, {"role", status.role}, {"leader", status.leader}, {"term", status.term}, {"raft_commit", status.raft_commit},
           {"voters", status.voters}, {"learners", status.learners}, {"outgoing", status.outgoing}, {"next_node", records.size() + 1},
           {"approvals_needed", contracts::approvals_needed(records, in_force(read)->limits.node_change_approvals)},
           {"approvers", contracts::validator_operators(records)}, {"nodes", Json::array()}};
  for (const auto& record : records) out["nodes"].push_back(render_node(record, status));
  return json_response(out);
}

HttpResponse Api::node_proposal(const HttpRequest& request, const Read& read) {
  const auto id = ledger::Digest::from_hex(request.captures[0]);
  if (!id) return bad_parameter("a proposal's id has 64 hexadecimal digits");
  const auto proposal = contracts::node_proposal(*read.state, *id);
  if (!proposal) return not_found("node_proposal_unknown", "There is no proposed change of the nodes with that id.");
  return json_response(render_proposal(*proposal, read.state->mark().block_time_ms));
}

HttpResponse Api::node_proposals(const HttpRequest&, const Read& read) {
  const auto limit = page_limit(read.parameters, 100, contracts::query::page_max);
  if (!limit) return bad_parameter("limit is from 1 to 1000");
  const auto after = after_id(read.parameters);
  if (!after) return bad_parameter("after is a proposal's id, 64 hexadecimal digits");
  const auto proposals = contracts::node_proposals(*read.state, *after, *limit);
  Json list = Json::array();
  for (const auto& proposal : proposals) list.push_back(render_proposal(proposal, read.state->mark().block_time_ms));
  return json_response(page("proposals", std::move(list), proposals.size() == *limit ? std::optional(proposals.back().id.hex()) : std::nullopt));
}

/// Receipts of the entries that changed the validators, for who follows them from the genesis (contracts/validator_chain.h). They go to
/// anybody: whoever puts a change of the validators in force shows the whole of that transaction.
HttpResponse Api::validator_changes(const HttpRequest&, const Read& read) {
  const auto from_text = read.parameters.get("from");
  const auto from = from_text.empty() ? std::optional<std::uint64_t>(0) : parse_u64(from_text);
  if (!from) return bad_parameter("from is an entry index");
  const auto limit = page_limit(read.parameters, 100, 500);
  if (!limit) return bad_parameter("limit is from 1 to 500");
  const auto indexes = read.state->find_rows(static_cast<std::uint8_t>(contracts::IndexKind::node), "validators", *from, *limit);
  Json out{{"changes", Json::array()}, {"next", nullptr}};
  for (const auto index : indexes) {
    const auto entry = read.state->entry(index);
    const auto result = entry ? contracts::decode_result(entry->result) : std::nullopt;
    if (!result) continue;
    Json one{{"id", entry->id.hex()}, {"index", index}, {"height", entry->height}, {"time", iso_time(entry->time_ms)}, {"time_ms", entry->time_ms}};
    for (const auto& event : result->events)
      if (event.kind == "validators_changed")
        if (const auto set = contracts::parse_validator_set_text(event.text)) one["validators"] = render_validators(*set);
    if (auto receipt = service_.receipt(index)) one["receipt"] = std::move(*receipt);
    out["changes"].push_back(std::move(one));
  }
  if (indexes.size() == *limit) out["next"] = indexes.back() + 1;
  return json_response(out);
}

}  // namespace daftar::node
