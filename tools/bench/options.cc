#include "tools/bench/options.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "tools/bench/population.h"

namespace daftar::bench {

bool parse_options(int argc, char** argv, Options& options, int& exit_code) {
  CLI::App app(
      "daftar-bench starts a network of its own on this machine's loopback in the production configuration (TLS between nodes and to\n"
      "clients, synced disks), registers its members and their money by real transactions, signs transfers ahead, drives the network over its\n"
      "API and prints what it measured. Afterwards it compares the nodes' roots and verifies receipts offline.\n"
      "With --failover it kills leaders instead, under a small load, and prints how long it took until the next one committed.\n"
      "Exit codes: 0 measured and every check held, 1 a check failed, 2 a mistake on the command line.");
  app.footer(
      "Examples:\n"
      "  daftar-bench --nodes 3 --seconds 10 --json            one JSON line; \"short\": true, as it measures less than 60 s\n"
      "  daftar-bench --seconds 60 --warmup 10 --json          figures for the record\n"
      "  daftar-bench --keys 1000 --accounts 10000 --seconds 3 a quick look\n"
      "  daftar-bench --failover --kills 30 --json             from the leader's death to the next commit, as clients see it\n");
  app.add_option("--nodes", options.nodes, "validators")->check(CLI::Range(1, 9))->capture_default_str();
  app.add_option("--seconds", options.seconds, "length of the measured window")->check(CLI::Range(1, 3600))->capture_default_str();
  app.add_option("--warmup", options.warmup_s, "seconds of load before the window")->check(CLI::Range(0, 600))->capture_default_str();
  app.add_option("--keys", options.keys, "members, with one key each")->check(CLI::Range(2, 9'999'999))->capture_default_str();
  app.add_option("--accounts", options.accounts, "accounts with money: a multiple of --keys, at most 24 times as many")->capture_default_str();
  app.add_option("--clients", options.clients, "connections, each with one batch under way")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--batch", options.batch, "transactions in one bulk request")->check(CLI::Range(1, 5000))->capture_default_str();
  app.add_option("--seed", options.seed, "of keys, accounts drawn and nonces")->capture_default_str();
  app.add_option("--sign", options.sign, "transactions to sign ahead; 0: as many as the verification limit allows in the time")->capture_default_str();
  app.add_option("--single", options.single, "transactions of the lone client, one at a time; 0: leave it out")
      ->check(CLI::Range(0, 100'000))->capture_default_str();
  app.add_option("--receipts", options.receipts, "receipts verified afterwards")->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--category", options.category, "income type of the transfers: none, or services (12 % VAT is withheld from each)")
      ->check(CLI::IsMember({"none", "services"}))->capture_default_str();
  app.add_flag("--failover", options.failover, "kill leaders and measure the gap; of the other options --nodes, --seed and those of time and folder count");
  app.add_option("--kills", options.kills, "with --failover: how many leaders")->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--tick-ms", options.tick_ms, "the nodes' raft.tick_ms; another than the default marks the result \"short\", as for the next two")
      ->check(CLI::Range(5, 1000))->capture_default_str();
  app.add_option("--heartbeat-ms", options.heartbeat_ms, "the nodes' raft.heartbeat_ms")->check(CLI::Range(5, 30'000))->capture_default_str();
  app.add_option("--election-timeout-ms", options.election_timeout_ms, "the nodes' raft.election_timeout_ms")
      ->check(CLI::Range(50, 60'000))->capture_default_str();
  std::string submit = "leader";
  app.add_option("--submit", submit, "whom the clients talk to: the leader, or all nodes in turn")
      ->check(CLI::IsMember({"leader", "all"}))->capture_default_str();
  app.add_flag("--certified", options.certified, "wait for each transaction's certificate, not only for the commit");
  app.add_flag("--plain-api", options.plain_api, "HTTP instead of HTTPS between clients and nodes, to see what it costs; marks the result \"short\"");
  app.add_option("--dir", options.directory, "folder for the network (its disk is what is measured); default: a new one under $TMPDIR or /tmp");
  app.add_option("--daftard", options.daftard, "the node's program; default: beside this one");
  app.add_flag("--keep", options.keep, "leave the network's folder behind");
  app.add_flag("--json", options.json, "one line of JSON on standard output instead of a table");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return false;
  }
  if (options.failover) {
    if (options.nodes < 3) {
      std::cerr << "daftar-bench: --failover needs at least 3 --nodes: fewer do not outlive their leader.\n";
      exit_code = 2;
      return false;
    }
    options.keys = options.accounts = 100;  // enough for a small load
  }
  options.submit = submit == "all" ? SubmitTo::all : SubmitTo::leader;
  if (options.accounts % options.keys != 0 || options.accounts < options.keys ||
      options.accounts / options.keys > Population::currencies_max) {
    std::cerr << "daftar-bench: --accounts " << options.accounts << " must be a multiple of --keys " << options.keys << " and at most "
              << Population::currencies_max << " times as many.\n";
    exit_code = 2;
    return false;
  }
  return true;
}

}  // namespace daftar::bench
