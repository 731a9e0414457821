#include "contracts/holds.h"

#include "contracts/budget/lines.h"
#include "contracts/journal.h"

namespace daftar::contracts {

Outcome hold(Context& c, const Fund& fund, ledger::MinorUnits amount) {
  if (fund.is_public()) return budget::commit(c, fund.budget_line, amount);
  return move(c, fund.customer_account, fund.hold_account, amount, "hold");
}

Outcome release(Context& c, const Fund& fund, ledger::MinorUnits amount) {
  DAFTAR_CHECK(fund.is_public() && amount > 0);
  return budget::release(c, fund.budget_line, amount);
}

Outcome refund(Context& c, const Fund& fund, ledger::MinorUnits amount, std::string_view reason) {
  DAFTAR_CHECK(!fund.is_public() && amount > 0);
  return move(c, fund.hold_account, fund.customer_account, amount, reason);
}

}  // namespace daftar::contracts
