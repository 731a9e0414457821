#include "storage/snapshot_files.h"

#include <algorithm>

#include "ledger/check.h"
#include "ledger/encoding.h"

namespace daftar::storage {

namespace {

constexpr std::uint8_t manifest_version = 1, list_version = 1;
constexpr std::string_view manifest_prefix = "MANIFEST-", table_suffix = ".sst", current_name = "CURRENT";
enum class Kind { table, manifest, current, none };

bool is_file_number(std::string_view text) {
  return text.size() >= 6 && text.size() <= 19 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Kind kind_of(std::string_view name) {
  if (name == current_name) return Kind::current;
  if (name.starts_with(manifest_prefix) && is_file_number(name.substr(manifest_prefix.size()))) return Kind::manifest;
  if (name.ends_with(table_suffix) && is_file_number(name.substr(0, name.size() - table_suffix.size()))) return Kind::table;
  return Kind::none;
}

}  // namespace

std::string encode_manifest(const SnapshotManifest& manifest) {
  DAFTAR_CHECK(manifest.ledger_id.size() == 32);
  ledger::Writer out;
  out.u8(manifest_version);
  out.raw(manifest.ledger_id);
  out.u64(manifest.raft_index);
  out.u64(manifest.raft_term);
  out.u64(manifest.height);
  out.u64(manifest.entries);
  out.raw(manifest.root.view());
  out.u64(manifest.size);
  out.u32(manifest.list_size);
  out.raw(manifest.list_digest.view());
  return out.take();
}

std::optional<SnapshotManifest> decode_manifest(std::string_view bytes) {
  ledger::Reader in(bytes);
  if (in.u8() != manifest_version) return std::nullopt;
  SnapshotManifest out;
  out.ledger_id = in.raw(32);
  out.raft_index = in.u64();
  out.raft_term = in.u64();
  out.height = in.u64();
  out.entries = in.u64();
  const auto root = ledger::Digest::from_bytes(in.raw(32));
  out.size = in.u64();
  out.list_size = in.u32();
  const auto list_digest = ledger::Digest::from_bytes(in.raw(32));
  if (!in.done() || !root || !list_digest) return std::nullopt;
  out.root = *root;
  out.list_digest = *list_digest;
  if (out.list_size == 0 || out.list_size > SnapshotManifest::list_bytes_max || out.list_size > out.size) return std::nullopt;
  return out;
}

bool is_snapshot_file(std::string_view name) { return kind_of(name) != Kind::none; }

bool comes_before(const SnapshotFile& a, const SnapshotFile& b) {
  const Kind kind_a = kind_of(a.name), kind_b = kind_of(b.name);
  return kind_a != kind_b ? kind_a < kind_b : a.name < b.name;
}

std::string encode_list(const std::vector<SnapshotFile>& files) {
  ledger::Writer out;
  out.u8(list_version);
  out.u32(static_cast<std::uint32_t>(files.size()));
  for (const auto& file : files) {
    DAFTAR_CHECK(is_snapshot_file(file.name));
    out.u8(static_cast<std::uint8_t>(file.name.size()));
    out.raw(file.name);
    out.u64(file.size);
    out.raw(file.digest.view());
  }
  return out.take();
}

std::optional<std::vector<SnapshotFile>> decode_list(std::string_view list, const SnapshotManifest& manifest) {
  if (list.size() != manifest.list_size || ledger::sha256(list) != manifest.list_digest) return std::nullopt;
  ledger::Reader in(list);
  if (in.u8() != list_version) return std::nullopt;
  const std::uint32_t count = in.u32();
  std::vector<SnapshotFile> files;
  std::uint64_t left = manifest.size - manifest.list_size;
  std::size_t manifests = 0, currents = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    SnapshotFile file;
    file.name = in.raw(in.u8());
    file.size = in.u64();
    const auto digest = ledger::Digest::from_bytes(in.raw(32));
    if (!in.ok() || !digest) return std::nullopt;  // before more memory is taken: what was read is as long as it says
    file.digest = *digest;
    const Kind kind = kind_of(file.name);
    if (kind == Kind::none || file.size == 0 || file.size > left) return std::nullopt;
    if (!files.empty() && !comes_before(files.back(), file)) return std::nullopt;
    left -= file.size;
    manifests += kind == Kind::manifest;
    currents += kind == Kind::current;
    files.push_back(std::move(file));
  }
  if (!in.done() || left != 0 || manifests != 1 || currents != 1) return std::nullopt;
  return files;
}

}  // namespace daftar::storage
