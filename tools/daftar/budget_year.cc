// `daftar budget stop` and `close`: the end of a budget line's year.
#include <algorithm>

#include "tools/daftar/commands.h"
#include "tools/genesis_compiler.h"

namespace daftar::tools {
namespace proto = ledger::proto;
using nlohmann::json;

namespace {

struct YearEndArguments {
  std::string line, to_line, from;
  bool lift = false, payments = false;
};

/// The ledger takes over about 200 contracts and payments at a time.
bool is_still_being_closed(const Report& report) {
  const json events = report.data.value("result", json::object()).value("events", json::array());
  return std::any_of(events.begin(), events.end(), [](const json& event) { return json_text(event, "kind") == "budget_closing"; });
}

/// The same again until nothing is left to carry over. The question is asked once: what follows does the same to the rest.
Result<Report> close_wholly(Session& session, const proto::Operation& operation) {
  auto report = session.transact({operation});
  std::vector<std::string> before;
  while (report && report->exit == Exit::ok && is_still_being_closed(*report)) {
    before.insert(before.end(), report->lines.begin(), report->lines.end());
    session.options.yes = true;
    report = session.transact({operation});
  }
  if (report) report->lines.insert(report->lines.begin(), before.begin(), before.end());
  return report;
}

}  // namespace

void add_year_end_commands(Command budget, Session& session) {
  auto a = arguments<YearEndArguments>();
  Command stop = budget.add_subcommand("stop", "Let nothing new be reserved or committed on a line from a date on, or nothing be paid (by the treasury that pays it)");
  stop.add_option("line", a->line, "Line id").required();
  stop.add_option("--from", a->from, "Date, as 2026-12-20 or 2026-12-20T15:00:00Z (UTC); one that has passed means from now on");
  stop.add_flag("--payments", a->payments, "Of orders and payments, instead of reservations and commitments");
  stop.add_flag("--lift", a->lift, "Take back a stop that is still to come");
  add_transaction_options(stop, session);
  stop.footer("Examples:\n  daftar budget stop 2026.edu.09.22 --from 2026-12-20 --as treasury\n  daftar budget stop 2026.edu.09.22 --payments --from 2027-01-31 --as treasury");
  stop.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      if (a->lift != a->from.empty()) return failure(Exit::usage, "stop", "Say from when (--from), or take the stop back (--lift).");
      std::uint64_t at = 0;
      if (!a->lift) {
        const auto from = utc_to_ms(a->from);
        if (!from) return Unexpected<ToolError>(from.error());
        at = std::max<std::uint64_t>(*from, 1);   // 0 would lift it
      }
      proto::Operation operation;
      auto& o = *operation.mutable_close_budget_year();
      o.set_line(a->line);
      if (a->payments) o.set_stop_payments_from_ms(at);
      else o.set_stop_from_ms(at);
      return session.transact({operation});
    };
  });

  Command close = budget.add_subcommand("close", "Close a line at the end of its year (by the treasury that pays it): what is not committed lapses");
  close.add_option("line", a->line, "Line id").required();
  close.add_option("--carry-to", a->to_line, "Line of the next year on which contracts in force go on, with what is committed for them");
  add_transaction_options(close, session);
  close.footer("Many contracts go over with several transactions: the command sends one after the other until the line is closed.\n\nExample:\n  daftar budget close 2026.edu.09.22 --carry-to 2027.edu.09.22 --as treasury");
  close.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      proto::Operation operation;
      auto& o = *operation.mutable_close_budget_year();
      o.set_line(a->line);
      o.mutable_close()->set_carry_to(a->to_line);
      return close_wholly(session, operation);
    };
  });
}

}  // namespace daftar::tools
