// `daftar budget trace`: from the whole budget of a year, or from a line, down to each payment; and from a payment up to its appropriation. Nobody's key is needed.
#include "tools/daftar/commands.h"
#include "tools/daftar/views.h"

namespace daftar::tools {
using nlohmann::json;

namespace {

struct TraceArguments {
  std::string line, payment;
  std::uint32_t year = 0;
};

/// Every page of a list.
Result<json> whole_list(Session& session, const std::string& target, const char* key) {
  json all = json::array();
  for (std::string after;;) {
    auto answer = session.get(target + "?limit=1000" + (after.empty() ? "" : "&after=" + url_part(after)));
    if (!answer) return Unexpected<ToolError>(answer.error());
    for (auto& one : answer->at(key)) all.push_back(std::move(one));
    if (!answer->at("next").is_string()) return all;
    after = answer->at("next").get<std::string>();
  }
}

/// The line, its contracts, their payments.
Result<json> trace_of(Session& session, const json& line) {
  auto contracts = whole_list(session, "/v1/budget/lines/" + url_part(json_text(line, "id")) + "/contracts", "contracts");
  if (!contracts) return Unexpected<ToolError>(contracts.error());
  return json{{"line", line}, {"contracts", *contracts}};
}

Result<Report> trace_line(Session& session, const std::string& line) {
  auto found = session.get("/v1/budget/lines/" + url_part(line));
  if (!found) return Unexpected<ToolError>(found.error());
  auto trace = trace_of(session, *found);
  if (!trace) return Unexpected<ToolError>(trace.error());
  return Report{*trace, trace_view(*trace), Exit::ok};
}

/// All lines of a year, each down to its payments, below what they come to together.
Result<Report> trace_year(Session& session, std::uint32_t year) {
  auto lines = whole_list(session, "/v1/budget/lines", "lines");
  if (!lines) return Unexpected<ToolError>(lines.error());
  Report report;
  report.data = {{"year", year}, {"lines", json::array()}};
  for (const json& line : *lines) {
    if (line.value("year", 0u) != year) continue;
    auto trace = trace_of(session, line);
    if (!trace) return Unexpected<ToolError>(trace.error());
    report.data["lines"].push_back(std::move(*trace));
  }
  report.lines = budget_trace_view(report.data);
  return report;
}

/// Of all payments, the one that this transaction made.
Result<Report> trace_payment(Session& session, const std::string& id) {
  auto transaction = session.get("/v1/transactions/" + url_part(id));
  if (!transaction) return Unexpected<ToolError>(transaction.error());
  for (const json& event : (*transaction)["result"]["events"]) {
    if (json_text(event, "kind") != "payment_made") continue;
    auto contract = session.get("/v1/contracts/" + url_part(json_text(event, "subject")));
    if (!contract) return Unexpected<ToolError>(contract.error());
    for (const json& payment : (*contract)["payments"]) {
      if (payment["payment"] != event["number"]) continue;
      const std::string line_id = json_text(payment, "budget_line");
      auto line = session.get("/v1/budget/lines/" + url_part(line_id));
      if (!line) return Unexpected<ToolError>(line.error());
      json only = *contract;
      only["payments"] = json::array({payment});
      Report report;
      report.data = {{"line", *line}, {"contracts", json::array({only})}};
      report.lines = trace_view(report.data);
      return report;
    }
  }
  return failure(Exit::usage, "payment", "Transaction " + id + " paid nothing from a budget line.", "Ask for a transaction that carries the event payment_made: daftar entries --line LINE lists them.");
}

}  // namespace

void add_trace_command(Command budget, Session& session) {
  auto a = arguments<TraceArguments>();
  Command trace = budget.add_subcommand("trace", "A whole year, or a line, down to contracts and their payments; or a payment up to its contract and appropriation");
  trace.add_option("line", a->line, "Line id");
  trace.add_option("--year", a->year, "All lines of this year, instead of one").range(1970, 9999);
  trace.add_option("--payment", a->payment, "Id of the transaction that paid, instead of a line");
  trace.footer("Examples:\n  daftar budget trace --year 2026\n  daftar budget trace 2026.edu.09.22\n  daftar budget trace --payment TX");
  trace.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      if ((a->line.empty() ? 0 : 1) + (a->payment.empty() ? 0 : 1) + (a->year == 0 ? 0 : 1) != 1)
        return failure(Exit::usage, "line", "Which line, which payment, or which year?", "daftar budget list names the lines; daftar budget trace --payment TX goes up from a payment.");
      if (a->year != 0) return trace_year(session, a->year);
      return a->payment.empty() ? trace_line(session, a->line) : trace_payment(session, a->payment);
    };
  });
}

}  // namespace daftar::tools
