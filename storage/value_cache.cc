#include "storage/value_cache.h"

namespace daftar::storage {

std::optional<std::string_view> ValueCache::find(std::string_view key) {
  const auto it = index_.find(sought(key));
  if (it == index_.end()) return std::nullopt;
  Slot& slot = slots_[it->slot];
  slot.touched = true;
  return slot.value();
}

void ValueCache::put(std::string_view key, std::string_view value) {
  const Sought wanted = sought(key);
  if (const auto it = index_.find(wanted); it != index_.end()) {
    Slot& slot = slots_[it->slot];
    bytes_ -= cost(slot);
    slot.bytes.replace(slot.key_size, std::string::npos, value);
    slot.touched = true;
    bytes_ += cost(slot);
  } else if (key.size() + value.size() + overhead <= bytes_max_) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    Slot& slot = slots_[place];
    slot.bytes.reserve(key.size() + value.size());
    slot.bytes.append(key).append(value);
    slot.key_size = static_cast<std::uint32_t>(key.size());
    slot.used = true;
    bytes_ += cost(slot);
    index_.insert(Place{wanted.hash, place});
  }
  while (bytes_ > bytes_max_) evict();
}

void ValueCache::erase(std::string_view key) {
  if (const auto it = index_.find(sought(key)); it != index_.end()) release(it->slot);
}

void ValueCache::release(std::uint32_t place) {
  Slot& slot = slots_[place];
  index_.erase(index_.find(sought(slot.key())));
  bytes_ -= cost(slot);
  slot = {};
  free_.push_back(place);
}

/// The hand passes what was touched since it last came by, and takes the first that was not.
void ValueCache::evict() {
  for (;; hand_ = (hand_ + 1) % static_cast<std::uint32_t>(slots_.size())) {
    Slot& slot = slots_[hand_];
    if (!slot.used) continue;
    if (!slot.touched) return release(hand_);
    slot.touched = false;
  }
}

}  // namespace daftar::storage
