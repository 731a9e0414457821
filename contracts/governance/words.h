// Changes in words: for events, for the API and for who is about to sign.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "contracts/governance/records.h"

namespace daftar::contracts::governance {

/// "2026-03-01 00:00 UTC"; with seconds or milliseconds when there are any. 0: "open".
std::string utc_text(std::uint64_t ms);

bool changes_rules(ChangeKind kind);
/// The rule (its code) or template that it is about, with the version.
NumberedName subject_of(const Proposal& proposal);
/// "tax rule vat-12/2", "end of tax rule vat-12/1", "template rental/1", "stop of template rental/1", "resumption of template rental/1"
std::string title_of(const Proposal& proposal);

/// One field of a rule that is another; empty text: not there.
struct FieldChange {
  std::string field, before, after;
};
/// Field by field, in the order of genesis/README.md. Without `before`: all fields of the new rule that say something.
std::vector<FieldChange> rule_changes(const std::optional<tax::TaxRule>& before, const tax::TaxRule& after);
/// The version that `rule` follows: the highest below it of its code. Open, when it ends where `rule` begins, so that a change reads the same before and after.
std::optional<tax::TaxRule> version_before(const std::vector<tax::TaxRule>& rules, const tax::TaxRule& rule);


/// What the change does, line by line, beside the rules that there are. A rule that is in force already is held against the version before it.
std::vector<std::string> change_in_words(const Proposal& proposal, const std::vector<tax::TaxRule>& rules);

}  // namespace daftar::contracts::governance
