// What a leader's log keeps for those who need it (docs/consensus.md, "Snapshots and compaction").
#include "storage/snapshot.h"
#include "tests/node/trio.h"

using namespace daftar;
using namespace daftar::tests;
namespace c = daftar::consensus;

namespace {

constexpr std::uint64_t kept = 4096, kept_for_laggards = 8192;

/// A leader of three, one of which has missed what the log has left behind, and is being sent a snapshot of `bytes`.
struct Sending : Trio {
  std::uint64_t leads, absent;
  c::Index place;   // of the snapshot

  explicit Sending(std::uint64_t bytes)
      : Trio({}, [](ReplicaOptions& options) {
          options.log_retain_bytes = kept;
          options.log_retain_for_laggards_bytes = kept_for_laggards;
        }) {
    leads = elect();
    absent = leads % 3 + 1;
    wired[absent - 1] = false;
    pay_bytes(2 * kept_for_laggards);
    REQUIRE(begins_after() > 5);
    wired[absent - 1] = true;
    for (int i = 0; i < 100 && snapshot_reads[leads - 1].empty(); ++i) run(20);
    REQUIRE(snapshot_reads[leads - 1].size() == 1);
    const auto status = of(leads).status();
    place = {status.raft_commit};
    storage::SnapshotManifest manifest;
    manifest.ledger_id = std::string(32, 'l');
    manifest.raft_index = place.value;
    manifest.raft_term = status.term;
    manifest.size = bytes;
    manifest.list_size = 100;
    const c::SnapshotPiece piece{{{{status.term}, place}, voters({1, 2, 3}), storage::encode_manifest(manifest)}, 0, std::make_shared<const std::string>("a piece"), false};
    step(leads - 1, [&](Replica& r) { r.snapshot_read_done(snapshot_reads[leads - 1].front(), piece); });
    run(100);
  }
  /// So many bytes of envelopes, one in each block; then the state is flushed.
  void pay_bytes(std::uint64_t bytes) {
    for (const std::uint64_t before = paid_; paid_ < before + bytes; run(40)) {
      const auto transaction = network.issue("acme/UZS", 1, "s" + std::to_string(++client));
      paid_ += transaction->envelope().size();
      step(leads - 1, [&](Replica& r) { r.submit(client, transaction, WaitFor::committed, 60'000); });
    }
    step(leads - 1, [&](Replica& r) { r.state_flushed(r.status().raft_commit); });
  }
  std::uint64_t begins_after() const { return compacted[leads - 1]; }

 private:
  std::uint64_t paid_ = 0;
};

}  // namespace

TEST_CASE("while a snapshot is sent the log keeps what comes after it, also more than for laggards") {
  Sending sending(1u << 20);
  sending.pay_bytes(3 * kept_for_laggards);
  CHECK(sending.begins_after() <= sending.place.value);
}

TEST_CASE("the log does not grow beyond the size of the state for who is sent it") {
  Sending sending(2 * kept_for_laggards);
  sending.pay_bytes(3 * kept_for_laggards);
  CHECK(sending.begins_after() > sending.place.value);
}

TEST_CASE("for who is not heard of any more the log keeps no more than for laggards") {
  Sending sending(1u << 20);
  sending.wired[sending.absent - 1] = false;
  sending.run(c::Raft::awaited_timeouts * 20 * 20 + 100);
  sending.pay_bytes(3 * kept_for_laggards);
  CHECK(sending.begins_after() > sending.place.value);
}
