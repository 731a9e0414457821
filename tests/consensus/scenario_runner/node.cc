#include "tests/consensus/scenario_runner/node.h"

#include <algorithm>
#include <sstream>
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

// A line for each entry, term index kind size, and its payload below: no payload can be mistaken for a line.
std::string encode_state(const std::vector<Entry>& state) {
  std::string bytes = "state " + std::to_string(state.size()) + "\n";
  for (const Entry& entry : state) {
    const std::string payload = entry.payload ? *entry.payload : "";
    bytes += std::to_string(entry.term.value) + " " + std::to_string(entry.index.value) + " " + std::to_string(static_cast<int>(entry.kind)) + " " +
             std::to_string(payload.size()) + "\n" + payload;
  }
  return bytes;
}

std::optional<std::vector<Entry>> decode_state(const std::string& bytes) {
  std::istringstream in(bytes);
  std::string word;
  std::size_t count = 0;
  if (!(in >> word >> count) || word != "state" || in.get() != '\n') return std::nullopt;
  std::vector<Entry> state;
  for (std::size_t i = 0; i < count; ++i) {
    Entry entry;
    int kind = 0;
    std::size_t size = 0;
    if (!(in >> entry.term.value >> entry.index.value >> kind >> size) || in.get() != '\n' || size > bytes.size()) return std::nullopt;
    std::string payload(size, '\0');
    if (!in.read(payload.data(), static_cast<std::streamsize>(size))) return std::nullopt;
    entry.kind = static_cast<EntryKind>(kind);
    if (entry.kind != EntryKind::noop) entry.payload = std::make_shared<const std::string>(std::move(payload));
    state.push_back(std::move(entry));
  }
  if (in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
  return state;
}

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

Snapshot Disk::name_snapshot(Index index, const std::string& bytes) const {
  const Entry* last = at(index);
  return {last ? last->position() : mark, membership_at(index), std::to_string(bytes.size()) + " bytes"};
}

std::optional<SnapshotPiece> Disk::read(const SnapshotRead& read) const {
  if (snapshot.name.position.index == Index{0} || snapshot.name.position.index < read.not_before) return std::nullopt;
  const std::uint64_t offset = read.snapshot == snapshot.name ? read.offset : 0;
  std::string bytes = snapshot.bytes.substr(offset, read.bytes_max);
  const bool done = offset + bytes.size() == snapshot.bytes.size();
  return SnapshotPiece{snapshot.name, offset, std::make_shared<const std::string>(std::move(bytes)), done};
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
  applied = initially_applied;
  if (disk.mark.index > Index{0}) take_snapshot(disk.mark.index);
  start(initially_applied, options.seed);
}

const Entry* Node::log_at(Index index) const { return entry_at(log, disk.mark.index, index); }

void Node::take_into_log(const std::vector<Entry>& entries) { replace_from(log, disk.mark.index, entries); }

void Node::take_snapshot(Index index) {
  std::vector<Entry> held = state;
  std::erase_if(held, [&](const Entry& entry) { return entry.index > index; });
  std::string bytes = encode_state(held);
  disk.snapshot = {disk.name_snapshot(index, bytes), std::move(bytes)};
}

void Node::compact() {
  const Index index = disk.snapshot.name.position.index;
  auto held = [&](const Entry& entry) { return entry.index <= index; };
  disk.mark = disk.snapshot.name.position;
  disk.membership = disk.snapshot.name.membership;
  std::erase_if(disk.entries, held);
  std::erase_if(log, held);
}

bool Node::install_received() {
  auto arrived = decode_state(disk.received.bytes);
  if (!arrived || disk.received.name.manifest != std::to_string(disk.received.bytes.size()) + " bytes") return false;
  disk.snapshot = std::exchange(disk.received, {});
  disk.entries.clear();
  log.clear();
  to_apply.clear();
  compact();
  state = std::move(*arrived);
  applied = disk.mark.index;
  commit_checked = disk.mark.index;
  return true;
}

void Node::start(Index applied_index, std::uint64_t seed, bool withheld) {
  Options fresh = options;
  fresh.seed = seed;
  applied = applied_index;
  std::erase_if(state, [&](const Entry& entry) { return entry.index > applied; });
  log = disk.entries;
  commit_checked = disk.mark.index;
  asked.clear();
  raft = std::make_unique<Raft>(fresh, Restored{.hard_state = disk.hard_state,
                                                .snapshot = {disk.mark},
                                                .before_tail = disk.mark,
                                                .tail = disk.entries,
                                                .applied = applied,
                                                .membership = disk.membership,
                                                .memory = disk.memory,
                                                .withheld = withheld});
  raft->hold_joint(holds_joint);
  const Status status = raft->status();
  place = {status.role, status.term, status.leader};
}

void Node::crash(std::size_t persisted) {
  for (; persisted > 0; --persisted) {
    disk.write(writes.front().output);
    writes.pop_front();
  }
  disk.memory = raft->memory().all();
  raft.reset();
  untold = {};
  ticks_skipped = 0;
  log.clear();
  writes.clear();
  to_apply.clear();
  log_reads.clear();
  arrivals.clear();
}

}  // namespace daftar::consensus::scenario
