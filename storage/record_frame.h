// The frame around every value of the Raft log. RocksDB checks its own blocks; the frame also catches a value that is whole but stands in
// the wrong place, and damage between us and RocksDB.
//
//   u8 version = 2 | u32 CRC32C | u32 length of body | body          (big-endian; the CRC covers version, length and body)
//   body of a record: u64 index | u64 term | u8 kind | payload
//   body of the meta row: u64 term | u64 voted for | u64 commit | u64 first | u64 term before first | u64 last |
//                          u64 last term | u64 write number
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "storage/raft_log.h"

namespace daftar::storage {

/// CRC32C (RFC 3720) of the parts one after the other.
std::uint32_t crc32c(std::initializer_list<std::string_view> parts);

/// All of a framed record but its payload, which follows: so a payload of megabytes is not copied to be framed.
std::string record_header(const LogRecord& record);
/// Nothing when version, length, checksum or shape is wrong.
std::optional<LogRecord> decode_record(std::string_view framed);

struct LogMeta {
  StoredHardState hard_state;
  std::uint64_t first = 1;
  std::uint64_t compacted_term = 0;  // of the record before `first`; 0 when there never was one
  std::uint64_t last = 0;
  std::uint64_t last_term = 0;
  std::uint64_t write_number = 0;  // counts every durable write of this log since it was created
};
std::string encode_meta(const LogMeta& meta);
std::optional<LogMeta> decode_meta(std::string_view framed);

}  // namespace daftar::storage
