// What the nodes remember of each other: asked for after a start, told to who asks, written to disk; and what becomes of a node that has
// forgotten something (inquiry.h, consensus/doubt.cc).
#include <algorithm>

#include "node/replica.h"

namespace daftar::node {
namespace {

std::string list(const std::vector<std::uint64_t>& nodes) {
  std::string text = nodes.size() == 1 ? "node " : "nodes ";
  for (std::size_t i = 0; i < nodes.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(nodes[i]);
  return text;
}

std::string place(consensus::LogPosition position) {
  if (position.index.value == 0) return "empty";
  return "up to entry " + std::to_string(position.index.value) + " of term " + std::to_string(position.term.value);
}

}  // namespace

void Replica::begin_inquiry(const consensus::Restored& restored) {
  memory_written_ = raft_.memory().changes();
  if (!restored.withheld) return;
  // The seed is this process's own: so are the numbers of its questions.
  inquiry_.emplace(options_.raft.seed >> 1, 2 * options_.raft.election_timeout, restored.in_doubt);
  in_doubt_ = restored.in_doubt;
  look_for_others();
  end_inquiry_if_due();
}

void Replica::look_for_others() {
  std::vector<std::uint64_t> others;
  bool votes = false;
  for (const auto voter : raft_.membership().all_voters()) {
    if (voter == options_.raft.self)
      votes = true;
    else
      others.push_back(voter.value);
  }
  inquiry_->ask(std::move(others), votes);
}

void Replica::tick_inquiry() {
  note_doubt();
  if (!inquiry_) return;
  const bool asks_now = ticks_ % std::max<std::uint64_t>(1, options_.raft.election_timeout / 8) == 0;
  if (inquiry_->over()) {
    if (!in_doubt_ || !asks_now) return;
    look_for_others();
    for (const auto node : inquiry_->others()) ask(node);   // again, too: who was in doubt itself may be whole now
    return;
  }
  const bool grace_was_over = inquiry_->grace_is_over();
  inquiry_->tick();
  look_for_others();
  if (!grace_was_over && inquiry_->grace_is_over() && inquiry_->loss_known() && !inquiry_->may_end())
    warn("this node's disk has lost something, and what it promised is not known: it promises nothing until enough of the others have said what they "
        "remember of it; " + list(inquiry_->silent()) + " did not answer yet");
  if (asks_now)
    for (const auto node : inquiry_->silent()) ask(node);
  end_inquiry_if_due();
}

void Replica::ask(std::uint64_t node) { output_.send.push_back({node, RecallRequest{inquiry_->question()}}); }

void Replica::end_inquiry_if_due() {
  if (inquiry_->over() || !inquiry_->may_end()) return;
  inquiry_->end();
  if (const auto silent = inquiry_->silent(); !silent.empty()) warn(list(silent) + " did not say what is remembered of this node there; it takes part without");
  raft_.trust_disk();
  in_doubt_ = in_doubt_ || raft_.status().loss_certain;
  if (raft_.status().loss_certain)
    warn("until its log is whole again this node follows, but does not lead, and votes for nobody who might lack what it has lost");
}

void Replica::peer_greeted(std::uint64_t node, std::uint64_t process) {
  auto& known = processes_[node];
  if (known == process) return;
  known = process;
  inbox_[node].clear();   // of the process before
  raft_.peer_restarted({node});
  pump();
}

void Replica::receive_recall_request(std::uint64_t from, const RecallRequest& request) {
  const auto answer = raft_.recall({from});
  output_.send.push_back({from, RecallReply{request.question, answer.term, answer.end, answer.recollection.term, answer.recollection.held,
                                       answer.recollection.offered, answer.whole}});
}

void Replica::receive_recall_reply(std::uint64_t from, const RecallReply& reply) {
  if (!inquiry_ || !inquiry_->answered(from, reply.question)) return;
  const auto before = raft_.status();
  const auto round = raft_.round();
  raft_.recalled({{from}, {options_.raft.self, reply.your_term, reply.you_held, reply.you_offered}, reply.term, reply.end, reply.whole,
                  reply.question == inquiry_->question() ? round : 0});
  if (raft_.round() != round) inquiry_->ask_anew();
  const auto after = raft_.status();
  if (before.loss_certain && after.doubt_until < before.doubt_until && after.last < before.doubt_until)
    say("what this node held beyond entry " + std::to_string(std::max(after.last, after.doubt_until).index.value) +
        " is on no disk of a voter: it was never committed, and is not waited for");
  const bool doubts = after.loss_certain && !before.loss_certain;
  if (doubts) inquiry_->loss_found();
  if (doubts && !std::exchange(in_doubt_, true))
    warn("node " + std::to_string(from) + " remembers this node in term " + std::to_string(reply.your_term.value) + " with a log " + place(reply.you_held) +
        ", but its disk says term " + std::to_string(before.term.value) + " and a log " + place(before.last) +
        ": the disk is an older copy, or has lost something. What is missing is fetched from the others");
  end_inquiry_if_due();
  pump();
}

void Replica::note_doubt() {
  if (!in_doubt_ || (inquiry_ && !inquiry_->over())) return;
  const auto status = raft_.status();
  if (status.loss_certain) return;
  in_doubt_ = false;
  output_.whole_again = true;
  say("the log is whole again, " + place(status.last) + ": this node votes and may lead as before");
}

void Replica::write_memory() {
  if (raft_.memory().changes() == memory_written_) return;
  memory_written_ = raft_.memory().changes();
  auto& rows = output_.memory.emplace();
  for (const auto& of : raft_.memory().all()) rows.push_back({of.node.value, of.term.value, of.held.term.value, of.held.index.value, of.offered.term.value, of.offered.index.value});
}

std::string Replica::waits_for_memory(const consensus::Status& status) const {
  if (status.withheld) {
    const auto silent = inquiry_->silent();
    return "comparing its disk with what the others remember of it" + (silent.empty() ? std::string() : ": waiting for " + list(silent));
  }
  if (status.loss_certain) return "its log lacks what it once held: the missing entries are fetched from the others";
  return {};
}

}  // namespace daftar::node
