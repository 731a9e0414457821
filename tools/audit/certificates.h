// The certificates of a ledger, verified by the workers while execution goes on.
#pragma once
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contracts/replay.h"
#include "tools/audit/workers.h"

namespace daftar::audit {

/// Does `note`, kept for the tree of `size` entries, certify it? `signers`: whose lines count there. Nothing: it does.
std::optional<contracts::Difference> judge_certificate(const std::string& note, const std::string& origin, std::uint64_t size, const ledger::Digest& root,
                                                       const std::vector<ledger::PublicKey>& signers);

class CertificateChecks {
 public:
  CertificateChecks(Workers& workers, std::string origin) : workers_(workers), origin_(std::move(origin)) {}
  /// The first difference found by then, in the order of trees; waits only where very many are under way.
  std::optional<contracts::Difference> give(std::string note, std::uint64_t size, const ledger::Digest& root, std::uint64_t height, const std::vector<ledger::PublicKey>& signers);
  /// Waits for all.
  std::optional<contracts::Difference> finish();

 private:
  std::optional<contracts::Difference> take_front();
  Workers& workers_;
  const std::string origin_;
  std::deque<std::future<std::optional<contracts::Difference>>> under_way_;
};

}  // namespace daftar::audit
