#include "node/snapshot_transfer.h"

#include <algorithm>

#include "ledger/check.h"
#include "ledger/checkpoint.h"
#include "node/recovery.h"
#include "node/registry.h"
#include "node/thread_name.h"

namespace daftar::node {
namespace {

/// A checkpoint that nobody has asked for so long is let go of; one so old is not begun with any more, unless another follower, which was heard of
/// so lately, is being sent it: what came after it has to be sent from the log.
constexpr std::chrono::seconds source_kept{60}, source_fresh{120}, receiver_heard{20};

}  // namespace

SnapshotTransfer::SnapshotTransfer(std::shared_ptr<const ledger::Genesis> genesis, storage::StateStore& store, Handlers handlers)
    : genesis_(std::move(genesis)), store_(store), handlers_(std::move(handlers)), thread_([this] { name_this_thread("snapshots"), run(); }) {}

SnapshotTransfer::~SnapshotTransfer() { stop(); }

void SnapshotTransfer::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  source_.reset();   // before the store is closed
  sink_.reset();
}

void SnapshotTransfer::read(consensus::SnapshotRead read) { put(std::move(read)); }
void SnapshotTransfer::arrived(consensus::SnapshotArrival arrival) { put(std::move(arrival)); }

void SnapshotTransfer::put(Job job) {
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));   // bounded: Raft has one piece for each follower, and one arrival, under way
  }
  wake_.notify_one();
}

