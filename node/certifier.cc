#include "node/certifier.h"

#include <algorithm>

#include "ledger/check.h"

namespace daftar::node {

Certifier::Certifier(std::string origin, ValidatorHistory validators, std::uint32_t self)
    : origin_(std::move(origin)), validators_(std::move(validators)), self_(self) {
  DAFTAR_CHECK(self_ >= 1 && !validators_.empty());
}

void Certifier::restore(std::uint64_t certified_size) {
  certified_size_ = certified_size;
  sizes_.clear();
}

Certifier::Outcome Certifier::add_own(const Line& line) {
  DAFTAR_CHECK(line.node == self_ && signs(line.size));
  auto& size = sizes_[line.size];
  size.own = line.root;
  size.lines[self_] = line;
  return judge(line.size);
}

Certifier::Outcome Certifier::add_own_root(std::uint64_t at, const ledger::Digest& root) {
  sizes_[at].own = root;
  return judge(at);
}

Certifier::Outcome Certifier::add_peer(const Line& line) {
  Outcome outcome;
  const Validators& validators = validators_at(validators_, line.size);
  const auto validator = validators.find(line.node);
  if (validator == validators.end() || line.node == self_) return outcome;  // perhaps of a set that is not executed here yet: sent again
  const ledger::PublicKey& key = validator->second;
  if (line.size <= certified_size_ && !sizes_.contains(line.size)) return outcome;  // long settled
  const Line* before = nullptr;
  if (auto known = sizes_.find(line.size); known != sizes_.end())
    if (auto it = known->second.lines.find(line.node); it != known->second.lines.end()) before = &it->second;
  if (before && before->root == line.root) return outcome;
  const ledger::Checkpoint checkpoint{origin_, line.size, line.root};
  if (!ledger::verify_checkpoint(checkpoint, {key, line.signature})) {
    outcome.warning = "node " + std::to_string(line.node) + " sent a checkpoint line whose signature does not verify; ignored";
    return outcome;
  }
  if (before) {
    if (!contradictory_.insert(line.node).second) return outcome;
    outcome.warning = "validator " + std::to_string(line.node) + " signed two roots for tree size " + std::to_string(line.size) +
                      "; its key cannot be trusted any more. Evidence, as two signed notes:\n" +
                      ledger::signed_note({origin_, before->size, before->root}, {{key, before->signature}}) + "\n" +
                      ledger::signed_note(checkpoint, {{key, line.signature}});
    return outcome;
  }
  auto& size = sizes_[line.size];
  size.lines[line.node] = line;
  std::optional<Line> answer;
  if (size.certified)
    if (const auto own = size.lines.find(self_); own != size.lines.end()) answer = own->second;
  outcome = judge(line.size);
  outcome.answer = std::move(answer);
  return outcome;
}

Certifier::Outcome Certifier::judge(std::uint64_t at) {
  Outcome outcome;
  auto& size = sizes_.at(at);
  const Validators& validators = validators_at(validators_, at);
  std::map<ledger::Digest, std::vector<const Line*>> by_root;
  for (const auto& [node, line] : size.lines)
    if (validators.contains(node)) by_root[line.root].push_back(&line);   // gathered before a change was executed here: judged by what is known now
  for (const auto& [root, lines] : by_root) {
    const bool quorum = lines.size() >= ledger::quorum_of(validators.size());
    if (size.own && root != *size.own) {
      std::string who;
      for (const auto* line : lines) who += (who.empty() ? "" : ", ") + std::to_string(line->node);
      const std::string what = "at tree size " + std::to_string(at) + " this node computed root " + size.own->hex() + ", validator(s) " + who +
                               " signed " + root.hex();
      (quorum ? outcome.divergence : outcome.warning) = what;
    }
    // Only a root that this node has computed itself becomes a certificate here.
    if (quorum && size.own && root == *size.own && !size.certified) {
      size.certified = true;
      certified_size_ = std::max(certified_size_, at);
      std::vector<ledger::CheckpointSignature> signatures;
      for (const auto* line : lines) signatures.push_back({validators.at(line->node), line->signature});
      outcome.certificate = Certificate{at, ledger::signed_note({origin_, at, root}, signatures)};
    }
  }
  while (sizes_.size() > sizes_max) {
    // First what is settled; then, should a peer flood us with sizes that we have not computed, the farthest of those; our own last.
    auto victim = std::find_if(sizes_.begin(), sizes_.end(), [&](const auto& entry) { return !is_open(entry.first, entry.second); });
    if (victim == sizes_.end()) victim = sizes_.begin();
    if (victim->first > certified_size_)
      for (auto it = sizes_.rbegin(); it != sizes_.rend(); ++it)
        if (!it->second.own) {
          victim = std::prev(it.base());
          break;
        }
    sizes_.erase(victim);
  }
  return outcome;
}

bool Certifier::is_open(std::uint64_t at, const Size& size) const {
  return size.own && !size.certified && (at > certified_size_ || validators_.contains(at));
}

std::vector<Certifier::Line> Certifier::uncertified_own() const {
  std::vector<Line> lines;
  for (const auto& [at, size] : sizes_)
    if (const auto own = size.lines.find(self_); is_open(at, size) && own != size.lines.end()) lines.push_back(own->second);
  return lines;
}

std::optional<std::uint64_t> Certifier::oldest_uncertified_own() const {
  for (const auto& [at, size] : sizes_)
    if (size.own && at > certified_size_) return at;
  return std::nullopt;
}

}  // namespace daftar::node
