// What the state keeps of changes of what the ledger goes by, and of rules and templates in force by them. What other kinds of changes say: member_changes.h, limits.h,
// policy.h, classification.h.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/record_codec.h"
#include "contracts/tax/records.h"
#include "ledger/change_set.h"
#include "ledger/check.h"

namespace daftar::contracts::governance {

/// Stored: never renumber.
enum class ChangeKind : std::uint8_t {
  tax_rule = 1,
  end_tax_rule = 2,
  contract_template = 3,
  stop_template = 4,
  resume_template = 5,
  member = 6,
  deciding_roles = 7,
  suspend_member = 8,
  reinstate_member = 9,
  recover_keys = 10,
  limits = 11,
  virement_limit = 12,
  policy = 13,
  protocol_version = 14,
  classification = 15,
};
inline constexpr std::array all_kinds{ChangeKind::tax_rule,         ChangeKind::end_tax_rule,   ChangeKind::contract_template, ChangeKind::stop_template, ChangeKind::resume_template,
                                      ChangeKind::member,           ChangeKind::deciding_roles, ChangeKind::suspend_member,    ChangeKind::reinstate_member, ChangeKind::recover_keys,
                                      ChangeKind::limits,           ChangeKind::virement_limit, ChangeKind::policy,            ChangeKind::protocol_version, ChangeKind::classification};
/// As in Governance of the genesis and in the API.
std::string_view name(ChangeKind kind);
std::optional<ChangeKind> kind_named(std::string_view text);
/// Of a member; its proposals are found by it.
constexpr bool concerns_member(ChangeKind kind) { return kind >= ChangeKind::member && kind <= ChangeKind::recover_keys; }

/// An open proposal whose time is over stays `open`: who reads compares until_ms with the block time. Stored: never renumber.
enum class ChangeStage : std::uint8_t {
  open = 1,        // waits for approvals
  approved = 2,    // waits for the end of its delay
  in_force = 3,
  withdrawn = 4,   // by who proposed
  refused = 5,     // when it would have come into force
};
std::string_view name(ChangeStage stage);

/// Of a proposal of that kind, with FurtherTerms of the rule, which may be empty.
struct NewRule {
  tax::TaxRule rule;
  tax::FurtherTerms further;
};
template <class A, RecordOf<NewRule> R>
void fields(A& a, R& r) {
  a(r.rule, r.further);
}
/// The same where the rule has PeriodTerms: proposals of rules without are as ever.
struct NewPeriodRule {
  NewRule rule;
  tax::PeriodTerms periods;
};
template <class A, RecordOf<NewPeriodRule> R>
void fields(A& a, R& r) {
  a(r.rule, r.periods);
}
struct RuleEnd {
  std::string code;
  std::uint32_t version = 0;
  std::uint64_t effective_to_ms = 0;
};
template <class A, RecordOf<RuleEnd> R>
void fields(A& a, R& r) {
  a(r.code, r.version, r.effective_to_ms);
}
struct NewTemplate {
  std::string name;
  std::uint32_t version = 0;
  std::string source;
  ledger::Digest program;
};
template <class A, RecordOf<NewTemplate> R>
void fields(A& a, R& r) {
  a(r.name, r.version, r.source, r.program);
}
/// To stop and to resume.
struct NamedTemplate {
  std::string name;
  std::uint32_t version = 0;
};
template <class A, RecordOf<NamedTemplate> R>
void fields(A& a, R& r) {
  a(r.name, r.version);
}

struct Proposal {
  ledger::Digest id;                     // of the transaction that proposed
  std::string nonce;                     // of that transaction: blinds the result of its deadline
  std::string proposer;
  ChangeKind kind = ChangeKind::tax_rule;
  std::string content;                   // the record of its kind, encoded
  std::string reason;                    // for people
  std::uint64_t proposed_ms = 0, until_ms = 0;
  std::vector<std::string> approvals;    // members, in order of approval
  ChangeStage stage = ChangeStage::open;
  std::uint64_t due_ms = 0;              // when it comes into force, once approved
  std::uint64_t closed_ms = 0;           // in force, withdrawn or refused
  std::uint16_t refusal = 0;             // ledger::RejectionCode, when refused
  std::string refusal_detail;
};
template <class A, RecordOf<Proposal> R>
void fields(A& a, R& r) {
  a(r.id, r.nonce, r.proposer, r.kind, r.content, r.reason, r.proposed_ms, r.until_ms, r.approvals, r.stage, r.due_ms, r.closed_ms, r.refusal, r.refusal_detail);
}
/// The content of a proposal, which must be of that kind.
template <class R>
R content_of(const Proposal& proposal) {
  auto content = decode_record<R>(proposal.content);
  DAFTAR_CHECK(content.has_value());   // we wrote it
  return std::move(*content);
}
/// The content of a proposal of a rule, and back.
std::string new_rule_content(const tax::TaxRule& rule);
tax::TaxRule new_rule_of(const Proposal& proposal);

/// A template that contracts can be, or could be, made of.
struct TemplateRecord {
  std::string name;
  std::uint32_t version = 0;
  std::string source;
  ledger::Digest program, proposal;   // proposal: that brought it; zeros: the genesis
  std::uint64_t in_force_ms = 0;
  std::uint64_t stopped_ms = 0;       // 0: it is not
  std::string stopped_because;
};
template <class A, RecordOf<TemplateRecord> R>
void fields(A& a, R& r) {
  a(r.name, r.version, r.source, r.program, r.proposal, r.in_force_ms, r.stopped_ms, r.stopped_because);
}

struct NumberedName {
  std::string name;
  std::uint32_t version = 0;
};
template <class A, RecordOf<NumberedName> R>
void fields(A& a, R& r) {
  a(r.name, r.version);
}
/// All tax rules and templates that the ledger has, in the order in which they came: that of the genesis first. Another one (by its number) whenever any change came into force.
struct Edition {
  std::uint64_t number = 1;           // 1: the genesis's
  ledger::Digest proposal;            // that made this one; zeros: the genesis
  std::vector<NumberedName> rules, templates;
};
template <class A, RecordOf<Edition> R>
void fields(A& a, R& r) {
  a(r.number, r.proposal, r.rules, r.templates);
}

/// Writes a rule with its further terms.
void put_rule(ledger::ChangeSet& state, const tax::TaxRule& rule);

}  // namespace daftar::contracts::governance
