// Money set aside for a contract. With pay (pay.h) these are the only verbs by which contracts move money:
//   hold     private: the customer's account → the contract's hold account; public: the budget line is committed
//   release  public: a commitment that will not be used goes back to the line
//   refund   private: from the hold account back to the customer
// The caller keeps Contract::held; here it is the fund that is named.
#pragma once
#include "contracts/context.h"

namespace daftar::contracts {

/// Where a contract's money comes from: exactly one of the two is set.
struct Fund {
  std::string customer_account, hold_account;   // private
  std::string budget_line;                      // public
  bool is_public() const { return !budget_line.empty(); }
};

/// Refusals: overdraft; over_appropriation, over_allotment, over_ceiling, line_stopped, line_closed.
Outcome hold(Context& c, const Fund& fund, ledger::MinorUnits amount);
Outcome release(Context& c, const Fund& fund, ledger::MinorUnits amount);
/// `reason`: refund, penalty.
Outcome refund(Context& c, const Fund& fund, ledger::MinorUnits amount, std::string_view reason);

}  // namespace daftar::contracts
