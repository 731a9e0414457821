// Entries of a stored ledger, read by one thread, decoded, verified and hashed by the workers, handed on in their order. At most a bounded number of batches
// lies between the reader and who takes them.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "contracts/replay.h"
#include "storage/stored_ledger.h"
#include "tools/audit/workers.h"

namespace daftar::audit {

/// Consecutive entries; after a difference, or a failed read, there are none.
struct EntryBatch {
  std::vector<contracts::KeptEntry> entries;
  std::optional<contracts::Difference> difference;
  std::optional<storage::StorageError> failed;
};

/// Entries [from, until), one after another: which bytes are kept in each one's place. Nothing at the end; a Difference where one is missing.
class EntryReader {
 public:
  EntryReader(const storage::StoredLedger& ledger, std::uint64_t from, std::uint64_t until) : rows_(ledger.entries(from)), next_(from), until_(until) {}
  struct Raw {
    std::uint64_t index = 0;
    std::string bytes;
  };
  std::optional<Raw> next();
  /// Why there were no more before `until`.
  std::optional<contracts::Difference> difference;
  std::optional<storage::StorageError> failed;

 private:
  storage::NumberedRows rows_;
  std::uint64_t next_;
  const std::uint64_t until_;
};

class EntryPipeline {
 public:
  EntryPipeline(const storage::StoredLedger& ledger, std::uint64_t from, std::uint64_t until, const ledger::TransactionLimits& limits, Workers& workers, unsigned threads);
  ~EntryPipeline();
  EntryPipeline(const EntryPipeline&) = delete;
  /// Waits for the next batch; null: there are no more.
  std::unique_ptr<EntryBatch> next();

 private:
  struct Place {
    std::vector<EntryReader::Raw> raw;
    std::unique_ptr<EntryBatch> batch = std::make_unique<EntryBatch>();
    bool done = false;
  };
  void read(EntryReader reader);
  bool give(std::shared_ptr<Place> place);

  const ledger::TransactionLimits limits_;
  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Place>> places_;   // in the order of the ledger
  std::size_t at_work_ = 0;                     // given to the workers and not done
  bool all_read_ = false, over_ = false;
  Workers& workers_;
  std::thread reader_;
};

}  // namespace daftar::audit
