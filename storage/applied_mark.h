// How far execution has come: the row that is written in the same batch as what it describes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/hash.h"

namespace daftar::storage {

struct AppliedMark {
  std::uint64_t raft_index = 0;     // last Raft entry applied
  std::uint64_t raft_term = 0;
  std::uint64_t height = 0;         // last block executed; 0: genesis
  std::uint64_t block_time_ms = 0;
  std::string block_hash;           // 32 bytes; the ledger id at height 0
  std::uint64_t entries = 0;        // size of the Merkle log
  std::vector<ledger::Digest> frontier;  // its complete subtrees
  /// Of the consensus, in force at raft_index, as the caller encodes it: opaque here. Empty: as the genesis has it.
  std::string membership = {};
  bool operator==(const AppliedMark&) const = default;
};

/// u8 version, then the fields in the order above (ledger/encoding.h).
std::string encode_mark(const AppliedMark& mark);
/// Nothing when it is of another version or malformed.
std::optional<AppliedMark> decode_mark(std::string_view bytes);

}  // namespace daftar::storage
