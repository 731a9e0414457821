// What an execution wants written: the last value of each key, or its removal.
//
// Looked through far more often than it is listed, so it lies in the order of writing, with an index by hash once it is more than a handful; writes()
// puts it in the order of keys, in which every node writes the same batch. For one thread at a time, also where it is const.
#pragma once
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/state_view.h"

namespace daftar::ledger {

class ChangeSet {
 public:
  using Write = std::pair<std::string, std::optional<std::string>>;   // a key, and its value or nullopt for removed
  using Writes = std::vector<Write>;

  void put(std::string_view key, std::string value);
  void erase(std::string_view key);
  /// nullptr: this set says nothing of the key. Otherwise its value, or nullopt for removed. Valid until the next change or writes().
  const std::optional<std::string>* find(std::string_view key) const;
  /// The least key from `from` on and before `end`; nothing: none. Asked again and again with nothing added, it puts the keys in order first; what find() gave is
  /// not valid any more then.
  std::optional<std::string_view> first_key(std::string_view from, std::string_view end) const;
  /// Takes over all of `later`; its writes win.
  void merge(ChangeSet&& later);
  /// In the order of keys. Valid until the next change.
  const Writes& writes() const;
  bool empty() const { return writes_.empty(); }
  void clear();

 private:
  struct Place { std::uint32_t hash = 0, at = 0; };
  struct Sought { std::string_view key; const Writes& writes; std::uint32_t hash = 0; };
  struct HashOf {
    using is_transparent = void;
    std::size_t operator()(const Place& place) const { return place.hash; }
    std::size_t operator()(const Sought& sought) const { return sought.hash; }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(const Place& a, const Place& b) const { return a.at == b.at; }
    bool operator()(const Sought& a, const Place& b) const { return a.hash == b.hash && a.key == a.writes[b.at].first; }
    bool operator()(const Place& a, const Sought& b) const { return (*this)(b, a); }
  };
  using Index = boost::unordered_flat_set<Place, HashOf, Same>;

  static constexpr std::size_t handful = 16;   // so many are looked through sooner than hashed
  static std::uint32_t hash_of(std::string_view key) { return static_cast<std::uint32_t>(std::hash<std::string_view>{}(key)); }
  /// The place of the key, or writes_.size().
  std::size_t place_of(std::string_view key) const;
  void set(std::string_view key, std::optional<std::string> value);
  void add(Write write);
  void index_all() const;

  mutable Writes writes_;             // writes() sorts them
  mutable bool sorted_ = true;
  mutable unsigned looks_ = 0;        // at all of them, since one was added
  mutable std::optional<Index> index_;   // of all of them, or nothing: few, or moved since
};

/// A view with a change set laid over it: reads see the writes. Holds references; both must outlive it.
class Overlay final : public StateView {
 public:
  Overlay(const StateView& below, const ChangeSet& changes) : below_(below), changes_(changes) {}
  std::optional<std::string> get(std::string_view key) const override;
  void scan(std::string_view from, std::string_view to,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override;

 private:
  const StateView& below_;
  const ChangeSet& changes_;
};

}  // namespace daftar::ledger
