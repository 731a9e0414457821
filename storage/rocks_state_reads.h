// The reading half of the RocksDB state store: the families, the mark's encoding, live reads and snapshots. Any thread. A read that meets a
// failing disk or a row that does not decode prints one line and ends the process: nothing is ever reported absent by mistake.
#pragma once
#include <rocksdb/snapshot.h>

#include <memory>

#include "storage/rocks_database.h"
#include "storage/state_store.h"

namespace daftar::storage {

namespace family {
enum : std::size_t { meta, state, entries, ids, rows, tiles, heights, certificates };
inline constexpr const char* names[] = {"default", "state", "entries", "ids", "rows", "tiles", "heights", "certificates"};
}  // namespace family

inline constexpr std::string_view format_key = "format", ledger_key = "ledger", mark_key = "mark";

/// Reads of the newest committed state, or of the one at `snapshot`. Holds the database open.
class RocksReads final : public ledger::StateView {
 public:
  RocksReads(std::shared_ptr<const Database> database, const rocksdb::Snapshot* snapshot) : database_(std::move(database)), snapshot_(snapshot) {}
  std::optional<std::string> get(std::string_view key) const override { return value(family::state, key); }
  void scan(std::string_view from, std::string_view to,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  std::optional<std::string> value(std::size_t family_index, std::string_view key) const;
  /// Of sorted keys, in their order. Looked for together: a file's filter is fetched once for many.
  std::vector<std::optional<std::string>> values(std::size_t family_index, const std::vector<std::string>& keys) const;
  /// No bound: from the beginning, to the end of the family. Bounds must outlive the iterator.
  std::unique_ptr<rocksdb::Iterator> iterate(std::size_t family_index, const rocksdb::Slice* lower, const rocksdb::Slice* upper) const;
  void check(const rocksdb::Iterator& at) const;
  const Database& database() const { return *database_; }

 private:
  rocksdb::ReadOptions options() const;
  std::shared_ptr<const Database> database_;
  const rocksdb::Snapshot* snapshot_;
};

/// The state at `mark`. Made by the writer between two batches, so that snapshot and mark agree.
class RocksSnapshot final : public StateSnapshot {
 public:
  RocksSnapshot(const std::shared_ptr<const Database>& database, AppliedMark mark);
  std::optional<std::string> get(std::string_view key) const override { return reads_.get(key); }
  void scan(std::string_view from, std::string_view to,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override { reads_.scan(from, to, visit); }
  const AppliedMark& mark() const override { return mark_; }
  std::optional<ledger::Entry> entry(std::uint64_t index) const override;
  std::optional<std::uint64_t> find_entry(const ledger::Digest& id) const override;
  std::vector<std::uint64_t> find_rows(std::uint8_t kind, std::string_view id, std::uint64_t from_index, std::size_t limit) const override;
  std::vector<std::uint64_t> find_rows_reverse(std::uint8_t kind, std::string_view id, std::uint64_t before_index, std::size_t limit) const override;
  std::string tile(unsigned tile_level, std::uint64_t tile_index) const override;
  std::optional<HeightRoot> root_at(std::uint64_t height) const override;
  std::optional<std::string> latest_certificate() const override;
  std::optional<std::string> certificate_covering(std::uint64_t index) const override;

 private:
  const std::shared_ptr<const Database> database_;  // first: closed after snapshot_ is released
  rocksdb::ManagedSnapshot snapshot_;
  RocksReads reads_;
  AppliedMark mark_;
};

}  // namespace daftar::storage
