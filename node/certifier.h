// Gathers the validators' signatures under equal checkpoints until a quorum makes a certificate, and notices a validator whose tree differs
// (docs/architecture.md, "Certificates"). Whose lines count depends on the size of the tree: validators come and go (registry.h). An observer
// gathers like a validator and signs nothing. Pure: signatures come in verified or are verified here; nothing is sent or stored here. Single owner.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/checkpoint.h"
#include "node/registry.h"

namespace daftar::node {

class Certifier {
 public:
  /// `validators` is not empty. `self`: from 1; need not be a validator.
  Certifier(std::string origin, ValidatorHistory validators, std::uint32_t self);

  struct Line { std::uint32_t node = 0; std::uint64_t size = 0; ledger::Digest root; ledger::Signature signature; };
  struct Certificate { std::uint64_t size = 0; std::string note; };
  struct Outcome {
    std::optional<Certificate> certificate;  // a quorum stands, for the first time at this size
    std::string divergence;                  // a quorum signed another root than ours: this node must stop; the sentence says which
    std::string warning;                     // one validator differs from us: to be shouted
    std::optional<Line> answer;              // our own line for the sender, who is late: this size is certified here already
  };

  /// The sets as executed now; those known before stay as they were.
  void set_validators(ValidatorHistory validators) { validators_ = std::move(validators); }
  /// Does this node's line count for a tree of `size`?
  bool signs(std::uint64_t size) const { return validators_at(validators_, size).contains(self_); }

  /// Our own line for the tree we computed; signs(line.size).
  Outcome add_own(const Line& line);
  /// The tree we computed where our line does not count.
  Outcome add_own_root(std::uint64_t size, const ledger::Digest& root);
  /// A peer's line; a signature that does not verify is ignored with a warning. Two lines of one validator with different roots for one size
  /// are evidence against it (DESIGN §12.9): the warning carries both as signed notes, once for each validator.
  Outcome add_peer(const Line& line);
  /// The newest own lines that are not certified yet, oldest first: sent again to peers that may have missed them. The last size of a set of
  /// validators is among them until it is certified, however far others are: that certificate is what hands over to the next set.
  std::vector<Line> uncertified_own() const;
  std::uint64_t certified_size() const { return certified_size_; }
  std::optional<std::uint64_t> oldest_uncertified_own() const;
  /// After a restart or an installed snapshot: the tree is certified up to `certified_size`, and lines gathered before are forgotten.
  void restore(std::uint64_t certified_size);

 private:
  struct Size { std::optional<ledger::Digest> own; std::map<std::uint32_t, Line> lines; bool certified = false; };
  Outcome judge(std::uint64_t size);
  bool is_open(std::uint64_t at, const Size& size) const;

  std::string origin_;
  ValidatorHistory validators_;
  std::uint32_t self_;
  std::map<std::uint64_t, Size> sizes_;   // newest sizes_max, so that a peer far ahead or behind costs bounded memory
  std::set<std::uint32_t> contradictory_;  // validators whose evidence has been given out
  std::uint64_t certified_size_ = 0;
  static constexpr std::size_t sizes_max = 256;
};

}  // namespace daftar::node
