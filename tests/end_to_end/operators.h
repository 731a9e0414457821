// A network of real daftard processes, and at a terminal beside it the operators who change its nodes with `daftar network ...`.
#pragma once
#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/end_to_end/terminal.h"
#include "tests/end_to_end/test_network.h"
#include "tests/harness/text_file.h"
#include "tools/files.h"
#include "tools/keystore.h"

namespace daftar::tests {

inline const std::string passphrase = "a passphrase for operators of tests";

class Operators {
 public:
  TestNetwork network;

  Operators() {
    const auto keys = network.network().dir() / "keys";
    REQUIRE(tools::make_private_dir(keys));
    const tools::Secret secret{std::string(passphrase)};
    for (const char* member : {"operator-1", "operator-2", "operator-3", "operator-4", payer.c_str()})
      REQUIRE(tools::write_keystore(keys / (std::string(member) + ".json"), member, network.key(member), secret));
  }

  /// `script` in the network's folder; `daftar` and `daftard` are those built. The passphrase is on descriptor 3.
  TerminalRun type(const std::string& script, std::chrono::seconds patience = std::chrono::seconds(40)) {
    const auto begin = std::chrono::steady_clock::now();
    auto run = run_on_terminal("exec 3<<<'" + passphrase + "'\n" + script, network.network().dir(),
                               {"HOME=" + network.network().dir().string(), "PATH=" DAFTAR_BIN_DIR ":/usr/bin:/bin", "DAFTAR_NETWORK=.", "LC_ALL=C.UTF-8"}, {}, patience);
    std::erase(run.output, '\r');
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    std::cout << "$ " << script << "\n" << run.output << "exit code " << run.exit << " after " << took.count() << " ms" << std::endl;
    return run;
  }

  /// `daftar network <words>`, which must end with this exit code; what it said.
  std::string change(const std::string& words, int exit = 0) {
    const auto run = type("daftar network " + words + " --yes --passphrase-fd 3");
    INFO("daftar network " << words << "\n" << run.output);
    REQUIRE(run.exit == exit);
    return run.output;
  }

  /// The next node, as docs/operators.md makes it; its folder is node-N. Not started.
  unsigned make_node() {
    auto& local = network.network();
    const unsigned node = local.nodes() + 1;
    std::set<std::uint16_t> taken;
    const auto link = std::to_string(tools::free_loopback_port(taken));
    tools::Endpoint endpoint;
    endpoint.node = node;
    endpoint.port = tools::free_loopback_port(taken);
    const nlohmann::json described = nlohmann::json::parse(std::ifstream(local.dir() / "network.json"));
    std::string init = "daftard init --genesis genesis.pb --node " + std::to_string(node) + " --data node-" + std::to_string(node) + " --operator operator-4 --link-listen 127.0.0.1:" +
                       link + " --api-listen 127.0.0.1:" + std::to_string(endpoint.port);
    for (const nlohmann::json& peer : described.at("nodes"))
      if (peer.contains("link_port")) init += " --peer " + peer["node"].dump() + "=127.0.0.1:" + peer["link_port"].dump();
    REQUIRE(type(init).exit == 0);
    endpoint.link_key = *ledger::PublicKey::from_hex(nlohmann::json::parse(std::ifstream(local.node_dir(node) / "node.json")).at("link_key").get<std::string>());
    const auto adopted = local.adopt_node(std::move(endpoint));
    REQUIRE(adopted);
    return node;
  }

  void start(unsigned node) { REQUIRE(network.network().start_node(node)); }

  nlohmann::json nodes_as_told_by(unsigned node) {
    auto answer = network.client_of(node).get("/v1/nodes");
    if (!answer) FAIL("node " << node << ": " << answer.error().sentence);
    return *answer;
  }

  /// Each of `asked` comes to say that these vote, and that these only follow.
  void require_consensus_of(const std::set<unsigned>& asked, const std::set<unsigned>& voters, const std::set<unsigned>& learners = {}) {
    for (const unsigned node : asked) {
      nlohmann::json told;
      for (int i = 0; i < 100; ++i) {
        told = nodes_as_told_by(node);
        if (told.at("voters").get<std::set<unsigned>>() == voters && told.at("outgoing").empty() && told.at("learners").get<std::set<unsigned>>() == learners) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
      INFO("node " << node << " says " << told.dump());
      REQUIRE(told.at("voters").get<std::set<unsigned>>() == voters);
      REQUIRE(told.at("outgoing").empty());
      REQUIRE(told.at("learners").get<std::set<unsigned>>() == learners);
    }
  }

  nlohmann::json proposals() {
    auto answer = network.client().get("/v1/nodes/proposals");
    REQUIRE(answer);
    return answer->at("proposals");
  }
};

/// What each line begins with, in this order, perhaps with others between.
inline void require_said(const std::string& output, const std::vector<std::string>& beginnings) {
  std::size_t at = 0;
  const std::string lines = "\n" + output;
  for (const std::string& beginning : beginnings) {
    INFO("not said: " << beginning << "\nin\n" << output);
    at = lines.find("\n" + beginning, at);
    REQUIRE(at != std::string::npos);
    ++at;
  }
}

inline const std::string as_two = " --as operator-1 --approve-as operator-2";
/// Where more than two must approve: with a fourth validator its operator has a word too.
inline const std::string as_all = as_two + " --approve-as operator-3 --approve-as operator-4";

}  // namespace daftar::tests
