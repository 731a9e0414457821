#include "tools/node_change.h"

#include <algorithm>

#include "contracts/nodes.h"
#include "ledger/ids.h"

namespace daftar::tools {
using nlohmann::json;

namespace {

bool has(const std::vector<std::uint32_t>& list, std::uint32_t node) { return std::find(list.begin(), list.end(), node) != list.end(); }

std::string text_of(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::optional<std::uint64_t> number_of(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_unsigned()) return std::nullopt;
  return it->get<std::uint64_t>();
}

std::vector<std::uint32_t> numbers_of(const json& object, const char* key) {
  std::vector<std::uint32_t> found;
  if (const auto it = object.find(key); it != object.end() && it->is_array())
    for (const json& element : *it)
      if (element.is_number_unsigned()) found.push_back(element.get<std::uint32_t>());
  return found;
}

Tolerance tolerance_of(const NetworkFacts& facts, const std::vector<std::uint32_t>& voters, const std::vector<std::uint32_t>& joining) {
  Tolerance out{voters.size(), voters.size() / 2 + 1, 0};
  for (const std::uint32_t node : voters) {
    const bool not_met_yet = has(joining, node) && facts.find(node) == nullptr;
    out.reachable += not_met_yet || facts.reachable(node) ? 1 : 0;
  }
  return out;
}

std::string counted(const Tolerance& t) {
  return std::to_string(t.reachable) + " of " + std::to_string(t.voters) + " voters can be reached, and " + std::to_string(t.needed) + " are needed";
}

}  // namespace

Result<NodeFile> parse_node_file(std::string_view text, const std::string& source) {
  const auto wrong = [&](const std::string& why) {
    return failure(Exit::usage, "node_file", source + ": " + why + ".", "It is the node.json that `daftard init` makes for a new node.");
  };
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || text_of(document, "format") != "daftar-node" || number_of(document, "version") != 1) return wrong("not the description of a node, version 1");
  NodeFile out;
  const auto ledger_id = ledger::Digest::from_hex(text_of(document, "ledger_id"));
  const auto number = number_of(document, "node");
  const auto link_key = ledger::PublicKey::from_hex(text_of(document, "link_key")), checkpoint_key = ledger::PublicKey::from_hex(text_of(document, "checkpoint_key"));
  if (!ledger_id) return wrong("'ledger_id' is no ledger's id");
  if (!number || *number == 0 || *number > UINT32_MAX) return wrong("'node' is no number of a node");
  if (!link_key || !checkpoint_key) return wrong("'link_key' or 'checkpoint_key' is not the hex of a public key");
  out.operator_member = text_of(document, "operator");
  out.link_address = text_of(document, "link_address");
  if (!ledger::is_member_id(out.operator_member)) return wrong("'operator' is no member id");
  if (!contracts::is_link_address(out.link_address)) return wrong("'link_address' is not host:port");
  out.ledger_id = *ledger_id;
  out.number = static_cast<std::uint32_t>(*number);
  out.link_key = *link_key;
  out.checkpoint_key = *checkpoint_key;
  return out;
}

const KnownNode* NetworkFacts::find(std::uint32_t number) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const KnownNode& node) { return node.number == number; });
  return found == nodes.end() ? nullptr : &*found;
}

bool NetworkFacts::reachable(std::uint32_t number) const {
  if (number == leader) return true;
  const KnownNode* node = find(number);
  return node != nullptr && node->connected.value_or(false);
}

bool NetworkFacts::votes(std::uint32_t number) const { return has(voters, number) || has(outgoing, number); }

