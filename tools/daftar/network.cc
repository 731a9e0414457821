#include "ledger/checkpoint.h"
#include "tools/daftar/commands.h"
#include "tools/files.h"

namespace daftar::tools {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

struct UpArguments {
  std::string genesis_dir, daftard;
  unsigned nodes = 0, ready_within_s = 30;
};

/// genesis/development of the source tree this program was built in, or beside an installation.
fs::path default_genesis_dir() {
  std::error_code ec;
  for (const fs::path& candidate : {fs::path("genesis/development"), program_dir() / "../../genesis/development", program_dir() / "../share/daftar/genesis/development"})
    if (fs::exists(candidate / "network.toml", ec)) return candidate;
  return "genesis/development";
}

json status_of(LocalNetwork& network) {
  json nodes = json::array();
  for (unsigned node = 1; node <= network.nodes(); ++node) {
    const Endpoint& endpoint = network.endpoints()[node - 1];
    json row = {{"node", node}, {"running", network.running(node)}, {"pid", network.pid(node)},
                {"api", std::string(endpoint.tls ? "https://" : "http://") + endpoint.host + ":" + std::to_string(endpoint.port)}};
    if (auto status = network.node_status(node)) row["status"] = std::move(*status);
    else row["problem"] = status.error().sentence;
    nodes.push_back(std::move(row));
  }
  return nodes;
}

std::vector<std::string> status_lines(const json& nodes) {
  std::vector<std::vector<std::string>> rows = {{"node", "pid", "role", "term", "height", "entries", "certified", "ready", "root", "api"}};
  for (const json& node : nodes) {
    const json status = node.value("status", json::object());
    const auto number = [&](const char* key) { return status.contains(key) ? status[key].dump() : std::string("-"); };
    const std::string role = json_text(status, "role"), root = json_text(status, "root");
    const std::string because = json_text(status, "not_ready_because");
    rows.push_back({node["node"].dump(), node["running"] == true ? node["pid"].dump() : "-",
                    node["running"] != true ? "stopped" : role.empty() ? "no answer" : role, number("term"), number("height"), number("entries"),
                    number("certified_size"), status.value("ready", json()) == true ? "yes" : because.empty() ? "no" : "no: " + because,
                    root.empty() ? "-" : root.substr(0, 16), json_text(node, "api")});
  }
  return table(rows);
}

Result<Report> up(Session& session, const UpArguments& a) {
  const fs::path dir = fs::absolute(session.network_dir());
  std::error_code ec;
  const bool exists = fs::exists(dir / "network.json", ec);
  Report report;
  auto opened = [&]() -> Result<LocalNetwork> {
    if (exists) return LocalNetwork::open(dir, a.daftard);
    auto secret = session.passphrase("network", "New passphrase for the keystores of all members: ", true);
    if (!secret) return Unexpected<ToolError>(secret.error());
    LocalNetworkOptions options;
    options.dir = dir;
    options.genesis_dir = a.genesis_dir.empty() ? default_genesis_dir() : fs::path(a.genesis_dir);
    options.nodes = a.nodes;
    options.daftard = a.daftard;
    options.passphrase = &*secret;
    return LocalNetwork::create(std::move(options));
  }();
  if (!opened) return Unexpected<ToolError>(opened.error());
  LocalNetwork& network = *opened;
  if (auto started = network.start_all(); !started) return Unexpected<ToolError>(started.error());
  if (auto ready = network.wait_ready(std::chrono::seconds(a.ready_within_s)); !ready) return Unexpected<ToolError>(ready.error());
  const json nodes = status_of(network);
  const auto leader = network.leader();
  report.data = {{"dir", dir.string()}, {"created", !exists}, {"ledger_id", network.genesis()->ledger_id().hex()},
                 {"origin", network.genesis()->origin()}, {"leader", leader.value_or(0)}, {"nodes", nodes}};
  report.lines.push_back((exists ? "Started the network in " : "Made and started a network in ") + dir.string());
  report.lines.push_back("Ledger " + network.genesis()->ledger_id().hex());
  for (const std::string& line : status_lines(nodes)) report.lines.push_back(line);
  if (!exists) report.lines.push_back("Members' keystores: " + (dir / "keys").string() + " (all under one passphrase: for development only)");
  report.lines.push_back("Stop it with: daftar network down --network " + dir.string());
  return report;
}

}  // namespace

