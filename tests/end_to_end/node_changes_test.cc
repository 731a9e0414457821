// The nodes of a live network change under load, each change by one command as an operator types it: real daemons, a new one made by
// `daftard init`, `daftar network ...` with the operators' keystores. No client may notice: a payment is acknowledged, or its outcome is
// unknown until it is sent again.
#include <sys/wait.h>

#include <iostream>

#include "tests/end_to_end/operators.h"
#include "tests/end_to_end/payment_load.h"
#include "tests/harness/service_contract.h"

using namespace daftar;
using namespace daftar::tests;
using std::chrono::seconds;

TEST_CASE("under load a validator is added, a dead one replaced and the leader removed, each by one command") {
  Operators operators;
  TestNetwork& network = operators.network;
  auto& local = network.network();
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(30, seconds(60)));

  // One more.
  REQUIRE(operators.make_node() == 4);
  operators.start(4);
  require_said(operators.change("add node-4/node.json" + as_two),
               {"            before  after", "voters           3      4", "Proposed: add node 4 as observer (", "Approved by operator-2", "In force: add node 4 as observer",
                "voters           3      4", "Proposed: make node 4 a validator (", "In force: make node 4 a validator", "Done: node 4 is a validator."});
  operators.require_consensus_of({1, 2, 3, 4}, {1, 2, 3, 4});
  REQUIRE(load.wait_for(30, seconds(30)));

  // Three of the four go on. The dead one: of the genesis, and not the leader, so that the load tells of the change alone.
  const unsigned dead = network.leader() == 1 ? 2 : 1;
  local.stop_node(dead, SIGKILL);
  REQUIRE(load.wait_for(30, seconds(30)));
  REQUIRE(operators.make_node() == 5);
  operators.start(5);
  require_said(operators.change("replace " + std::to_string(dead) + " --by node-5/node.json" + as_all),
               {"reachable        3      4", "In force: add node 5 as observer", "Proposed: make node 5 a validator and remove node " + std::to_string(dead),
                "Done: node 5 is a validator in the place of node " + std::to_string(dead) + ", which is removed for good."});
  std::set<unsigned> present{1, 2, 3, 4, 5};
  present.erase(dead);
  operators.require_consensus_of(present, present);
  REQUIRE(load.wait_for(30, seconds(30)));

  // The leader, one of the genesis: afterwards no quorum can be had without nodes that the genesis does not name.
  unsigned leader = network.leader();
  for (; leader > 3; leader = network.leader()) {
    local.stop_node(leader);
    REQUIRE(load.wait_for(5, seconds(30)));
    operators.start(leader);
    network.wait_ready();
  }
  require_said(operators.change("remove " + std::to_string(leader) + as_all),
               {"In force: remove node " + std::to_string(leader), "Done: node " + std::to_string(leader) + " is removed."});
  for (int i = 0; i < 200 && local.running(leader); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  REQUIRE_FALSE(local.running(leader));
  const auto ended = local.stop_node(leader);
  REQUIRE(ended);
  CHECK(WIFEXITED(*ended));
  CHECK(WEXITSTATUS(*ended) == 0);
  CHECK(read_text(local.log_file(leader)).find("was removed from the network by its governance, and the others know it; it stops") != std::string::npos);
  present.erase(leader);
  operators.require_consensus_of(present, present);
  REQUIRE(load.wait_for(30, seconds(30)));
  load.stop();
  std::cout << load.resolve_unknown(network) << " payments were of unknown outcome for a while" << std::endl;
  load.require_kept(network, present);

  // A receipt of now is checked by whoever knows how the validators changed; nothing else is needed, least of all a network.
  const auto newest = ledger::Transaction::parse(load.newest().envelope, network.genesis().transaction_limits());
  REQUIRE(operators.type("daftar receipt " + (*newest)->id().hex() + " --out newest.receipt --as " + payer + " --passphrase-fd 3").exit == 0);
  const auto followed = operators.change("validators --out changes");
  require_said(followed, {"Followed 3 changes of the validators since the genesis. Now:"});
  for (const unsigned node : present) CHECK(followed.find("  node " + std::to_string(node) + "  ") != std::string::npos);
  const std::string verify = "DAFTAR_NETWORK=nowhere daftar verify newest.receipt --genesis genesis.pb";
  const auto verified = operators.type(verify + " --validator-changes changes");
  CHECK(verified.exit == 0);
  CHECK(verified.output.find("of 3 validators have signed.") != std::string::npos);
  const auto unverified = operators.type(verify);
  CHECK(unverified.exit == 1);
  const std::string verify_second = "'" DAFTAR_SOURCE_DIR "/tools/verifier/verify' newest.receipt --genesis genesis.pb";
  const auto second = operators.type(verify_second + " --validator-changes changes");
  CHECK(second.exit == 0);
  CHECK(second.output.find("of 3 validators have signed.") != std::string::npos);
  CHECK(operators.type(verify_second).exit == 1);
  CHECK(unverified.output.find("fetch the changes with `daftar network validators --out FILE` and give them with --validator-changes FILE.") != std::string::npos);

  // Whoever acts has the contract's text proved first: by the validators of now.
  const std::uint64_t now_ms = tools::now_ms();
  const auto draft = draft_service({.customer = payer, .provider = payee, .budget_line = "", .price = 115'00, .due_ms = now_ms + 30 * 86'400'000ull, .offer_until_ms = now_ms + 86'400'000});
  const std::string contract = network.accepted(network.sign(payer, {draft})).id;
  CHECK(operators.type("daftar contract sign " + contract + " --as " + payer + " --yes --passphrase-fd 3").exit == 0);
}

TEST_CASE("an observer is added under load by one command, executes all, never votes, and is promoted later, and a command broken off goes on") {
  Operators operators;
  TestNetwork& network = operators.network;
  auto& local = network.network();
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(30, seconds(60)));
  REQUIRE(operators.make_node() == 4);

  // Killed when it had proposed, and once more when the addition was in force and it waited for the node, which does not run yet.
  const auto broken_off = [&](const std::string& words, const std::string& at) {
    return operators.type("daftar network " + words + " --yes --passphrase-fd 3 > said & command=$!\nuntil grep -q '" + at +
                          "' said; do kill -0 $command || break; sleep 0.02; done; kill -KILL $command; wait $command; status=$?; cat said; exit $status");
  };
  CHECK(broken_off("add node-4/node.json --observer --as operator-1", "^Proposed: ").exit == 128 + SIGKILL);
  REQUIRE(operators.proposals().size() == 1);
  const std::string needed = "2 of operator-1, operator-2, operator-3 must approve; ";
  const std::string with_vote = operators.change("plan add node-4/node.json");
  require_said(with_vote, {"To add node 4 as observer, " + needed, "To make node 4 a validator, " + needed + "not proposed yet"});
  CHECK(with_vote.find("must approve; operator-1 has (" + operators.proposals()[0].at("id").get<std::string>() + ")") != std::string::npos);
  const auto second = broken_off("add node-4/node.json --observer" + as_two, "^Waiting for node 4");
  CHECK(second.exit == 128 + SIGKILL);
  require_said(second.output, {"Already proposed: add node 4 as observer (", "In force: add node 4 as observer", "Waiting for node 4: the leader does not reach it at 127.0.0.1:"});
  operators.start(4);
  require_said(operators.change("add node-4/node.json --observer" + as_two), {"node 4 is in the registry already, as observer", "Done: node 4 is an observer and has caught up."});
  CHECK(operators.proposals().size() == 1);   // the same all along
  operators.require_consensus_of({1, 2, 3, 4}, {1, 2, 3}, {4});
  REQUIRE(load.wait_for(30, seconds(30)));
  load.stop();
  std::cout << load.resolve_unknown(network) << " payments were of unknown outcome for a while" << std::endl;
  load.require_kept(network);   // on the observer too

  // With two of the three validators gone its word would make the quorum, if it had one.
  const std::uint64_t height = network.settle();
  const unsigned alone = network.leader();
  for (unsigned node = 1; node <= 3; ++node)
    if (node != alone) local.stop_node(node, SIGKILL);
  const auto lonely = network.client_of(alone).submit(network.transfer(1), tools::Wait::committed, seconds(4));
  CHECK((!lonely || !lonely->accepted()));
  CHECK(network.status_number(alone, "height") == height);
  CHECK(network.status_number(4, "height") == height);
  for (unsigned node = 1; node <= 3; ++node) operators.start(node);
  network.wait_ready();

  // Later it votes; approvals may come from elsewhere, after the command has given up waiting.
  PaymentLoad more(network, 3);
  REQUIRE(more.wait_for(30, seconds(30)));
  const std::string waited = operators.change("promote 4 --as operator-1 --within 1", 3);
  CHECK(waited.find("Waiting for approvals: 1 given, 2 needed of operator-1, operator-2, operator-3: daftar network approve ") != std::string::npos);
  CHECK(operators.proposals().size() == 2);
  require_said(operators.change("promote 4" + as_two), {"Already proposed: make node 4 a validator", "Done: node 4 is a validator."});
  CHECK(operators.proposals().size() == 2);
  operators.require_consensus_of({1, 2, 3, 4}, {1, 2, 3, 4});
  REQUIRE(more.wait_for(30, seconds(30)));
  more.stop();
  more.resolve_unknown(network);
}

TEST_CASE("a removal that would lose the quorum is refused before anything is proposed, under load") {
  Operators operators;
  TestNetwork& network = operators.network;
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(30, seconds(60)));
  const unsigned leader = network.leader(), dead = network.follower(), other = 6 - leader - dead;
  network.network().stop_node(dead, SIGKILL);
  REQUIRE(load.wait_for(30, seconds(30)));
  const std::string refusal = "The change would lose the quorum: 1 of 2 voters can be reached, and 2 are needed.";
  for (const unsigned node : {leader, other}) {
    const std::string remove = "remove " + std::to_string(node);
    require_said(operators.change("plan " + remove, 1), {"voters           3      2", "needed           2      2", "reachable        2      1", "may fall         0     -1", refusal});
    const std::string said = operators.change(remove + as_two, 1);
    require_said(said, {"may fall         0     -1", "quorum: " + refusal, "Nothing was proposed."});
    CHECK(said.find(refusal) == said.rfind(refusal));
  }
  CHECK(operators.proposals().empty());
  operators.require_consensus_of({leader, other}, {1, 2, 3});
  REQUIRE(load.wait_for(30, seconds(30)));

  // The dead one may go: those that remain are two of two.
  require_said(operators.change("plan remove " + std::to_string(dead)), {"reachable        2      2", "may fall         0      0"});
  load.stop();
  load.resolve_unknown(network);
  load.require_kept(network, {leader, other});
}
