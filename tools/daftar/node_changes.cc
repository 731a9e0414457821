#include "tools/daftar/node_changes.h"

#include <algorithm>
#include <iostream>
#include <thread>

#include "tools/clock.h"

namespace daftar::tools {
namespace proto = ledger::proto;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint64_t caught_up_entries = 1'000;     // a newcomer this close to the leader's commit follows with ease
constexpr std::uint64_t proposal_open_ms = 86'400'000; // how long approvals can be given

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

bool among(const std::vector<std::uint32_t>& list, std::uint32_t node) { return std::find(list.begin(), list.end(), node) != list.end(); }

/// Is the proposal, as the API shows it, exactly these steps?
bool same_steps(const json& changes, const std::vector<proto::NodeChange>& steps) {
  if (!changes.is_array() || changes.size() != steps.size()) return false;
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (json_text(changes[i], "verb") != steps[i].verb() || json_amount(changes[i], "node") != steps[i].node() ||
        json_text(changes[i], "link_key") != ledger::to_hex(steps[i].link_key()))
      return false;
  return true;
}

bool contains(const json& texts, const std::string& text) {
  return texts.is_array() && std::any_of(texts.begin(), texts.end(), [&](const json& one) { return one == text; });
}

}  // namespace

void NodeChanges::say(const std::string& line) {
  report_.data["progress"].push_back(line);
  if (!session_.options.json) std::cout << line << "\n" << std::flush;
}

Result<Report> NodeChanges::finish(const std::string& line) {
  report_.data["done"] = true;
  report_.lines = {line};
  return std::move(report_);
}

Result<NetworkFacts> NodeChanges::facts() {
  auto api = session_.client();
  if (!api) return Unexpected<ToolError>(api.error());
  if (!nodes_) nodes_.emplace((*api)->endpoints());
  const auto by_leader = [](const HttpAnswer& answer) {
    const auto facts = parse_network_facts(json::parse(answer.body, nullptr, false));
    return facts && facts->from_leader;
  };
  std::optional<NetworkFacts> best;
  ToolError last{Exit::unreachable, "unreachable", "No node answers.", "Are they running, and is this the right network (--network)?"};
  for (const auto& answer : nodes_->ask("/v1/nodes", by_leader)) {
    if (!answer) {
      last = answer.error();
      continue;
    }
    auto facts = parse_network_facts(json::parse(answer->body, nullptr, false));
    if (!facts) last = facts.error();
    else if (!best || std::pair(facts->from_leader, facts->term) > std::pair(best->from_leader, best->term)) best = std::move(*facts);
  }
  if (!best) return Unexpected<ToolError>(last);
  return std::move(*best);
}

Result<Report> NodeChanges::plan(const VoterChange& change, const std::vector<Decision>& decisions) {
  auto now = facts();
  if (!now) return Unexpected<ToolError>(now.error());
  const ChangePlan plan = plan_change(*now, change);
  Report report{plan_json(plan), plan_table(plan), plan.refusal.empty() ? Exit::ok : Exit::refused};
  report.data["approvals_needed"] = now->approvals_needed;
  report.data["approvers"] = now->approvers;
  report.data["decisions"] = json::array();
  for (const Decision& decision : decisions) {
    if (std::all_of(decision.steps.begin(), decision.steps.end(), [&](const auto& step) { return in_force(*now, step); })) continue;
    auto proposal = open_proposal(decision.steps);
    if (!proposal) return Unexpected<ToolError>(proposal.error());
    std::vector<std::string> given;   // of those whose word counts now
    for (const std::string& member : now->approvers)
      if (contains(proposal->value("approvals", json::array()), member)) given.push_back(member);
    report.data["decisions"].push_back({{"change", decision.words}, {"proposal", proposal->value("id", json())}, {"approvals", given}});
    report.lines.push_back("To " + decision.words + ", " + std::to_string(now->approvals_needed) + " of " + joined(now->approvers) + " must approve; " +
                           (proposal->empty() ? "not proposed yet" : (given.empty() ? "none has" : joined(given) + (given.size() == 1 ? " has" : " have")) + " (" + json_text(*proposal, "id") + ")"));
  }
  if (!plan.refusal.empty()) report.lines.push_back(plan.refusal);
  return report;
}

Result<void> NodeChanges::check(const VoterChange& change) {
  auto now = facts();
  for (int i = 0; i < 50 && now && !now->from_leader; ++i) {   // an election may be under way
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    now = facts();
  }
  if (!now) return Unexpected<ToolError>(now.error());
  const ChangePlan plan = plan_change(*now, change);
  report_.data["plan"] = plan_json(plan);
  if (!plan.refusal.empty()) {
    if (!session_.options.json)
      for (const std::string& line : plan_table(plan)) std::cout << line << "\n";
    return failure(Exit::refused, "quorum", plan.refusal, "Nothing was proposed. Bring unreachable nodes back first, or replace them one at a time.");
  }
  for (const std::string& line : plan_table(plan)) say(line);
  return {};
}

