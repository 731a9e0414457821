// What comes from peers: held in the order of the link until its blocks are checked, judged, then stepped into Raft.
#include <algorithm>

#include "node/replica.h"

namespace daftar::node {
namespace {
constexpr std::size_t inbox_messages_max = 1024;       // of one peer; more is dropped, as a lossy network would
constexpr std::size_t inbox_bytes_max = 64u << 20;
/// For how long a leader whose clock ran ahead is not heard, in election timeouts: enough for the others to elect another.
constexpr std::uint64_t clock_distrust_timeouts = 3;
}

void Replica::receive(std::uint64_t from, PeerMessage message) {
  if (from == options_.raft.self.value || from == 0) return;   // the link has seen to it that it is who it says
  if (auto* m = std::get_if<consensus::Message>(&message)) {
    receive_consensus(from, std::move(*m));
  } else if (auto* forward = std::get_if<Forward>(&message)) {
    output_.forward_checks.push_back({from, std::move(forward->items)});
  } else if (auto* refused = std::get_if<ForwardRefused>(&message)) {
    receive_refusals(from, *refused);
  } else if (auto* asked = std::get_if<ClockRequest>(&message)) {
    output_.send.push_back({from, ClockReply{asked->asked_ms, now_.wall_ms}});
  } else if (auto* clock = std::get_if<ClockReply>(&message)) {
    receive_clock(from, *clock);
  } else if (auto* read = std::get_if<ReadIndexRequest>(&message)) {
    ask_core(from, read->round);
    pump();
  } else if (auto* read_reply = std::get_if<ReadIndexReply>(&message)) {
    if (from == place_.leader.value && !is_leader()) reads_.heard(*read_reply, now_);
    pump();
  } else if (auto* line = std::get_if<CheckpointLine>(&message)) {
    take_certifier_outcome(certifier_.add_peer({static_cast<std::uint32_t>(from), line->size, line->root, line->signature}), from);
  } else if (auto* recall = std::get_if<RecallRequest>(&message)) {
    receive_recall_request(from, *recall);
  } else if (auto* told = std::get_if<RecallReply>(&message)) {
    receive_recall_reply(from, *told);
  }
}

void Replica::peer_connected(std::uint64_t node) {
  if (inquiry_) ask(node);   // also late: what it remembers may have been missed
  if (node == place_.leader.value && !is_leader()) {
    for (auto& [id, waiting] : waiting_) waiting.offered = false;  // what was forwarded while the link was down is lost
    offer_waiting();
  }
  for (const auto& line : certifier_.uncertified_own()) output_.send.push_back({node, CheckpointLine{line.size, line.root, line.signature}});
}

void Replica::receive_consensus(std::uint64_t from, consensus::Message message) {
  auto& inbox = inbox_[from];
  PeerMessage weighed{std::move(message)};
  const std::size_t bytes = byte_weight(weighed);
  if (inbox.messages.size() >= inbox_messages_max || inbox.bytes + bytes > inbox_bytes_max) return;
  Inbound inbound{{{from}, options_.raft.self, std::get<consensus::Message>(std::move(weighed))}, 0, bytes, std::nullopt};
  if (const auto* append = std::get_if<consensus::AppendRequest>(&inbound.envelope.message)) {
    if (is_distrusted(from, append->term)) return;
    BlockCheck check;
    for (const auto& entry : append->entries)
      if (entry.kind == consensus::EntryKind::payload) check.payloads.push_back(entry.payload ? entry.payload : std::make_shared<const std::string>());
    if (!check.payloads.empty()) {
      check.ticket = inbound.ticket = next_ticket_++;
      output_.block_checks.push_back(std::move(check));
    }
  }
  inbox.bytes += bytes;
  inbox.messages.push_back(std::move(inbound));
  drain_inbox(from);
}

void Replica::blocks_checked(std::uint64_t ticket, CheckedBlocks blocks) {
  for (auto& [from, inbox] : inbox_) {
    for (auto& inbound : inbox.messages) {
      if (inbound.ticket != ticket) continue;
      inbound.checked = std::move(blocks);
      drain_inbox(from);
      return;
    }
  }
}

void Replica::drain_inbox(std::uint64_t from) {
  auto& inbox = inbox_[from];
  while (!inbox.messages.empty() && (inbox.messages.front().ticket == 0 || inbox.messages.front().checked)) {
    Inbound inbound = std::move(inbox.messages.front());
    inbox.messages.pop_front();
    inbox.bytes -= inbound.bytes;
    if (const auto* append = std::get_if<consensus::AppendRequest>(&inbound.envelope.message)) {
      if (is_distrusted(from, append->term)) continue;
      if (inbound.checked) {
        const auto objection = *inbound.checked ? objection_to(*append, **inbound.checked) : Objection{inbound.checked->error()};
        if (objection) {
          distrust(from, append->term, *objection);
          continue;
        }
        std::size_t n = 0;
        for (const auto& entry : append->entries)
          if (entry.kind == consensus::EntryKind::payload) incoming_[entry.payload.get()] = (**inbound.checked)[n++];
      }
    }
    raft_.step(std::move(inbound.envelope));
    take_raft_output();
    incoming_.clear();
  }
  pump();
}

/// Blocks of one request: each follows the one before, and nothing that is not committed yet is far ahead of this node's clock (§12.5;
/// block_time.h).
std::optional<Replica::Objection> Replica::objection_to(const consensus::AppendRequest& request,
                                                        const std::vector<std::shared_ptr<const ledger::Block>>& blocks) {
  // The block before the first is known when the request continues a log we hold; otherwise Raft will refuse the request, or it repeats
  // what is committed. Execution checks every link once more.
  const ChainPlace* before = nullptr;
  ChainPlace place;
  if (auto it = chain_.find(request.previous.index.value); it != chain_.end() && it->second.term == request.previous.term.value) {
    place = it->second;
    before = &place;
  }
  // The newest block on the leader's own chain that is known to be committed.
  const std::uint64_t commit = std::max(request.commit.value, committed_index_);
  BlockMoment committed = moment_at(before ? std::max(committed_index_, std::min(commit, request.previous.index.value)) : committed_index_);
  std::size_t n = 0;
  for (const auto& entry : request.entries) {
    const bool has_block = entry.kind == consensus::EntryKind::payload;
    const auto held = chain_.find(entry.index.value);
    if (entry.index.value <= committed_index_ || (held != chain_.end() && held->second.term == entry.term.value)) {
      // We hold this place already, so Raft keeps ours whatever is said of it: what follows must follow ours.
      n += has_block;
      before = nullptr;
      if (held != chain_.end()) {
        place = held->second;
        before = &place;
        if (entry.index.value <= commit) committed = {place.height, place.time_ms};
      }
      continue;
    }
    if (!has_block) continue;
    const auto& block = *blocks[n++];
    if (before && (block.height() != before->height + 1 || block.previous_hash() != before->hash || block.time_ms() <= before->time_ms))
      return Objection{"block " + std::to_string(block.height()) + " does not follow block " + std::to_string(before->height)};
    if (entry.index > request.commit && too_far_ahead(block, committed, entry.term < request.term))
      return Objection{"block " + std::to_string(block.height()) + " is dated " + std::to_string((block.time_ms() - now_.wall_ms) / 1000) +
                           " s ahead of this node's clock",
                       /*passes*/ true};
    if (entry.index <= request.commit) committed = {block.height(), block.time_ms()};
    place = {entry.term.value, block.height(), block.time_ms(), block.hash(), true, block.checkpoint()};
    before = &place;
  }
  return std::nullopt;
}

bool Replica::is_distrusted(std::uint64_t leader, consensus::Term term) const {
  const auto it = distrusted_.find(leader);
  return it != distrusted_.end() && term <= it->second.term && ticks_ < it->second.until_tick;
}

void Replica::distrust(std::uint64_t leader, consensus::Term term, const Objection& objection) {
  constexpr auto for_ever = ~std::uint64_t{0};
  const std::uint64_t until = objection.passes ? ticks_ + clock_distrust_timeouts * options_.raft.election_timeout : for_ever;
  auto& known = distrusted_[leader];
  known.until_tick = term > known.term ? until : std::max(known.until_tick, until);
  known.term = std::max(known.term, term);
  inbox_[leader].clear();
  warn("refused what node " + std::to_string(leader) + " sent as leader of term " + std::to_string(term.value) + ": " + objection.why +
      (objection.passes ? "; nothing of that term is taken from it for a while" : "; nothing of that term is taken from it any more") +
      ", the others elect another leader");
}

void Replica::forward_checked(std::uint64_t from, std::vector<ForwardVerdict> verdicts) {
  ForwardRefused refused;
  for (auto& verdict : verdicts) {
    if (verdict.rejection.code != ledger::RejectionCode::ok) {
      refused.items.push_back({verdict.id, std::move(verdict.rejection), 0});
      continue;
    }
    if (!is_leader()) continue;  // the sender will hear of another leader and offer it again
    if (ordered_.contains(verdict.id)) continue;
    if (mempool_.add(verdict.transaction, verdict.certified, now_.monotonic_ms) == Mempool::Verdict::taken)
      ordered_.insert(verdict.id);
    else
      refused.items.push_back({verdict.id, {ledger::RejectionCode::ok, "the leader's queue is full for this member"}, 500});
  }
  if (!refused.items.empty()) output_.send.push_back({from, std::move(refused)});
  pump();
}

void Replica::receive_refusals(std::uint64_t from, const ForwardRefused& refused) {
  for (const auto& item : refused.items) {
    const auto it = waiting_.find(item.id);
    if (it == waiting_.end()) continue;
    if (item.rejection.code == ledger::RejectionCode::replayed) {
      output_.lookups.push_back(item.id);  // it is in the ledger; here, too, or soon
      continue;
    }
    if (from != place_.leader.value) continue;    // from a former leader: the present one has been asked, or the next one will be
    if (it->second.offers == 1) it->second.offers = 0;   // this was the only offer, and it came to nothing
    SubmitReply reply;
    reply.id = item.id;
    reply.rejection = item.rejection;
    reply.retry_after_ms = item.retry_after_ms;
    reply.status = item.rejection.code == ledger::RejectionCode::ok ? SubmitReply::Status::busy : SubmitReply::Status::rejected;
    deny(item.id, reply);
  }
}

}  // namespace daftar::node
