// The simulated stores' snapshots and compaction keep to the ports: storage/snapshot.h, storage/raft_log.h.
#include <catch2/catch.hpp>

#include "ledger/checkpoint.h"
#include "tests/simulation/log_disk.h"
#include "tests/simulation/state_disk.h"

using namespace daftar;
using namespace daftar::simulation;

namespace {

const std::string ledger_id(32, 'L');

void initialise(SimStateStore& store) {
  ledger::ChangeSet genesis;
  genesis.put("genesis", "here");
  storage::AppliedMark mark;
  mark.block_hash = ledger_id;
  REQUIRE(store.initialise(ledger_id, genesis, mark));
}

/// A block with one entry.
void commit_block(SimStateStore& store) {
  storage::BlockCommit block;
  block.mark = store.mark();
  ledger::Entry entry;
  entry.index = block.mark.entries;
  entry.height = ++block.mark.height;
  entry.id = ledger::sha256(std::to_string(entry.index));
  entry.nonce = std::string(16, 'n');
  auto frontier = *ledger::MerkleFrontier::restore(block.mark.entries, block.mark.frontier);
  const auto leaf = ledger::leaf_hash(ledger::leaf_record(entry));
  frontier.append(leaf);
  block.leaf_hashes.emplace_back(leaf.view());
  block.entries.push_back(std::move(entry));
  block.changes.put("height", std::to_string(block.mark.height));
  block.changes.put("key " + std::to_string(block.mark.height), std::string(200, 'v'));
  ++block.mark.raft_index;
  block.mark.raft_term = 1;
  block.mark.entries = frontier.size();
  block.mark.frontier = frontier.subtrees();
  block.mark.membership = "members";
  REQUIRE(store.commit(block));
}

std::string all_bytes(const storage::SnapshotSource& source) { return *source.read(0, source.size()); }

void append(SimRaftLog& log, std::uint64_t from, std::uint64_t to, std::uint64_t term) {
  std::vector<storage::LogRecord> records;
  for (std::uint64_t i = from; i <= to; ++i) records.push_back({.index = i, .term = term, .kind = 1, .payload = std::make_shared<const std::string>(std::to_string(i))});
  REQUIRE(log.write(storage::StoredHardState{term, 1, 0}, records));
}

/// Records [first, last] are there, and nothing before.
void holds(const SimRaftLog& log, std::uint64_t first, std::uint64_t last) {
  CHECK(log.first() == first);
  CHECK(log.last() == last);
  CHECK_FALSE(log.read(first - 1, first - 1, 100));
  for (std::uint64_t i = first; i <= last; ++i) CHECK(*log.read(i, i, 100)->front().payload == std::to_string(i));
}

}  // namespace

TEST_CASE("a simulated state is received over a crash, checked, and put in the place of another at once") {
  StateDisk sender_disk, follower_disk;
  SimStateStore sender(sender_disk, 7);
  initialise(sender);
  for (int i = 0; i < 40; ++i) commit_block(sender);
  const auto source = *sender.checkpoint();
  const std::string bytes = all_bytes(*source);
  REQUIRE(bytes.size() > 3 * 4096);
  CHECK(source->mark() == sender.mark());
  CHECK(*sender.flushed_mark() == sender.mark());
  {
    SimStateStore follower(follower_disk, 7);
    initialise(follower);
    auto sink = *follower.receive(source->manifest());
    REQUIRE(sink->append(0, std::string_view(bytes).substr(0, 5000)));
    CHECK(sink->stored() == 5000);
  }
  follower_disk.crash();
  SimStateStore follower(follower_disk, 7);
  auto sink = *follower.receive(source->manifest());
  CHECK(sink->stored() == 4096);
  REQUIRE(sink->append(4096, std::string_view(bytes).substr(4096)));
  const auto received = sink->finish();
  REQUIRE(received);
  CHECK(received->mark == sender.mark());
  CHECK(follower.mark().height == 0);
  REQUIRE(follower.replace(std::move(sink)));
  CHECK(follower.install_pending());
  follower_disk.crash();
  CHECK(follower.install_pending());
  CHECK(follower.mark() == sender.mark());
  CHECK(follower.state_hash() == sender.state_hash());
  CHECK(follower.get("height") == "40");
  CHECK(follower.find_entry(ledger::sha256("17")) == 17);
  CHECK(follower.root_at(40)->root == sender.root_at(40)->root);
  CHECK(follower.tile(0, 0) == sender.tile(0, 0));
  REQUIRE(follower.finish_install());
  CHECK_FALSE(follower.install_pending());
  commit_block(follower);
  CHECK(follower.get("height") == "41");
}

