// Peer messages ↔ bytes. All limits on what a peer can send are checked here, before anything reaches the replica.
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "consensus/message.h"
#include "ledger/calendar.h"
#include "ledger/expected.h"
#include "ledger/hash.h"
#include "ledger/keys.h"
#include "ledger/rejection.h"
#include "node/block_time.h"
#include "node/linearizable.h"

namespace daftar::node {

inline constexpr std::uint32_t peer_protocol = 2;
inline constexpr std::size_t frame_bytes_max = 16u << 20;     // a frame's length, checked before memory is taken
inline constexpr std::size_t frame_entries_max = 65'536;     // counted before the frame is decoded, as any repeated part
inline constexpr std::size_t frame_transactions_max = 5000;
inline constexpr std::uint64_t clock_ms_max = ledger::year_10000_ms - 1;   // a wall clock's reading: the end of the year 9999

struct Hello {
  std::uint32_t protocol = peer_protocol;
  ledger::Digest ledger_id;
  std::uint64_t epoch = 0;
  std::uint32_t node = 0;
  std::uint64_t process = 0;   // drawn anew by each process
};
/// Of a node that has started: what may it have forgotten? Question: its own number, repeated in the answer.
struct RecallRequest { std::uint64_t question = 0; };
struct RecallReply {
  std::uint64_t question = 0;
  consensus::Term term;            // of the node that answers,
  consensus::LogPosition end;      // and where its log on disk ends
  consensus::Term your_term;       // the highest it has seen the asking node in,
  consensus::LogPosition you_held, you_offered;   // and more of it (consensus/memory.h)
  bool whole = false;              // the answering node knows of nothing that it has lost itself
};
struct Forward {
  struct Item { std::string envelope; bool certified = false; };
  std::vector<Item> items;
};
struct ForwardRefused {
  struct Item { ledger::Digest id; ledger::Rejection rejection; std::uint32_t retry_after_ms = 0; };  // code ok: busy, try later
  std::vector<Item> items;
};
struct CheckpointLine {
  std::uint64_t size = 0;
  ledger::Digest root;
  ledger::Signature signature;
};
using PeerMessage = std::variant<Hello, consensus::Message, Forward, ForwardRefused, CheckpointLine, ClockRequest, ClockReply, ReadIndexRequest,
                                 ReadIndexReply, RecallRequest, RecallReply>;

/// What a message holds in memory, for every bound in bytes: its variable parts and a fixed share for the rest.
std::size_t byte_weight(const PeerMessage& message);

/// Without the length prefix.
std::string encode_peer_message(const PeerMessage& message);
/// Total: the sentence says what is wrong with the bytes.
Expected<PeerMessage, std::string> decode_peer_message(std::string_view bytes);

}  // namespace daftar::node
