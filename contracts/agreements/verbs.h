// The verbs of a template, on the ledger.
#pragma once
#include "contracts/agreements/open_agreement.h"
#include "contracts/context.h"
#include "contracts/holds.h"
#include "contracts/language/interpreter.h"

namespace daftar::contracts::agreements {

/// The party whose act alone something is; of joint acts, deadlines and the treasury's acts: nobody's.
inline constexpr std::uint16_t nobody = 0xffff;

/// While one act or deadline happens. `entry` of the list that it happens on, from 1; 0: on none.
class LedgerVerbs final : public language::Verbs {
 public:
  LedgerVerbs(Context& c, Open& open, std::uint32_t entry, std::uint16_t alone = nobody) : c_(c), open_(open), agreement_(open.record), entry_(entry), alone_(alone) {}

  void about(std::uint16_t held, std::uint32_t entry) override;
  /// Whatever a template says: nobody's money is taken before they have acted on the contract themselves.
  Outcome hold(std::uint16_t party, ledger::MinorUnits amount) override;
  Outcome give_back(std::uint16_t party, ledger::MinorUnits amount) override;
  /// Private money is paid at once, public money becomes a claim (claims.h).
  Outcome pay(std::uint16_t from, std::uint16_t to, ledger::MinorUnits amount, std::string_view category) override;

 private:
  /// A party, or the entrant of an entry.
  AgreementParty party(std::uint16_t number) const;
  Fund fund_of(std::uint16_t party) const;
  /// Public money: a claim on the line of its year.
  Outcome owe(std::uint16_t from, std::uint16_t to, ledger::MinorUnits amount, std::string_view category);
  const Member& member(const std::string& id, std::optional<Member>& loaded) const;

  Context& c_;
  Open& open_;
  Agreement& agreement_;
  const std::uint32_t entry_;
  const std::uint16_t alone_;
  std::uint16_t held_ = 0;             // what the verb is about
  std::uint32_t held_entry_ = 0;
};

}  // namespace daftar::contracts::agreements
