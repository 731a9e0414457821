#include "tools/audit/entry_pipeline.h"

namespace daftar::audit {
namespace {

constexpr std::size_t batch_entries_max = 128, batch_bytes_max = 1u << 20;

void judge(const std::vector<EntryReader::Raw>& raw, const ledger::TransactionLimits& limits, EntryBatch& batch) {
  batch.entries.reserve(raw.size());
  for (const auto& [index, bytes] : raw) {
    auto kept = contracts::read_entry(index, bytes, limits);
    if (!kept) {
      batch.difference = std::move(kept.error());   // before whatever ended the reading
      batch.failed.reset();
      return;
    }
    contracts::hash_leaf(*kept);
    batch.entries.push_back(std::move(*kept));
  }
}

}  // namespace

std::optional<EntryReader::Raw> EntryReader::next() {
  if (next_ == until_ || difference || failed) return std::nullopt;
  auto row = rows_.next();
  if (!row) {
    failed = std::move(row.error());
    return std::nullopt;
  }
  if (!*row || (*row)->number != next_) {
    const std::string name = "Entry " + std::to_string(next_);
    difference = contracts::Difference{next_, 0, "missing", std::to_string(next_), *row ? std::to_string((*row)->number) : "none",
                                       *row ? name + " is missing: entry " + std::to_string((*row)->number) + " comes in its place."
                                            : name + " is missing: the copy says that it has " + std::to_string(until_) + " entries."};
    return std::nullopt;
  }
  return Raw{next_++, std::string((*row)->bytes)};
}

EntryPipeline::EntryPipeline(const storage::StoredLedger& ledger, std::uint64_t from, std::uint64_t until, const ledger::TransactionLimits& limits, Workers& workers,
                             unsigned threads)
    : limits_(limits), waiting_max_(8 + 4 * threads), workers_(workers), reader_([this, reader = EntryReader(ledger, from, until)]() mutable { read(std::move(reader)); }) {}

EntryPipeline::~EntryPipeline() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  reader_.join();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return at_work_ == 0; });
}

void EntryPipeline::read(EntryReader reader) {
  for (bool more = true; more;) {
    auto place = std::make_shared<Place>();
    std::size_t bytes = 0;
    while (place->raw.size() < batch_entries_max && bytes < batch_bytes_max) {
      auto raw = reader.next();
      if (!raw) {
        more = false;
        break;
      }
      bytes += raw->bytes.size();
      place->raw.push_back(std::move(*raw));
    }
    place->batch->difference = reader.difference;
    place->batch->failed = reader.failed;
    if (!give(std::move(place))) return;
  }
  const std::lock_guard lock(mutex_);
  all_read_ = true;
  changed_.notify_all();
}

/// False: nobody takes any more.
bool EntryPipeline::give(std::shared_ptr<Place> place) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_ || places_.size() < waiting_max_; });
    if (over_) return false;
    places_.push_back(place);
    ++at_work_;
  }
  workers_.give([this, place = std::move(place)] {
    judge(place->raw, limits_, *place->batch);
    place->raw.clear();
    const std::lock_guard lock(mutex_);
    place->done = true;
    --at_work_;
    changed_.notify_all();
  });
  return true;
}

std::unique_ptr<EntryBatch> EntryPipeline::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return places_.empty() ? all_read_ : places_.front()->done; });
  if (places_.empty()) return nullptr;
  auto batch = std::move(places_.front()->batch);
  places_.pop_front();
  changed_.notify_all();
  return batch;
}

}  // namespace daftar::audit
