#include "storage/wal_tail.h"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
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

/// A write begins with u64 sequence number and u32 count of changes; `at` is where its first whole fragment begins.
bool is_empty_write(std::string_view content, std::size_t at, const Fragment& fragment) {
  const std::string_view data = content.substr(at + header_size, fragment.end - at - header_size);
  return fragment.type == full && data.size() == 12 && little_endian(data.substr(8), 4) == 0;
}

/// Whether a whole fragment that begins a write stands anywhere at or after `from`. Lengths in a damaged stretch cannot be trusted, so every
/// offset is tried. Bytes inside an unfinished write that look like a beginning make us refuse too: that errs to the safe side.
bool write_begins_after(std::string_view content, std::size_t from) {
  for (std::size_t at = from; at + header_size <= content.size(); ++at) {
    const auto type = static_cast<std::uint8_t>(content[at + 6]);
    if ((type == full || type == first) && fragment_at(content, at)) return true;
  }
  return false;
}

WalDamage damage_at(std::string_view content, std::size_t at, const std::string& what, bool writes) {
  const bool more = write_begins_after(content, at + 1);
  return {.place = more ? WalDamage::Place::in_middle : WalDamage::Place::at_end,
          .detail = what + " at byte " + std::to_string(at) + (more ? ", with later writes after it" : ", nothing written after it"),
          .writes = writes};
}

}  // namespace

WalDamage examine_wal(std::string_view content) {
  bool writes = false;
  bool inside = false;      // between a first and its last fragment
  std::size_t at = 0, begin = 0;
  while (at < content.size()) {
    if (block_size - at % block_size < header_size) {  // the zeros at the end of a block
      at += block_size - at % block_size;
      continue;
    }
    const auto fragment = fragment_at(content, at);
    if (!fragment) return damage_at(content, at, "broken record", writes);
    const bool begins = fragment->type == full || fragment->type == first;
    if (begins == inside) return damage_at(content, at, inside ? "record without its end" : "record without its beginning", writes);
    if (begins) begin = at;
    writes |= begins && !is_empty_write(content, at, *fragment);
    inside = fragment->type == first || fragment->type == middle;
    at = fragment->end;
  }
  if (inside) return damage_at(content, begin, "unfinished record", writes);
  return {.place = WalDamage::Place::none, .detail = {}, .writes = writes};
}

Expected<WalDamage, StorageError> examine_wals(rocksdb::Env* env, const std::string& path) {
  auto& fs = *env->GetFileSystem();
  std::vector<std::string> names;
  if (const auto status = fs.GetChildren(path, {}, &names, nullptr); !status.ok())
    return Unexpected<StorageError>(to_error(status, path, "listing the write-ahead logs"));
  std::vector<std::pair<std::uint64_t, std::string>> wals;
  for (const auto& name : names) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && std::string_view(end, name.data() + name.size()) == ".log") wals.emplace_back(number, name);
  }
  std::sort(wals.begin(), wals.end());
  WalDamage found;
  for (const auto& [number, name] : wals) {
    std::string content;
    if (const auto status = rocksdb::ReadFileToString(&fs, path + "/" + name, &content); !status.ok())
      return Unexpected<StorageError>(to_error(status, path, "reading " + name));
    WalDamage damage = examine_wal(content);
    damage.detail = name + ": " + damage.detail;
    if (damage.place == WalDamage::Place::in_middle) return damage;
    if (found.place == WalDamage::Place::none) {
      found = std::move(damage);
    } else if (damage.writes) {
      found.place = WalDamage::Place::in_middle;
      found.detail += "; " + name + " was written after it";
      return found;
    }
  }
  return found;
}

}  // namespace daftar::storage
