// Open Contracting Data Standard 1.1: what a process says about its budget, its parties and one contract, as a plan for the ledger.
// Reads record packages (compiledRelease), release packages and single releases; several files are read together, later ones win per section.
// Amounts are decimals from the text of the JSON. Nothing is guessed: where the contract's value and its items differ, the caller says what
// the difference is.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tools/error.h"

namespace daftar::tools {

struct OcdsParty {
  std::string name, scheme, identifier;   // identifier: tax number or the like; may be empty
  std::string member_id;                  // proposed: the abbreviation in brackets, or the name, in a-z 0-9 -
};

struct OcdsMilestone {
  std::string title;
  std::int64_t price = 0;                 // quantity × unit value, exact
  std::string field;                      // where it stands
};

struct OcdsComparison {
  std::string field;
  std::int64_t amount = 0;
};

struct OcdsPlan {
  std::string ocid, contract_id, title, currency;
  OcdsParty buyer, supplier;
  std::optional<std::int64_t> budget;     // planning.budget.amount
  std::string budget_title, budget_field;
  std::int64_t value = 0;                 // of the contract
  std::vector<OcdsMilestone> milestones;  // one per item; one for the whole contract when it lists none
  std::int64_t items_sum = 0;
  std::vector<OcdsComparison> compared;   // contract value, sum of items, award value
  std::uint64_t due_ms = 0;               // period.endDate; 0: not stated
  std::uint32_t year = 0;                 // of dateSigned or period.startDate; 0: not stated
  std::string text_digest;                // 32 bytes: SHA-256 of the file that holds the contract
  std::int64_t difference() const { return value - items_sum; }
};

/// `contract_id`: which, when the process has several. Faults name the field: "records[0].compiledRelease.contracts[0].items[2].quantity: ...".
Result<OcdsPlan> read_ocds(const std::vector<std::filesystem::path>& files, const std::string& contract_id = {});

enum class Difference { refuse, last_item, separate_milestone };
/// Makes the milestones sum to the contract's value. refuse: an error (ocds_difference) unless they do already.
Result<void> settle_difference(OcdsPlan& plan, Difference difference);

struct OcdsTerms {
  std::string budget_line;
  std::uint64_t due_ms = 0;               // instead of the plan's when not 0
  std::uint64_t offer_until_ms = 0;
};
/// The contract as a file (contract_file.h), paid from a budget line: template supply/2, the items its lots; no penalty and no expert, for the data states
/// none. What is never delivered is given up a year after it was due.
Result<std::string> contract_text(const OcdsPlan& plan, const OcdsTerms& terms);

/// "2018-02-18T12:00:00-05:00" → ms UTC.
std::optional<std::uint64_t> rfc3339_to_ms(std::string_view text);
/// "Compañía Paraguaya de Comunicaciones (COPACO)" → "copaco"; "RIEDER Y CIA. SACI" → "rieder-y-cia-saci".
std::string member_id_of(std::string_view name);

}  // namespace daftar::tools
