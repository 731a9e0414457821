// Snapshots from one store to another through SnapshotTransfer: what is complete, what goes on after a cut, what is refused.
#include <catch2/catch.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "node/executor.h"
#include "node/recovery.h"
#include "node/snapshot_transfer.h"
#include "tests/harness/small_network.h"

using namespace daftar;
using namespace std::chrono_literals;
namespace c = daftar::consensus;
using node::SnapshotTransfer;

namespace {

/// What a transfer told its replica, in order.
struct Told {
  std::optional<c::SnapshotPiece> piece;
  bool nothing = false;                      // the answer to a read was: not now
  std::optional<std::uint64_t> wants;
  bool failed = false;
  std::shared_ptr<storage::SnapshotSink> complete;
  std::string warning;
};

class Side {
 public:
  Side(const tests::SmallNetwork& network, const std::string& path) {
    storage::StateStoreOptions options;
    options.path = path;
    auto opened = storage::open_rocks_state_store(options);
    REQUIRE(opened);
    store = std::move(*opened);
    REQUIRE(node::initialise_store(*network.genesis, *store));
    executor.emplace(network.genesis, *store);
    transfer.emplace(network.genesis, *store,
                     SnapshotTransfer::Handlers{[this](c::SnapshotRead, std::optional<c::SnapshotPiece> piece) { Told t; t.nothing = !piece; t.piece = std::move(piece); put(std::move(t)); },
                                                [this](std::uint64_t, std::uint64_t offset) { Told t; t.wants = offset; put(std::move(t)); },
                                                [this](std::uint64_t) { Told t; t.failed = true; put(std::move(t)); },
                                                [this](std::uint64_t, std::unique_ptr<storage::SnapshotSink> sink) { Told t; t.complete = std::move(sink); put(std::move(t)); },
                                                [this](std::string warning) { const std::lock_guard lock(mutex_); warnings.push_back(std::move(warning)); },
                                                [this](const storage::StorageError& error) { Told t; t.failed = true; t.warning = error.text(); put(std::move(t)); }});
  }
  Told next() {
    std::unique_lock lock(mutex_);
    REQUIRE(wake_.wait_for(lock, 20s, [this] { return !told_.empty(); }));
    Told first = std::move(told_.front());
    told_.pop_front();
    return first;
  }
  std::vector<std::string> said() {
    const std::lock_guard lock(mutex_);
    return warnings;
  }

  ~Side() { transfer->stop(); }   // its thread uses the rest

  std::unique_ptr<storage::StateStore> store;
  std::optional<node::Executor> executor;
  std::vector<std::string> warnings;
  std::optional<SnapshotTransfer> transfer;

 private:
  void put(Told told) {
    {
      const std::lock_guard lock(mutex_);
      told_.push_back(std::move(told));
    }
    wake_.notify_one();
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Told> told_;
};

struct Transfer {
  tests::TemporaryFolder folder;
  tests::SmallNetwork network{3};
  Side leader{network, folder / "leader"}, follower{network, folder / "follower"};
  std::shared_ptr<const ledger::Block> block;   // the leader's last
  std::uint64_t arrival = 0;

  /// One block with one payment into acme's account, certified by the validators named.
  explicit Transfer(const std::vector<int>& signers) {
    const auto done = pay();
    const ledger::Checkpoint checkpoint{network.genesis->origin(), done.size, done.root};
    std::vector<ledger::CheckpointSignature> lines;
    for (const int n : signers) lines.push_back({network.checkpoint_keys[static_cast<std::size_t>(n) - 1].public_key(), ledger::sign_checkpoint(checkpoint, network.checkpoint_keys[static_cast<std::size_t>(n) - 1])});
    REQUIRE(leader.store->put_certificate(done.size, ledger::signed_note(checkpoint, lines)));
  }

  /// The leader's next block, with one payment; its place in the log is six above its height.
  node::ExecutedBlock pay() {
    const std::uint64_t height = leader.store->mark().height + 1;
    block = ledger::make_block(block ? block->hash() : network.genesis->ledger_id(), height, std::max(tests::wall_ms(), block ? block->time_ms() + 1 : 0), true,
                               {network.issue("acme/UZS", 1000, "statement " + std::to_string(height))});
    auto done = leader.executor->execute({height + 6, 2, std::make_shared<const std::string>(block->bytes()), nullptr,
                                          c::encode_membership(node::membership_at(leader.store->mark(), *network.genesis))});
    REQUIRE(done);
    return *done;
  }
  /// The answer to a follower that was being sent `snapshot`, of which the log holds what comes after `not_before`.
  c::SnapshotPiece piece_for(std::uint64_t follower, const c::Snapshot& snapshot, std::uint64_t not_before, std::uint64_t offset) {
    leader.transfer->read({1, {follower}, snapshot, {not_before}, offset, 4096});
    auto told = leader.next();
    REQUIRE(told.piece);
    return *told.piece;
  }