void SnapshotTransfer::run() {
  for (;;) {
    std::optional<Job> job;
    {
      std::unique_lock lock(mutex_);
      const auto something = [this] { return stopping_ || !jobs_.empty(); };
      if (source_)
        wake_.wait_until(lock, asked_at_ + source_kept, something);
      else
        wake_.wait(lock, something);
      if (stopping_) return;
      if (!jobs_.empty()) {
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
    }
    if (job)
      std::visit([this](const auto& question) { carry_out(question); }, *job);
    else
      source_.reset();
  }
}

// ---------------------------------------------------------------------------------------------- sending

Expected<void, storage::StorageError> SnapshotTransfer::take_checkpoint() {
  source_.reset();
  auto made = store_.checkpoint();
  if (!made) return tl::make_unexpected(made.error());
  source_ = std::move(*made);
  made_at_ = std::chrono::steady_clock::now();
  asked_for_.clear();
  const auto& mark = source_->mark();
  sending_ = {{{mark.raft_term}, {mark.raft_index}}, membership_at(mark, *genesis_), source_->manifest()};
  return {};
}

/// One picture for all. As long as somebody is being sent it, and the log goes on after it, no other takes its place: five who began one after the
/// other, each with a newer one, would take each other's away for ever. So whoever begins joins, and so does who was being sent one that is gone.
bool SnapshotTransfer::serves(const consensus::SnapshotRead& read) const {
  if (!source_ || sending_.position.index < read.not_before) return false;
  if (read.snapshot == sending_ || asked_at_ < made_at_ + source_fresh) return true;
  return std::any_of(asked_for_.begin(), asked_for_.end(),
                     [&](const auto& asked) { return asked.first != read.follower && asked_at_ < asked.second + receiver_heard; });
}

void SnapshotTransfer::carry_out(const consensus::SnapshotRead& read) {
  asked_at_ = std::chrono::steady_clock::now();
  if (!serves(read)) {
    if (auto made = take_checkpoint(); !made) {
      handlers_.warning("a snapshot for node " + std::to_string(read.follower.value) + " cannot be taken: " + made.error().text());
      return handlers_.read_done(read, std::nullopt);
    }
  }
  asked_for_[read.follower] = asked_at_;
  // The state is empty, or ends before the log does: there is nothing that would help. Asked again later.
  if (sending_.position.index < read.not_before || sending_.position.index == consensus::Index{0}) return handlers_.read_done(read, std::nullopt);
  const std::uint64_t offset = read.snapshot == sending_ ? read.offset : 0;
  if (offset >= source_->size()) return handlers_.read_done(read, std::nullopt);
  auto bytes = source_->read(offset, read.bytes_max);
  if (!bytes) {
    handlers_.warning("a snapshot for node " + std::to_string(read.follower.value) + " cannot be read: " + bytes.error().text());
    source_.reset();
    return handlers_.read_done(read, std::nullopt);
  }
  bytes_sent_ += bytes->size();
  const bool done = offset + bytes->size() == source_->size();
  handlers_.read_done(read, consensus::SnapshotPiece{sending_, offset, std::make_shared<const std::string>(std::move(*bytes)), done});
}

// ---------------------------------------------------------------------------------------------- receiving

void SnapshotTransfer::carry_out(const consensus::SnapshotArrival& arrival) {
  using Kind = storage::StorageError::Kind;
  const auto& piece = arrival.piece;
  const auto refuse = [&](const storage::StorageError& error) {
    if (error.kind == Kind::io) return handlers_.disk_failed(error);
    handlers_.warning("the snapshot of the leader cannot be used: " + error.text());
    handlers_.failed(arrival.id);
  };
  if (!sink_ || receiving_ != piece.snapshot.manifest) {
    sink_.reset();
    auto begun = store_.receive(piece.snapshot.manifest);
    if (!begun) return refuse(begun.error());
    sink_ = std::move(*begun);
    receiving_ = piece.snapshot.manifest;
  }
  const auto& manifest = sink_->manifest();
  if (manifest.raft_index != piece.snapshot.position.index.value || manifest.raft_term != piece.snapshot.position.term.value) {
    handlers_.warning("the snapshot of the leader cannot be used: it is announced for another place in the log than it holds");
    return handlers_.failed(arrival.id);
  }
  if (piece.bytes && !piece.bytes->empty()) {
    bytes_received_ += piece.bytes->size();
    if (auto kept = sink_->append(piece.offset, *piece.bytes); !kept) return refuse(kept.error());
  }
  if (!piece.done || sink_->stored() != manifest.size) return handlers_.wants(arrival.id, sink_->stored());
  auto received = sink_->finish();
  if (!received) return refuse(received.error());
  if (const std::string why = objection_to(*received, piece.snapshot); !why.empty()) {
    handlers_.warning("the snapshot of the leader cannot be used: " + why);
    return handlers_.failed(arrival.id);
  }
  received->state.reset();   // before it is put in the place of the present state
  receiving_.clear();
  handlers_.complete(arrival.id, std::move(sink_));
}

/// What the storage cannot judge: whether the membership is the one that the leader's log has there, and who signed. The validators are those that
/// the snapshot itself names, beginning with the genesis': a leader may crash, but it does not lie (what lies is found by checkpoint lines).
std::string SnapshotTransfer::objection_to(const storage::ReceivedState& received, const consensus::Snapshot& snapshot) const {
  if (membership_at(received.mark, *genesis_) != snapshot.membership) return "its membership is not the one it was announced with";
  const Registry registry = read_registry(*received.state);
  Validators first;
  for (std::size_t i = 0; i < genesis_->checkpoint_keys().size(); ++i) first[static_cast<std::uint32_t>(i + 1)] = genesis_->checkpoint_keys()[i];
  if (registry.validators.empty() || registry.validators.begin()->second != first) return "its validators do not begin with those of the genesis";
  if (!received.certificate) return {};   // a young ledger: nothing is certified yet
  const auto note = ledger::parse_note(*received.certificate);
  if (!note || note->checkpoint.origin != genesis_->origin()) return "its certificate is of another ledger";
  std::vector<ledger::PublicKey> keys;
  for (const auto& [node, key] : validators_at(registry.validators, note->checkpoint.size)) keys.push_back(key);
  const std::size_t lines = ledger::count_valid_lines(*note, keys), needed = ledger::quorum_of(keys.size());
  if (lines < needed) return "its certificate bears " + std::to_string(lines) + " valid signatures of validators, and " + std::to_string(needed) + " are needed";
  return {};
}

}  // namespace daftar::node
