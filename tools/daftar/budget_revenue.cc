// `daftar budget revenue` and `rules`: what a year is planned to bring, and what the genesis fixes for budget lines.
#include "ledger/ids.h"
#include "tools/daftar/commands.h"
#include "tools/daftar/views.h"

namespace daftar::tools {
namespace proto = ledger::proto;

namespace {

struct RevenueArguments {
  std::string line, account, amount, title, reason, currency;
  std::uint32_t year = 0;
  bool cut = false;
};

Result<std::string> currency_of_revenue(Session& session, const RevenueArguments& a) {
  if (!a.currency.empty()) return a.currency;
  auto line = session.get("/v1/budget/revenue/" + url_part(a.line));
  if (!line) return Unexpected<ToolError>(line.error());
  return json_text(*line, "currency");
}

}  // namespace

void add_revenue_commands(Command budget, Session& session) {
  auto a = arguments<RevenueArguments>();
  Command revenue = budget.add_subcommand("revenue", "Revenue lines: what a year is planned to bring to a revenue account (by the treasury)");
  revenue.require_subcommand(1);
  Command approve = revenue.add_subcommand("approve", "Plan a line; what comes is counted by the ledger");
  approve.add_option("line", a->line, "Line id, e.g. 2026.vat").required();
  approve.add_option("account", a->account, "Revenue account of a tax rule, e.g. tax-authority/UZS/revenue.vat (daftar tax rules)").required();
  approve.add_option("amount", a->amount, "Planned for the year").required();
  approve.add_option("--year", a->year, "Budget year").required();
  approve.add_option("--title", a->title, "For people").required();
  add_transaction_options(approve, session);
  approve.footer("Example:\n  daftar budget revenue approve 2026.vat tax-authority/UZS/revenue.vat 900000000 --year 2026 --title 'Value added tax' --as treasury");
  approve.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      const auto account = ledger::parse_account(a->account);
      if (!account) return failure(Exit::usage, "account", "'" + a->account + "' is no account.", "Write it as member/CURRENCY/label: daftar tax rules names the revenue accounts.");
      auto amount = parse_amount(a->amount, std::string(account->currency));
      if (!amount) return Unexpected<ToolError>(amount.error());
      proto::Operation operation;
      auto& o = *operation.mutable_approve_revenue_line();
      o.set_line(a->line);
      o.set_title(a->title);
      o.set_account(a->account);
      o.set_year(a->year);
      o.set_amount(*amount);
      return session.transact({operation});
    };
  });
  Command adjust = revenue.add_subcommand("adjust", "Change the plan of a line");
  adjust.add_option("line", a->line, "Line id").required();
  adjust.add_option("amount", a->amount, "Amount").required();
  adjust.add_option("--reason", a->reason, "Why").required();
  adjust.add_flag("--cut", a->cut, "Take the amount away instead of adding it");
  adjust.add_option("--currency", a->currency, "Currency of the line; default: asked of the network");
  add_transaction_options(adjust, session);
  adjust.footer("Example:\n  daftar budget revenue adjust 2026.vat 50000000 --cut --reason 'a slower summer' --as treasury");
  adjust.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      const auto currency = currency_of_revenue(session, *a);
      if (!currency) return Unexpected<ToolError>(currency.error());
      auto amount = parse_amount(a->amount, *currency);
      if (!amount) return Unexpected<ToolError>(amount.error());
      proto::Operation operation;
      auto& o = *operation.mutable_adjust_revenue_line();
      o.set_line(a->line);
      o.set_delta(a->cut ? -*amount : *amount);
      o.set_reason(a->reason);
      return session.transact({operation});
    };
  });

  Command rules = budget.add_subcommand("rules", "What this ledger fixes for budget lines: virements, advances, parted duties");
  rules.footer("Example:\n  daftar budget rules");
  rules.callback([&session] { session.action = [&session] { return session.show("/v1/budget/rules", budget_rules_view); }; });
}

}  // namespace daftar::tools
