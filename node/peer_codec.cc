#include "node/peer_codec.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "consensus/membership.h"
#include "node/proto/peer.pb.h"

namespace daftar::node {
namespace {

using consensus::Index;
using consensus::LogPosition;
using consensus::Term;

void set(proto::Position* to, LogPosition from) {
  to->set_term(from.term.value);
  to->set_index(from.index.value);
}
LogPosition get(const proto::Position& from) { return {Term{from.term()}, Index{from.index()}}; }

struct ConsensusEncoder {
  proto::PeerFrame& frame;
  void operator()(const consensus::VoteRequest& m) const {
    auto* to = frame.mutable_vote_request();
    to->set_term(m.term.value);
    to->set_pre(m.pre);
    to->set_transfer(m.transfer);
    set(to->mutable_last(), m.last);
  }
  void operator()(const consensus::VoteReply& m) const {
    auto* to = frame.mutable_vote_reply();
    to->set_term(m.term.value);
    to->set_election(m.election.value);
    to->set_pre(m.pre);
    to->set_granted(m.granted);
  }
  void operator()(const consensus::AppendRequest& m) const {
    auto* to = frame.mutable_append_request();
    to->set_term(m.term.value);
    set(to->mutable_previous(), m.previous);
    to->set_commit(m.commit.value);
    to->set_context(m.context);
    for (const auto& entry : m.entries) {
      auto* e = to->add_entries();
      e->set_term(entry.term.value);
      e->set_kind(static_cast<std::uint32_t>(entry.kind));
      if (entry.payload) e->set_payload(*entry.payload);
    }
  }
  void operator()(const consensus::AppendReply& m) const {
    auto* to = frame.mutable_append_reply();
    to->set_term(m.term.value);
    to->set_success(m.success);
    to->set_full(m.full);
    to->set_match(m.match.value);
    to->set_rejected(m.rejected.value);
    set(to->mutable_hint(), m.hint);
    to->set_context(m.context);
  }
  void operator()(const consensus::SnapshotRequest& m) const {
    auto* to = frame.mutable_snapshot_request();
    to->set_term(m.term.value);
    set(to->mutable_position(), m.piece.snapshot.position);
    to->set_membership(consensus::encode_membership(m.piece.snapshot.membership));
    to->set_manifest(m.piece.snapshot.manifest);
    to->set_offset(m.piece.offset);
    if (m.piece.bytes) to->set_piece(*m.piece.bytes);
    to->set_done(m.piece.done);
  }
  void operator()(const consensus::SnapshotReply& m) const {
    auto* to = frame.mutable_snapshot_reply();
    to->set_term(m.term.value);
    set(to->mutable_position(), m.position);
    to->set_wanted(m.wanted);
    to->set_failed(m.failed);
  }
  void operator()(const consensus::TimeoutNow& m) const { frame.mutable_timeout_now()->set_term(m.term.value); }
};

struct Encoder {
  proto::PeerFrame& frame;
  void operator()(const Hello& m) const {
    auto* to = frame.mutable_hello();
    to->set_protocol(m.protocol);
    to->set_ledger_id(std::string(m.ledger_id.view()));
    to->set_epoch(m.epoch);
    to->set_node(m.node);
    to->set_process(m.process);
  }
  void operator()(const RecallRequest& m) const { frame.mutable_recall_request()->set_question(m.question); }
  void operator()(const RecallReply& m) const {
    auto* to = frame.mutable_recall_reply();
    to->set_question(m.question);
    to->set_term(m.term.value);
    set(to->mutable_end(), m.end);
    to->set_your_term(m.your_term.value);
    set(to->mutable_you_held(), m.you_held);
    set(to->mutable_you_offered(), m.you_offered);
    to->set_whole(m.whole);
  }
  void operator()(const consensus::Message& m) const { std::visit(ConsensusEncoder{frame}, m); }
  void operator()(const Forward& m) const {
    auto* to = frame.mutable_forward();
    for (const auto& item : m.items) {
      auto* i = to->add_items();
      i->set_envelope(item.envelope);
      i->set_certified(item.certified);
    }
  }
  void operator()(const ForwardRefused& m) const {
    auto* to = frame.mutable_forward_refused();
    for (const auto& item : m.items) {
      auto* i = to->add_items();
      i->set_id(std::string(item.id.view()));
      i->set_code(static_cast<std::uint32_t>(item.rejection.code));
      i->set_detail(item.rejection.detail);
      i->set_retry_after_ms(item.retry_after_ms);
    }
  }
  void operator()(const CheckpointLine& m) const {
    auto* to = frame.mutable_checkpoint_line();
    to->set_size(m.size);
    to->set_root(std::string(m.root.view()));
    to->set_signature(std::string(m.signature.view()));
  }
  void operator()(const ClockRequest& m) const { frame.mutable_clock_request()->set_asked_ms(m.asked_ms); }
  void operator()(const ClockReply& m) const {
    frame.mutable_clock_reply()->set_asked_ms(m.asked_ms);
    frame.mutable_clock_reply()->set_wall_ms(m.wall_ms);
  }
  void operator()(const ReadIndexRequest& m) const { frame.mutable_read_index_request()->set_round(m.round); }
  void operator()(const ReadIndexReply& m) const {
    auto* to = frame.mutable_read_index_reply();
    to->set_round(m.round);
    to->set_confirmed(m.confirmed);
    to->set_index(m.index);
  }
};

/// How many fields the contents of a frame have (Protobuf joins contents that are given twice): each costs far more memory decoded than its
/// two bytes on the wire, so they are counted before Protobuf takes any. What is malformed is left for it to refuse.
std::size_t count_fields(std::string_view bytes) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  std::size_t fields = 0;
  std::uint32_t length = 0;
  while (const std::uint32_t content = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(content) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED || !in.ReadVarint32(&length) || length > bytes.size()) break;
    const auto outer = in.PushLimit(static_cast<int>(length));
    while (const std::uint32_t field = in.ReadTag()) {
      ++fields;
      if (!WireFormatLite::SkipField(&in, field)) return fields;
    }
    in.PopLimit(outer);
  }
  return fields;
}

