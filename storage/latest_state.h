// What execution reads: the newest state, through a cache of values. Execution thread only.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "ledger/change_set.h"
#include "storage/rocks_state_reads.h"
#include "storage/value_cache.h"

namespace daftar::storage {

class LatestState final : public ledger::StateView {
 public:
  explicit LatestState(std::size_t cache_bytes) : cache_bytes_(cache_bytes) {}
  /// Before anything is read, and again when the database has been replaced: nothing of the one before is remembered.
  void read_from(std::shared_ptr<const Database> database) {
    reads_.emplace(std::move(database), nullptr);
    cache_.emplace(cache_bytes_);
  }
  std::optional<std::string> get(std::string_view key) const override {
    if (const auto value = cache_->find(key)) return std::string(*value);
    auto value = reads_->get(key);
    if (value && !value->empty()) cache_->put(key, *value);
    return value;
  }
  void scan(std::string_view from, std::string_view to,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override { reads_->scan(from, to, visit); }
  bool has_id(std::string_view id) const { return reads_->value(family::ids, id).has_value(); }
  void committed(const ledger::ChangeSet& changes) {
    for (const auto& [key, value] : changes.writes()) {
      if (value && !value->empty())
        cache_->put(key, *value);
      else
        cache_->erase(key);   // of marks, of transactions above all, there are many, and none is asked for again but by a replay
    }
  }

 private:
  const std::size_t cache_bytes_;
  std::optional<RocksReads> reads_;
  mutable std::optional<ValueCache> cache_;
};

}  // namespace daftar::storage
