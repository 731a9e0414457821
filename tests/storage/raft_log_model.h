// What a Raft log should hold, for tests that do the same to a log and to this. Naive: a map, and where it begins.
#pragma once
#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/rocks_options.h"

namespace daftar::storage::test {

inline std::unique_ptr<RaftLog> opened(const RaftLogOptions& options, rocksdb::Env* env = nullptr) {
  auto log = open_rocks_raft_log(options, env);
  INFO((log ? std::string() : log.error().text()));
  REQUIRE(log);
  return std::move(*log);
}

struct LogModel {
  StoredHardState hard_state;
  LogPlace compacted;
  std::map<std::uint64_t, LogRecord> records;
  std::uint64_t last() const { return records.empty() ? compacted.index : records.rbegin()->first; }
  std::uint64_t term_at(std::uint64_t index) const { return index == compacted.index ? compacted.term : records.at(index).term; }
  void write(const std::optional<StoredHardState>& state, const std::vector<LogRecord>& added) {
    if (state) hard_state = *state;
    if (!added.empty()) records.erase(records.lower_bound(added.front().index), records.end());
    for (const auto& r : added) records[r.index] = r;
  }
  void compact(LogPlace through) {
    records.erase(records.begin(), records.upper_bound(through.index));
    compacted = through;
  }
  void restart(LogPlace place) {
    records.clear();
    compacted = place;
  }
};

/// Nothing when the log holds exactly the model; otherwise the first difference.
inline std::string difference(const RaftLog& log, const LogModel& model) {
  const auto state = log.hard_state();
  if (state.term != model.hard_state.term || state.voted_for != model.hard_state.voted_for || state.commit != model.hard_state.commit) return "hard state";
  if (log.first() != model.compacted.index + 1 || log.last() != model.last() || log.compacted() != model.compacted)
    return "bounds: " + std::to_string(log.first()) + " to " + std::to_string(log.last()) + " after term " + std::to_string(log.compacted().term) + ", not to " + std::to_string(model.last());
  const auto below = log.read(model.compacted.index, model.compacted.index, 1);
  if (below || below.error().kind != StorageError::Kind::not_found) return "what is forgotten is read";
  if (model.records.empty()) return {};
  const auto read = log.read(log.first(), log.last(), SIZE_MAX / 2);
  if (!read) return read.error().text();
  if (read->size() != model.records.size()) return "count";
  for (const auto& got : *read) {
    const auto& want = model.records.at(got.index);
    if (got.term != want.term || got.kind != want.kind || (got.payload ? *got.payload : "") != (want.payload ? *want.payload : ""))
      return "record " + std::to_string(got.index);
  }
  return {};
}

}  // namespace daftar::storage::test
