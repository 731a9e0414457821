// Frames between validators: what is encoded is decoded; what no correct peer sends is a sentence, not a crash.
#include <catch2/catch.hpp>

#include <random>

#include "node/peer_codec.h"
#include "node/proto/peer.pb.h"

using namespace daftar;
using namespace daftar::node;
namespace c = daftar::consensus;

namespace {
template <class T>
T round_trip(const T& message) {
  const auto decoded = decode_peer_message(encode_peer_message(PeerMessage{c::Message{message}}));
  REQUIRE(decoded);
  return std::get<T>(std::get<c::Message>(*decoded));
}
}  // namespace

TEST_CASE("each message of consensus survives the wire") {
  const c::VoteRequest vote{{7}, true, true, {{6}, {99}}};
  REQUIRE(round_trip(vote) == vote);
  const c::VoteReply reply{{7}, {8}, true, true};
  REQUIRE(round_trip(reply) == reply);
  const c::AppendRequest append{{7}, {{6}, {99}}, {98},
                                {{{6}, {100}, c::EntryKind::payload, std::make_shared<const std::string>("block")}, {{7}, {101}, c::EntryKind::noop, nullptr}}, 5};
  REQUIRE(round_trip(append) == append);
  const c::AppendReply answer{{7}, true, true, {101}, {55}, {{3}, {44}}, 5};
  REQUIRE(round_trip(answer) == answer);
  REQUIRE(round_trip(c::TimeoutNow{{9}}) == c::TimeoutNow{{9}});
}

TEST_CASE("forwarded transactions, refusals and checkpoint lines survive the wire") {
  const auto forward = decode_peer_message(encode_peer_message(Forward{{{"envelope", true}, {"other", false}}}));
  REQUIRE(std::get<Forward>(*forward).items.at(0).certified);
  REQUIRE(std::get<Forward>(*forward).items.at(1).envelope == "other");
  const auto id = ledger::sha256("id");
  const auto refused = decode_peer_message(encode_peer_message(ForwardRefused{{{id, {ledger::RejectionCode::expired, "why"}, 9}}}));
  REQUIRE(std::get<ForwardRefused>(*refused).items.at(0).rejection.detail == "why");
  const auto line = decode_peer_message(encode_peer_message(CheckpointLine{12, id, {}}));
  REQUIRE(std::get<CheckpointLine>(*line).size == 12);
}

TEST_CASE("questions for clocks and their answers survive the wire, a clock beyond all years does not") {
  REQUIRE(std::get<ClockRequest>(*decode_peer_message(encode_peer_message(ClockRequest{77}))) == ClockRequest{77});
  REQUIRE(std::get<ClockReply>(*decode_peer_message(encode_peer_message(ClockReply{77, clock_ms_max}))) == ClockReply{77, clock_ms_max});
  REQUIRE(decode_peer_message(encode_peer_message(ClockReply{77, clock_ms_max + 1})).error() == "a clock beyond the year 9999");
}

TEST_CASE("rounds of linearizable reads survive the wire") {
  REQUIRE(std::get<ReadIndexRequest>(*decode_peer_message(encode_peer_message(ReadIndexRequest{~std::uint64_t{0}}))) == ReadIndexRequest{~std::uint64_t{0}});
  const ReadIndexReply reply{7, true, 99};
  REQUIRE(std::get<ReadIndexReply>(*decode_peer_message(encode_peer_message(reply))) == reply);
  REQUIRE(decode_peer_message(encode_peer_message(ReadIndexReply{7, true, ~std::uint64_t{0}})).error() == "log index out of range");
}

TEST_CASE("what a node asks when it starts, and what it is told, survives the wire") {
  const auto hello = decode_peer_message(encode_peer_message(Hello{peer_protocol, ledger::sha256("ledger"), 0, 3, 77}));
  REQUIRE(std::get<Hello>(*hello).process == 77);
  const auto asked = decode_peer_message(encode_peer_message(RecallRequest{5}));
  REQUIRE(std::get<RecallRequest>(*asked).question == 5);
  const auto told = decode_peer_message(encode_peer_message(RecallReply{5, {9}, {{8}, {70}}, {7}, {{6}, {50}}, {{6}, {51}}, true}));
  const auto& reply = std::get<RecallReply>(*told);
  REQUIRE(reply.question == 5);
  REQUIRE(reply.term == c::Term{9});
  REQUIRE(reply.end == c::LogPosition{{8}, {70}});
  REQUIRE(reply.your_term == c::Term{7});
  REQUIRE(reply.you_held == c::LogPosition{{6}, {50}});
  REQUIRE(reply.you_offered == c::LogPosition{{6}, {51}});
  REQUIRE(reply.whole);
}

TEST_CASE("malformed frames are refused with a sentence") {
  REQUIRE(decode_peer_message("").error() == "empty peer frame");
  REQUIRE(decode_peer_message("\xff\xff\xff").error() == "not a peer frame");
  proto::PeerFrame frame;
  frame.mutable_checkpoint_line()->set_root("short");
  REQUIRE(decode_peer_message(frame.SerializeAsString()).error() == "malformed checkpoint line");
  frame.mutable_append_request()->add_entries()->set_kind(77);
  REQUIRE(decode_peer_message(frame.SerializeAsString()).error() == "unknown kind of log entry");
  for (std::size_t i = 0; i < frame_entries_max + 1; ++i) frame.mutable_append_request()->add_entries();
  REQUIRE_FALSE(decode_peer_message(frame.SerializeAsString()));
  frame.mutable_append_request()->Clear();
  frame.mutable_append_request()->mutable_previous()->set_index(~std::uint64_t{0});
  frame.mutable_append_request()->add_entries();
  REQUIRE(decode_peer_message(frame.SerializeAsString()).error() == "log index out of range");
  frame.mutable_hello()->set_ledger_id("x");
  REQUIRE(decode_peer_message(frame.SerializeAsString()).error() == "hello without a ledger id");
}

TEST_CASE("a frame of very many parts is refused before any of them takes memory, joined contents too") {
  // Two bytes for each empty item: 16 MiB of them would become hundreds of MiB.
  const auto forward = [](std::size_t items) {
    std::string body;
    for (std::size_t i = 0; i < items; ++i) body.append("\x0a\x00", 2);
    std::string frame = "\x3a";  // field 7
    for (std::size_t length = body.size();; length >>= 7) {
      frame.push_back(static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0)));
      if (length <= 0x7f) break;
    }
    return frame + body;
  };
  REQUIRE(decode_peer_message(forward(frame_transactions_max)));
  REQUIRE(decode_peer_message(forward(frame_transactions_max + 1)).error() == "too many forwarded transactions");
  REQUIRE(decode_peer_message(forward(8'000'000)).error() == "too many parts in one frame");
  std::string joined;
  for (int i = 0; i < 20; ++i) joined += forward(4000);
  REQUIRE(decode_peer_message(joined).error() == "too many parts in one frame");
}

TEST_CASE("random bytes never do more than be refused") {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  CAPTURE(seed);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 64, '\0');
    for (auto& b : bytes) b = static_cast<char>(random());
    static_cast<void>(decode_peer_message(bytes));
  }
}
