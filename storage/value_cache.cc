#include "storage/value_cache.h"

namespace daftar::storage {

const std::string* ValueCache::find(std::string_view key) {
  const auto it = index_.find(key);
  if (it == index_.end()) return nullptr;
  Slot& slot = *slots_[it->second];
  slot.touched = true;
  return &slot.value;
}

void ValueCache::put(std::string_view key, std::string_view value) {
  if (const auto it = index_.find(key); it != index_.end()) {
    Slot& slot = *slots_[it->second];
    bytes_ -= cost(slot);
    slot.value = value;
    slot.touched = true;
    bytes_ += cost(slot);
  } else if (key.size() + value.size() + overhead <= bytes_max_) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.push_back(std::make_unique<Slot>());
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    Slot& slot = *slots_[place];
    slot = {std::string(key), std::string(value), true, false};
    bytes_ += cost(slot);
    index_.emplace(slot.key, place);
  }
  while (bytes_ > bytes_max_) evict();
}

void ValueCache::erase(std::string_view key) {
  if (const auto it = index_.find(key); it != index_.end()) release(it->second);
}

void ValueCache::release(std::uint32_t place) {
  Slot& slot = *slots_[place];
  index_.erase(slot.key);
  bytes_ -= cost(slot);
  slot = {};
  free_.push_back(place);
}

/// The hand passes what was touched since it last came by, and takes the first that was not.
void ValueCache::evict() {
  for (;; hand_ = (hand_ + 1) % slots_.size()) {
    Slot& slot = *slots_[hand_];
    if (!slot.used) continue;
    if (!slot.touched) return release(hand_);
    slot.touched = false;
  }
}

}  // namespace daftar::storage
