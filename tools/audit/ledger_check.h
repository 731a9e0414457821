// The whole of a node's copy of the ledger, held against what its genesis and its transactions make: every signature, every leaf, every result executed
// again, every root, every certificate, every tile, every value of the state. The first difference is named.
//
// One thread reads, `threads` workers decode, verify and hash, the calling thread executes in order. The last entries (at most `sample_max`, and a quarter of
// all) are checked one step after the other on the calling thread alone, which measures each step by itself: with the pace of the others that tells how well
// all cores were used.
#pragma once
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "contracts/replay.h"
#include "storage/stored_ledger.h"
#include "tools/error.h"

namespace daftar::audit {

struct CheckProgress {
  std::uint64_t done = 0, total = 0;   // entries, with those before the start
  double per_second = 0;               // entries of this run
};

struct CheckOptions {
  unsigned threads = 1;
  std::filesystem::path progress_file = {};               // empty: begin at the genesis, keep no record
  unsigned save_every_s = 60;                             // how often the record is written; less often where writing it takes long
  std::uint64_t sample_max = 20'000;
  std::function<void(const CheckProgress&)> tell = {};    // called some times a second
  const std::atomic<bool>* break_off = nullptr;           // asked after each block
};

/// Seconds of one core for `entries`, each step alone.
struct StepTimes {
  std::uint64_t entries = 0;
  double verify_s = 0, hash_s = 0, execute_s = 0;
  double entries_per_core_s() const { return entries / (verify_s + hash_s + execute_s); }
};

struct CheckReport {
  std::optional<contracts::Difference> difference;
  bool broken_off = false;
  std::uint64_t begun_at = 0;          // entries that an earlier check vouches for
  std::uint64_t entries = 0, height = 0;   // how far it came; all, unless broken off or different
  std::uint64_t stored_entries = 0;    // what the copy says of itself
  std::uint64_t signatures = 0, certificates = 0, state_values = 0;   // held in this run
  std::uint64_t certified_size = 0;    // the largest tree with a certificate, of those seen in this run
  ledger::Digest root;
  double seconds = 0;
  std::uint64_t together = 0;          // entries checked by all threads together, and in which time
  double together_s = 0;
  StepTimes alone;
  /// together's pace / (threads × the pace of one core doing all three steps). Nothing: too few to tell.
  std::optional<double> used_of_cores(unsigned threads) const;
};

/// The error: why nothing can be said (another ledger, a file that cannot be read or written).
tools::Result<CheckReport> check_ledger(std::shared_ptr<const ledger::Genesis> genesis, const storage::StoredLedger& ledger, const CheckOptions& options);

}  // namespace daftar::audit
