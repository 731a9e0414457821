#include "tools/daftar/commands.h"
#include "tools/daftar/views.h"
#include "tools/genesis_compiler.h"

namespace daftar::tools {
using nlohmann::json;

void add_tax_commands(Command app, Session& session) {
  Command tax = app.add_subcommand("tax", "Tax rules in force, what was withheld, and why");
  tax.require_subcommand(1);
  struct Arguments { std::string date, payee, period, payment; };
  auto a = arguments<Arguments>();

  Command rules = tax.add_subcommand("rules", "The rules in force, with rate, basis and how sure they are");
  rules.add_option("--date", a->date, "On this day (2026-01-31) instead of now");
  rules.footer("Example:\n  daftar tax rules --date 2022-06-30");
  rules.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      if (!a->date.empty())
        if (auto day = utc_to_ms(a->date); !day) return Unexpected<ToolError>(day.error());
      return session.show("/v1/tax/rules" + (a->date.empty() ? "" : "?date=" + url_part(a->date)), tax_rules_view);
    };
  });

  Command sums = tax.add_subcommand("register", "What was reckoned and withheld of one payee in one month (read by the payee, the tax authority, an auditor)");
  sums.add_option("--payee", a->payee, "Member").required();
  sums.add_option("--period", a->period, "Month, YYYY-MM (UTC)").required();
  sums.footer("Example:\n  daftar tax register --payee baraka-soft --period 2026-11 --as tax-authority");
  sums.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      return session.show("/v1/tax/register?payee=" + url_part(a->payee) + "&period=" + url_part(a->period), tax_register_view);
    };
  });

  Command explain = tax.add_subcommand("explain", "Line by line: which rule of which version took what of a payment, and why the others did not apply");
  explain.add_option("payment", a->payment, "Transaction id, or index of the entry").required();
  explain.footer("Example:\n  daftar tax explain 17 --as tax-authority");
  explain.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      if (a->payment.find_first_not_of("0123456789") != std::string::npos)
        if (auto id = parse_hex32("payment", a->payment); !id) return Unexpected<ToolError>(id.error());
      return session.show("/v1/tax/explanations/" + url_part(a->payment), tax_explanation_view);
    };
  });
}

}  // namespace daftar::tools
