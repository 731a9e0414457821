#include "consensus/membership.h"

#include <algorithm>
#include <utility>

#include "consensus/invariant.h"
#include "consensus/quorum.h"

namespace daftar::consensus {
namespace {

constexpr char encoding_version = 1;

bool has(const std::vector<NodeId>& nodes, NodeId node) { return std::find(nodes.begin(), nodes.end(), node) != nodes.end(); }

void insert(std::vector<NodeId>& nodes, NodeId node) { nodes.insert(std::upper_bound(nodes.begin(), nodes.end(), node), node); }

std::vector<NodeId> merged(std::vector<NodeId> a, const std::vector<NodeId>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  a.erase(std::unique(a.begin(), a.end()), a.end());
  return a;
}

// Null if the step fits what `membership` was before all steps.
std::optional<ChangeRefused::Why> misfit(const Membership& membership, MembershipChange::Step step) {
  using Verb = MembershipChange::Verb;
  using Why = ChangeRefused::Why;
  if (!step.node) return Why::node_invalid;
  const bool voter = has(membership.voters, step.node);
  const bool learner = has(membership.learners, step.node);
  switch (step.verb) {
    case Verb::add_voter:
    case Verb::add_learner: return voter || learner ? std::optional(Why::already_member) : std::nullopt;
    case Verb::promote: return learner ? std::nullopt : std::optional(Why::not_learner);
    case Verb::demote: return voter ? std::nullopt : std::optional(Why::not_voter);
    case Verb::remove: return voter || learner ? std::nullopt : std::optional(Why::not_member);
  }
  return Why::empty;
}

void take(Membership& membership, MembershipChange::Step step) {
  std::erase(membership.voters, step.node);
  std::erase(membership.learners, step.node);
  using Verb = MembershipChange::Verb;
  if (step.verb == Verb::add_voter || step.verb == Verb::promote) insert(membership.voters, step.node);
  if (step.verb == Verb::add_learner || step.verb == Verb::demote) insert(membership.learners, step.node);
}

Tolerance tolerance(const std::vector<NodeId>& voters, std::span<const NodeId> reachable) {
  const auto count = std::count_if(voters.begin(), voters.end(), [&](NodeId voter) {
    return std::find(reachable.begin(), reachable.end(), voter) != reachable.end();
  });
  return {voters.size(), static_cast<std::size_t>(count), majority(voters.size())};
}

void put(std::string& out, std::uint64_t value, int bytes) {
  while (bytes-- > 0) out.push_back(static_cast<char>(value >> (8 * bytes)));
}

std::optional<std::uint64_t> take_number(std::string_view& in, std::size_t bytes) {
  if (in.size() < bytes) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : in.substr(0, bytes)) value = value << 8 | static_cast<unsigned char>(c);
  in.remove_prefix(bytes);
  return value;
}

std::optional<std::vector<NodeId>> take_nodes(std::string_view& in, std::size_t count_max) {
  const auto count = take_number(in, 2);
  if (!count || *count > count_max) return std::nullopt;
  std::vector<NodeId> nodes;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto id = take_number(in, 8);
    const NodeId before = nodes.empty() ? no_node : nodes.back();
    if (!id || NodeId{*id} <= before) return std::nullopt;
    nodes.push_back({*id});
  }
  return nodes;
}

}  // namespace

bool Membership::is_voter(NodeId node) const { return has(voters, node) || has(outgoing, node); }
bool Membership::contains(NodeId node) const { return is_voter(node) || has(learners, node); }
std::vector<NodeId> Membership::all_voters() const { return merged(voters, outgoing); }
std::vector<NodeId> Membership::members() const { return merged(all_voters(), learners); }