void add_network_commands(Command app, Session& session) {
  Command network = app.add_subcommand("network", "The nodes: a network on this machine, and the nodes of a running ledger");
  network.require_subcommand(1);
  auto a = arguments<UpArguments>();

  Command start = network.add_subcommand("up", "Make a network with fresh keys and start it, or start the one that is there; waits until it has a leader");
  start.add_option("--genesis-dir", a->genesis_dir, "Folder with network.toml (default genesis/development)");
  start.add_option("--dir", session.options.network, "Folder for the network; the same as --network");
  start.add_option("--nodes", a->nodes, "Validators; default: as many as network.toml names").range(1, 100);
  start.add_option("--daftard", a->daftard, "The node program; default: beside this one");
  start.add_option("--ready-within", a->ready_within_s, "Seconds to wait until it is ready (default 30)");
  start.footer("Example:\n  daftar network up --network ./daftar-network --passphrase-fd 3 3<passphrase");
  start.callback([&session, a] { session.action = [&session, a] { return up(session, *a); }; });

  Command status = network.add_subcommand("status", "What every node says of itself");
  status.footer("Example:\n  daftar network status --json");
  status.callback([&session] {
    session.action = [&session]() -> Result<Report> {
      auto opened = LocalNetwork::open(session.network_dir());
      if (!opened) return Unexpected<ToolError>(opened.error());
      Report report;
      const json nodes = status_of(*opened);
      report.data = {{"dir", opened->dir().string()}, {"nodes", nodes}, {"leader", opened->leader().value_or(0)}};
      report.lines = status_lines(nodes);
      return report;
    };
  });

  Command down = network.add_subcommand("down", "Stop the nodes (SIGTERM; SIGKILL for one that does not go within 20 s)");
  down.footer("Example:\n  daftar network down --network ./daftar-network");
  down.callback([&session] {
    session.action = [&session]() -> Result<Report> {
      auto opened = LocalNetwork::open(session.network_dir());
      if (!opened) return Unexpected<ToolError>(opened.error());
      unsigned stopped = 0;
      for (unsigned node = 1; node <= opened->nodes(); ++node) stopped += opened->running(node) ? 1 : 0;
      opened->stop_all();
      Report report;
      report.data = {{"dir", opened->dir().string()}, {"stopped", stopped}};
      report.lines = {"Stopped " + std::to_string(stopped) + " nodes. Their data stays in " + opened->dir().string() + "; `daftar network up` starts them again."};
      return report;
    };
  });

  add_node_commands(network, session);

  struct NodeArguments { unsigned node = 0; };
  auto n = arguments<NodeArguments>();
  Command kill = network.add_subcommand("kill", "SIGKILL one node: to see what the others do");
  kill.add_option("node", n->node, "Its number").required();
  kill.footer("Example:\n  daftar network kill 1; daftar network status; daftar network up");
  kill.callback([&session, n] {
    session.action = [&session, n]() -> Result<Report> {
      auto opened = LocalNetwork::open(session.network_dir());
      if (!opened) return Unexpected<ToolError>(opened.error());
      if (n->node < 1 || n->node > opened->nodes() || !opened->running(n->node))
        return failure(Exit::usage, "node", "Node " + std::to_string(n->node) + " does not run here.");
      const long pid = opened->pid(n->node);
      opened->stop_node(n->node, SIGKILL);
      Report report;
      report.data = {{"node", n->node}, {"pid", pid}};
      report.lines = {"Killed node " + std::to_string(n->node) + " (process " + std::to_string(pid) + ")."};
      return report;
    };
  });

  Command keys = network.add_subcommand("keys", "The validators' keys that sign checkpoints, as note vkeys");
  keys.footer("Example:\n  daftar network keys > vkeys");
  keys.callback([&session] {
    session.action = [&session]() -> Result<Report> {
      auto genesis = session.genesis();
      if (!genesis) return Unexpected<ToolError>(genesis.error());
      Report report;
      report.data = {{"origin", (*genesis)->origin()}, {"vkeys", json::array()}};
      for (const auto& key : (*genesis)->checkpoint_keys()) {
        report.lines.push_back(ledger::note_vkey((*genesis)->origin(), key));
        report.data["vkeys"].push_back(report.lines.back());
      }
      return report;
    };
  });

  struct GenesisArguments { std::string source, out_dir; };
  auto g = arguments<GenesisArguments>();
  Command check = network.add_subcommand("check-genesis", "Read a genesis source (network.toml and profiles) and say what is in it; writes nothing");
  check.add_option("source", g->source, "Folder with network.toml").required();
  check.footer("Example:\n  daftar network check-genesis genesis/example-uz");
  check.callback([&session, g] {
    session.action = [g]() -> Result<Report> {
      auto plan = read_network(fs::path(g->source) / "network.toml");
      if (!plan) return Unexpected<ToolError>(plan.error());
      auto compiled = compile_genesis(*plan, {});
      if (!compiled) return Unexpected<ToolError>(compiled.error());
      const auto& content = compiled->genesis->content();
      Report report;
      report.data = {{"name", content.name()}, {"members", content.members_size()}, {"validators", content.validators_size()},
                     {"tax_rules", content.tax_rules_size()}, {"country_profile", content.country_profile()}};
      report.lines = render(report.data);
      return report;
    };
  });
}

}  // namespace daftar::tools
