// Linearizable reads without writing to the log (thesis 6.4): remember the commit index, then have a majority confirm, by answering
// a heartbeat sent afterwards, that no later leader existed when the read was asked for.
#include <utility>

#include "consensus/raft.h"

namespace daftar::consensus {

Expected<ReadId, ProposeError> Raft::request_read() {
  Leader* leader = as_leader();
  if (!leader) return tl::unexpected(error(ProposeFailure::not_leader));
  if (leader->reads_open >= reads_open_max) return tl::unexpected(error(ProposeFailure::busy));
  leader->reads_waiting.push_back(++read_);
  ++leader->reads_open;
  return read_;
}

// Before an entry of its own term is committed, a leader's commit index may lie behind what its predecessor acknowledged.
bool Raft::can_start_round(const Leader& leader) const {
  return !leader.reads_waiting.empty() && commit_ >= leader.first_of_term;
}

void Raft::start_round(Leader& leader) {
  leader.rounds.push_back({++leader.context, commit_, std::exchange(leader.reads_waiting, {})});
  confirm_rounds(leader);  // a single voter needs nobody
}

void Raft::confirm_rounds(Leader& leader) {
  const std::uint64_t confirmed = reached(leader, leader.context, [](const Progress& follower) { return follower.context_acked; });
  while (!leader.rounds.empty() && leader.rounds.front().context <= confirmed) {
    const ReadRound& round = leader.rounds.front();
    for (ReadId id : round.ids) reads_.push_back({id, round.index});
    leader.reads_open -= round.ids.size();
    leader.rounds.pop_front();
  }
}

}  // namespace daftar::consensus
