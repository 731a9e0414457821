// Opening the RocksDB stores over a chosen environment. Only tests pass one: a file system that forgets, fails or fills up. Internal to
// storage and its tests.
#pragma once
#include <rocksdb/env.h>

#include "storage/raft_log.h"
#include "storage/state_store.h"

namespace daftar::storage {

/// `env` must outlive the store; nullptr: RocksDB's default.
Expected<std::unique_ptr<RaftLog>, StorageError> open_rocks_raft_log(const RaftLogOptions& options, rocksdb::Env* env);
RaftLogSalvage salvage_rocks_raft_log(const RaftLogOptions& options, rocksdb::Env* env);
Expected<std::unique_ptr<StateStore>, StorageError> open_rocks_state_store(const StateStoreOptions& options, rocksdb::Env* env);

}  // namespace daftar::storage