Result<void> NodeChanges::send(const std::string& member, const proto::Operation& operation, const std::string& words, std::string* id) {
  const std::string before = session_.options.as;
  session_.options.as = member;
  session_.options.timeout_s = std::max(session_.options.timeout_s, 30u);   // an election may fall into it
  auto sent = session_.transact({operation});
  session_.options.as = before;
  if (!sent) return Unexpected<ToolError>(sent.error());
  if (sent->exit != Exit::ok) {
    const json error = sent->data.value("error", json::object());
    return failure(sent->exit, json_text(error, "code"), words + ", as " + member + ": " + json_text(error, "sentence") +
                       (json_text(error, "detail").empty() ? "" : " (" + json_text(error, "detail") + ")"), json_text(error, "advice"));
  }
  if (id != nullptr) *id = json_text(sent->data, "id");
  return {};
}

Result<json> NodeChanges::open_proposal(const std::vector<proto::NodeChange>& steps) {
  std::string after;
  for (;;) {
    auto page = session_.get("/v1/nodes/proposals" + (after.empty() ? "" : "?after=" + after));
    if (!page) return Unexpected<ToolError>(page.error());
    for (const json& proposal : page->value("proposals", json::array()))
      if (json_text(proposal, "stage") == "open" && same_steps(proposal.value("changes", json()), steps)) return proposal;
    after = json_text(*page, "next");
    if (after.empty()) return json::object();
  }
}

Result<void> NodeChanges::decide(const Decision& decision) {
  const auto& [steps, words] = decision;
  auto sender = session_.sender();
  if (!sender) return Unexpected<ToolError>(sender.error());
  auto known = open_proposal(steps);
  if (!known) return Unexpected<ToolError>(known.error());
  std::string id = json_text(*known, "id");
  if (id.empty()) {
    proto::Operation operation;
    auto& proposal = *operation.mutable_propose_node_change();
    for (const auto& step : steps) *proposal.add_changes() = step;
    proposal.set_until_ms(now_ms() + proposal_open_ms);
    if (auto sent = send(*sender, operation, words, &id); !sent) return sent;
    say("Proposed: " + words + " (" + id + ")");
  } else {
    say("Already proposed: " + words + " (" + id + ")");
  }
  report_.data["proposals"].push_back(id);
  std::vector<std::string> members = options_.approve_as;
  members.insert(members.begin(), *sender);
  std::string waiting;
  const auto deadline = Clock::now() + options_.within;
  for (;;) {
    auto proposal = session_.get("/v1/nodes/proposals/" + id);
    const std::string stage = proposal ? json_text(*proposal, "stage") : "";
    if (stage == "in_force") break;
    if (stage == "withdrawn" || stage == "expired") return failure(Exit::refused, "node_proposal_closed", "The proposal " + id + " is " + stage + ".", "Propose again.");
    auto now = facts();
    const json approvals = proposal ? proposal->value("approvals", json::array()) : json::array();
    std::optional<std::string> next;
    for (const std::string& member : members)
      if (now && !stage.empty() && !contains(approvals, member) && std::find(now->approvers.begin(), now->approvers.end(), member) != now->approvers.end()) next = next ? next : member;
    if (next) {
      proto::Operation operation;
      operation.mutable_approve_node_change()->set_proposal(*ledger::from_hex(id));
      auto sent = send(*next, operation, "approving");
      // Another run of this command, or a node that had not heard of it yet, may have been a moment faster.
      if (!sent && sent.error().code != "already_approved" && sent.error().code != "node_proposal_closed" && sent.error().code != "node_proposal_unknown") return sent;
      if (sent) say("Approved by " + *next);
    } else if (now && !stage.empty()) {
      const std::string line = "Waiting for approvals: " + std::to_string(approvals.size()) + " given, " + std::to_string(now->approvals_needed) + " needed of " + joined(now->approvers) +
                               ": daftar network approve " + id;
      if (line != std::exchange(waiting, line)) say(line);
    }
    if (Clock::now() > deadline)
      return failure(Exit::unknown_outcome, "approvals", "The proposal " + id + " does not have its approvals yet.",
                     "Let more operators run `daftar network approve " + id + " --as OPERATOR`, then give this command again: it goes on from there.");
    std::this_thread::sleep_for(std::chrono::milliseconds(next ? 20 : 300));
  }
  say("In force: " + words);
  return {};
}