  c::SnapshotPiece piece(const c::Snapshot& snapshot, std::uint64_t offset, std::size_t bytes_max) {
    leader.transfer->read({1, {2}, snapshot, {0}, offset, bytes_max});
    auto told = leader.next();
    REQUIRE(told.piece);
    return *told.piece;
  }
  Told arrive(const c::SnapshotPiece& piece) {
    follower.transfer->arrived({++arrival, piece});
    return follower.next();
  }
  /// All of it, in pieces; the answer to the last.
  Told send(std::size_t bytes_max = 4096) {
    c::SnapshotPiece next = piece({}, 0, bytes_max);
    for (;;) {
      auto told = arrive(next);
      if (next.done || !told.wants) return told;
      REQUIRE(*told.wants == next.offset + next.bytes->size());
      next = piece(next.snapshot, *told.wants, bytes_max);
    }
  }
};

}  // namespace

TEST_CASE("a snapshot comes over in pieces, and becomes the state of the follower") {
  Transfer t({1, 3});
  auto told = t.send();
  REQUIRE(told.complete);
  REQUIRE(t.follower.store->mark().height == 0);   // nothing is replaced before the caller says so
  told.complete.reset();
  REQUIRE(t.leader.transfer->bytes_sent() == t.follower.transfer->bytes_received());
}

TEST_CASE("a snapshot whose certificate lacks a quorum of signatures is not used") {
  Transfer t({2});
  REQUIRE(t.send().failed);
  REQUIRE(t.follower.said().back().find("1 valid signatures of validators, and 2 are needed") != std::string::npos);
  REQUIRE(t.follower.store->mark().height == 0);
}

TEST_CASE("a snapshot that is announced with another membership, or for another place, than it holds is not used") {
  Transfer t({1, 2, 3});
  c::SnapshotPiece whole = t.piece({}, 0, 64u << 20);
  REQUIRE(whole.done);
  auto other = whole;
  other.snapshot.membership.voters = {{1}, {2}};
  REQUIRE(t.arrive(other).failed);
  REQUIRE(t.follower.said().back().find("membership") != std::string::npos);
  other = whole;
  other.snapshot.position.index = {8};
  REQUIRE(t.arrive(other).failed);
  REQUIRE(t.follower.said().back().find("another place in the log") != std::string::npos);
  REQUIRE(t.arrive(whole).complete);
}

TEST_CASE("a piece that does not continue what is stored is answered with the offset that is wanted") {
  Transfer t({1, 2});
  const auto first = t.piece({}, 0, 300);
  REQUIRE(t.arrive(first).wants == 300u);
  const auto third = t.piece(first.snapshot, 600, 300);
  REQUIRE(t.arrive(third).wants == 300u);
  REQUIRE(t.arrive({first.snapshot, 600, nullptr, false}).wants == 300u);   // asks only where to go on
}

TEST_CASE("an empty state is no snapshot, and bytes of a snapshot that is no longer there are those of a new one from the beginning") {
  Transfer t({1, 2});
  t.follower.transfer->read({1, {3}, {}, {0}, 0, 4096});
  REQUIRE(t.follower.next().nothing);
  const auto first = t.piece({}, 0, 300);
  auto gone = first.snapshot;
  gone.manifest.back() ^= 1;
  const auto anew = t.piece(gone, 300, 300);
  REQUIRE(anew.offset == 0);
  REQUIRE(anew.snapshot != gone);
}

// Each with a newer one would take the others' away, for ever: daftar-sim, seed 72319.
TEST_CASE("two who are sent a picture that the log has left behind go on with one newer picture, not with one each") {
  Transfer t({1, 2, 3});
  const auto old = t.piece_for(2, {}, 1, 0);
  REQUIRE(old.snapshot.position.index == c::Index{7});
  REQUIRE(t.piece_for(3, {}, 1, 0).snapshot == old.snapshot);
  t.pay();
  const auto newer = t.piece_for(2, old.snapshot, 8, 4096);
  REQUIRE(newer.snapshot.position.index == c::Index{8});
  REQUIRE(newer.offset == 0);
  t.pay();
  REQUIRE(t.piece_for(3, old.snapshot, 8, 4096).snapshot == newer.snapshot);
  REQUIRE(t.piece_for(4, {}, 8, 0).snapshot == newer.snapshot);
  const auto next = t.piece_for(2, newer.snapshot, 8, 4096);
  REQUIRE(next.snapshot == newer.snapshot);
  REQUIRE(next.offset == 4096);
}
