// Three replicas whose disks and wires are instant, and whose clocks, wires and execution are the test's.
#pragma once
#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "node/replica.h"
#include "tests/node/genesis_registry.h"

namespace daftar::tests {

using namespace daftar::node;

inline constexpr std::uint64_t trio_wall_ms = 1'800'000'000'000, year_ms = 365ull * 24 * 3600 * 1000;

inline consensus::Membership voters(std::initializer_list<std::uint64_t> nodes, std::initializer_list<std::uint64_t> outgoing = {}) {
  consensus::Membership membership;
  for (const auto node : nodes) membership.voters.push_back({node});
  for (const auto node : outgoing) membership.outgoing.push_back({node});
  return membership;
}

/// Execution is only said to be done: nothing here reads a state.
class Trio {
 public:
  tests::SmallNetwork network{3};
  std::vector<std::unique_ptr<Replica>> replicas;
  std::vector<std::int64_t> clock_off{0, 0, 0};
  std::vector<bool> up{true, true, true};
  std::vector<bool> wired{true, true, true};     // false: alive, and nothing comes or goes
  std::vector<bool> executes{true, true, true};  // false: what is committed waits
  std::vector<std::uint64_t> newest_time{0, 0, 0}, committed{0, 0, 0}, executed{0, 0, 0};   // of the log; blocks
  std::vector<std::deque<ExecuteTask>> to_execute{3};
  std::vector<std::map<ClientToken, bool>> reads{3};   // answers
  std::vector<std::uint64_t> compacted{0, 0, 0};                 // the log begins after it
  std::vector<std::deque<consensus::SnapshotRead>> snapshot_reads{3};   // not answered yet
  std::map<std::uint64_t, Registry> registry_after;   // blocks that change it, by height
  std::vector<std::string> warnings;
  std::uint64_t ms = 1000;
  std::deque<std::pair<std::uint64_t, Replica::Send>> wires;

  /// `dated_ahead`: nodes with an uncommitted block a year ahead at the end of their logs, each of a term of its own.
  explicit Trio(const std::vector<std::uint64_t>& dated_ahead = {}, const std::function<void(ReplicaOptions&)>& change = {}) {
    for (std::uint64_t node = 1; node <= 3; ++node) {
      ReplicaOptions options{{{node}, 20, 4, 1 << 20, 16, 8 << 20, 42}, {}};
      if (change) change(options);
      ReplicaRestored fresh;
      fresh.raft.membership = voters({1, 2, 3});
      fresh.block_time_ms = network.genesis->content().time_ms();
      fresh.block_hash = network.genesis->ledger_id();
      fresh.registry = tests::genesis_registry(network);
      fresh.raft.hard_state.term = {3};
      if (std::find(dated_ahead.begin(), dated_ahead.end(), node) != dated_ahead.end()) {
        const auto block = ledger::make_block(fresh.block_hash, 1, trio_wall_ms + year_ms, false, {});
        fresh.raft.tail = {{{node}, {1}, consensus::EntryKind::noop, nullptr}, {{node}, {2}, consensus::EntryKind::payload, std::make_shared<const std::string>(block->bytes())}};
      }
      replicas.push_back(std::make_unique<Replica>(network.genesis, network.checkpoint_keys[node - 1], options, std::move(fresh)));
    }
  }
  Times times(std::size_t i) const { return {static_cast<std::uint64_t>(static_cast<std::int64_t>(trio_wall_ms + ms) + clock_off[i]), ms}; }
  Replica& of(std::uint64_t node) { return *replicas[node - 1]; }

  void carry_out(std::size_t i) {
    for (;;) {
      auto out = replicas[i]->take_output();
      for (auto& w : out.warnings) warnings.push_back("node " + std::to_string(i + 1) + ": " + w);
      for (auto& s : out.send) wires.emplace_back(i + 1, std::move(s));
      committed[i] += out.execute.size();
      for (auto& task : out.execute) to_execute[i].push_back(std::move(task));
      if (out.compact) compacted[i] = out.compact->index.value;
      for (auto& read : out.snapshot_reads) snapshot_reads[i].push_back(std::move(read));
      for (const auto& answer : out.read_answers) reads[i].emplace(answer.client, answer.confirmed);
      bool more = false;
      for (auto& write : out.log_writes) {
        for (const auto& record : write.records)
          if (record.payload && record.kind == static_cast<std::uint8_t>(consensus::EntryKind::payload)) newest_time[i] = (*ledger::Block::parse(record.payload, {}, {}))->time_ms();
        replicas[i]->log_written(write.batch);
        more = true;
      }
      for (auto& check : out.block_checks) {
        std::vector<std::shared_ptr<const ledger::Block>> blocks;
        for (auto& payload : check.payloads) blocks.push_back(*ledger::Block::parse(payload, {}, {}));
        replicas[i]->blocks_checked(check.ticket, std::move(blocks));
        more = true;
      }
      while (executes[i] && !to_execute[i].empty()) {
        ExecutedBlock done;
        done.raft_index = to_execute[i].front().raft_index;
        done.height = ++executed[i];
        if (const auto changed = registry_after.find(done.height); changed != registry_after.end()) done.registry = changed->second;
        to_execute[i].pop_front();
        replicas[i]->executed(done);
        more = true;
      }
      if (!more) return;
    }
  }
  void step(std::size_t i, const std::function<void(Replica&)>& input) {
    replicas[i]->set_time(times(i));
    input(*replicas[i]);
    carry_out(i);
  }
  void run(std::uint64_t duration_ms) {
    for (const std::uint64_t end = ms + duration_ms; ms < end; ms += 20) {
      for (std::size_t i = 0; i < 3; ++i)
        if (up[i]) step(i, [&](Replica& r) { r.tick(times(i)); });
      while (!wires.empty()) {
        auto [from, send] = std::move(wires.front());
        wires.pop_front();
        if (send.to > replicas.size()) continue;   // to one who has joined, and is not here
        if (up[send.to - 1] && up[from - 1] && wired[send.to - 1] && wired[from - 1]) step(send.to - 1, [&](Replica& r) { r.receive(from, std::move(send.message)); });
      }
    }
  }
  std::uint64_t leader() {
    for (std::uint64_t node = 1; node <= 3; ++node)
      if (up[node - 1] && of(node).status().role == "leader") return node;
    return 0;
  }
  std::uint64_t elect() {
    for (int i = 0; i < 500 && leader() == 0; ++i) run(20);
    REQUIRE(leader() != 0);
    return leader();
  }
  void pay(std::uint64_t node) {
    ++client;
    step(node - 1, [&](Replica& r) { r.submit(client, network.issue("acme/UZS", 1, "s" + std::to_string(client)), WaitFor::committed, 60'000); });
  }
  /// A linearizable read at a node; see `reads`.
  ClientToken read(std::uint64_t node, std::uint64_t timeout_ms = 60'000) {
    step(node - 1, [&](Replica& r) { r.request_read(++client, timeout_ms); });
    return client;
  }
  std::optional<bool> answer(std::uint64_t node, ClientToken token) const {
    const auto it = reads[node - 1].find(token);
    return it == reads[node - 1].end() ? std::nullopt : std::optional(it->second);
  }
  bool warned(const std::string& of_what) const {
    return std::any_of(warnings.begin(), warnings.end(), [&](const auto& w) { return w.find(of_what) != std::string::npos; });
  }
  std::uint64_t client = 0;
};

}  // namespace daftar::tests