using Decoded = Expected<PeerMessage, std::string>;
Decoded refuse(std::string why) { return tl::make_unexpected(std::move(why)); }

Decoded decode(proto::AppendRequest& from) {
  if (static_cast<std::size_t>(from.entries_size()) > frame_entries_max) return refuse("too many log entries in one request");
  consensus::AppendRequest m;
  m.term = Term{from.term()};
  m.previous = get(from.previous());
  m.commit = Index{from.commit()};
  m.context = from.context();
  m.entries.reserve(static_cast<std::size_t>(from.entries_size()));
  if (m.previous.index > consensus::index_max) return refuse("log index out of range");
  Index index = m.previous.index;
  for (auto& e : *from.mutable_entries()) {
    consensus::Entry entry;
    entry.term = Term{e.term()};
    entry.index = ++index;
    if (e.kind() > static_cast<std::uint32_t>(consensus::EntryKind::membership)) return refuse("unknown kind of log entry");
    entry.kind = static_cast<consensus::EntryKind>(e.kind());
    if (!e.payload().empty()) entry.payload = std::make_shared<const std::string>(std::move(*e.mutable_payload()));
    m.entries.push_back(std::move(entry));
  }
  return PeerMessage{consensus::Message{std::move(m)}};
}

Decoded decode(proto::SnapshotRequest& from) {
  auto membership = consensus::decode_membership(from.membership());
  if (!membership) return refuse("malformed membership of a snapshot");
  consensus::SnapshotRequest m;
  m.term = Term{from.term()};
  m.piece.snapshot = {get(from.position()), std::move(*membership), std::move(*from.mutable_manifest())};
  m.piece.offset = from.offset();
  if (!from.piece().empty()) m.piece.bytes = std::make_shared<const std::string>(std::move(*from.mutable_piece()));
  m.piece.done = from.done();
  return PeerMessage{consensus::Message{std::move(m)}};
}

Decoded decode(proto::Forward& from) {
  if (static_cast<std::size_t>(from.items_size()) > frame_transactions_max) return refuse("too many forwarded transactions");
  Forward m;
  for (auto& item : *from.mutable_items()) m.items.push_back({std::move(*item.mutable_envelope()), item.certified()});
  return PeerMessage{std::move(m)};
}

Decoded decode(const proto::ForwardRefused& from) {
  if (static_cast<std::size_t>(from.items_size()) > frame_transactions_max) return refuse("too many refusals");
  ForwardRefused m;
  for (const auto& item : from.items()) {
    const auto id = ledger::Digest::from_bytes(item.id());
    if (!id || item.code() > 0xffff || item.detail().size() > 1024) return refuse("malformed refusal");
    m.items.push_back({*id, {static_cast<ledger::RejectionCode>(item.code()), item.detail()}, item.retry_after_ms()});
  }
  return PeerMessage{std::move(m)};
}

}  // namespace

