#include "storage/rocks_state_reads.h"

#include <algorithm>

#include "storage/keys.h"

namespace daftar::storage {

rocksdb::ReadOptions RocksReads::options() const {
  rocksdb::ReadOptions out;
  out.snapshot = snapshot_;
  return out;
}

std::optional<std::string> RocksReads::value(std::size_t family_index, std::string_view key) const {
  std::string out;
  const auto status = database_->db().Get(options(), database_->family(family_index), key, &out);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) stop_on_failed_read(status, database_->path(), std::string("reading from ") + family::names[family_index]);
  return out;
}

std::vector<std::optional<std::string>> RocksReads::values(std::size_t family_index, const std::vector<std::string>& keys) const {
  const std::vector<rocksdb::Slice> wanted(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  database_->db().MultiGet(options(), database_->family(family_index), keys.size(), wanted.data(), found.data(), statuses.data(), /*sorted_input*/ true);
  std::vector<std::optional<std::string>> out(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    if (!statuses[i].ok()) stop_on_failed_read(statuses[i], database_->path(), std::string("reading from ") + family::names[family_index]);
    out[i] = found[i].ToString();
  }
  return out;
}

std::unique_ptr<rocksdb::Iterator> RocksReads::iterate(std::size_t family_index, const rocksdb::Slice* lower, const rocksdb::Slice* upper) const {
  auto with_bounds = options();
  with_bounds.iterate_lower_bound = lower;
  with_bounds.iterate_upper_bound = upper;
  return std::unique_ptr<rocksdb::Iterator>(database_->db().NewIterator(with_bounds, database_->family(family_index)));
}

void RocksReads::check(const rocksdb::Iterator& at) const {
  if (!at.status().ok()) stop_on_failed_read(at.status(), database_->path(), "scanning");
}

void RocksReads::scan(std::string_view from, std::string_view to, const std::function<bool(std::string_view, std::string_view)>& visit) const {
  if (from >= to) return;
  const rocksdb::Slice lower = from, upper = to;
  const auto at = iterate(family::state, &lower, &upper);
  for (at->Seek(lower); at->Valid(); at->Next())
    if (!visit(at->key().ToStringView(), at->value().ToStringView())) break;
  check(*at);
}

RocksSnapshot::RocksSnapshot(const std::shared_ptr<const Database>& database, AppliedMark mark)
    : database_(database), snapshot_(&database->db()), reads_(database, snapshot_.snapshot()), mark_(std::move(mark)) {}

std::optional<ledger::Entry> RocksSnapshot::entry(std::uint64_t index) const {
  const auto row = reads_.value(family::entries, number_key(index));
  if (!row) {
    if (index < mark_.entries) stop_on_corrupt_row(reads_.database().path(), "entry " + std::to_string(index) + ", which is missing and");
    return std::nullopt;
  }
  auto entry = ledger::decode_entry(*row);
  if (!entry || entry->index != index) stop_on_corrupt_row(reads_.database().path(), "entry " + std::to_string(index));
  return entry;
}

std::optional<std::uint64_t> RocksSnapshot::find_entry(const ledger::Digest& id) const {
  const auto row = reads_.value(family::ids, id.view());
  if (!row) return std::nullopt;
  if (row->size() != 8) stop_on_corrupt_row(reads_.database().path(), "the index of id " + id.hex());
  return number_at(*row, 8);
}

std::vector<std::uint64_t> RocksSnapshot::find_rows(std::uint8_t kind, std::string_view id, std::uint64_t from_index, std::size_t limit) const {
  limit = std::clamp<std::size_t>(limit, 1, 1000);
  const std::string first = row_key(kind, id, from_index), last = row_key(kind, id, UINT64_MAX) + '\0';
  const rocksdb::Slice lower = first, upper = last;
  std::vector<std::uint64_t> out;
  const auto at = reads_.iterate(family::rows, &lower, &upper);
  for (at->Seek(lower); at->Valid() && out.size() < limit; at->Next()) out.push_back(number_at(at->key().ToStringView().substr(first.size() - 8), 8));
  reads_.check(*at);
  return out;
}

std::vector<std::uint64_t> RocksSnapshot::find_rows_reverse(std::uint8_t kind, std::string_view id, std::uint64_t before_index, std::size_t limit) const {
  limit = std::clamp<std::size_t>(limit, 1, 1000);
  const std::string first = row_key(kind, id, 0), end = row_key(kind, id, before_index);
  const rocksdb::Slice lower = first, upper = end;
  std::vector<std::uint64_t> out;
  const auto at = reads_.iterate(family::rows, &lower, &upper);
  for (at->SeekToLast(); at->Valid() && out.size() < limit; at->Prev()) out.push_back(number_at(at->key().ToStringView().substr(first.size() - 8), 8));
  reads_.check(*at);
  return out;
}

std::string RocksSnapshot::tile(unsigned tile_level, std::uint64_t tile_index) const {
  return reads_.value(family::tiles, tile_key(tile_level, tile_index)).value_or(std::string());
}

std::optional<StateSnapshot::HeightRoot> RocksSnapshot::root_at(std::uint64_t height) const {
  const auto row = reads_.value(family::heights, number_key(height));
  if (!row) return std::nullopt;
  if (row->size() != 8 + 32) stop_on_corrupt_row(reads_.database().path(), "the root at height " + std::to_string(height));
  return HeightRoot{.size = number_at(*row, 8), .root = *ledger::Digest::from_bytes(std::string_view(*row).substr(8))};
}

std::optional<std::string> RocksSnapshot::latest_certificate() const {
  const auto at = reads_.iterate(family::certificates, nullptr, nullptr);
  at->SeekToLast();
  reads_.check(*at);
  if (!at->Valid()) return std::nullopt;
  return at->value().ToString();
}

std::optional<std::string> RocksSnapshot::certificate_covering(std::uint64_t index) const {
  if (index == UINT64_MAX) return std::nullopt;
  const auto at = reads_.iterate(family::certificates, nullptr, nullptr);
  at->Seek(number_key(index + 1));
  reads_.check(*at);
  if (!at->Valid()) return std::nullopt;
  return at->value().ToString();
}

}  // namespace daftar::storage