Result<NetworkFacts> parse_network_facts(const json& answer) {
  const auto wrong = [] { return failure(Exit::unreachable, "nodes_answer", "A node did not say who the nodes are.", "Is it a version of daftard that knows /v1/nodes?"); };
  if (!answer.is_object() || !answer.contains("nodes") || !answer["nodes"].is_array()) return wrong();
  NetworkFacts facts;
  facts.asked = static_cast<std::uint32_t>(number_of(answer, "node").value_or(0));
  facts.leader = static_cast<std::uint32_t>(number_of(answer, "leader").value_or(0));
  facts.from_leader = text_of(answer, "role") == "leader";
  facts.term = number_of(answer, "term").value_or(0);
  facts.commit = number_of(answer, "raft_commit").value_or(0);
  facts.voters = numbers_of(answer, "voters");
  facts.learners = numbers_of(answer, "learners");
  facts.outgoing = numbers_of(answer, "outgoing");
  facts.next_node = static_cast<std::uint32_t>(number_of(answer, "next_node").value_or(0));
  facts.approvals_needed = number_of(answer, "approvals_needed").value_or(0);
  for (const json& member : answer.value("approvers", json::array()))
    if (member.is_string()) facts.approvers.push_back(member.get<std::string>());
  for (const json& row : answer["nodes"]) {
    if (!row.is_object()) return wrong();
    KnownNode node;
    node.number = static_cast<std::uint32_t>(number_of(row, "node").value_or(0));
    node.operator_member = text_of(row, "operator");
    node.standing = text_of(row, "standing");
    node.link_key = text_of(row, "link_key");
    if (const auto it = row.find("connected"); it != row.end() && it->is_boolean()) node.connected = it->get<bool>();
    node.match = number_of(row, "match");
    facts.nodes.push_back(std::move(node));
  }
  return facts;
}

ChangePlan plan_change(const NetworkFacts& facts, const VoterChange& change) {
  std::vector<std::uint32_t> after;
  for (const std::uint32_t node : facts.voters)
    if (!has(change.leaving, node)) after.push_back(node);
  for (const std::uint32_t node : change.joining)
    if (!has(after, node)) after.push_back(node);
  ChangePlan plan{tolerance_of(facts, facts.voters, {}), tolerance_of(facts, after, change.joining), {}};
  if (!facts.from_leader) plan.refusal = "The leader cannot be asked which nodes it reaches.";
  else if (!facts.outgoing.empty()) plan.refusal = "Another change of the voters is under way.";
  else if (after.empty()) plan.refusal = "No validator would remain.";
  else if (plan.before.spare() < 0) plan.refusal = "There is no quorum now: " + counted(plan.before) + ".";
  else if (plan.after.spare() < 0) plan.refusal = "The change would lose the quorum: " + counted(plan.after) + ".";
  return plan;
}

std::vector<std::string> plan_table(const ChangePlan& plan) {
  const auto row = [](const char* name, std::int64_t before, std::int64_t after) {
    std::string line = name;
    line.resize(12, ' ');
    const std::string first = std::to_string(before);
    return line + std::string(6 - std::min<std::size_t>(6, first.size()), ' ') + first + std::string(7 - std::min<std::size_t>(7, std::to_string(after).size()), ' ') +
           std::to_string(after);
  };
  const auto size = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  return {"            before  after", row("voters", size(plan.before.voters), size(plan.after.voters)), row("needed", size(plan.before.needed), size(plan.after.needed)),
          row("reachable", size(plan.before.reachable), size(plan.after.reachable)), row("may fall", plan.before.spare(), plan.after.spare())};
}

json plan_json(const ChangePlan& plan) {
  const auto side = [](const Tolerance& t) { return json{{"voters", t.voters}, {"needed", t.needed}, {"reachable", t.reachable}, {"spare", t.spare()}}; };
  return {{"before", side(plan.before)}, {"after", side(plan.after)}, {"allowed", plan.refusal.empty()}, {"refusal", plan.refusal}};
}

bool in_force(const NetworkFacts& facts, const ledger::proto::NodeChange& step) {
  const KnownNode* node = facts.find(step.node());
  if (node == nullptr) return false;
  if (step.verb() == "promote") return node->standing == "validator";
  if (step.verb() == "demote") return node->standing == "observer";
  if (step.verb() == "remove") return node->standing == "removed";
  return true;   // an addition
}

ledger::proto::NodeChange addition(const NodeFile& node) {
  auto change = step("add_observer", node.number);
  change.set_operator_(node.operator_member);
  change.set_link_key(std::string(node.link_key.view()));
  change.set_checkpoint_key(std::string(node.checkpoint_key.view()));
  change.set_link_address(node.link_address);
  return change;
}

ledger::proto::NodeChange step(const std::string& verb, std::uint32_t node) {
  ledger::proto::NodeChange change;
  change.set_verb(verb);
  change.set_node(node);
  return change;
}

}  // namespace daftar::tools
