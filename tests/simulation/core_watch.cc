#include "tests/simulation/core_watch.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "ledger/check.h"

namespace daftar::simulation {
namespace {

thread_local CoreWatch* watching = nullptr;

bool traces() { return watching && watching->trace; }
consensus::test::TraceWriter writer(const consensus::Raft& raft) { return {raft.status().self, watching->trace}; }
void record(const consensus::Raft& raft, const char* event, nlohmann::json line = nlohmann::json::object()) {
  if (traces()) writer(raft).record(raft, event, std::move(line));
}

}  // namespace

Watching::Watching(CoreWatch& watch) {
  DAFTAR_CHECK(!watching);
  watching = &watch;
}
Watching::~Watching() { watching = nullptr; }

// A member function takes its object as a first argument (Itanium C++ ABI), so it can be declared as a function that bears the linker's names.
namespace wrapped {
using namespace consensus;
using Placed = consensus::Expected<LogPosition, ProposeError>;
using Asked = consensus::Expected<ReadId, ProposeError>;

#define DAFTAR_WRAPS(result, name, symbol, ...)           \
  result real_##name(__VA_ARGS__) asm("__real_" symbol);  \
  result wrap_##name(__VA_ARGS__) asm("__wrap_" symbol)
DAFTAR_WRAPS(void, restore, "_ZN6daftar9consensus4RaftC1ENS0_7OptionsENS0_8RestoredE", Raft*, Options, Restored);
DAFTAR_WRAPS(void, tick, "_ZN6daftar9consensus4Raft4tickEv", Raft*);
DAFTAR_WRAPS(void, step, "_ZN6daftar9consensus4Raft4stepENS0_8EnvelopeE", Raft*, Envelope);
DAFTAR_WRAPS(Placed, propose, "_ZN6daftar9consensus4Raft7proposeESt10shared_ptrIKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEE", Raft*, Payload);
DAFTAR_WRAPS(Placed, change, "_ZN6daftar9consensus4Raft18propose_membershipERKNS0_16MembershipChangeE", Raft*, const MembershipChange&);
DAFTAR_WRAPS(Asked, read, "_ZN6daftar9consensus4Raft12request_readEv", Raft*);
DAFTAR_WRAPS(void, synced, "_ZN6daftar9consensus4Raft6syncedENS0_7BatchIdE", Raft*, BatchId);
DAFTAR_WRAPS(void, applied, "_ZN6daftar9consensus4Raft7appliedENS0_5IndexE", Raft*, Index);
DAFTAR_WRAPS(void, log_read, "_ZN6daftar9consensus4Raft13log_read_doneERKNS0_7LogReadESt6vectorINS0_5EntryESaIS6_EE", Raft*, const LogRead&, std::vector<Entry>);
DAFTAR_WRAPS(void, snapshot_read, "_ZN6daftar9consensus4Raft18snapshot_read_doneERKNS0_12SnapshotReadESt8optionalINS0_13SnapshotPieceEE", Raft*, const SnapshotRead&,
             std::optional<SnapshotPiece>);
DAFTAR_WRAPS(void, snapshot_wants, "_ZN6daftar9consensus4Raft14snapshot_wantsEmm", Raft*, std::uint64_t, std::uint64_t);
DAFTAR_WRAPS(void, snapshot_installed, "_ZN6daftar9consensus4Raft18snapshot_installedEm", Raft*, std::uint64_t);
DAFTAR_WRAPS(void, snapshot_failed, "_ZN6daftar9consensus4Raft15snapshot_failedEm", Raft*, std::uint64_t);
DAFTAR_WRAPS(void, compact, "_ZN6daftar9consensus4Raft7compactENS0_11LogPositionE", Raft*, LogPosition);
DAFTAR_WRAPS(void, recalled, "_ZN6daftar9consensus4Raft8recalledERKNS0_8RecalledE", Raft*, const Recalled&);
DAFTAR_WRAPS(void, trust_disk, "_ZN6daftar9consensus4Raft10trust_diskEv", Raft*);
DAFTAR_WRAPS(void, peer_restarted, "_ZN6daftar9consensus4Raft14peer_restartedENS0_6NodeIdE", Raft*, NodeId);
DAFTAR_WRAPS(Output, take_output, "_ZN6daftar9consensus4Raft11take_outputEv", Raft*);
#undef DAFTAR_WRAPS

void wrap_restore(Raft* raft, Options options, Restored restored) {
  if (!traces()) return real_restore(raft, options, std::move(restored));
  real_restore(raft, options, restored);
  try {
    writer(*raft).restored(*raft, restored);
  } catch (...) {  // a line that the thesis does not allow: to the caller it is as if no core had come to be
    raft->~Raft();
    throw;
  }
}

void wrap_tick(Raft* raft) {
  real_tick(raft);
  record(*raft, "tick");
}

void wrap_step(Raft* raft, Envelope envelope) {
  if (watching && watching->heard) watching->heard(envelope);
  nlohmann::json message = traces() ? test::to_json(envelope) : nlohmann::json();
  real_step(raft, std::move(envelope));
  if (traces()) writer(*raft).stepped(*raft, std::move(message));
}

Placed wrap_propose(Raft* raft, Payload payload) {
  auto placed = real_propose(raft, payload);
  if (traces()) writer(*raft).proposed(*raft, payload, placed.has_value());
  return placed;
}

Placed wrap_change(Raft* raft, const MembershipChange& change) {
  auto placed = real_change(raft, change);
  if (traces()) writer(*raft).changed(*raft, change, placed.has_value());
  return placed;
}

Asked wrap_read(Raft* raft) {
  auto asked = real_read(raft);
  if (traces()) writer(*raft).read(*raft, asked);
  return asked;
}

void wrap_synced(Raft* raft, BatchId batch) {
  real_synced(raft, batch);
  record(*raft, "synced", {{"batch", batch.value}});
}

void wrap_applied(Raft* raft, Index index) {
  real_applied(raft, index);
  record(*raft, "applied", {{"index", index.value}});
}

void wrap_log_read(Raft* raft, const LogRead& read, std::vector<Entry> entries) {
  real_log_read(raft, read, std::move(entries));
  record(*raft, "log_read");
}

void wrap_snapshot_read(Raft* raft, const SnapshotRead& read, std::optional<SnapshotPiece> piece) {
  real_snapshot_read(raft, read, std::move(piece));
  record(*raft, "snapshot_read");
}

void wrap_snapshot_wants(Raft* raft, std::uint64_t arrival, std::uint64_t offset) {
  real_snapshot_wants(raft, arrival, offset);
  record(*raft, "snapshot_wants", {{"arrival", arrival}});
}

void wrap_snapshot_installed(Raft* raft, std::uint64_t arrival) {
  real_snapshot_installed(raft, arrival);
  record(*raft, "snapshot_installed", {{"arrival", arrival}});
}

void wrap_snapshot_failed(Raft* raft, std::uint64_t arrival) {
  real_snapshot_failed(raft, arrival);
  record(*raft, "snapshot_failed", {{"arrival", arrival}});
}

void wrap_compact(Raft* raft, LogPosition mark) {
  real_compact(raft, mark);
  record(*raft, "compact", {{"mark", nlohmann::json::array({mark.term.value, mark.index.value})}});
}

void wrap_recalled(Raft* raft, const Recalled& answer) {
  real_recalled(raft, answer);
  if (traces()) writer(*raft).recalled(*raft, answer);
}

void wrap_trust_disk(Raft* raft) {
  real_trust_disk(raft);
  record(*raft, "trust_disk");
}

void wrap_peer_restarted(Raft* raft, NodeId node) {
  real_peer_restarted(raft, node);
  record(*raft, "peer_restarted", {{"peer", node.value}});
}

Output wrap_take_output(Raft* raft) {
  Output output = real_take_output(raft);
  if (traces()) writer(*raft).output(*raft, output);
  return output;
}

}  // namespace wrapped
}  // namespace daftar::simulation
