// An entry: one executed transaction (or a deadline that the ledger fired itself) with its result. Its leaf record is a leaf of the log.
//
//   leaf record, 122 bytes, big-endian:
//     u8 version = 1 | u64 index | u64 height | u64 block time ms | u8 kind | 32 id | 32 envelope hash | 32 blinded result digest
//
// The result digest is SHA-256(tag ‖ blinding key ‖ result), blinding key = SHA-256(tag ‖ nonce): who does not know the 128 random
// bits of the transaction cannot guess the result from the leaf.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "ledger/hash.h"

namespace daftar::ledger {

enum class EntryKind : std::uint8_t { transaction = 0, deadline = 1 };

struct Entry {
  std::uint64_t index = 0;        // place in the log, from 0
  std::uint64_t height = 0;       // block
  std::uint64_t time_ms = 0;      // block time
  EntryKind kind = EntryKind::transaction;
  Digest id;                      // transaction id; for a deadline its own derived id
  std::string nonce;              // 16 bytes: blinds the result
  std::string envelope;           // received bytes; empty for a deadline
  std::string result;             // contracts' encoding of ExecutionResult (contracts/result.h)
};

std::string encode_entry(const Entry& entry);
std::optional<Entry> decode_entry(std::string_view bytes);

Digest result_digest(std::string_view nonce, std::string_view result);
/// The bytes of the leaf; the leaf hash is RFC 6962's SHA-256(0x00 ‖ record).
std::string leaf_record(const Entry& entry);
/// The same, for who knows the hash of the entry's envelope already (Transaction::envelope_hash).
std::string leaf_record(const Entry& entry, const Digest& envelope_hash);
/// SHA-256(tag ‖ envelope bytes); for a deadline, of no bytes.
Digest envelope_hash(std::string_view envelope);

}  // namespace daftar::ledger
