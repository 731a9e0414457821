// Every reason for which a transaction is refused: a stable code for machines, one sentence for people, one piece of advice.
// Codes are part of results and therefore of the log: never renumber, never reuse. The order of checks (which code wins) is
// envelope → ledger → time → replay → sender → each operation in turn.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace daftar::ledger {

enum class RejectionCode : std::uint16_t {
  ok = 0,
  // 1xx: the envelope, judged without the state. Such a transaction never reaches a block.
  malformed = 100,            // not the strict encoding; detail says where
  too_large = 101,
  signature_missing = 102,
  signature_invalid = 103,
  nonce_size = 104,
  signature_repeated = 105,
  operations_count = 106,     // none, or more than the limit
  // 2xx: this ledger, this moment
  other_ledger = 200,
  other_epoch = 201,
  expired = 202,
  valid_until_too_far = 203,
  replayed = 204,
  // 3xx: who
  sender_unknown = 300,
  key_not_of_member = 301,
  key_revoked = 302,
  signatures_too_few = 303,
  role_missing = 304,
  not_a_party = 305,
  member_unknown = 306,
  member_exists = 307,
  key_not_registrable = 308,
  key_in_use = 309,
  member_suspended = 310,
  key_not_in_force = 311,
  // 4xx: money
  amount_must_be_positive = 400,
  account_unknown = 401,
  account_exists = 402,
  account_not_yours = 403,
  account_reserved = 404,
  currency_unknown = 405,
  currency_mismatch = 406,
  overdraft = 407,
  overflow = 408,
  same_account = 409,
  statement_reference_used = 410,
  payout_unknown = 411,
  // 5xx: contracts
  contract_unknown = 500,
  milestone_unknown = 501,
  wrong_phase = 502,
  milestone_wrong_stage = 503,
  terms_digest_mismatch = 504,
  already_signed = 505,
  term_out_of_range = 506,     // detail names the term
  already_paid = 511,
  condition_not_met = 512,     // what a template's `when` asks does not hold
  template_fault = 513,        // a template would do what its check rules out
  template_unknown = 514,
  payment_unknown = 515,
  payment_wrong_stage = 516,
  contract_replaced = 517,     // detail: by which
  replacement_incomplete = 518,
  not_awarded = 519,           // no award of the tender stands now; detail says where it is
  awarded_to_others = 520,     // the parties are not those of the award
  awarded_for_another_price = 521,   // detail: which
  award_taken = 522,           // detail: by which contract
  already_entered = 523,       // detail: the member's entry
  entries_full = 524,
  seal_mismatch = 525,
  // 6xx: budget
  budget_line_unknown = 600,
  budget_line_exists = 601,
  over_appropriation = 602,
  over_allotment = 603,
  over_commitment = 604,
  over_accrual = 605,
  over_order = 606,
  below_commitment = 607,
  not_line_owner = 608,
  virement_limit = 609,        // detail: how much may be moved out of the line in all
  line_stopped = 610,
  line_closed = 611,
  commitments_open = 612,
  duties_conflict = 613,       // detail: the step that the same key has taken
  two_persons_needed = 614,
  payments_stopped = 615,
  line_is_ceiling = 616,
  over_ceiling = 617,
  no_line_of_year = 618,       // detail: of which entry
  advance_limit = 619,         // detail: how much may be paid in advance
  virement_forbidden = 620,    // detail: by which rule
  revenue_line_unknown = 621,
  revenue_line_exists = 622,
  // 7xx: tax
  tax_category_unknown = 700,
  tax_rule_invalid = 701,
  over_withheld = 702,
  payment_not_taxed = 703,
  gross_not_found = 704,
  tax_not_held = 705,
  over_liability = 706,        // detail: how much is held
  tax_not_remitted = 707,      // detail: how much of it has been
  // 8xx: nodes
  node_unknown = 800,
  node_number_not_next = 801,
  node_standing_wrong = 802,
  node_named_twice = 803,
  no_validator_left = 804,
  nodes_too_many = 805,
  node_proposal_unknown = 806,
  node_proposal_closed = 807,  // expired, withdrawn or in force already
  already_approved = 808,
  no_validators_operator = 809,
  // 82x: changes of tax rules and templates
  proposal_unknown = 820,
  proposal_closed = 821,       // detail says how it ended
  own_approval = 822,
  effect_in_the_past = 823,
  tax_rule_unknown = 824,
  tax_rule_version = 825,      // not the next of its code
  tax_rules_overlap = 826,
  tax_rule_over = 827,
  template_exists = 828,
  template_refused = 829,      // by the check; detail is its first sentence
  template_other_program = 830,
  template_stopped = 831,
  template_not_stopped = 832,
  // 833 on: changes of members, limits, policies, the protocol and classifications
  nobody_left_to_decide = 833, // detail: which changes
  role_in_use = 834,           // detail: for what
  nothing_changes = 835,
  member_standing_wrong = 836, // suspended already, or not at all
  limit_out_of_range = 837,    // detail: name and range
  policy_refused = 838,        // detail: the rule it breaks
  protocol_version_not_next = 839,
  code_not_in_force = 840,     // a budget line's code, or what a change of classifications names
  classification_refused = 841,
  // 9xx: fields
  field_invalid = 900,         // detail names the field and the rule it broke
};

struct Rejection {
  RejectionCode code = RejectionCode::ok;
  std::string detail;  // deterministic; names the field, account or amount concerned; never exception text
};

/// The stable name ("overdraft"), as in JSON and in scenario files.
std::string_view name(RejectionCode code);
/// One sentence: what was wrong.
std::string_view sentence(RejectionCode code);
/// What to do about it.
std::string_view advice(RejectionCode code);

/// Is this number one of the codes? For decoders: the functions above take only codes that exist.
bool is_rejection_code(std::uint16_t number);

}  // namespace daftar::ledger
