#include "storage/rocks_state_database.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>

#include "storage/keys.h"
#include "storage/rocks_state_reads.h"

namespace daftar::storage {

namespace {

rocksdb::CompressionType block_compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  return std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end() ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

}  // namespace

rocksdb::DBOptions state_database_options(const StateStoreOptions& options, rocksdb::Env* env) {
  rocksdb::DBOptions out;
  out.env = env;
  out.create_if_missing = true;
  out.atomic_flush = true;
  out.avoid_flush_during_shutdown = false;
  out.db_write_buffer_size = options.memtable_bytes;
  out.max_background_jobs = 2;
  return out;
}

std::vector<rocksdb::ColumnFamilyDescriptor> state_column_families(const StateStoreOptions& options) {
  // Few threads read, so few shards: with RocksDB's own choice of 64 a shard is so small that a larger block never stays in it.
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes, /*num_shard_bits*/ 2);
  std::vector<rocksdb::ColumnFamilyDescriptor> out;
  for (std::size_t i = 0; i < std::size(family::names); ++i) {
    rocksdb::BlockBasedTableOptions table;
    table.format_version = 5;
    table.checksum = rocksdb::kXXH3;
    table.block_cache = cache;
    // Index and filters are counted in the cache and stay there while their file is open (max_open_files bounds them). Left to be evicted,
    // the filter of a file of a million keys, over a megabyte, was read and checksummed anew for each look-up: 2 ms for a payment.
    table.cache_index_and_filter_blocks = true;
    table.metadata_cache_options.unpartitioned_pinning = rocksdb::PinningTier::kAll;
    const bool looked_up_when_absent = i == family::state || i == family::ids;
    rocksdb::ColumnFamilyOptions of_family;
    if (looked_up_when_absent) {
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
      of_family.memtable_whole_key_filtering = true;       // new ids are looked for and not found: not by a walk through the skip list
      of_family.memtable_prefix_bloom_size_ratio = 0.02;
    }
    of_family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    of_family.write_buffer_size = options.memtable_bytes;  // the sum over all families is what triggers: db_write_buffer_size
    of_family.arena_block_size = std::clamp<std::size_t>(options.memtable_bytes / 64, 4096, 1u << 20);
    // A batch brings a family's keys in order, so that each is looked for from where the one before it was put, and not from the top of the skip list.
    of_family.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(0));
    of_family.level0_file_num_compaction_trigger = 8;      // keys are spread evenly: each time, all of the level below is written anew
    of_family.max_write_buffer_number = 4;                 // go on while a flush is written
    const bool hashes = i == family::ids || i == family::tiles || i == family::heights;
    of_family.compression = hashes ? rocksdb::kNoCompression : block_compression();
    out.emplace_back(family::names[i], of_family);
  }
  return out;
}

Expected<std::shared_ptr<Database>, StorageError> look_into_state(const std::string& path, rocksdb::Env* env, bool hold_files) {
  const StateStoreOptions small{.path = path, .memtable_bytes = 1u << 20, .block_cache_bytes = 8u << 20};
  auto options = state_database_options(small, env);
  std::vector<std::string> names;
  if (const auto status = rocksdb::DB::ListColumnFamilies(options, path, &names); !status.ok()) return Unexpected<StorageError>(to_error(status, path, "reading"));
  std::sort(names.begin(), names.end());
  std::vector<std::string> wanted(std::begin(family::names), std::end(family::names));
  std::sort(wanted.begin(), wanted.end());
  if (names != wanted) return corrupt(path, "the database has not the column families of a state store");  // it could not be opened for writing
  return Database::open_read_only(path, options, state_column_families(small), hold_files);
}

Expected<std::optional<LoadedState>, StorageError> load_state(const Database& database) {
  std::optional<std::string> rows[3];
  const std::string_view keys[] = {format_key, ledger_key, mark_key};
  for (int i = 0; i < 3; ++i) {
    auto row = database.get(family::meta, keys[i]);
    if (!row) return Unexpected<StorageError>(row.error());
    rows[i] = std::move(*row);
  }
  const auto& [format, ledger, mark_row] = rows;
  if (!format && !ledger && !mark_row) return std::optional<LoadedState>();
  if (!format || !ledger || !mark_row || format->size() != 4) return corrupt(database.path(), "the store's format, ledger id or mark is missing");
  if (number_at(*format, 4) != format_version)
    return corrupt(database.path(), "the store has format " + std::to_string(number_at(*format, 4)) + ", this program reads " + std::to_string(format_version));
  LoadedState out;
  out.ledger_id = *ledger;
  auto mark = decode_mark(*mark_row);
  if (!mark) return corrupt(database.path(), "the mark cannot be decoded");
  out.mark = std::move(*mark);
  auto frontier = ledger::MerkleFrontier::restore(out.mark.entries, out.mark.frontier);
  if (!frontier) return corrupt(database.path(), "the mark's subtrees do not fit its " + std::to_string(out.mark.entries) + " entries");
  out.frontier = std::move(*frontier);
  std::optional<StorageError> failed;
  const bool tiles_fit = out.tiles.restore(out.mark.entries, [&](unsigned level, std::uint64_t index) {
    auto tile = database.get(family::tiles, tile_key(level, index));
    if (!tile) failed = tile.error();
    return tile && *tile ? **tile : std::string();
  });
  if (failed) return Unexpected<StorageError>(*failed);
  if (!tiles_fit) return corrupt(database.path(), "the tiles do not fit " + std::to_string(out.mark.entries) + " entries");
  return std::optional<LoadedState>(std::move(out));
}

Expected<std::optional<ledger::Digest>, StorageError> root_from_tiles(const Database& database, std::uint64_t size) {
  std::vector<ledger::Digest> subtrees;
  for (unsigned level = 64; level-- > 0;) {
    if ((size >> level & 1) == 0) continue;
    // The complete subtree of 2^level leaves that ends where this bit of the size ends: 2^(level % 8) neighbouring hashes of one tile.
    const unsigned tile_level = level / ledger::tile_height;
    const std::uint64_t width = std::uint64_t{1} << level % ledger::tile_height;
    const std::uint64_t first = (size >> level ^ 1) * width;
    auto tile = database.get(family::tiles, tile_key(tile_level, first / ledger::tile_width));
    if (!tile) return Unexpected<StorageError>(tile.error());
    const std::size_t offset = first % ledger::tile_width * 32;
    if (!*tile || (*tile)->size() < offset + width * 32) return std::optional<ledger::Digest>();
    std::vector<ledger::Digest> hashes;
    for (std::size_t at = offset; at < offset + width * 32; at += 32) hashes.push_back(*ledger::Digest::from_bytes(std::string_view(**tile).substr(at, 32)));
    subtrees.push_back(ledger::root_of(hashes));
  }
  const auto frontier = ledger::MerkleFrontier::restore(size, std::move(subtrees));
  return std::optional<ledger::Digest>(frontier->root());
}

Expected<std::optional<std::pair<std::uint64_t, std::string>>, StorageError> newest_certificate(const Database& database) {
  using Found = std::optional<std::pair<std::uint64_t, std::string>>;
  const std::unique_ptr<rocksdb::Iterator> at(database.db().NewIterator({}, database.family(family::certificates)));
  at->SeekToLast();
  if (!at->status().ok()) return Unexpected<StorageError>(to_error(at->status(), database.path(), "reading certificates"));
  if (!at->Valid()) return Found();
  if (at->key().size() != 8) return corrupt(database.path(), "a certificate is not kept under a tree size");
  return Found({number_at(at->key().ToStringView(), 8), at->value().ToString()});
}

}  // namespace daftar::storage
