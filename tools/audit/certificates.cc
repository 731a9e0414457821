#include "tools/audit/certificates.h"

#include "ledger/checkpoint.h"

namespace daftar::audit {
namespace {

constexpr std::size_t under_way_max = 1000;

}  // namespace

std::optional<contracts::Difference> judge_certificate(const std::string& note, const std::string& origin, std::uint64_t size, const ledger::Digest& root,
                                                       const std::vector<ledger::PublicKey>& signers) {
  const std::string which = "The certificate of the tree of " + std::to_string(size) + " entries ";
  const auto differs = [&](std::string expected, std::string found, const std::string& sentence) {
    return contracts::Difference{std::nullopt, 0, "certificate", std::move(expected), std::move(found), which + sentence};
  };
  const auto parsed = ledger::parse_note(note);
  if (!parsed) return differs("a signed note", "something else", "is not a signed note.");
  const ledger::Checkpoint& checkpoint = parsed->checkpoint;
  if (checkpoint.origin != origin) return differs(origin, checkpoint.origin, "is of another log: " + checkpoint.origin + ".");
  if (checkpoint.size != size) return differs(std::to_string(size), std::to_string(checkpoint.size), "says that it is of " + std::to_string(checkpoint.size) + " entries.");
  const std::size_t needed = ledger::quorum_of(signers.size()), valid = ledger::count_valid_lines(*parsed, signers);
  if (valid < needed)
    return differs(std::to_string(needed) + " valid signatures", std::to_string(valid),
                   "has valid signatures of " + std::to_string(valid) + " of " + std::to_string(signers.size()) + " validators, and " + std::to_string(needed) + " are needed" +
                       (valid == 0 ? " (one line in a validator's name that does not verify makes all of it worthless)." : "."));
  if (checkpoint.root != root)
    return differs(root.hex(), checkpoint.root.hex(), "certifies the root " + checkpoint.root.hex() + "; the entries of this copy make the root " + root.hex() +
                                                          ": the validators have signed another history than this one.");
  return std::nullopt;
}

std::optional<contracts::Difference> CertificateChecks::give(std::string note, std::uint64_t size, const ledger::Digest& root, std::uint64_t height,
                                                             const std::vector<ledger::PublicKey>& signers) {
  auto promise = std::make_shared<std::promise<std::optional<contracts::Difference>>>();
  under_way_.push_back(promise->get_future());
  workers_.give([promise, note = std::move(note), origin = origin_, size, root, height, signers] {
    auto found = judge_certificate(note, origin, size, root, signers);
    if (found) found->height = height;
    promise->set_value(std::move(found));
  });
  while (!under_way_.empty() && (under_way_.size() > under_way_max || under_way_.front().wait_for(std::chrono::seconds(0)) == std::future_status::ready))
    if (auto found = take_front()) return found;
  return std::nullopt;
}

std::optional<contracts::Difference> CertificateChecks::take_front() {
  auto found = under_way_.front().get();
  under_way_.pop_front();
  return found;
}

std::optional<contracts::Difference> CertificateChecks::finish() {
  while (!under_way_.empty())
    if (auto found = take_front()) return found;
  return std::nullopt;
}

}  // namespace daftar::audit
