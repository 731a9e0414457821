// The verbs of a template, on the ledger.
#pragma once
#include "contracts/agreements/open_agreement.h"
#include "contracts/context.h"
#include "contracts/holds.h"
#include "contracts/language/interpreter.h"

namespace daftar::contracts::agreements {

/// While one act or deadline happens. `entry` of the list that it happens on, from 1; 0: on none.
class LedgerVerbs final : public language::Verbs {
 public:
  LedgerVerbs(Context& c, Open& open, std::uint32_t entry) : c_(c), open_(open), agreement_(open.record), entry_(entry) {}

  /// Whatever a template says: nobody's money is taken before they have acted on the contract themselves.
  Outcome hold(std::uint16_t party, ledger::MinorUnits amount) override;
  Outcome give_back(std::uint16_t party, ledger::MinorUnits amount) override;
  /// Private money is paid at once, public money becomes a claim (claims.h).
  Outcome pay(std::uint16_t from, std::uint16_t to, ledger::MinorUnits amount, std::string_view category) override;

 private:
  /// A party, or the entrant of an entry.
  AgreementParty party(std::uint16_t number) const;
  Fund fund_of(std::uint16_t party) const;
  const Member& member(const std::string& id, std::optional<Member>& loaded) const;

  Context& c_;
  const Open& open_;
  Agreement& agreement_;
  const std::uint32_t entry_;
};

}  // namespace daftar::contracts::agreements
