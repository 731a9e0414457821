// Results, entries and records of the ledger as JSON (docs/api.md). Amounts are strings of minor units beside `currency` and `decimals`: a JSON
// number above 2^53 would lose digits in browsers. Ids and digests are lower-case hex; times are milliseconds and ISO 8601 text.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "contracts/budget/rules.h"
#include "contracts/query.h"
#include "contracts/result.h"
#include "contracts/tax/explain.h"
#include "ledger/rejection.h"
#include "node/service.h"

namespace daftar::node {

using Json = nlohmann::ordered_json;

/// 2026-11-24T04:20:00.123Z
std::string iso_time(std::uint64_t time_ms);
/// `name` as ISO 8601, and `name`_ms; nothing at 0.
void put_time(Json& out, const std::string& name, std::uint64_t time_ms);
std::string amount_text(ledger::Int128 minor_units);
/// Text with bytes that are no UTF-8 replaced; never throws. Ends with a newline.
std::string dump(const Json& json);

/// May this reader see the balance of this account? Given to render_result, which leaves out balance_after otherwise.
using BalanceVisible = std::function<bool(const std::string& account)>;

Json render_error(const ledger::Rejection& rejection);
Json render_result(const contracts::ExecutionResult& result, const BalanceVisible& balance_visible);
Json render_tax_line(const contracts::TaxLine& line);
Json render_posting(const contracts::Posting& posting, bool with_balance);
Json render_status(const NodeStatus& status);

/// `private_part`: name and numbers of a natural person, too.
Json render_member(const contracts::Member& member, bool private_part);
Json render_account(const std::string& account, ledger::MinorUnits balance);
/// `rules`: how much of it may still be moved to other lines.
Json render_budget_line(const contracts::budget::BudgetLine& line, std::optional<std::uint32_t> virement_share_ppm);
Json render_budget_rules(const contracts::budget::Rules& rules, std::optional<std::uint32_t> virement_share_ppm);
Json render_revenue_line(const contracts::query::Revenue& revenue);
Json render_tax_rule(const contracts::tax::TaxRule& rule);
/// What a tax line does not say of its rule.
Json render_rule_basis(const contracts::tax::TaxRule& rule);
/// What has gone back of a tax line: `corrected` and `corrections`. `kept`: of the line; nothing where it brought nothing to an authority.
Json render_corrections(const std::optional<contracts::tax::Withheld>& kept);
Json render_tax_certificate(const contracts::tax::Certificate& certificate);
/// What a payer holds of a tax by months or quarters.
Json render_held_tax(const contracts::tax::HeldTax& held);
/// Of a tax line whose tax is held: in which period, and by which entries money of it has gone to the revenue account. Not how much: other payees' is among it.
Json render_remittance(const contracts::tax::HeldTax& held);
Json render_register_row(const contracts::tax::RegisterRow& row);
/// `payee_private_part`: the payee's tax status, too. `with_sums`: what rules that accumulate had looked at before.
Json render_explained_payment(const contracts::tax::ExplainedPayment& explained, std::uint64_t time_ms, bool payee_private_part, bool with_sums);
Json render_payout(const contracts::Payout& payout);

}  // namespace daftar::node
