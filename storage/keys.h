// Keys and rows of the RocksDB stores. Numbers inside keys are big-endian, so that order of bytes is order of numbers. These layouts are on
// disk: changing one needs a new format number (`format_version`) and a way over.
//
// Raft log (rocks_raft_log.cc)      column family | key                                  | value
//   "default"                        | u64 index                            | framed record (record_frame.h)
//                                    | u64 last index, 'm'                  | framed: hard state, first, last, their terms, write number; the
//                                    |                                      | newest such row counts, older ones lie between the records
//                                    |                                      | (records before `first` may still be there: they are forgotten)
//
// State store (rocks_state_store.cc)
//   "default"                        | "format"                             | u32 format_version
//                                    | "ledger"                             | ledger id
//                                    | "mark"                               | AppliedMark (applied_mark.h)
//   "state"                          | state key, as the contracts wrote it | state value
//   "entries"                        | u64 entry index                      | ledger::encode_entry
//   "ids"                            | 32 bytes id                          | u64 index of the first entry with that id
//   "rows"                           | id (escaped), u8 kind, u64 index     | empty
//   "tiles"                          | u8 tile level, u64 tile index        | 1..256 hashes of 32 bytes
//   "heights"                        | u64 height                           | u64 tree size, 32 bytes root
//   "certificates"                   | u64 tree size                        | signed note
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/check.h"

namespace daftar::storage {

inline constexpr std::uint32_t format_version = 3;  // 2: a version and the membership in the mark; 3: rows by id before kind

inline void append_number(std::string& out, std::uint64_t v, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out.push_back(static_cast<char>(v >> (8 * i)));
}

/// The big-endian number in the first `bytes` bytes; the caller has checked the length.
inline std::uint64_t number_at(std::string_view in, unsigned bytes) {
  DAFTAR_CHECK(in.size() >= bytes);
  std::uint64_t v = 0;
  for (unsigned i = 0; i < bytes; ++i) v = v << 8 | static_cast<std::uint8_t>(in[i]);
  return v;
}

inline std::string number_key(std::uint64_t v) {
  std::string out;
  append_number(out, v, 8);
  return out;
}

/// Rows of (kind, id), by entry. The id comes first, so that those of a member and of its accounts are neighbours, and a payment puts its rows into
/// fewer places. It ends with 00 01, and a 00 in it is written 00 ff: ("ab", …) stays apart from ("a", b…).
inline std::string row_key(std::uint8_t kind, std::string_view id, std::uint64_t entry_index) {
  std::string out;
  out.reserve(id.size() + 16);
  for (const char c : id) {
    out.push_back(c);
    if (c == '\0') out.push_back('\xff');
  }
  append_number(out, 0x0001, 2);
  append_number(out, kind, 1);
  append_number(out, entry_index, 8);
  return out;
}

inline std::string tile_key(unsigned tile_level, std::uint64_t tile_index) {
  std::string out;
  append_number(out, tile_level, 1);
  append_number(out, tile_index, 8);
  return out;
}

}  // namespace daftar::storage
