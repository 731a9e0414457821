// What execution reads: the newest state, through a cache of values. Execution thread only.
#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
    absent_.clear();
  }
  std::optional<std::string> get(std::string_view key) const override {
    if (const auto value = cache_->find(key)) return std::string(*value);
    if (std::binary_search(absent_.begin(), absent_.end(), key, std::less<>())) return std::nullopt;
    auto value = reads_->get(key);
    if (value && !value->empty()) cache_->put(key, *value);
    return value;
  }
  void scan(std::string_view from, std::string_view to,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override { reads_->scan(from, to, visit); }
  void expect(std::vector<std::string> keys) const override {
    std::sort(keys.begin(), keys.end());
    std::erase_if(keys, [&](const std::string& key) { return cache_->find(key).has_value(); });
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    const auto values = reads_->values(family::state, keys);
    absent_.clear();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!values[i]) absent_.push_back(std::move(keys[i]));
      else if (!values[i]->empty()) cache_->put(keys[i], *values[i]);
    }
  }
  /// Of each of these ids, sorted: has it an entry?
  std::vector<bool> have_entries(const std::vector<std::string>& ids) const {
    std::vector<bool> out;
    for (const auto& value : reads_->values(family::ids, ids)) out.push_back(value.has_value());
    return out;
  }
  void committed(const ledger::ChangeSet& changes) {
    absent_.clear();
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
  mutable std::vector<std::string> absent_;   // sorted: what was expected and is not there, until the next commit
};

}  // namespace daftar::storage
