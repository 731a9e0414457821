// The nodes of a running ledger: who they are, what a change would do, and making it.
#include "tools/daftar/commands.h"
#include "tools/daftar/node_changes.h"
#include "tools/files.h"
#include "tools/genesis_compiler.h"
#include "tools/validator_changes.h"

namespace daftar::tools {
using nlohmann::json;

namespace {

struct ChangeArguments {
  std::string file, by, proposal, out;
  std::uint32_t node = 0;
  bool observer = false;
  std::vector<std::string> approve_as;
  unsigned within_s = 120;
};
using Arguments = std::shared_ptr<ChangeArguments>;

NodeChanges changes_of(Session& session, const ChangeArguments& a) { return NodeChanges(session, {a.approve_as, std::chrono::seconds(a.within_s)}); }

Result<NodeFile> read_node_file(const std::string& file) {
  auto text = read_file(file, 1u << 20);
  if (!text) return Unexpected<ToolError>(text.error());
  return parse_node_file(*text, file);
}

std::vector<std::string> nodes_view(const json& answer) {
  std::vector<std::vector<std::string>> rows = {{"node", "standing", "operator", "in consensus", "reached", "log", "since", "link address"}};
  const auto in_list = [&](const char* key, const json& node) {
    const json list = answer.value(key, json::array());
    return std::find(list.begin(), list.end(), node) != list.end();
  };
  for (const json& node : answer.value("nodes", json::array())) {
    const json number = node.value("node", json());
    const bool asked = number == answer.value("node", json());
    rows.push_back({number.dump(), json_text(node, "standing"), json_text(node, "operator"),
                    in_list("voters", number) ? "voter" : in_list("outgoing", number) ? "leaving" : in_list("learners", number) ? "observer" : "-",
                    asked ? "asked" : !node.contains("connected") ? "-" : node["connected"] == true ? "yes" : "no",
                    asked ? answer.value("raft_commit", json()).dump() : node.contains("match") ? node["match"].dump() : "-",
                    node.value("since_height", json()).dump(), json_text(node, "link_address").empty() ? "-" : json_text(node, "link_address")});
  }
  auto lines = table(rows);
  lines.push_back("Node " + answer.value("node", json()).dump() + " says so; the leader is node " + answer.value("leader", json()).dump() + ". A change needs the approval of " +
                  answer.value("approvals_needed", json()).dump() + " of these operators: " + [&] {
                    std::string names;
                    for (const json& one : answer.value("approvers", json::array())) names += (names.empty() ? "" : ", ") + (one.is_string() ? one.get<std::string>() : "");
                    return names;
                  }());
  return lines;
}

Result<Report> show_validators(Session& session, const ChangeArguments& a) {
  auto api = session.client();
  if (!api) return Unexpected<ToolError>(api.error());
  auto genesis = session.genesis();
  if (!genesis) return Unexpected<ToolError>(genesis.error());
  auto changes = fetch_validator_changes(**api);
  if (!changes) return Unexpected<ToolError>(changes.error());
  auto chain = follow_validators(**genesis, *changes, "the network's answer");
  if (!chain) return Unexpected<ToolError>(chain.error());
  Report report;
  report.data = {{"changes", chain->changes()}, {"validators", json::array()}};
  report.lines = {"Followed " + std::to_string(chain->changes()) + " changes of the validators since the genesis. Now:"};
  for (const auto& validator : chain->validators_at(UINT64_MAX)) {
    const std::string vkey = ledger::note_vkey(chain->origin(), validator.checkpoint_key);
    report.data["validators"].push_back({{"node", validator.number}, {"checkpoint_key", validator.checkpoint_key.hex()}, {"vkey", vkey}});
    report.lines.push_back("  node " + std::to_string(validator.number) + "  " + vkey);
  }
  if (a.out.empty()) return report;
  if (auto wrote = write_file(a.out, *changes); !wrote) return Unexpected<ToolError>(wrote.error());
  report.data["file"] = a.out;
  report.lines.push_back("The receipts of the changes are in " + a.out + ": daftar verify RECEIPT --genesis genesis.pb --validator-changes " + a.out);
  return report;
}

std::vector<std::string> proposals_view(const json& answer) {
  std::vector<std::vector<std::string>> rows = {{"proposal", "stage", "by", "until", "approved by", "changes"}};
  for (const json& proposal : answer.value("proposals", json::array())) {
    std::string approvals, steps;
    for (const json& one : proposal.value("approvals", json::array())) approvals += (approvals.empty() ? "" : ", ") + (one.is_string() ? one.get<std::string>() : "");
    for (const json& one : proposal.value("changes", json::array())) steps += (steps.empty() ? "" : ", ") + json_text(one, "verb") + " " + one.value("node", json()).dump();
    rows.push_back({json_text(proposal, "id"), json_text(proposal, "stage"), json_text(proposal, "proposer"), json_text(proposal, "until"), approvals, steps});
  }
  return table(rows);
}

using Act = Result<Report> (*)(Session&, const ChangeArguments&);

Command command(Command parent, Session& session, const Arguments& a, const char* name, const char* words, const char* example, Act act) {
  Command added = parent.add_subcommand(name, words);
  added.footer(std::string("Example:\n  ") + example);
  added.callback([&session, a, act] { session.action = [&session, a, act] { return act(session, *a); }; });
  return added;
}

void take_node(Command command, const Arguments& a) { command.add_option("node", a->node, "Its number").required().range(1, 1'000'000); }
void take_file(Command command, const Arguments& a) { command.add_option("file", a->file, "node.json of the new node, as daftard init makes it").required(); }
void take_by(Command command, const Arguments& a) { command.add_option("--by", a->by, "node.json of the node that comes in its place").required(); }
void take_following(Command command, const Arguments& a) {
  command.add_option("--approve-as", a->approve_as, "Another operator who approves from here, with its keystore; may be repeated");
  command.add_option("--within", a->within_s, "Seconds to wait for each step (default 120)").range(1, 86'400);
}

void add_plan_commands(Command network, Session& session, const Arguments& a) {
  Command plan = network.add_subcommand("plan", "What a change of the nodes would do to the failures the network survives; changes nothing");
  plan.require_subcommand(1);
  plan.footer("Exit code 1 when the change would lose the quorum.\nExample:\n  daftar network plan remove 2");
  Command add = command(plan, session, a, "add", "Add a node", "daftar network plan add node.json", [](Session& s, const ChangeArguments& c) -> Result<Report> {
    auto file = read_node_file(c.file);
    if (!file) return Unexpected<ToolError>(file.error());
    if (c.observer) return changes_of(s, c).plan({}, {decision_to_add(*file)});
    return changes_of(s, c).plan({{file->number}, {}}, {decision_to_add(*file), decision_to_promote(file->number)});
  });
  take_file(add, a);
  add.add_flag("--observer", a->observer, "As an observer, who never votes");
  take_node(command(plan, session, a, "remove", "Remove a node", "daftar network plan remove 2",
                    [](Session& s, const ChangeArguments& c) { return changes_of(s, c).plan({{}, {c.node}}, {decision_to_remove(c.node)}); }), a);
  take_node(command(plan, session, a, "promote", "Make an observer a validator", "daftar network plan promote 4",
                    [](Session& s, const ChangeArguments& c) { return changes_of(s, c).plan({{c.node}, {}}, {decision_to_promote(c.node)}); }), a);
  take_node(command(plan, session, a, "demote", "Make a validator an observer", "daftar network plan demote 2",
                    [](Session& s, const ChangeArguments& c) { return changes_of(s, c).plan({{}, {c.node}}, {decision_to_demote(c.node)}); }), a);
  Command replace = command(plan, session, a, "replace", "Replace a node by a new one", "daftar network plan replace 2 --by node.json",
                              [](Session& s, const ChangeArguments& c) -> Result<Report> {
                                auto file = read_node_file(c.by);
                                if (!file) return Unexpected<ToolError>(file.error());
                                return changes_of(s, c).plan({{file->number}, {c.node}}, {decision_to_add(*file), decision_to_replace(c.node, file->number)});
                              });
  take_node(replace, a);
  take_by(replace, a);
}

void add_change_commands(Command network, Session& session, const Arguments& a) {
  Command add = command(network, session, a, "add", "Add a node to the running ledger: plan, propose, approve, wait until it has caught up, let it vote",
                          "daftar network add node-4/node.json --as operator-1 --approve-as operator-2", [](Session& s, const ChangeArguments& c) -> Result<Report> {
                            auto file = read_node_file(c.file);
                            if (!file) return Unexpected<ToolError>(file.error());
                            return changes_of(s, c).add(*file, c.observer);
                          });
  take_file(add, a);
  add.add_flag("--observer", a->observer, "It receives and executes everything and never votes");
  take_following(add, a);
  const auto of_node = [&](const char* name, const char* words, const char* example, Act act) {
    Command one = command(network, session, a, name, words, example, act);
    take_node(one, a);
    take_following(one, a);
    return one;
  };
  of_node("remove", "Remove a node for good, the leader too: plan, propose, approve, wait until consensus goes on without it",
          "daftar network remove 2 --as operator-1 --approve-as operator-3", [](Session& s, const ChangeArguments& c) { return changes_of(s, c).remove(c.node); });
  of_node("promote", "Make an observer a validator", "daftar network promote 4 --as operator-1 --approve-as operator-2",
          [](Session& s, const ChangeArguments& c) { return changes_of(s, c).promote(c.node); });
  of_node("demote", "Make a validator an observer", "daftar network demote 3 --as operator-1 --approve-as operator-2",
          [](Session& s, const ChangeArguments& c) { return changes_of(s, c).demote(c.node); });
  take_by(of_node("replace", "Replace a node, dead or alive, by a new one: it catches up first, then both change in one step",
                  "daftar network replace 2 --by node-4/node.json --as operator-1 --approve-as operator-3",
                  [](Session& s, const ChangeArguments& c) -> Result<Report> {
                    auto file = read_node_file(c.by);
                    if (!file) return Unexpected<ToolError>(file.error());
                    return changes_of(s, c).replace(c.node, *file);
                  }),
          a);
  for (const bool approving : {true, false}) {
    Command one = command(network, session, a, approving ? "approve" : "withdraw", approving ? "Approve a proposed change of the nodes, as an operator" : "Withdraw your own proposal",
                            approving ? "daftar network approve ID --as operator-2" : "daftar network withdraw ID --as operator-1",
                            approving ? Act([](Session& s, const ChangeArguments& c) { return changes_of(s, c).approve(c.proposal); })
                                      : Act([](Session& s, const ChangeArguments& c) { return changes_of(s, c).withdraw(c.proposal); }));
    one.add_option("proposal", a->proposal, "Id of the proposal").required();
    add_transaction_options(one, session);
  }
}

}  // namespace

void add_node_commands(Command network, Session& session) {
  const auto a = arguments<ChangeArguments>();
  command(network, session, a, "nodes", "Who the nodes of the ledger are, and what the leader knows of them", "daftar network nodes",
          [](Session& s, const ChangeArguments& c) -> Result<Report> {
            auto facts = changes_of(s, c).facts();
            if (!facts) return Unexpected<ToolError>(facts.error());
            auto api = s.client();
            if (!api) return Unexpected<ToolError>(api.error());
            for (std::size_t i = 0; i < (*api)->endpoints().size(); ++i)
              if ((*api)->endpoints()[i].node == facts->asked)
                if (auto answer = (*api)->connection(i).request("GET", "/v1/nodes")) {
                  const json parsed = json::parse(answer->body, nullptr, false);
                  if (parsed.is_object()) return Report{parsed, nodes_view(parsed), Exit::ok};
                }
            return s.show("/v1/nodes", nodes_view);
          });
  command(network, session, a, "proposals", "Proposed changes of the nodes and who has approved them", "daftar network proposals",
          [](Session& s, const ChangeArguments&) { return s.show("/v1/nodes/proposals?limit=1000", proposals_view); });
  Command validators = command(network, session, a, "validators", "Follow the changes of the validators from the genesis to now",
                                 "daftar network validators --out validator-changes", show_validators);
  validators.add_option("--out", a->out, "Write the receipts of the changes here, for `daftar verify --validator-changes`");
  add_plan_commands(network, session, a);
  add_change_commands(network, session, a);
}

}  // namespace daftar::tools