Expected<Membership, ChangeRefused> after(const Membership& now, const MembershipChange& change) {
  using Why = ChangeRefused::Why;
  auto refused = [](Why why, NodeId node = no_node) { return tl::unexpected(ChangeRefused{why, node}); };
  if (now.joint()) return refused(Why::joint);
  if (change.steps.empty()) return refused(Why::empty);
  Membership then = now;
  std::vector<NodeId> named;
  for (const MembershipChange::Step& step : change.steps) {
    if (has(named, step.node)) return refused(Why::node_twice, step.node);
    named.push_back(step.node);
    if (const auto why = misfit(now, step)) return refused(*why, step.node);
    take(then, step);
  }
  if (then.voters.empty()) return refused(Why::no_voters);
  if (then.voters.size() > voters_max) return refused(Why::too_many_voters);
  if (then.learners.size() > learners_max) return refused(Why::too_many_learners);
  return then;
}

Membership way_to(const Membership& now, const Membership& then) {
  Membership way = then;
  if (then.voters != now.voters) way.outgoing = now.voters;
  return way;
}

Membership without_outgoing(Membership joint) {
  joint.outgoing.clear();
  return joint;
}

std::string encode_membership(const Membership& membership) {
  std::string out(1, encoding_version);
  for (const auto* nodes : {&membership.voters, &membership.outgoing, &membership.learners}) {
    put(out, nodes->size(), 2);
    for (const NodeId node : *nodes) put(out, node.value, 8);
  }
  return out;
}

std::optional<Membership> decode_membership(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != encoding_version) return std::nullopt;
  bytes.remove_prefix(1);
  auto voters = take_nodes(bytes, voters_max);
  auto outgoing = voters ? take_nodes(bytes, voters_max) : std::nullopt;
  auto learners = outgoing ? take_nodes(bytes, learners_max) : std::nullopt;
  if (!learners || !bytes.empty() || voters->empty()) return std::nullopt;
  if (std::any_of(learners->begin(), learners->end(), [&](NodeId node) { return has(*voters, node); })) return std::nullopt;
  return Membership{std::move(*voters), std::move(*learners), std::move(*outgoing)};
}

Expected<MembershipPlan, ChangeRefused> plan(const Membership& now, const MembershipChange& change, std::span<const NodeId> reachable) {
  auto then = after(now, change);
  if (!then) return tl::unexpected(then.error());
  const Tolerance tolerance_after = tolerance(then->voters, reachable);
  return MembershipPlan{std::move(*then), tolerance(now.voters, reachable), tolerance_after};
}

MembershipHistory::MembershipHistory(Index index, Membership first) {
  for (auto* nodes : {&first.voters, &first.outgoing, &first.learners}) std::sort(nodes->begin(), nodes->end());
  entries_.push_back({index, std::move(first)});
}

const Membership& MembershipHistory::at(Index index) const {
  auto place = std::find_if(entries_.rbegin(), entries_.rend(), [&](const Place& p) { return p.index <= index; });
  CONSENSUS_INVARIANT(place != entries_.rend());
  return place->membership;
}

void MembershipHistory::append(Index index, Membership membership) {
  CONSENSUS_INVARIANT(index > latest_index());
  for (const NodeId node : latest().members())
    if (!membership.contains(node)) left_.emplace_back(index, node);
  std::erase_if(left_, [&](const auto& left) { return membership.contains(left.second); });
  if (left_.size() > left_max) left_.erase(left_.begin(), left_.end() - left_max);
  entries_.push_back({index, std::move(membership)});
}

std::optional<Index> MembershipHistory::left(NodeId node) const {
  const auto at = std::find_if(left_.begin(), left_.end(), [&](const auto& left) { return left.second == node; });
  return at == left_.end() ? std::nullopt : std::optional(at->first);
}

void MembershipHistory::truncate(Index from) {
  // Who was taken in again by an entry that is dropped stays forgotten: it is told less, never something wrong.
  std::erase_if(left_, [&](const auto& left) { return left.first >= from; });
  while (entries_.back().index >= from) {
    entries_.pop_back();
    CONSENSUS_INVARIANT(!entries_.empty());
  }
}

void MembershipHistory::forget(Index through) {
  while (entries_.size() > 2 && entries_[2].index <= through) entries_.pop_front();
}

}  // namespace daftar::consensus
