// How far a check of a ledger has come, in a file, so that it can go on from there: after a break, or next month from where it ended.
//
//   "DAC1" | 32 ledger id | u64 height | u64 block time ms | u64 entries | u32 count, 32 each: the complete subtrees of their log (merkle_log.h)
//          | u64 count, then for each value of the state, in the order of keys: u32 size, key, u32 size, value
//          | 32 SHA-256 of all before                                                                                            (big-endian)
//
// What it says is believed: what lies before is not executed again. Keep it as you would your own notes; do not take it from who is audited.
#pragma once
#include <filesystem>
#include <memory>

#include "contracts/replay.h"
#include "tools/error.h"

namespace daftar::audit {

/// Durable when it returns; a crash leaves the old file or the new one.
tools::Result<void> write_progress(const std::filesystem::path& file, const ledger::Genesis& genesis, const contracts::Replay& replay);
/// From the genesis when there is no such file. progress_damaged: cut short or changed; progress_of_another_ledger.
tools::Result<std::unique_ptr<contracts::Replay>> read_progress(const std::filesystem::path& file, std::shared_ptr<const ledger::Genesis> genesis);

}  // namespace daftar::audit
