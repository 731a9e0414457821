#include "node/recovery.h"

#include "consensus/membership.h"
#include "ledger/check.h"
#include "ledger/checkpoint.h"

namespace daftar::node {
namespace {

/// The Raft core's part of what the disks held. The tail begins right after what was executed; what is before it stays on disk for peers.
Expected<consensus::Restored, std::string> restore_raft(const storage::RaftLog& log, const storage::AppliedMark& mark, const ledger::Genesis& genesis) {
  consensus::Restored restored;
  const auto hard_state = log.hard_state();
  restored.hard_state = {{hard_state.term}, {hard_state.voted_for}, {hard_state.commit}};
  restored.applied = {mark.raft_index};
  restored.withheld = true;   // the disk may be an older copy: the others are asked first
  for (const auto& of : log.memory()) restored.memory.push_back({{of.node}, {of.term}, {{of.held_term}, {of.held_index}}, {{of.offered_term}, {of.offered_index}}});
  restored.before_tail = {{mark.raft_term}, {mark.raft_index}};
  restored.membership = membership_at(mark, genesis);
  const auto compacted = log.compacted();
  restored.snapshot = {{{compacted.term}, {compacted.index}}};
  if (log.last() < mark.raft_index)
    return tl::make_unexpected("the Raft log ends at " + std::to_string(log.last()) + ", before what the state has executed (" +
                               std::to_string(mark.raft_index) + "): it was shortened or exchanged. Restore both from one backup, or rebuild this node");
  for (std::uint64_t next = mark.raft_index + 1; next <= log.last();) {
    auto records = log.read(next, log.last(), 16u << 20);
    if (!records) return tl::make_unexpected(records.error().text());
    for (auto& record : *records)
      restored.tail.push_back({{record.term}, {record.index}, static_cast<consensus::EntryKind>(record.kind), std::move(record.payload)});
    next = restored.tail.back().index.value + 1;
  }
  if (!restored.tail.empty() && restored.hard_state.term < restored.tail.back().term)
    return tl::make_unexpected("the Raft log holds an entry of term " + std::to_string(restored.tail.back().term.value) + ", later than the term " +
                               std::to_string(hard_state.term) + " on record: what was promised is not known. Rebuild this node from its peers");
  return restored;
}

std::uint64_t certified_size(const storage::StateSnapshot& state) {
  const auto note = state.latest_certificate();
  if (!note) return 0;
  const auto parsed = ledger::parse_note(*note);
  DAFTAR_CHECK(parsed);
  return parsed->checkpoint.size;
}

}  // namespace

consensus::Membership membership_at(const storage::AppliedMark& mark, const ledger::Genesis& genesis) {
  if (!mark.membership.empty()) {
    auto stored = consensus::decode_membership(mark.membership);
    DAFTAR_CHECK(stored);   // this program wrote it, and its checksum held
    return std::move(*stored);
  }
  consensus::Membership membership;
  for (std::uint64_t node = 1; node <= genesis.link_keys().size(); ++node) membership.voters.push_back({node});
  return membership;
}

ExecutedState executed_state(const storage::StateStore& store, const contracts::Engine& engine) {
  const auto& mark = store.mark();
  const auto state = store.snapshot();
  ExecutedState executed;
  executed.raft_index = mark.raft_index;
  executed.raft_term = mark.raft_term;
  executed.height = mark.height;
  executed.block_time_ms = mark.block_time_ms;
  executed.block_hash = *ledger::Digest::from_bytes(mark.block_hash);
  executed.entries = mark.entries;
  executed.certified_size = certified_size(*state);
  executed.next_deadline_ms = engine.next_deadline_ms(store.latest());
  executed.registry = read_registry(*state);
  executed.member_limits = member_limits_of(engine, store.latest());
  return executed;
}

Expected<ReplicaRestored, std::string> restore(storage::RaftLog& log, storage::StateStore& store, const contracts::Engine& engine,
                                               const ledger::Genesis& genesis) {
  const auto& mark = store.mark();
  if (store.install_pending()) {
    if (auto restarted = log.restart({mark.raft_index, mark.raft_term}); !restarted) return tl::make_unexpected(restarted.error().text());
    if (auto finished = store.finish_install(); !finished) return tl::make_unexpected(finished.error().text());
  }
  auto raft = restore_raft(log, mark, genesis);
  if (!raft) return tl::make_unexpected(raft.error());
  ReplicaRestored restored{executed_state(store, engine), std::move(*raft)};
  return restored;
}

}  // namespace daftar::node
