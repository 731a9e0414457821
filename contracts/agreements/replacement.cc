#include "contracts/agreements/replacement.h"

#include <algorithm>
#include <utility>

#include "contracts/agreements/verbs.h"

namespace daftar::contracts::agreements {

using language::Instance;
using language::Program;
using ledger::RejectionCode;

namespace {

bool pays_or_is_paid(const Program& program, std::uint16_t party) {
  return std::any_of(program.held.begin(), program.held.end(), [&](const auto& held) { return held.party == party; }) ||
         std::any_of(program.payments.begin(), program.payments.end(), [&](const auto& payment) { return payment.to == party; });
}

/// Whose word it takes to put another contract in this one's place.
std::vector<std::string> needed(const Open& old) {
  std::vector<std::string> members;
  for (std::uint16_t i = 0; i < old.record.parties.size(); ++i)
    if (!old.record.parties[i].member.empty() && (pays_or_is_paid(old.program(), i) || may_act(old.program(), i, first_phase))) members.push_back(old.record.parties[i].member);
  for (const auto& list : old.instance.lists)
    for (const auto& entry : list)
      if (!entry.member.empty()) members.push_back(entry.member);
  return members;
}

std::optional<std::uint16_t> party_of(const Agreement& agreement, const std::string& member) {
  for (std::uint16_t i = 0; i < agreement.parties.size(); ++i)
    if (agreement.parties[i].member == member) return i;
  return std::nullopt;
}

/// The contract that `next` replaces, if it still can be.
Expected<Open, ledger::Rejection> open_replaced(const Context& c, const Agreement& next) {
  const auto id = ledger::Digest::from_bytes(next.replaces);
  if (!id) return refuse(RejectionCode::field_invalid, "replaces: 32 bytes");
  auto old = open(c, *id);
  if (!old) return old;
  if (old->record.is_replaced()) return refuse(RejectionCode::contract_replaced, ledger::to_hex(old->record.replaced_by));
  if (old->program().is_end(old->instance.phase)) return refuse(RejectionCode::wrong_phase, "replaces: the contract is " + old->program().phases[old->instance.phase].name);
  return old;
}

/// All that is set aside goes back to where it came from, and nothing happens any more.
Outcome end_for(Context& c, Open& old, const ledger::Digest& next) {
  for (std::size_t pot = 0; pot < old.instance.held.size(); ++pot) {
    const Program::HeldTerm& held = old.program().held[pot];
    for (std::size_t i = 0; i < old.instance.held[pot].size(); ++i) {
      const ledger::MinorUnits amount = std::exchange(old.instance.held[pot][i], 0);
      if (amount == 0) continue;
      LedgerVerbs verbs(c, old, held.list == language::no_list ? 0 : static_cast<std::uint32_t>(i + 1));
      verbs.about(static_cast<std::uint16_t>(pot), static_cast<std::uint32_t>(i));
      const auto owner = static_cast<std::uint16_t>(held.party == language::entrant_number ? held.party + i : held.party);
      if (auto given = verbs.give_back(owner, amount); !given) return given;
    }
  }
  old.record.replaced_by = std::string(next.view());
  c.event("contract_replaced", old.record.id.hex(), 0, 0, next.hex());
  store(c, old);
  return {};
}

/// Moves nothing; knows whether money would be set aside.
class MovesNothing final : public language::Verbs {
 public:
  language::Result hold(std::uint16_t, ledger::MinorUnits) override {
    holds_ = true;
    return {};
  }
  language::Result pay(std::uint16_t, std::uint16_t, ledger::MinorUnits, std::string_view) override { return {}; }
  language::Result give_back(std::uint16_t, ledger::MinorUnits) override { return {}; }
  bool holds() const { return holds_; }

 private:
  bool holds_ = false;
};

}  // namespace

bool may_act(const Program& program, std::uint16_t party, std::size_t phase) {
  return std::any_of(program.acts.begin(), program.acts.end(), [&](const Program::Act& act) {
    return language::contains(act.place.phases, phase) && std::find(act.actors.begin(), act.actors.end(), party) != act.actors.end();
  });
}

bool is_in_force(const Open& next, std::size_t phase) {
  if (phase == first_phase || next.program().is_end(static_cast<std::uint16_t>(phase))) return false;
  return !next.record.is_public() || !may_act(next.program(), language::treasury_number, phase);
}

std::optional<Coming> coming(const Open& agreement, const Happening& happening) {
  Instance copy = agreement.instance;
  MovesNothing verbs;
  if (!happening(copy, verbs)) return std::nullopt;
  return Coming{.ends = agreement.program().is_end(copy.phase), .in_force = is_in_force(agreement, copy.phase), .holds = verbs.holds()};
}

Outcome judge_replacement(Context& c, const Open& next) {
  if (next.record.replaces.empty()) return {};
  auto old = open_replaced(c, next.record);
  if (!old) return Unexpected<ledger::Rejection>(old.error());
  const auto drafter = party_of(old->record, c.sender.id);
  if (!drafter) return refuse(RejectionCode::not_a_party, "replaces: " + c.sender.id);
  for (const std::string& member : needed(*old)) {
    const auto party = party_of(next.record, member);
    if (!party || !may_act(next.program(), *party, first_phase)) return refuse(RejectionCode::replacement_incomplete, member + ": the new contract does not ask for its word");
  }
  if (old->instance.phase == first_phase && may_act(old->program(), *drafter, first_phase)) return end_for(c, *old, next.record.id);
  return {};
}

Outcome take_place(Context& c, const Open& next, const Happening& happening) {
  if (next.record.replaces.empty() || is_in_force(next, next.instance.phase)) return {};
  const auto id = ledger::Digest::from_bytes(next.record.replaces);
  DAFTAR_CHECK(id.has_value());   // judged when it was drafted
  const auto before = c.store.load<Agreement>(keys::agreement(*id));
  DAFTAR_CHECK(before.has_value());
  if (before->replaced_by == next.record.id.view()) return {};   // an offer that it answered
  const auto comes = coming(next, happening);
  if (!comes || comes->ends) return {};                          // what happens says why not
  if (!comes->in_force) {
    if (comes->holds) return refuse(RejectionCode::replacement_incomplete, "nothing is set aside before the contract is in force");
    return {};
  }
  auto old = open_replaced(c, next.record);
  if (!old) return Unexpected<ledger::Rejection>(old.error());
  for (const std::string& member : needed(*old)) {
    const auto party = party_of(next.record, member);
    // Judged when it was drafted; but somebody may have made an entry since.
    if (!party) return refuse(RejectionCode::replacement_incomplete, member + ": the new contract does not ask for its word");
    if (next.record.acted[*party] == 0) return refuse(RejectionCode::replacement_incomplete, member + " has not acted on the new contract");
  }
  return end_for(c, *old, next.record.id);
}

}  // namespace daftar::contracts::agreements
