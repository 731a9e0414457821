// The rows of a Raft log in RocksDB (keys.h), and all that they must show before a node may vote on them. Any thread.
#pragma once
#include <rocksdb/iterator.h>

#include <optional>
#include <string>

#include "storage/keys.h"
#include "storage/record_frame.h"
#include "storage/rocks_database.h"
#include "storage/synced_mark.h"

namespace daftar::storage {

namespace raft_log {

inline constexpr std::size_t only_family = 0;

/// Comes after the key of record `last`, before that of the next.
inline std::string meta_key(std::uint64_t last) { return number_key(last) + 'm'; }
inline bool is_record_key(const rocksdb::Slice& key) { return key.size() == 8; }
inline bool is_meta_key(const rocksdb::Slice& key) { return key.size() == 9 && key[8] == 'm'; }

/// The record under the iterator; corruption when it is not `expected_index`, whole.
Expected<LogRecord, StorageError> checked_record(const Database& database, const rocksdb::Iterator& at, std::uint64_t expected_index);

/// The newest meta row; a log never written to has none.
Expected<LogMeta, StorageError> read_meta(const Database& database);

/// The newest meta row fits the records, of which the newest `verify_bytes` of payload are verified, and the log does not end before `mark`.
Expected<LogMeta, StorageError> check_log(const Database& database, const std::optional<SyncedPoint>& mark, std::size_t verify_bytes);

}  // namespace raft_log

}  // namespace daftar::storage