std::size_t byte_weight(const PeerMessage& message) {
  std::size_t bytes = 128;
  if (const auto* m = std::get_if<consensus::Message>(&message)) {
    if (const auto* append = std::get_if<consensus::AppendRequest>(m))
      for (const auto& entry : append->entries) bytes += entry.byte_size();
    if (const auto* snapshot = std::get_if<consensus::SnapshotRequest>(m); snapshot && snapshot->piece.bytes) bytes += snapshot->piece.bytes->size();
  } else if (const auto* forward = std::get_if<Forward>(&message)) {
    for (const auto& item : forward->items) bytes += sizeof item + item.envelope.size();
  } else if (const auto* refused = std::get_if<ForwardRefused>(&message)) {
    for (const auto& item : refused->items) bytes += sizeof item + item.rejection.detail.size();
  }
  return bytes;
}

std::string encode_peer_message(const PeerMessage& message) {
  proto::PeerFrame frame;
  std::visit(Encoder{frame}, message);
  return frame.SerializeAsString();
}

Expected<PeerMessage, std::string> decode_peer_message(std::string_view bytes) {
  proto::PeerFrame frame;
  if (bytes.size() > frame_bytes_max) return refuse("frame too long");
  if (count_fields(bytes) > frame_entries_max + 8) return refuse("too many parts in one frame");
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return refuse("not a peer frame");
  switch (frame.content_case()) {
    case proto::PeerFrame::kHello: {
      const auto& from = frame.hello();
      const auto id = ledger::Digest::from_bytes(from.ledger_id());
      if (!id) return refuse("hello without a ledger id");
      return PeerMessage{Hello{from.protocol(), *id, from.epoch(), from.node(), from.process()}};
    }
    case proto::PeerFrame::kVoteRequest: {
      const auto& from = frame.vote_request();
      return PeerMessage{consensus::Message{consensus::VoteRequest{Term{from.term()}, from.pre(), from.transfer(), get(from.last())}}};
    }
    case proto::PeerFrame::kVoteReply: {
      const auto& from = frame.vote_reply();
      return PeerMessage{consensus::Message{consensus::VoteReply{Term{from.term()}, Term{from.election()}, from.pre(), from.granted()}}};
    }
    case proto::PeerFrame::kAppendRequest: return decode(*frame.mutable_append_request());
    case proto::PeerFrame::kAppendReply: {
      const auto& from = frame.append_reply();
      return PeerMessage{consensus::Message{consensus::AppendReply{Term{from.term()}, from.success(), from.full(), Index{from.match()},
                                                                   Index{from.rejected()}, get(from.hint()), from.context()}}};
    }
    case proto::PeerFrame::kTimeoutNow: return PeerMessage{consensus::Message{consensus::TimeoutNow{Term{frame.timeout_now().term()}}}};
    case proto::PeerFrame::kSnapshotRequest: return decode(*frame.mutable_snapshot_request());
    case proto::PeerFrame::kSnapshotReply: {
      const auto& from = frame.snapshot_reply();
      return PeerMessage{consensus::Message{consensus::SnapshotReply{Term{from.term()}, get(from.position()), from.wanted(), from.failed()}}};
    }
    case proto::PeerFrame::kForward: return decode(*frame.mutable_forward());
    case proto::PeerFrame::kForwardRefused: return decode(frame.forward_refused());
    case proto::PeerFrame::kCheckpointLine: {
      const auto& from = frame.checkpoint_line();
      const auto root = ledger::Digest::from_bytes(from.root());
      const auto signature = ledger::Signature::from_bytes(from.signature());
      if (!root || !signature) return refuse("malformed checkpoint line");
      return PeerMessage{CheckpointLine{from.size(), *root, *signature}};
    }
    case proto::PeerFrame::kClockRequest: return PeerMessage{ClockRequest{frame.clock_request().asked_ms()}};
    case proto::PeerFrame::kClockReply: {
      const auto& from = frame.clock_reply();
      if (from.wall_ms() > clock_ms_max) return refuse("a clock beyond the year 9999");
      return PeerMessage{ClockReply{from.asked_ms(), from.wall_ms()}};
    }
    case proto::PeerFrame::kReadIndexRequest: return PeerMessage{ReadIndexRequest{frame.read_index_request().round()}};
    case proto::PeerFrame::kReadIndexReply: {
      const auto& from = frame.read_index_reply();
      if (Index{from.index()} > consensus::index_max) return refuse("log index out of range");
      return PeerMessage{ReadIndexReply{from.round(), from.confirmed(), from.index()}};
    }
    case proto::PeerFrame::kRecallRequest: return PeerMessage{RecallRequest{frame.recall_request().question()}};
    case proto::PeerFrame::kRecallReply: {
      const auto& from = frame.recall_reply();
      return PeerMessage{RecallReply{from.question(), Term{from.term()}, get(from.end()), Term{from.your_term()}, get(from.you_held()), get(from.you_offered()), from.whole()}};
    }
    case proto::PeerFrame::CONTENT_NOT_SET: break;
  }
  return refuse("empty peer frame");
}

}  // namespace daftar::node
