// Newest values by key, bounded by bytes, so that execution need not ask RocksDB for what it read or wrote lately. Write-through: the owner
// puts what it has committed; what is not here must be read from the store. Eviction is CLOCK (second chance): one bit for each value instead
// of a list to be relinked at each read. Single owner.
//
// A million values do not fit the processor's caches: what counts is how many places a look-up touches. The index is a flat table of hashes and
// places; a slot and one string, with key and value behind one another, are all that follows.
#pragma once
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace daftar::storage {

class ValueCache {
 public:
  /// 0: keeps nothing.
  explicit ValueCache(std::size_t bytes_max) : bytes_max_(bytes_max), index_(0, HashOf{}, Same{&slots_}) {}
  ValueCache(const ValueCache&) = delete;
  ValueCache& operator=(const ValueCache&) = delete;

  /// Valid until the next put() or erase(). nothing: not here, which says nothing about the store.
  std::optional<std::string_view> find(std::string_view key);
  void put(std::string_view key, std::string_view value);
  void erase(std::string_view key);

  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return index_.size(); }

 private:
  struct Slot {
    std::string bytes;           // key, then value
    std::uint32_t key_size = 0;
    bool used = false;           // holds a value
    bool touched = false;        // read or written again since the hand passed
    std::string_view key() const { return std::string_view(bytes).substr(0, key_size); }
    std::string_view value() const { return std::string_view(bytes).substr(key_size); }
  };
  using Slots = std::deque<Slot>;
  struct Place { std::uint32_t hash = 0, slot = 0; };
  struct Sought { std::string_view key; std::uint32_t hash = 0; };
  struct HashOf {
    using is_transparent = void;
    std::size_t operator()(const Place& place) const { return place.hash; }
    std::size_t operator()(const Sought& sought) const { return sought.hash; }
  };
  struct Same {
    using is_transparent = void;
    const Slots* slots;
    bool operator()(const Place& a, const Place& b) const { return a.slot == b.slot; }
    bool operator()(const Sought& a, const Place& b) const { return a.hash == b.hash && a.key == (*slots)[b.slot].key(); }
    bool operator()(const Place& a, const Sought& b) const { return (*this)(b, a); }
  };
  static Sought sought(std::string_view key) { return {key, static_cast<std::uint32_t>(std::hash<std::string_view>{}(key))}; }
  static std::size_t cost(const Slot& slot) { return slot.bytes.capacity() + overhead; }
  void release(std::uint32_t place);
  void evict();

  static constexpr std::size_t overhead = sizeof(Slot) + 2 * sizeof(Place) + 16;   // and its share of the index, and of the heap's book-keeping
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  Slots slots_;
  std::vector<std::uint32_t> free_;
  boost::unordered_flat_set<Place, HashOf, Same> index_;
  std::uint32_t hand_ = 0;
};

}  // namespace daftar::storage
