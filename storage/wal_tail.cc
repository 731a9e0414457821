#include "storage/wal_tail.h"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "storage/record_frame.h"
#include "storage/rocks_database.h"

namespace daftar::storage {

namespace {

constexpr std::size_t block_size = 32768;
constexpr std::size_t header_size = 7;
enum Type : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

std::uint32_t little_endian(std::string_view in, unsigned bytes) {
  std::uint32_t v = 0;
  for (unsigned i = bytes; i-- > 0;) v = v << 8 | static_cast<std::uint8_t>(in[i]);
  return v;
}

/// RocksDB stores CRCs masked, so that a CRC over bytes that hold CRCs stays a good one.
std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

struct Fragment {
  std::uint8_t type = 0;
  std::size_t end = 0;  // offset after it
};

/// The whole fragment that begins at `at`, if there is one.
std::optional<Fragment> fragment_at(std::string_view content, std::size_t at) {
  const std::size_t left_in_block = block_size - at % block_size;
  if (left_in_block < header_size || content.size() - at < header_size) return std::nullopt;
  const std::size_t length = little_endian(content.substr(at + 4), 2);
  const auto type = static_cast<std::uint8_t>(content[at + 6]);
  if (type < full || type > last || header_size + length > left_in_block || header_size + length > content.size() - at) return std::nullopt;
  if (little_endian(content.substr(at), 4) != masked(crc32c({content.substr(at + 6, 1 + length)}))) return std::nullopt;
  return Fragment{type, at + header_size + length};
}

bool begins_write(const Fragment& fragment) { return fragment.type == full || fragment.type == first; }

/// The sequence number of the last change of the write whose first fragment is at `at`; 0 when the fragment is too short to say.
std::uint64_t last_sequence_of(std::string_view content, std::size_t at, const Fragment& fragment) {
  const std::string_view data = content.substr(at + header_size, fragment.end - at - header_size);
  if (data.size() < 12) return 0;
  const std::uint64_t sequence = little_endian(data, 4) | std::uint64_t{little_endian(data.substr(4), 4)} << 32;
  const std::uint64_t count = little_endian(data.substr(8), 4);
  return count == 0 ? 0 : sequence + count - 1;  // RocksDB itself begins a file with an empty write when it has cut a tail
}

/// Finishes a reading at damage: looks for whole beginnings of writes behind it. Lengths in a damaged stretch cannot be trusted, so every
/// offset is tried. Bytes inside an unfinished write that look like a beginning count too, which can only make us refuse: the safe side.
WalReading damaged_at(std::string_view content, std::size_t at, const std::string& what, WalReading reading) {
  reading.damaged = true;
  reading.detail = what + " at byte " + std::to_string(at);
  for (++at; at + header_size <= content.size(); ++at) {
    const auto type = static_cast<std::uint8_t>(content[at + 6]);
    if (type != full && type != first) continue;
    if (const auto fragment = fragment_at(content, at)) reading.last_sequence = std::max(reading.last_sequence, last_sequence_of(content, at, *fragment));
  }
  return reading;
}

}  // namespace

WalReading read_wal(std::string_view content) {
  WalReading reading;
  bool inside = false;  // between a first and its last fragment
  std::size_t at = 0, begin = 0;
  std::uint64_t sequence = 0;  // of the write that began at `begin`; counts once its end is there
  while (at < content.size()) {
    if (block_size - at % block_size < header_size) {  // the zeros at the end of a block
      at += block_size - at % block_size;
      continue;
    }
    const auto fragment = fragment_at(content, at);
    if (!fragment) return damaged_at(content, at, "broken record", reading);
    if (begins_write(*fragment) == inside)
      return damaged_at(content, inside ? begin : at, inside ? "record without its end" : "record without its beginning", reading);
    if (begins_write(*fragment)) {
      begin = at;
      sequence = last_sequence_of(content, at, *fragment);
    }
    inside = fragment->type == first || fragment->type == middle;
    if (!inside) reading.last_sequence = std::max(reading.last_sequence, sequence);
    at = fragment->end;
  }
  if (inside) return damaged_at(content, begin, "unfinished record", reading);
  return reading;
}

Expected<WalReading, StorageError> read_wals(rocksdb::Env* env, const std::string& path) {
  auto& fs = *env->GetFileSystem();
  std::vector<std::string> names;
  if (const auto status = fs.GetChildren(path, {}, &names, nullptr); !status.ok())
    return Unexpected<StorageError>(to_error(status, path, "listing the write-ahead logs"));
  std::sort(names.begin(), names.end());
  WalReading all;
  for (const auto& name : names) {
    if (!name.ends_with(".log")) continue;
    std::string content;
    if (const auto status = rocksdb::ReadFileToString(&fs, path + "/" + name, &content); !status.ok())
      return Unexpected<StorageError>(to_error(status, path, "reading " + name));
    const WalReading one = read_wal(content);
    all.last_sequence = std::max(all.last_sequence, one.last_sequence);
    if (one.damaged) all.detail += (all.damaged ? "; " : "") + name + ": " + one.detail;
    all.damaged |= one.damaged;
  }
  return all;
}

}  // namespace daftar::storage
