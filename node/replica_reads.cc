// Linearizable reads: rounds of this node's own, and those that other nodes ask of this one while it leads (linearizable.h).
#include "node/replica.h"

namespace daftar::node {
namespace {
constexpr std::size_t peer_rounds_max = 64;   // of one node, open at a time; it keeps one open, and forgets those that nobody answers
}

void Replica::request_read(ClientToken client, std::uint64_t timeout_ms) {
  if (reads_.size() >= options_.waiting_max) {
    output_.read_answers.push_back({client, false});
    return;
  }
  reads_.add(client, now_.monotonic_ms + timeout_ms);
  pump();
}

/// Begins a round if one is due, and answers what can be answered.
void Replica::advance_reads() {
  if (place_.leader)
    if (const auto round = reads_.begin(is_leader(), now_)) {
      if (is_leader()) ask_core(options_.raft.self.value, *round);
      else output_.send.push_back({place_.leader.value, ReadIndexRequest{*round}});
    }
  const std::uint64_t executed = blocks_in_execution_.empty() ? committed_index_ : blocks_in_execution_.front() - 1;
  for (const auto& answer : reads_.take(executed, now_)) output_.read_answers.push_back({answer.token, answer.confirmed});
}

void Replica::ask_core(std::uint64_t node, std::uint64_t round) {
  std::size_t open = 0;
  for (const auto& [id, asked] : rounds_) open += asked.node == node;
  const auto id = open < peer_rounds_max ? raft_.request_read() : tl::make_unexpected(consensus::ProposeError{});
  if (id) rounds_[id->value] = {node, round};
  else answer_round({node, round}, {round, false, 0});
}

void Replica::answer_round(const AskedRound& asked, const ReadIndexReply& reply) {
  if (asked.node == options_.raft.self.value) reads_.heard(reply, now_);
  else output_.send.push_back({asked.node, reply});
}

void Replica::take_reads(const consensus::Output& out) {
  for (const auto& read : out.reads)
    if (const auto asked = rounds_.extract(read.id.value)) answer_round(asked.mapped(), {asked.mapped().round, true, read.index.value});
  for (const auto& id : out.reads_aborted)
    if (const auto asked = rounds_.extract(id.value)) answer_round(asked.mapped(), {asked.mapped().round, false, 0});
}

}  // namespace daftar::node