TEST_CASE("a simulated snapshot that is not what its manifest says is refused") {
  StateDisk sender_disk, follower_disk;
  SimStateStore sender(sender_disk, 7), follower(follower_disk, 7);
  initialise(sender);
  initialise(follower);
  for (int i = 0; i < 5; ++i) commit_block(sender);
  const auto source = *sender.checkpoint();
  const std::string bytes = all_bytes(*source);
  for (std::size_t at = 0; at < bytes.size(); at += 11) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 2);
    auto sink = *follower.receive(source->manifest());
    REQUIRE(sink->append(0, damaged));
    const auto received = sink->finish();
    REQUIRE_FALSE(received);
    CHECK(received.error().kind == storage::StorageError::Kind::corruption);
    CHECK(sink->stored() == 0);
  }
  auto manifest = *storage::decode_manifest(source->manifest());
  ++manifest.height;
  auto sink = *follower.receive(storage::encode_manifest(manifest));
  REQUIRE(sink->append(0, bytes));
  CHECK_FALSE(sink->finish());
  CHECK_FALSE(sink->append(0, bytes + "x"));
  REQUIRE(sender.put_certificate(5, "not a note"));
  const auto uncertified = *sender.checkpoint();
  sink = *follower.receive(uncertified->manifest());
  REQUIRE(sink->append(0, all_bytes(*uncertified)));
  CHECK_FALSE(sink->finish());
  CHECK(follower.mark().height == 0);
}

TEST_CASE("a simulated log compacts and restarts, and comes back so") {
  Schedule schedule;
  LogDisk disk(schedule);
  {
    const auto log = *SimRaftLog::open(disk, {});
    append(*log, 1, 60, 1);
    REQUIRE(log->compact({20, 1}));
    holds(*log, 21, 60);
    append(*log, 55, 57, 2);
    holds(*log, 21, 57);
  }
  {
    const auto log = *SimRaftLog::open(disk, {});
    holds(*log, 21, 57);
    CHECK(log->compacted() == storage::LogPlace{20, 1});
    REQUIRE(log->compact({57, 2}));
    holds(*log, 58, 57);
    append(*log, 58, 60, 2);
    holds(*log, 58, 60);
    REQUIRE(log->restart({59, 2}));   // within the log, as after a conflict
    holds(*log, 60, 59);
    append(*log, 60, 64, 2);
    REQUIRE(log->restart({100, 2}));
  }
  const auto log = *SimRaftLog::open(disk, {});
  holds(*log, 101, 100);
  CHECK(log->compacted() == storage::LogPlace{100, 2});
  CHECK(log->hard_state().term == 2);
  append(*log, 101, 103, 3);
  holds(*log, 101, 103);
}

TEST_CASE("a simulated power cut during a compaction or a restart leaves the log before it or after it") {
  Schedule schedule;
  unsigned before = 0, after = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Chance chance(seed, 1);
    LogDisk disk(schedule);
    {
      const auto log = *SimRaftLog::open(disk, {});
      append(*log, 1, 30, 1);
      if (seed % 2 == 0)
        REQUIRE(log->begin_compact({20, 1}));
      else
        log->begin_restart({90, 1});
    }
    disk.power_cut(chance, true);
    const auto log = SimRaftLog::open(disk, {});
    REQUIRE(log);
    if ((*log)->first() == 1) {
      ++before;
      CHECK((*log)->last() == 30);
    } else {
      ++after;
      CHECK((*log)->first() == (seed % 2 == 0 ? 21 : 91));
      CHECK((*log)->last() == (seed % 2 == 0 ? 30 : 90));
    }
  }
  CHECK(before > 0);
  CHECK(after > 0);
}
