#include "tools/audit/progress_file.h"

#include "ledger/encoding.h"
#include "tools/files.h"

namespace daftar::audit {
namespace {

using tools::Exit;
using tools::ToolError;

constexpr std::string_view progress_magic = "DAC1";
constexpr std::size_t digest_bytes = 32, progress_bytes_max = std::size_t{1} << 38;

Unexpected<ToolError> damaged(const std::filesystem::path& file) {
  return tools::failure(Exit::usage, "progress_damaged", file.string() + " is not the record of a check, or was damaged since it was written.",
                        "Nothing of it is used. Delete it, or name another file, and check from the beginning.");
}

std::optional<contracts::ReplayPosition> read_position(ledger::Reader& in) {
  contracts::ReplayPosition position;
  position.height = in.u64();
  position.time_ms = in.u64();
  const std::uint64_t entries = in.u64();
  std::vector<ledger::Digest> subtrees;
  for (auto count = in.u32(); count > 0 && in.ok(); --count) {
    const auto digest = ledger::Digest::from_bytes(in.raw(digest_bytes));
    if (digest) subtrees.push_back(*digest);
  }
  auto log = ledger::MerkleFrontier::restore(entries, std::move(subtrees));
  if (!in.ok() || !log) return std::nullopt;
  position.log = std::move(*log);
  return position;
}

}  // namespace

tools::Result<void> write_progress(const std::filesystem::path& file, const ledger::Genesis& genesis, const contracts::Replay& replay) {
  const auto& [height, time_ms, log] = replay.position();
  ledger::Writer out;
  out.raw(progress_magic);
  out.raw(genesis.ledger_id().view());
  out.u64(height);
  out.u64(time_ms);
  out.u64(log.size());
  out.u32(static_cast<std::uint32_t>(log.subtrees().size()));
  for (const auto& subtree : log.subtrees()) out.raw(subtree.view());
  out.u64(replay.state().values().size());
  for (const auto& [key, value] : replay.state().values()) {
    out.bytes(key);
    out.bytes(value);
  }
  out.raw(ledger::sha256(out.str()).view());
  return tools::write_file(file, out.str(), 0600);
}

tools::Result<std::unique_ptr<contracts::Replay>> read_progress(const std::filesystem::path& file, std::shared_ptr<const ledger::Genesis> genesis) {
  std::error_code error;
  if (file.empty() || !std::filesystem::exists(file, error)) {
    auto replay = contracts::Replay::from_genesis(std::move(genesis));
    if (!replay) return tools::failure(Exit::usage, "genesis", "Of this genesis no ledger can be made: " + replay.error());
    return std::move(*replay);
  }
  const auto bytes = tools::read_file(file, progress_bytes_max);
  if (!bytes) return Unexpected<ToolError>(bytes.error());
  const std::string_view all = *bytes;
  if (all.size() < progress_magic.size() + digest_bytes || !all.starts_with(progress_magic)) return damaged(file);
  const std::string_view content = all.substr(0, all.size() - digest_bytes);
  if (ledger::sha256(content).view() != all.substr(content.size())) return damaged(file);
  ledger::Reader in(content.substr(progress_magic.size()));
  if (in.raw(digest_bytes) != genesis->ledger_id().view())
    return tools::failure(Exit::usage, "progress_of_another_ledger", file.string() + " is the record of a check of another ledger.", "Name another file with --resume.");
  auto position = read_position(in);
  if (!position) return damaged(file);
  contracts::ReplayedState state;
  for (auto count = in.u64(); count > 0 && in.ok(); --count) {
    std::string key(in.bytes());
    state.put(std::move(key), std::string(in.bytes()));
  }
  if (!in.done()) return damaged(file);
  return contracts::Replay::resumed(std::move(genesis), std::move(state), std::move(*position));
}

}  // namespace daftar::audit
