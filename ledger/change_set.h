// What an execution wants written: the last value of each key, or its removal. Ordered, so that every node writes the same batch.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/state_view.h"

namespace daftar::ledger {

class ChangeSet {
 public:
  using Writes = std::map<std::string, std::optional<std::string>, std::less<>>;

  void put(std::string_view key, std::string value);
  void erase(std::string_view key);
  /// nullptr: this set says nothing of the key. Otherwise its value, or nullopt for removed.
  const std::optional<std::string>* find(std::string_view key) const;
  /// Takes over all of `later`; its writes win.
  void merge(ChangeSet&& later);
  const Writes& writes() const { return writes_; }
  bool empty() const { return writes_.empty(); }
  void clear() { writes_.clear(); }

 private:
  Writes writes_;
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
