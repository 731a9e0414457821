#include "tools/daftar/commands.h"
#include "tools/daftar/views.h"

namespace daftar::tools {
namespace proto = ledger::proto;
using nlohmann::json;

namespace {
struct BudgetArguments {
  std::string line, to_line, owner, title, currency, amount, function_code, economic_code, programme, source, reason, contract;
  std::uint32_t year = 0, payment = 0;
  bool cut = false, ceiling = false, revenue = false;
};

/// Amounts of a line that exists are in its currency; --currency saves the question (offline signing).
Result<std::int64_t> line_amount(Session& session, const BudgetArguments& a) {
  std::string currency = a.currency;
  if (currency.empty()) {
    auto line = session.get("/v1/budget/lines/" + url_part(a.line));
    if (!line) return Unexpected<ToolError>(line.error());
    currency = json_text(*line, "currency");
  }
  return parse_amount(a.amount, currency);
}

}  // namespace

void add_budget_commands(Command app, Session& session) {
  Command budget = app.add_subcommand("budget", "Budget lines: approve, allot, reserve, order, pay");
  budget.require_subcommand(1);
  auto a = arguments<BudgetArguments>();

  Command approve = budget.add_subcommand("approve", "Approve a line (by the treasury)");
  approve.add_option("line", a->line, "Line id, e.g. 2026.edu.09.22").required();
  approve.add_option("amount", a->amount, "Appropriation").required();
  approve.add_option("currency", a->currency, "e.g. UZS").required();
  approve.add_option("--owner", a->owner, "Spending unit").required();
  approve.add_option("--title", a->title, "For people").required();
  approve.add_option("--year", a->year, "Budget year").required();
  approve.add_option("--function", a->function_code, "COFOG code, e.g. 09.2").required();
  approve.add_option("--economic", a->economic_code, "GFSM or national code, e.g. 22").required();
  approve.add_option("--programme", a->programme, "Programme code");
  approve.add_option("--source", a->source, "Treasury account that pays; default: the main one of --as");
  approve.add_flag("--ceiling", a->ceiling, "Of a later year: only what contracts may bind that year to, until the line is approved without this");
  add_transaction_options(approve, session);
  approve.footer("Example:\n  daftar budget approve 2026.edu.09.22 600000000 UZS --owner education-dept --title 'School supplies' --year 2026 --function 09.2 --economic 22 --as treasury");
  approve.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto amount = parse_amount(a->amount, a->currency);
      if (!amount) return Unexpected<ToolError>(amount.error());
      auto who = session.sender();
      if (!who) return Unexpected<ToolError>(who.error());
      proto::Operation operation;
      auto& o = *operation.mutable_approve_budget_line();
      o.set_line(a->line);
      o.set_owner(a->owner);
      o.set_title(a->title);
      o.set_currency(a->currency);
      o.set_amount(*amount);
      o.set_year(a->year);
      o.set_function_code(a->function_code);
      o.set_economic_code(a->economic_code);
      o.set_programme(a->programme);
      o.set_ceiling(a->ceiling);
      o.set_source_account(full_account(a->source.empty() ? *who : a->source, a->currency));
      return session.transact({operation});
    };
  });

  struct Kind { const char* name; const char* what; const char* example; };
  for (const Kind kind : {Kind{"adjust", "Raise or cut the appropriation (by the treasury)", "daftar budget adjust 2026.edu.09.22 1000000 --cut --reason 'supplementary budget' --as treasury"},
                          Kind{"allot", "Release money of the appropriation for use (by the treasury)", "daftar budget allot 2026.edu.09.22 300000000 --as treasury"},
                          Kind{"reserve", "Reserve money for a tender (by the owner)", "daftar budget reserve 2026.edu.09.22 200000000 --as education-dept"},
                          Kind{"release", "Give up a reservation (by the owner)", "daftar budget release 2026.edu.09.22 5000000 --as education-dept"}}) {
    const std::string name = kind.name;
    Command change = budget.add_subcommand(name, kind.what);
    change.add_option("line", a->line, "Line id").required();
    change.add_option("amount", a->amount, "Amount").required();
    change.add_option("--currency", a->currency, "Currency of the line; default: asked of the network");
    if (name == "adjust") {
      change.add_option("--reason", a->reason, "Why").required();
      change.add_flag("--cut", a->cut, "Take the amount away instead of adding it");
    }
    add_transaction_options(change, session);
    change.footer(std::string("Example:\n  ") + kind.example);
    change.callback([&session, a, name] {
      session.action = [&session, a, name]() -> Result<Report> {
        auto amount = line_amount(session, *a);
        if (!amount) return Unexpected<ToolError>(amount.error());
        proto::Operation operation;
        if (name == "adjust") {
          operation.mutable_adjust_budget_line()->set_line(a->line);
          operation.mutable_adjust_budget_line()->set_delta(a->cut ? -*amount : *amount);
          operation.mutable_adjust_budget_line()->set_reason(a->reason);
        } else if (name == "allot") {
          operation.mutable_allot_budget_line()->set_line(a->line);
          operation.mutable_allot_budget_line()->set_amount(*amount);
        } else {
          operation.mutable_reserve_budget_line()->set_line(a->line);
          operation.mutable_reserve_budget_line()->set_amount(*amount);
          operation.mutable_reserve_budget_line()->set_release(name == "release");
        }
        return session.transact({operation});
      };
    });
  }

  Command virement = budget.add_subcommand("move", "Move appropriation from one line to another of the same year (by the treasury)");
  virement.add_option("line", a->line, "Line that gives").required();
  virement.add_option("to", a->to_line, "Line that gets").required();
  virement.add_option("amount", a->amount, "Amount").required();
  virement.add_option("--reason", a->reason, "Why").required();
  virement.add_option("--currency", a->currency, "Currency of the lines; default: asked of the network");
  add_transaction_options(virement, session);
  virement.footer("Example:\n  daftar budget move 2026.edu.09.22 2026.edu.09.31 5000000 --reason 'more repairs than planned' --as treasury");
  virement.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto amount = line_amount(session, *a);
      if (!amount) return Unexpected<ToolError>(amount.error());
      proto::Operation operation;
      auto& o = *operation.mutable_move_appropriation();
      o.set_from(a->line);
      o.set_to(a->to_line);
      o.set_amount(*amount);
      o.set_reason(a->reason);
      return session.transact({operation});
    };
  });

  for (const bool pay : {false, true}) {
    Command move = budget.add_subcommand(pay ? "pay" : "order", pay ? "Pay an ordered payment (by the treasury); taxes are withheld" : "Order a payment that a contract has earned (by the owner of the line)");
    move.add_option("contract", a->contract, "Contract id").required();
    move.add_option("payment", a->payment, "Its number, from 1: daftar contract show lists them").required();
    add_transaction_options(move, session);
    move.footer(pay ? "Example:\n  daftar budget pay ID 1 --as treasury" : "Example:\n  daftar budget order ID 1 --as education-dept");
    move.callback([&session, a, pay] {
      session.action = [&session, a, pay]() -> Result<Report> {
        auto id = parse_hex32("contract id", a->contract);
        if (!id) return Unexpected<ToolError>(id.error());
        proto::Operation operation;
        if (pay) {
          operation.mutable_pay_order()->set_contract(*id);
          operation.mutable_pay_order()->set_payment(a->payment);
        } else {
          operation.mutable_order_payment()->set_contract(*id);
          operation.mutable_order_payment()->set_payment(a->payment);
        }
        return session.transact({operation});
      };
    });
  }

  add_trace_command(budget, session);
  add_year_end_commands(budget, session);
  add_revenue_commands(budget, session);

  Command show = budget.add_subcommand("show", "One line with its stages; or what the budget brings in");
  show.add_option("line", a->line, "Line id");
  show.add_flag("--revenue", a->revenue, "Of revenue lines: what is planned and what has come. Without a line: all of them");
  show.footer("Examples:\n  daftar budget show 2026.edu.09.22\n  daftar budget show --revenue");
  show.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      if (a->revenue) return session.show("/v1/budget/revenue" + (a->line.empty() ? "?limit=1000" : "/" + url_part(a->line)), revenue_view);
      if (a->line.empty()) return failure(Exit::usage, "line", "Which line?", "daftar budget list names the lines; --revenue shows what comes in.");
      return session.show("/v1/budget/lines/" + url_part(a->line), budget_line_view);
    };
  });
  Command list = budget.add_subcommand("list", "All lines");
  list.footer("Example:\n  daftar budget list");
  list.callback([&session] {
    session.action = [&session]() -> Result<Report> {
      return session.show("/v1/budget/lines", budget_lines_view);
    };
  });
}

}  // namespace daftar::tools
