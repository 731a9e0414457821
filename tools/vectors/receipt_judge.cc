#include "tools/vectors/receipt_judge.h"

#include "ledger/merkle_log.h"
#include "tools/files.h"
#include "tools/local_network.h"
#include "tools/validator_changes.h"

namespace daftar::vectors {
namespace {

tools::Result<contracts::ValidatorChain> open_chain(const std::string& genesis_file, const std::string& changes_file) {
  const auto genesis = tools::read_genesis(genesis_file);
  if (!genesis) return Unexpected<tools::ToolError>(genesis.error());
  std::string changes;
  if (changes_file != "-") {
    auto read = tools::read_file(changes_file, 64u << 20);
    if (!read) return Unexpected<tools::ToolError>(read.error());
    changes = std::move(*read);
  }
  return tools::follow_validators(**genesis, changes, changes_file);
}

}  // namespace

std::string ReceiptJudge::judge(std::string_view line) {
  const auto first = line.find(' '), second = first == line.npos ? first : line.find(' ', first + 1);
  if (second == line.npos || first == 0 || second == first + 1) return "err";
  const auto receipt = ledger::from_hex(line.substr(second + 1));
  if (!receipt) return "err";
  const std::string files(line.substr(0, second));
  auto known = chains_.find(files);
  if (known == chains_.end()) known = chains_.emplace(files, open_chain(files.substr(0, first), files.substr(first + 1))).first;
  const auto& chain = known->second;
  if (!chain) return "err";
  const auto verified = chain->verify(*receipt);
  if (!verified) return verified.error().part;
  const auto& [entry, checkpoint, signed_by] = *verified;
  return "ok " + std::to_string(entry.index) + " " + std::to_string(checkpoint.size) + " " + checkpoint.root.hex() + " " +
         ledger::leaf_hash(ledger::leaf_record(entry)).hex() + " " + std::to_string(signed_by);
}

}  // namespace daftar::vectors