Result<void> NodeChanges::wait_until(const std::string& what, const std::function<bool(const NetworkFacts&)>& reached,
                                     const std::function<std::string(const NetworkFacts&)>& progress) {
  const auto deadline = Clock::now() + options_.within;
  std::string shown;
  for (;;) {
    auto now = facts();
    if (now && reached(*now)) return {};
    if (now)
      if (const std::string line = progress(*now); line != std::exchange(shown, line)) say(line);
    if (Clock::now() > deadline)
      return failure(Exit::unknown_outcome, "not_followed", "Within " + std::to_string(options_.within.count()) + " s it did not happen that " + what + ".",
                     "Look at `daftar network nodes`; the same command goes on from where this one stopped.");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
}

Result<void> NodeChanges::bring_in(const NodeFile& node) {
  auto genesis = session_.genesis();
  if (!genesis) return Unexpected<ToolError>(genesis.error());
  if (node.ledger_id != (*genesis)->ledger_id()) return failure(Exit::usage, "other_ledger", "The node was made for another ledger than your genesis.", "Make it again with this genesis.pb.");
  auto now = facts();
  if (!now) return Unexpected<ToolError>(now.error());
  const std::string who = "node " + std::to_string(node.number);
  if (const KnownNode* known = now->find(node.number)) {
    if (known->link_key != node.link_key.hex() || known->standing == "removed")
      return failure(Exit::usage, "node_number_not_next", "There has been another " + who + "; the next free number is " + std::to_string(now->next_node) + ".",
                     "Make the node again with `daftard init --node " + std::to_string(now->next_node) + "`.");
    say(who + " is in the registry already, as " + known->standing);
  } else {
    if (node.number != now->next_node)
      return failure(Exit::usage, "node_number_not_next", who + " is not the next free number, which is " + std::to_string(now->next_node) + ".",
                     "Make the node again with `daftard init --node " + std::to_string(now->next_node) + "`.");
    if (auto decided = decide(decision_to_add(node)); !decided) return decided;
  }
  return wait_until(
      who + " caught up with the leader",
      [&](const NetworkFacts& f) {
        const KnownNode* known = f.find(node.number);
        return f.from_leader && known != nullptr && (f.leader == node.number || (known->connected.value_or(false) && known->match && *known->match + caught_up_entries >= f.commit));
      },
      [&](const NetworkFacts& f) {
        const KnownNode* known = f.find(node.number);
        if (!f.from_leader) return std::string("Waiting for the leader's word on how far " + who + " is");
        if (known == nullptr || !known->connected.value_or(false)) return "Waiting for " + who + ": the leader does not reach it at " + node.link_address + ". Is it running?";
        return who + " has " + std::to_string(known->match.value_or(0)) + " of " + std::to_string(f.commit) + " log entries";
      });
}

namespace {
std::string membership(const NetworkFacts& f) {
  const auto list = [](const std::vector<std::uint32_t>& nodes) {
    std::string out;
    for (const std::uint32_t node : nodes) out += " " + std::to_string(node);
    return out.empty() ? " none" : out;
  };
  return "Voters:" + list(f.voters) + (f.outgoing.empty() ? "" : ", leaving or changing:" + list(f.outgoing)) + "; observers:" + list(f.learners);
}
}  // namespace

Result<Report> NodeChanges::add(const NodeFile& node, bool observer) {
  const std::string who = "node " + std::to_string(node.number);
  auto now = facts();
  if (!now) return Unexpected<ToolError>(now.error());
  if (!observer && !among(now->voters, node.number))
    if (auto checked = check({{node.number}, {}}); !checked) return Unexpected<ToolError>(checked.error());
  if (auto done = bring_in(node); !done) return Unexpected<ToolError>(done.error());
  if (observer) return finish("Done: " + who + " is an observer and has caught up.");
  return promote(node.number);
}

Result<Report> NodeChanges::promote(std::uint32_t node) {
  const std::string who = "node " + std::to_string(node);
  auto now = facts();
  if (!now) return Unexpected<ToolError>(now.error());
  const Decision decision = decision_to_promote(node);
  if (!in_force(*now, decision.steps.front())) {
    // With what is reachable now, not what was when the command began.
    if (auto checked = check({{node}, {}}); !checked) return Unexpected<ToolError>(checked.error());
    if (auto decided = decide(decision); !decided) return Unexpected<ToolError>(decided.error());
  }
  auto followed = wait_until(who + " votes", [&](const NetworkFacts& f) { return among(f.voters, node) && f.outgoing.empty(); }, membership);
  if (!followed) return Unexpected<ToolError>(followed.error());
  return finish("Done: " + who + " is a validator.");
}

Result<Report> NodeChanges::demote(std::uint32_t node) {
  const std::string who = "node " + std::to_string(node);
  auto now = facts();
  if (!now) return Unexpected<ToolError>(now.error());
  if (const Decision decision = decision_to_demote(node); !in_force(*now, decision.steps.front())) {
    if (auto checked = check({{}, {node}}); !checked) return Unexpected<ToolError>(checked.error());
    if (auto decided = decide(decision); !decided) return Unexpected<ToolError>(decided.error());
  }
  auto followed = wait_until(who + " votes no more", [&](const NetworkFacts& f) { return !f.votes(node); }, membership);
  if (!followed) return Unexpected<ToolError>(followed.error());
  return finish("Done: " + who + " is an observer.");
}

Result<Report> NodeChanges::remove(std::uint32_t node) {
  const std::string who = "node " + std::to_string(node);
  auto now = facts();
  if (!now) return Unexpected<ToolError>(now.error());
  if (const Decision decision = decision_to_remove(node); !in_force(*now, decision.steps.front())) {
    if (auto checked = check({{}, {node}}); !checked) return Unexpected<ToolError>(checked.error());
    if (auto decided = decide(decision); !decided) return Unexpected<ToolError>(decided.error());
  }
  auto followed = wait_until(
      who + " left consensus", [&](const NetworkFacts& f) { return !f.votes(node) && !among(f.learners, node); }, membership);
  if (!followed) return Unexpected<ToolError>(followed.error());
  return finish("Done: " + who + " is removed. It may be stopped; its number and keys are never used again.");
}

Result<Report> NodeChanges::replace(std::uint32_t node, const NodeFile& by) {
  const std::string leaving = "node " + std::to_string(node), joining = "node " + std::to_string(by.number);
  auto now = facts();
  if (!now) return Unexpected<ToolError>(now.error());
  const KnownNode* old = now->find(node);
  if (old == nullptr || by.number == node) return failure(Exit::usage, "node_unknown", "There is no " + leaving + " to be replaced.", "Look at `daftar network nodes`.");
  const KnownNode* known = now->find(by.number);
  if (old->standing != "removed" || known == nullptr || known->standing != "validator") {
    if (auto checked = check({{by.number}, {node}}); !checked) return Unexpected<ToolError>(checked.error());
    if (auto done = bring_in(by); !done) return Unexpected<ToolError>(done.error());
    if (auto checked = check({{by.number}, {node}}); !checked) return Unexpected<ToolError>(checked.error());
    if (auto decided = decide(decision_to_replace(node, by.number)); !decided)
      return Unexpected<ToolError>(decided.error());
  }
  auto followed = wait_until(
      joining + " votes in the place of " + leaving,
      [&](const NetworkFacts& f) { return among(f.voters, by.number) && !f.votes(node) && !among(f.learners, node) && f.outgoing.empty(); }, membership);
  if (!followed) return Unexpected<ToolError>(followed.error());
  return finish("Done: " + joining + " is a validator in the place of " + leaving + ", which is removed for good.");
}

NodeChanges::Decision decision_to_add(const NodeFile& node) { return {{addition(node)}, "add node " + std::to_string(node.number) + " as observer"}; }
NodeChanges::Decision decision_to_promote(std::uint32_t node) { return {{step("promote", node)}, "make node " + std::to_string(node) + " a validator"}; }
NodeChanges::Decision decision_to_demote(std::uint32_t node) { return {{step("demote", node)}, "make node " + std::to_string(node) + " an observer"}; }
NodeChanges::Decision decision_to_remove(std::uint32_t node) { return {{step("remove", node)}, "remove node " + std::to_string(node)}; }
NodeChanges::Decision decision_to_replace(std::uint32_t node, std::uint32_t by) {
  return {{step("promote", by), step("remove", node)}, "make node " + std::to_string(by) + " a validator and remove node " + std::to_string(node)};
}

Result<Report> NodeChanges::approve(const std::string& proposal) {
  auto id = parse_hex32("proposal", proposal);
  if (!id) return Unexpected<ToolError>(id.error());
  proto::Operation operation;
  operation.mutable_approve_node_change()->set_proposal(*id);
  return session_.transact({operation});
}

Result<Report> NodeChanges::withdraw(const std::string& proposal) {
  auto id = parse_hex32("proposal", proposal);
  if (!id) return Unexpected<ToolError>(id.error());
  proto::Operation operation;
  operation.mutable_withdraw_node_change()->set_proposal(*id);
  return session_.transact({operation});
}

}  // namespace daftar::tools
