// Newest values by key, bounded by bytes, so that execution need not ask RocksDB for what it read or wrote lately. Write-through: the owner
// puts what it has committed; what is not here must be read from the store. Eviction is CLOCK (second chance): one bit for each value instead
// of a list to be relinked at each read. Single owner.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace daftar::storage {

class ValueCache {
 public:
  /// 0: keeps nothing.
  explicit ValueCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  ValueCache(const ValueCache&) = delete;
  ValueCache& operator=(const ValueCache&) = delete;

  /// Valid until the next put() or erase(). nullptr: not here, which says nothing about the store.
  const std::string* find(std::string_view key);
  void put(std::string_view key, std::string_view value);
  void erase(std::string_view key);

  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return index_.size(); }

 private:
  struct Slot {
    std::string key, value;
    bool used = false;      // holds a value
    bool touched = false;   // read or written again since the hand passed
  };
  static std::size_t cost(const Slot& slot) { return slot.key.capacity() + slot.value.capacity() + overhead; }
  void release(std::uint32_t place);
  void evict();

  static constexpr std::size_t overhead = sizeof(Slot) + 64;   // and its node in the index, about
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::string_view, std::uint32_t> index_;  // keys are those of the slots
  std::vector<std::uint32_t> free_;
  std::vector<std::unique_ptr<Slot>> slots_;                   // a slot's address, and so its key's, never changes
  std::uint32_t hand_ = 0;
};

}  // namespace daftar::storage
