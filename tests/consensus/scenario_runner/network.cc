#include "tests/consensus/scenario_runner/network.h"

#include <algorithm>
#include <array>
#include <utility>

namespace daftar::consensus::scenario {
namespace {

using enum MessageType;

constexpr std::array<std::pair<std::string_view, MessageType>, 10> type_names{{{"pre-vote", pre_vote},
                                                                              {"pre-vote-reply", pre_vote_reply},
                                                                              {"vote", vote},
                                                                              {"vote-reply", vote_reply},
                                                                              {"append", append},
                                                                              {"heartbeat", heartbeat},
                                                                              {"append-reply", append_reply},
                                                                              {"timeout-now", timeout_now},
                                                                              {"snapshot", snapshot},
                                                                              {"snapshot-reply", snapshot_reply}}};

struct TypeOf {
  MessageType operator()(const VoteRequest& m) const { return m.pre ? pre_vote : vote; }
  MessageType operator()(const VoteReply& m) const { return m.pre ? pre_vote_reply : vote_reply; }
  MessageType operator()(const AppendRequest& m) const { return m.entries.empty() ? heartbeat : append; }
  MessageType operator()(const AppendReply&) const { return append_reply; }
  MessageType operator()(const TimeoutNow&) const { return timeout_now; }
  MessageType operator()(const SnapshotRequest&) const { return snapshot; }
  MessageType operator()(const SnapshotReply&) const { return snapshot_reply; }
};

}  // namespace

std::optional<MessageType> message_type(std::string_view name) {
  for (const auto& [known, type] : type_names)
    if (known == name) return type;
  return std::nullopt;
}

std::string message_type_names() {
  std::string names;
  for (const auto& [name, type] : type_names) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

bool Selector::covers(const Envelope& envelope) const {
  const bool on_link = std::any_of(links.begin(), links.end(), [&](const Link& link) { return link.covers(envelope.from, envelope.to); });
  return on_link && (types.empty() || std::find(types.begin(), types.end(), std::visit(TypeOf{}, envelope.message)) != types.end());
}

bool Network::is_cut(const Envelope& envelope) const {
  const auto last = std::find_if(rules_.rbegin(), rules_.rend(), [&](const Rule& rule) { return rule.selector.covers(envelope); });
  return last != rules_.rend() && last->lost;
}

Network::Fate Network::send(Envelope envelope) {
  if (is_cut(envelope)) return Fate::lost;
  const bool held = std::any_of(holds_.begin(), holds_.end(), [&](const Selector& hold) { return hold.covers(envelope); });
  items_.push_back({std::move(envelope), held});
  return held ? Fate::held : Fate::under_way;
}

std::vector<std::size_t> Network::select(const Selector& selector, bool held) const {
  std::vector<std::size_t> selected;
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (items_[i].held == held && selector.covers(items_[i].envelope)) selected.push_back(i);
  if (selector.last && *selector.last < selected.size()) selected.erase(selected.begin(), selected.end() - static_cast<std::ptrdiff_t>(*selector.last));
  if (selector.first && *selector.first < selected.size()) selected.resize(*selector.first);
  return selected;
}

std::vector<Envelope> Network::take(const Selector& selector) {
  std::vector<Envelope> taken;
  const auto selected = select(selector, false);
  for (std::size_t i : selected) taken.push_back(std::move(items_[i].envelope));
  for (auto i = selected.rbegin(); i != selected.rend(); ++i) items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(*i));
  return taken;
}

void Network::discard(const Selector& selector) {
  std::erase_if(items_, [&](const Item& item) { return selector.covers(item.envelope); });
}

std::size_t Network::duplicate(const Selector& selector) {
  const auto selected = select(selector, false);
  for (std::size_t i : selected) items_.push_back(items_[i]);
  return selected.size();
}

std::size_t Network::reverse(const Selector& selector) {
  const auto selected = select(selector, false);
  for (std::size_t i = 0; i < selected.size() / 2; ++i) std::swap(items_[selected[i]], items_[selected[selected.size() - 1 - i]]);
  return selected.size();
}

void Network::hold(const Selector& selector) {
  holds_.push_back(selector);
  for (Item& item : items_) item.held = item.held || selector.covers(item.envelope);
}

std::size_t Network::release(const Selector& selector) {
  std::size_t released = std::erase(holds_, selector);
  for (std::size_t i : select(selector, true)) {
    items_[i].held = false;
    ++released;
  }
  return released;
}

bool Network::has_for(const std::vector<NodeId>& nodes) const {
  return std::any_of(items_.begin(), items_.end(), [&](const Item& item) {
    return !item.held && std::find(nodes.begin(), nodes.end(), item.envelope.to) != nodes.end();
  });
}

}  // namespace daftar::consensus::scenario
