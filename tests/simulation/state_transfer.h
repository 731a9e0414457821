// Snapshots of a simulated state disk: its whole content as bytes, and their reception. Used by SimStateStore.
//
//   bytes: 32 bytes SHA-256 of the content (what the list of files is to the real ones) | content
#pragma once
#include "tests/simulation/state_disk.h"

namespace daftar::simulation {

class SimSnapshotSource final : public storage::SnapshotSource {
 public:
  /// Of what is flushed, which must be all.
  explicit SimSnapshotSource(const StateDisk& disk);
  const storage::AppliedMark& mark() const override { return mark_; }
  const std::string& manifest() const override { return manifest_; }
  std::uint64_t size() const override { return bytes_.size(); }
  Expected<std::string, storage::StorageError> read(std::uint64_t offset, std::size_t bytes_max) const override;

 private:
  storage::AppliedMark mark_;
  std::string bytes_, manifest_;
};

/// Keeps what it gets in `disk.receiving`, which outlives it.
class SimSnapshotSink final : public storage::SnapshotSink {
 public:
  SimSnapshotSink(StateDisk& disk, const storage::SnapshotManifest& manifest) : disk_(disk), manifest_(manifest) {}
  const storage::SnapshotManifest& manifest() const override { return manifest_; }
  std::uint64_t stored() const override { return disk_.receiving->bytes.size(); }
  Expected<void, storage::StorageError> append(std::uint64_t offset, std::string_view bytes) override;
  Expected<storage::ReceivedState, storage::StorageError> finish() override;
  bool finished() const override { return received_.has_value(); }
  /// After finish(): the disk as it is to be.
  StateDisk take() { return std::move(*received_); }

 private:
  Unexpected<storage::StorageError> refuse(const std::string& why);
  StateDisk& disk_;
  const storage::SnapshotManifest manifest_;
  std::optional<StateDisk> received_;
};

}  // namespace daftar::simulation
