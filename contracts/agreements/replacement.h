// A contract that takes another's place, by its parties' word: a counter-offer, or a change of a contract in force (a change order). It is a contract like any
// other, made of any template, whose draft names the one that it replaces, and so does what its parties sign. From the moment it takes that one's place
//   - what was set aside for the old one goes back to where it came from (the new one sets aside anew what it needs), and nothing more happens in it;
//   - what was paid stays paid, and what a public contract owes already (claims.h) is paid all the same.
// When that is:
//   - the old one is still an offer, and who drafts the new one is among those whose act the old one waits for: at once. An answer to an offer ends it.
//   - else when the new one comes into force: it leaves its first phase, not for an end, and no word of the treasury is waited for. By then everybody must
//     have acted on it who is needed: who pays or is paid by the old one, and who could act on it as an offer. Until then it may set nothing aside, so
//     that no money can wait for somebody's word.
#pragma once
#include <functional>

#include "contracts/agreements/open_agreement.h"
#include "contracts/language/interpreter.h"

namespace daftar::contracts::agreements {

/// Of a draft whose record is filled in; does nothing if it replaces no contract. Ends an offer that it answers.
/// Refusals: field_invalid, contract_unknown, contract_replaced, wrong_phase (it has ended), not_a_party, replacement_incomplete (somebody needed has no act in
/// the new contract's first phase).
Outcome judge_replacement(Context& c, const Open& next);

/// What is about to happen in a contract: run here on a copy, with verbs that move nothing.
using Happening = std::function<Expected<language::Interpreter::Done, ledger::Rejection>(language::Instance&, language::Verbs&)>;
/// Whether the contract is in force in a phase: it has left its first one, not for an end, and waits for no word of the treasury.
bool is_in_force(const Open& agreement, std::size_t phase);
/// May this party act in the phase?
bool may_act(const language::Program& program, std::uint16_t party, std::size_t phase);
inline constexpr std::size_t first_phase = 0;

struct Coming {
  bool ends = false, in_force = false;   // after it
  bool holds = false;                    // money is set aside
};
/// What would come of it; nothing: it is refused.
std::optional<Coming> coming(const Open& agreement, const Happening& happening);

/// Before it does happen: ends the contract that `next` replaces, if `next` comes into force by it.
/// Refusals: contract_replaced, wrong_phase (the old one is gone), replacement_incomplete (somebody needed has not acted; money would be set aside).
Outcome take_place(Context& c, const Open& next, const Happening& happening);

}  // namespace daftar::contracts::agreements
