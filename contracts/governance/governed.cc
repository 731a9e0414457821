#include "contracts/governance/governed.h"

#include <algorithm>

#include "contracts/governance/protocol.h"
#include "contracts/state_keys.h"

namespace daftar::contracts::governance {
namespace {

constexpr std::size_t editions_kept = 4;    // readers may be a few blocks behind
constexpr std::size_t sources_kept = 256;   // then they are forgotten, and made again when asked for

template <class R, class Get>
R required(const Get& get, std::string_view key) {
  const auto bytes = get(key);
  DAFTAR_CHECK(bytes.has_value());
  auto record = decode_record<R>(*bytes);
  DAFTAR_CHECK(record.has_value());   // we wrote it
  return std::move(*record);
}

template <class Get>
tax::TaxRule rule_at(const Get& get, const NumberedName& one) {
  auto rule = required<tax::TaxRule>(get, keys::tax_rule(one.name, one.version));
  const std::string further = keys::further_terms(one.name, one.version), periods = keys::period_terms(one.name, one.version);
  if (get(further)) set_terms(rule, required<tax::FurtherTerms>(get, further));
  if (get(periods)) set_terms(rule, required<tax::PeriodTerms>(get, periods));
  return rule;
}

Policies policies_with(Policies policies, const PolicyList& changed) {
  DAFTAR_CHECK(changed.policies.size() <= policies.by_kind.size());
  std::copy(changed.policies.begin(), changed.policies.end(), policies.by_kind.begin());
  return policies;
}

}  // namespace

Governed::Governed(const ledger::proto::Genesis& genesis) : genesis_limits_(limits_of(genesis)) {
  auto policies = policies_of(genesis);
  DAFTAR_CHECK(policies.has_value());   // genesis_state has judged them
  genesis_policies_ = *policies;
}

std::shared_ptr<const InForce> Governed::at(const ledger::StateView& state) const {
  return found([&](std::string_view key) { return state.get(key); });
}

std::shared_ptr<const InForce> Governed::at(const Store& store) const {
  return found([&](std::string_view key) { return store.get(key); });
}

std::shared_ptr<const InForce> Governed::found(const Get& get) const {
  auto bytes = get(keys::edition);
  DAFTAR_CHECK(bytes.has_value());   // the genesis writes the first
  {
    const std::lock_guard lock(mutex_);
    const auto known = std::find_if(editions_.begin(), editions_.end(), [&](const auto& one) { return one.first == *bytes; });
    if (known != editions_.end()) {
      if (known != editions_.begin()) std::rotate(editions_.begin(), known, known + 1);
      return editions_.front().second;
    }
  }
  auto edition = decode_record<Edition>(*bytes);
  DAFTAR_CHECK(edition.has_value());
  auto in_force = made(get, std::move(*edition));
  const std::lock_guard lock(mutex_);
  editions_.emplace_front(std::move(*bytes), in_force);
  if (editions_.size() > editions_kept) editions_.pop_back();
  return in_force;
}

std::shared_ptr<const InForce> Governed::made(const Get& get, Edition edition) const {
  auto out = std::make_shared<InForce>();
  std::vector<tax::TaxRule> rules;
  for (const NumberedName& one : edition.rules) rules.push_back(rule_at(get, one));
  auto book = tax::RuleBook::of(std::move(rules));
  DAFTAR_CHECK(book.has_value());   // they were judged together before they came into force
  out->rules = std::move(*book);
  for (const NumberedName& one : edition.templates) {
    const auto record = required<TemplateRecord>(get, keys::contract_template(one.name, one.version));
    auto known = compiled(record.source);
    DAFTAR_CHECK(known->digest == record.program);   // else this build makes other programs than the ledger's
    DAFTAR_CHECK(out->templates.add(std::move(known), record.stopped_ms != 0));
  }
  out->limits = get(keys::limits) ? required<Limits>(get, keys::limits) : genesis_limits_;
  out->policies = get(keys::policies) ? policies_with(genesis_policies_, required<PolicyList>(get, keys::policies)) : genesis_policies_;
  if (get(keys::protocol_version)) out->protocol_version = required<VersionSetting>(get, keys::protocol_version).version;
  out->edition = std::move(edition);
  return out;
}

std::shared_ptr<const agreements::Library::Known> Governed::compiled(const std::string& source) const {
  const ledger::Digest digest = ledger::sha256(source);
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = compiled_.find(digest); known != compiled_.end()) return known->second;
  }
  auto made = agreements::compiled_of(source);
  DAFTAR_CHECK(made.has_value());   // it was judged before it came into force
  auto known = std::make_shared<const agreements::Library::Known>(std::move(*made));
  const std::lock_guard lock(mutex_);
  if (compiled_.size() >= sources_kept) compiled_.clear();
  return compiled_.emplace(digest, std::move(known)).first->second;
}

Governed::Judged Governed::judged(const std::string& source) const {
  const ledger::Digest digest = ledger::sha256(source);
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = judged_.find(digest); known != judged_.end()) return known->second;
  }
  auto made = agreements::known_of(source);
  const Judged judged = made ? Judged(std::make_shared<const agreements::Library::Known>(std::move(*made))) : Judged(Unexpected<std::string>(made.error()));
  const std::lock_guard lock(mutex_);
  if (judged_.size() >= sources_kept) judged_.clear();
  judged_.emplace(digest, judged);
  if (judged) compiled_.emplace(digest, *judged);
  return judged;
}

}  // namespace daftar::contracts::governance
