#include "tools/audit/ledger_check.h"

#include <chrono>

#include "tools/audit/certificates.h"
#include "tools/audit/copy_comparison.h"
#include "tools/audit/entry_pipeline.h"
#include "tools/audit/progress_file.h"

namespace daftar::audit {
namespace {

using Clock = std::chrono::steady_clock;
using contracts::Difference;
using contracts::KeptEntry;

constexpr std::uint64_t together_min = 2'000, alone_min = 500;   // fewer say nothing about a pace
constexpr std::chrono::milliseconds told_every{200};
constexpr unsigned save_share = 20;                              // writing the record takes at most one part in so many of the time

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Why a check stops before its end.
struct Stop {
  std::optional<Difference> difference;
  std::optional<storage::StorageError> failed;   // a read
  std::optional<tools::ToolError> error;
  bool broken_off = false;
};
using Step = Expected<void, Stop>;

Unexpected<Stop> stop(Difference difference) { return Unexpected<Stop>(Stop{std::move(difference), {}, {}, false}); }
Unexpected<Stop> stop(storage::StorageError failed) { return Unexpected<Stop>(Stop{{}, std::move(failed), {}, false}); }

class Check {
 public:
  Check(std::shared_ptr<const ledger::Genesis> genesis, const storage::StoredLedger& ledger, const CheckOptions& options, std::unique_ptr<contracts::Replay> replay)
      : genesis_(std::move(genesis)), ledger_(ledger), options_(options), replay_(std::move(replay)), workers_(options.threads),
        comparison_(ledger, *replay_), certificates_(workers_, genesis_->origin()), rows_(ledger.certificates(replay_->entries())) {
    report_.begun_at = replay_->entries();
    report_.stored_entries = ledger.mark().entries;
  }

  tools::Result<CheckReport> run();

 private:
  Step all();
  Step check_together(std::uint64_t until);
  Step check_alone();
  Step take(KeptEntry kept);
  Step close_block();
  Step take_certificates(std::uint64_t before, std::uint64_t size);
  Step compare_end();
  Step pause();
  Step save();
  Step stopped_at(const EntryBatch& batch);
  void tell();

