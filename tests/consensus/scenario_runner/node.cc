#include "tests/consensus/scenario_runner/node.h"

#include <algorithm>
#include <utility>

namespace daftar::consensus::scenario {
namespace {

// entries[0] has index `before` + 1.
const Entry* entry_at(const std::vector<Entry>& entries, Index before, Index index) {
  return index > before && index <= before + entries.size() ? &entries[index - before - 1] : nullptr;
}

void replace_from(std::vector<Entry>& log, Index before, const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  log.resize(entries.front().index - before - 1);
  log.insert(log.end(), entries.begin(), entries.end());
}

}  // namespace

const Entry* Disk::at(Index index) const { return entry_at(entries, mark.index, index); }

void Disk::write(const Output& output) {
  if (output.hard_state) hard_state = *output.hard_state;
  replace_from(entries, mark.index, output.entries);
}

Membership Disk::membership_at(Index index) const {
  Membership latest = membership;
  for (const Entry& entry : entries)
    if (entry.kind == EntryKind::membership && entry.index <= index) latest = decode_membership(*entry.payload).value();
  return latest;
}

void Disk::compact(Index index) {
  membership = membership_at(index);
  if (const Entry* last = at(index)) mark = last->position();
  std::erase_if(entries, [&](const Entry& entry) { return entry.index <= index; });
}

std::vector<Entry> Disk::read(const LogRead& read) const {
  std::vector<Entry> found;
  std::size_t bytes = 0;
  for (Index index = read.first; index <= read.last; ++index) {
    const Entry* entry = at(index);
    if (!entry) break;
    bytes += entry->byte_size();
    if (!found.empty() && bytes > read.bytes_max) break;
    found.push_back(*entry);
  }
  return found;
}

Node::Node(Options node_options, Disk initial_disk, Index initially_applied)
    : id(node_options.self), options(node_options), disk(std::move(initial_disk)) {
  for (const Entry& entry : disk.entries)
    if (entry.index <= initially_applied) state.push_back(entry);
  start(initially_applied, options.seed);
}

const Entry* Node::log_at(Index index) const { return entry_at(log, disk.mark.index, index); }

void Node::take_into_log(const std::vector<Entry>& entries) { replace_from(log, disk.mark.index, entries); }

void Node::start(Index applied_index, std::uint64_t seed) {
  Options fresh = options;
  fresh.seed = seed;
  applied = applied_index;
  std::erase_if(state, [&](const Entry& entry) { return entry.index > applied; });
  log = disk.entries;
  commit_checked = disk.mark.index;
  raft = std::make_unique<Raft>(fresh, Restored{.hard_state = disk.hard_state,
                                                .snapshot = {disk.mark},
                                                .before_tail = disk.mark,
                                                .tail = disk.entries,
                                                .applied = applied,
                                                .membership = disk.membership});
  const Status status = raft->status();
  place = {status.role, status.term, status.leader};
}

void Node::crash(std::size_t persisted) {
  for (; persisted > 0; --persisted) {
    disk.write(writes.front().output);
    writes.pop_front();
  }
  raft.reset();
  log.clear();
  writes.clear();
  to_apply.clear();
  log_reads.clear();
}

}  // namespace daftar::consensus::scenario
