// Judges receipts line by line, so that thousands of them, good and mutated, can be held against another verifier's answers.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "contracts/validator_chain.h"
#include "tools/error.h"

namespace daftar::vectors {

class ReceiptJudge {
 public:
  /// `<genesis file> <file of changes of validators or -> <receipt hex>`: "ok <index> <tree size> <root> <leaf hash> <validators signed>", hashes in hex; or
  /// the part that is refused, as `daftar verify` names it; "err" for a malformed line or files that do not hold. Each pair of files is read once.
  std::string judge(std::string_view line);

 private:
  std::map<std::string, tools::Result<contracts::ValidatorChain>> chains_;   // by both file names
};

}  // namespace daftar::vectors
