// Messages under way between the nodes of a scenario. Nothing moves by itself.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/message.h"

namespace daftar::consensus::scenario {

/// From one node to another; no_node stands for any.
struct Link {
  NodeId from{};
  NodeId to{};
  bool covers(NodeId a, NodeId b) const { return (!from || from == a) && (!to || to == b); }
  friend bool operator==(const Link&, const Link&) = default;
};

enum class MessageType : std::uint8_t { pre_vote, pre_vote_reply, vote, vote_reply, append, heartbeat, append_reply, timeout_now, snapshot, snapshot_reply };

std::optional<MessageType> message_type(std::string_view name);
/// All names, for a person.
std::string message_type_names();

/// Which messages a command means: on one of the links, of one of the types (none: any), and of those the first or last few.
struct Selector {
  std::vector<Link> links;
  std::vector<MessageType> types{};
  std::optional<std::uint64_t> first{};
  std::optional<std::uint64_t> last{};

  bool covers(const Envelope& envelope) const;  ///< apart from first and last
  friend bool operator==(const Selector&, const Selector&) = default;
};

class Network {
 public:
  /// What became of a message that was sent.
  enum class Fate : std::uint8_t { under_way, held, lost };

  Fate send(Envelope envelope);

  /// Removes and returns what is selected and not held, in the order of sending.
  std::vector<Envelope> take(const Selector& selector);
  /// Removes what is selected, held or not.
  void discard(const Selector& selector);
  /// A second copy of each, behind all others. Returns how many.
  std::size_t duplicate(const Selector& selector);
  /// Reverses the order of the selected among themselves. Returns how many.
  std::size_t reverse(const Selector& selector);

  /// Messages that match, those under way and later ones, are passed over by take() until they are released.
  void hold(const Selector& selector);
  /// Ends holds of exactly this selector, and frees what is held and selected. Returns how many messages and holds.
  std::size_t release(const Selector& selector);

  /// Messages of this kind are lost from now on: when sent, or when they would arrive.
  void cut(const Selector& selector) { rules_.push_back({selector, true}); }
  /// Messages of this kind pass again. What was cut or healed last holds, so a part of a cut can be healed.
  void heal(const Selector& selector) { rules_.push_back({selector, false}); }
  void heal_all() { rules_.clear(); }
  bool is_cut(const Envelope& envelope) const;

  /// A message for one of `nodes` is under way and not held.
  bool has_for(const std::vector<NodeId>& nodes) const;

  struct Item {
    Envelope envelope;
    bool held = false;
  };
  const std::deque<Item>& items() const { return items_; }

 private:
  std::vector<std::size_t> select(const Selector& selector, bool held) const;

  std::deque<Item> items_;
  std::vector<Selector> holds_;
  struct Rule {
    Selector selector;
    bool lost;
  };
  std::vector<Rule> rules_;  // the last one that covers a message decides
};

}  // namespace daftar::consensus::scenario
