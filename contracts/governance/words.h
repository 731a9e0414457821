// Changes in words: for events, for the API and for who is about to sign.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "contracts/governance/limits.h"
#include "contracts/governance/policy.h"
#include "contracts/governance/records.h"
#include "contracts/records.h"

namespace daftar::contracts::governance {

/// "2026-03-01 00:00 UTC"; with seconds or milliseconds when there are any. 0: "open".
std::string utc_text(std::uint64_t ms);

bool changes_rules(ChangeKind kind);
bool changes_templates(ChangeKind kind);
/// The rule (its code) or template that it is about, with the version; of other kinds nothing.
NumberedName subject_of(const Proposal& proposal);
/// The member that it is about (concerns_member).
std::string subject_member(const Proposal& proposal);
/// "tax rule vat-12/2", "end of tax rule vat-12/1", "template rental/1", "stop of template rental/1", "resumption of template rental/1", "member acme", "deciding roles of acme",
/// "suspension of acme", "reinstatement of acme", "new keys of acme", "limits operations_max", "virement limit", "policy of tax_rule", "protocol version 2", "classification, 3 rows"
std::string title_of(const Proposal& proposal);
/// "proposed by registrar; approved by 2 of treasury, tax_authority; delay 7 d"
std::string policy_text(const Policy& policy);
/// "7 d", "3 h", "90 s", "250 ms"; "none"
std::string duration_text(std::uint64_t ms);

/// What there is, beside which a change is shown; what is missing is not compared.
struct Beside {
  std::vector<tax::TaxRule> rules = {};
  std::optional<Member> member = {};              // that the proposal is about
  bool hides_person = false;                      // its name and tax status are not for everybody to read
  std::optional<Limits> limits = {};
  std::optional<Policies> policies = {};
  std::optional<std::uint32_t> protocol_version = {};
};

/// One field that is another; empty text: not there.
struct FieldChange {
  std::string field, before, after;
};
/// Field by field, in the order of genesis/README.md. Without `before`: all fields of the new rule that say something.
std::vector<FieldChange> rule_changes(const std::optional<tax::TaxRule>& before, const tax::TaxRule& after);
/// The version that `rule` follows: the highest below it of its code. Open, when it ends where `rule` begins, so that a change reads the same before and after.
std::optional<tax::TaxRule> version_before(const std::vector<tax::TaxRule>& rules, const tax::TaxRule& rule);

/// Of a change of a member, limits, a policy or the protocol version.
std::vector<FieldChange> setting_changes(const Proposal& proposal, const Beside& beside);

/// What the change does, line by line, beside what there is. A rule that is in force already is held against the version before it.
std::vector<std::string> change_in_words(const Proposal& proposal, const Beside& beside);

}  // namespace daftar::contracts::governance