  const std::shared_ptr<const ledger::Genesis> genesis_;
  const storage::StoredLedger& ledger_;
  const CheckOptions& options_;
  const std::unique_ptr<contracts::Replay> replay_;
  Workers workers_;
  CopyComparison comparison_;
  CertificateChecks certificates_;
  storage::NumberedRows rows_;                        // of certificates
  std::optional<std::pair<std::uint64_t, std::string>> next_certificate_;
  bool certificates_begun_ = false;
  std::vector<KeptEntry> block_;                      // of one height, not executed yet
  CheckReport report_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point saved_ = begin_, told_ = begin_;
  double save_took_s_ = 0;
};

tools::Result<CheckReport> Check::run() {
  Step done = all();
  if ((done || done.error().broken_off) && !options_.progress_file.empty())
    if (auto saved = save(); !saved) done = std::move(saved);
  report_.entries = replay_->entries();
  report_.height = replay_->position().height;
  report_.root = replay_->root();
  report_.seconds = seconds_since(begin_);
  if (!done) {
    // A certificate before the place at which execution stopped comes first.
    auto certificate = certificates_.finish();
    const Stop& why = done.error();
    if (why.error) return Unexpected<tools::ToolError>(*why.error);
    if (certificate) report_.difference = std::move(certificate);
    else if (why.difference) report_.difference = why.difference;
    else if (why.failed && why.failed->kind == storage::StorageError::Kind::corruption)
      report_.difference = Difference{std::nullopt, 0, "damaged", {}, {}, "The copy is damaged after entry " + std::to_string(report_.entries) + ": " + why.failed->text()};
    else if (why.failed)
      return tools::failure(tools::Exit::usage, "copy", "The copy cannot be read: " + why.failed->text(), "If the node is running, give the command again; better, check a copy of a stopped node.");
    report_.broken_off = why.broken_off && !report_.difference;
  }
  return std::move(report_);
}

Step Check::all() {
  if (ledger_.mark().entries < report_.begun_at)
    return stop(Difference{std::nullopt, 0, "missing", std::to_string(report_.begun_at) + " entries", std::to_string(ledger_.mark().entries),
                           "An earlier check saw " + std::to_string(report_.begun_at) + " entries; this copy says that it has " + std::to_string(ledger_.mark().entries) + "."});
  if (auto begun = comparison_.begin()) return stop(std::move(*begun));
  if (comparison_.failed) return stop(*comparison_.failed);
  if (auto taken = take_certificates(replay_->entries(), replay_->entries()); !taken) return taken;
  const std::uint64_t left = ledger_.mark().entries - replay_->entries();
  if (auto checked = check_together(ledger_.mark().entries - std::min(options_.sample_max, left / 4)); !checked) return checked;
  if (auto checked = check_alone(); !checked) return checked;
  if (auto closed = close_block(); !closed) return closed;
  return compare_end();
}

Step Check::check_together(std::uint64_t until) {
  const auto begin = Clock::now();
  const std::uint64_t from = replay_->entries();
  EntryPipeline pipeline(ledger_, from, until, ledger::transaction_ceiling, workers_, options_.threads);
  while (auto batch = pipeline.next()) {
    for (KeptEntry& kept : batch->entries)
      if (auto taken = take(std::move(kept)); !taken) return taken;
    if (batch->difference || batch->failed) return stopped_at(*batch);
  }
  report_.together = until - from;
  report_.together_s = seconds_since(begin);
  return {};
}

/// What comes before in the same block is executed first: it may differ, too, and earlier.
Step Check::stopped_at(const EntryBatch& batch) {
  if (batch.difference && !block_.empty()) {
    if (auto executed = replay_->execute(block_); !executed && executed.error().entry && *executed.error().entry < *batch.difference->entry) return stop(std::move(executed.error()));
  }
  if (batch.difference) return stop(*batch.difference);
  return stop(*batch.failed);
}

/// A thousand at a time: read, then each step by itself.
Step Check::check_alone() {
  const auto limits = ledger::transaction_ceiling;
  EntryReader reader(ledger_, replay_->entries() + block_.size(), ledger_.mark().entries);
  for (bool more = true; more;) {
    std::vector<EntryReader::Raw> raw;
    while (raw.size() < 1'000) {
      auto next = reader.next();
      if (!next) {
        more = false;
        break;
      }
      raw.push_back(std::move(*next));
    }
    EntryBatch batch;
    const auto verifying = Clock::now();
    for (const auto& [index, bytes] : raw) {
      auto kept = contracts::read_entry(index, bytes, limits);
      if (!kept) {
        batch.difference = std::move(kept.error());
        break;
      }
      batch.entries.push_back(std::move(*kept));
    }
    const auto hashing = Clock::now();
    for (KeptEntry& kept : batch.entries) contracts::hash_leaf(kept);
    const auto executing = Clock::now();
    report_.alone.entries += batch.entries.size();
    for (KeptEntry& kept : batch.entries)
      if (auto taken = take(std::move(kept)); !taken) return taken;
    report_.alone.verify_s += std::chrono::duration<double>(hashing - verifying).count();
    report_.alone.hash_s += std::chrono::duration<double>(executing - hashing).count();
    report_.alone.execute_s += seconds_since(executing);
    if (!batch.difference) {
      batch.difference = reader.difference;
      batch.failed = reader.failed;
    }
    if (batch.difference || batch.failed) return stopped_at(batch);
  }
  return {};
}

Step Check::take(KeptEntry kept) {
  if (!block_.empty() && block_.front().entry.height != kept.entry.height) {
    if (auto closed = close_block(); !closed) return closed;
    if (auto paused = pause(); !paused) return paused;
  }
  if (kept.transaction) report_.signatures += kept.transaction->signatures().size();
  block_.push_back(std::move(kept));
  return {};
}

Step Check::close_block() {
  if (block_.empty()) return {};
  const std::uint64_t before = replay_->entries();
  if (auto other = comparison_.roots_before(block_.front().entry.height)) return stop(std::move(*other));
  if (auto executed = replay_->execute(block_); !executed) return stop(std::move(executed.error()));
  if (auto other = comparison_.block(block_)) return stop(std::move(*other));
  if (comparison_.failed) return stop(*comparison_.failed);
  block_.clear();
  return take_certificates(before, replay_->entries());
}

/// Those of trees larger than `before`, up to `size`.
Step Check::take_certificates(std::uint64_t before, std::uint64_t size) {
  for (;;) {
    if (!next_certificate_) {
      auto row = rows_.next();
      if (!row) return stop(std::move(row.error()));
      if (!*row) return {};
      next_certificate_.emplace((*row)->number, std::string((*row)->bytes));
    }
    const std::uint64_t of = next_certificate_->first;
    if (of > size) return {};
    if (of != size)
      return stop(Difference{std::nullopt, replay_->position().height, "certificate", {}, std::to_string(of),
                             "There is a certificate of a tree of " + std::to_string(of) + " entries, and no block ends with so many: one ends with " + std::to_string(before) + ", the next with " +
                                 std::to_string(size) + "."});
    if (auto other = certificates_.give(std::move(next_certificate_->second), of, replay_->root(), replay_->position().height, replay_->signers())) return stop(std::move(*other));
    next_certificate_.reset();
    ++report_.certificates;
    report_.certified_size = of;
  }
}

Step Check::compare_end() {
  if (auto other = certificates_.finish()) return stop(std::move(*other));
  if (next_certificate_)
    return stop(Difference{std::nullopt, 0, "missing", std::to_string(next_certificate_->first) + " entries", std::to_string(replay_->entries()),
                           "The validators have signed a tree of " + std::to_string(next_certificate_->first) + " entries, and this copy has " + std::to_string(replay_->entries()) +
                               ": entries at its end are missing. (A running node may keep a certificate a moment before its entries: then check again.)"});
  if (auto other = comparison_.end()) return stop(std::move(*other));
  if (comparison_.failed) return stop(*comparison_.failed);
  report_.state_values = comparison_.state_values();
  return {};
}

/// Between two blocks.
Step Check::pause() {
  tell();
  if (options_.break_off != nullptr && *options_.break_off) return Unexpected<Stop>(Stop{{}, {}, {}, true});
  if (options_.progress_file.empty()) return {};
  if (seconds_since(saved_) < std::max<double>(options_.save_every_s, save_share * save_took_s_)) return {};
  return save();
}

/// All certificates up to here are judged first: the record vouches for them, too.
Step Check::save() {
  if (auto other = certificates_.finish()) return stop(std::move(*other));
  const auto begin = Clock::now();
  if (auto written = write_progress(options_.progress_file, *genesis_, *replay_); !written) return Unexpected<Stop>(Stop{{}, {}, written.error(), false});
  save_took_s_ = seconds_since(begin);
  saved_ = Clock::now();
  return {};
}

void Check::tell() {
  if (!options_.tell || Clock::now() - told_ < told_every) return;
  told_ = Clock::now();
  options_.tell({replay_->entries(), ledger_.mark().entries, static_cast<double>(replay_->entries() - report_.begun_at) / seconds_since(begin_)});
}

}  // namespace

std::optional<double> CheckReport::used_of_cores(unsigned threads) const {
  if (together < together_min || alone.entries < alone_min) return std::nullopt;
  return static_cast<double>(together) / together_s / (threads * alone.entries_per_core_s());
}

tools::Result<CheckReport> check_ledger(std::shared_ptr<const ledger::Genesis> genesis, const storage::StoredLedger& ledger, const CheckOptions& options) {
  if (ledger.ledger_id() != genesis->ledger_id().view())
    return tools::failure(tools::Exit::usage, "other_ledger", "The copy is of ledger " + ledger::to_hex(ledger.ledger_id()) + ", the genesis of ledger " + genesis->ledger_id().hex() + ".",
                          "Name the genesis of that ledger with --genesis.");
  auto replay = read_progress(options.progress_file, genesis);
  if (!replay) return Unexpected<tools::ToolError>(replay.error());
  return Check(std::move(genesis), ledger, options, std::move(*replay)).run();
}

}  // namespace daftar::audit
