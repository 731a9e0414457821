// Bytes of snapshots between the store and the replica (thesis 5), on a thread of their own: a checkpoint is hashed and received files are
// checked here, while blocks go on. Knows no Raft beyond the questions of consensus/output.h; installing is the loop's, which owns the order of
// execution and log.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "consensus/output.h"
#include "ledger/genesis.h"
#include "node/snapshot_picture.h"
#include "storage/state_store.h"

namespace daftar::node {

class SnapshotTransfer {
 public:
  /// Called on the transfer's thread.
  struct Handlers {
    std::function<void(consensus::SnapshotRead, std::optional<consensus::SnapshotPiece>)> read_done;
    std::function<void(std::uint64_t arrival, std::uint64_t offset)> wants;
    std::function<void(std::uint64_t arrival)> failed;
    /// Whole, checked, and certified by the validators that it names: to be installed.
    std::function<void(std::uint64_t arrival, std::unique_ptr<storage::SnapshotSink>)> complete;
    std::function<void(std::string)> warning;
    std::function<void(const storage::StorageError&)> disk_failed;
  };
  SnapshotTransfer(std::shared_ptr<const ledger::Genesis> genesis, storage::StateStore& store, Handlers handlers);
  ~SnapshotTransfer();
  void stop();   // idempotent; not from the handlers

  // Any thread.
  void read(consensus::SnapshotRead read);
  void arrived(consensus::SnapshotArrival arrival);
  std::uint64_t bytes_sent() const { return bytes_sent_; }
  std::uint64_t bytes_received() const { return bytes_received_; }

 private:
  using Job = std::variant<consensus::SnapshotRead, consensus::SnapshotArrival>;
  void put(Job job);
  void run();
  void carry_out(const consensus::SnapshotRead& read);
  void carry_out(const consensus::SnapshotArrival& arrival);
  std::string objection_to(const storage::ReceivedState& received, const consensus::Snapshot& snapshot) const;

  const std::shared_ptr<const ledger::Genesis> genesis_;
  storage::StateStore& store_;
  const Handlers handlers_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;

  // The thread's own.
  SnapshotPicture picture_;                                 // being sent
  std::unique_ptr<storage::SnapshotSink> sink_;             // being received
  std::string receiving_;                                   // its manifest

  std::atomic<std::uint64_t> bytes_sent_{0}, bytes_received_{0};
  std::thread thread_;
};

}  // namespace daftar::node
