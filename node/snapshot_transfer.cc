#include "node/snapshot_transfer.h"

#include <chrono>

#include "ledger/check.h"
#include "ledger/checkpoint.h"
#include "node/clock.h"
#include "node/recovery.h"
#include "node/registry.h"
#include "node/thread_name.h"

namespace daftar::node {
namespace {

constexpr SnapshotPicture::Limits picture_limits{.kept_ms = 60'000, .fresh_ms = 120'000, .receiver_heard_ms = 20'000};

}  // namespace

SnapshotTransfer::SnapshotTransfer(std::shared_ptr<const ledger::Genesis> genesis, storage::StateStore& store, Handlers handlers)
    : genesis_(std::move(genesis)), store_(store), handlers_(std::move(handlers)), picture_(picture_limits), thread_([this] { name_this_thread("snapshots"), run(); }) {}

SnapshotTransfer::~SnapshotTransfer() { stop(); }

void SnapshotTransfer::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  picture_.let_go();   // before the store is closed
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
      if (picture_.there())
        wake_.wait_until(lock, std::chrono::steady_clock::time_point(std::chrono::milliseconds(picture_.kept_until_ms())), something);
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
      picture_.let_go();
  }
}

// ---------------------------------------------------------------------------------------------- sending

void SnapshotTransfer::carry_out(const consensus::SnapshotRead& read) {
  const auto refuse = [&](const char* what, const storage::StorageError& error) {
    handlers_.warning("a snapshot for node " + std::to_string(read.follower.value) + " cannot be " + what + ": " + error.text());
    picture_.let_go();
    handlers_.read_done(read, std::nullopt);
  };
  if (!picture_.asked(read, monotonic_ms())) {
    picture_.let_go();
    auto made = store_.checkpoint();
    if (!made) return refuse("taken", made.error());
    picture_.taken(std::move(*made), *genesis_, monotonic_ms());
  }
  auto piece = picture_.piece(read);
  if (!piece) return refuse("read", piece.error());
  if (*piece) bytes_sent_ += (*piece)->bytes->size();
  handlers_.read_done(read, std::move(*piece));
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
