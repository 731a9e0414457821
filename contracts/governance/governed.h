// What a state says that the ledger goes by (rules, templates, limits, policies, the protocol version), ready for use: one owner for the engine, which executes by them, and for readers, who explain by them. Made again only when the
// state's edition is another (records.h). May be called from any thread: readers of an older state get what was in force there.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "contracts/agreements/library.h"
#include "contracts/context.h"
#include "contracts/governance/limits.h"
#include "contracts/governance/policy.h"
#include "contracts/governance/records.h"
#include "contracts/tax/rules.h"
#include "ledger/state_view.h"

namespace daftar::contracts::governance {

/// Immutable. Pointers into it live as long as it.
struct InForce {
  Edition edition;
  tax::RuleBook rules;
  agreements::Library templates;
  Limits limits;
  Policies policies;
  std::uint32_t protocol_version = 1;
};

class Governed {
 public:
  /// What a state does not say of limits and policies is the genesis's.
  explicit Governed(const ledger::proto::Genesis& genesis);
  std::shared_ptr<const InForce> at(const ledger::StateView& state) const;
  /// Of a block that is being executed.
  std::shared_ptr<const InForce> at(const Store& store) const;

  /// agreements::known_of, remembered: a template is judged when it is proposed, approved and brought into force.
  Expected<std::shared_ptr<const agreements::Library::Known>, std::string> judged(const std::string& source) const;

 private:
  using Get = std::function<std::optional<std::string>(std::string_view key)>;
  using Judged = Expected<std::shared_ptr<const agreements::Library::Known>, std::string>;

  std::shared_ptr<const InForce> found(const Get& get) const;
  std::shared_ptr<const InForce> made(const Get& get, Edition edition) const;
  std::shared_ptr<const agreements::Library::Known> compiled(const std::string& source) const;

  const Limits genesis_limits_;
  Policies genesis_policies_;
  mutable std::mutex mutex_;   // of what follows; nothing is made while it is held
  mutable std::deque<std::pair<std::string, std::shared_ptr<const InForce>>> editions_;   // by the bytes of the edition, the last used first
  mutable std::map<ledger::Digest, std::shared_ptr<const agreements::Library::Known>> compiled_;   // by the digest of the source
  mutable std::map<ledger::Digest, Judged> judged_;                                               // the same
};

}  // namespace daftar::contracts::governance
