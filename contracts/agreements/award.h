// A contract that comes about by the award of another one, a tender: its draft names the tender, and so does what its parties sign. When it comes into force, the tender
// does the act that its template keeps for that (`by contract of buyer and bidder for b.price`), in the same transaction. So
//   - it is between the tender's buyer and the winner, and its first phase asks for the word of both;
//   - all that its template can set aside from the buyer comes to the awarded amount, in the same currency;
//   - there is one at a time. Another may be drafted when the one before has ended without coming into force, as long as the award stands.
#pragma once
#include "contracts/agreements/replacement.h"

namespace daftar::contracts::agreements {

/// Of a draft whose record is filled in; does nothing if it names no tender. Call it behind judge_replacement(): what that ended no longer stands in the way.
/// Refusals: field_invalid, contract_unknown, contract_replaced, not_awarded, currency_mismatch, awarded_to_others, awarded_for_another_price, award_taken.
Outcome judge_award(Context& c, const Open& next, const std::string& tender);

/// Before it does happen: the tender's act, if `next` comes into force by it.
/// Refusals: contract_replaced, not_awarded, award_taken, and what that act refuses; the detail begins with "tender: ".
Outcome conclude_award(Context& c, const Open& next, const Happening& happening);

/// Of a draft: whether members who are no parties make entries of it. For the record that says so.
void note_openness(Context& c, const Open& next);

}  // namespace daftar::contracts::agreements
