// How budget and revenue lines are laid out for people.
#include <map>

#include "tools/daftar/view_parts.h"
#include "tools/daftar/views.h"

namespace daftar::tools {
using nlohmann::json;

namespace {

constexpr const char* stages[] = {"approved", "adjusted", "allotted", "reserved", "committed", "accrued", "ordered", "paid"};

/// Per currency what the lines of a year come to together: Int128, as sums of lines are.
struct YearSums {
  std::size_t lines = 0;
  std::map<std::string, ledger::Int128> stages;
};

ledger::Int128 stage_sum(const json& line, const char* stage) { return json_amount(line.value("stages", json::object()).value(stage, json::object()), "net"); }

std::string sum_text(ledger::Int128 sum, const std::string& currency) {
  const auto amount = ledger::narrow(sum);
  return amount ? money_text(*amount, currency) : "more than an amount can say of " + currency;
}

std::string economic_text(const json& rule, const char* key, bool outside) {
  const std::string code = json_text(rule, key);
  return code.empty() ? "any class" : (outside ? "classes other than " : "class ") + code;
}

}  // namespace

std::vector<std::string> budget_line_view(const json& line) {
  const std::string currency = json_text(line, "currency");
  std::vector<std::string> lines = {json_text(line, "id") + " " + json_text(line, "title") + ", owner " + json_text(line, "owner") + ", year " +
                                        line.value("year", json()).dump() + ", function " + json_text(line, "function_code") + ", economic " +
                                        json_text(line, "economic_code") + ", paid from " + json_text(line, "source_account")};
  std::vector<std::vector<std::string>> rows = {{"stage", "now", "ever added", "ever taken back"}};
  const json sums = line.value("stages", json::object());
  for (const char* stage : stages) {
    const json sum = sums.value(stage, json::object());
    rows.push_back({stage, money(sum, "net", currency), money(sum, "gross", currency), money(sum, "reversed", currency)});
  }
  rows.push_back({"available", money(line, "available", currency), "", ""});
  for (const auto& [key, words] : {std::pair{"moved_in", "moved in"}, std::pair{"moved_out", "moved out"}, std::pair{"carried_in", "carried in"}, std::pair{"carried_out", "carried out"},
                                  std::pair{"lapsed", "lapsed"}})   // what few lines have
    if (json_amount(line, key) != 0) rows.push_back({words, money(line, key, currency), "", ""});
  for (const auto& [key, words] : {std::pair{"ceiling", "ceiling"}, std::pair{"bound_forward", "bound forward"}, std::pair{"advances", "advances"}}) {
    const json sum = line.value(key, json::object());
    if (json_amount(sum, "gross") != 0) rows.push_back({words, money(sum, "net", currency), money(sum, "gross", currency), money(sum, "reversed", currency)});
  }
  if (line.contains("may_move_out")) rows.push_back({"may move out", money(line, "may_move_out", currency), "", ""});
  for (const std::string& row : table(rows, {false, true, true, true})) lines.push_back("  " + row);
  if (line.value("is_ceiling", false)) lines.push_back("  a ceiling until the budget of " + line.value("year", json()).dump() + " is approved");
  if (line.contains("closed_at")) lines.push_back("  closed " + json_text(line, "closed_at"));
  else if (line.contains("closing_from")) lines.push_back("  being closed since " + json_text(line, "closing_from") + ": more contracts are to be carried over");
  else {
    if (line.contains("stopped_from")) lines.push_back("  nothing new is reserved or committed from " + json_text(line, "stopped_from") + " on");
    if (line.contains("payments_stopped_from")) lines.push_back("  nothing is ordered or paid from " + json_text(line, "payments_stopped_from") + " on");
  }
  return lines;
}

namespace {

/// What the contract has to do with the line: what is not yet earned of it, or where the rest went.
std::string bound_text(const json& contract, const std::string& line, const std::string& currency) {
  for (const json& party : list_of(contract, "parties")) {
    if (!party.contains("budget_line")) continue;
    if (list_of(party, "later_lines").empty())
      return json_text(party, "budget_line") == line ? money(contract, "held", currency) + " not yet earned" : "carried over to line " + json_text(party, "budget_line");
    ledger::Int128 held = 0;
    for (const json& list : list_of(contract, "lists"))
      for (const json& entry : list_of(list, "entries"))
        if (json_text(entry, "budget_line") == line) held += json_amount(entry, "held");
    return sum_text(held, currency) + " not yet earned of what falls due on this line";
  }
  return {};
}

}  // namespace

std::vector<std::string> trace_view(const json& trace) {
  const json& line = trace["line"];
  const std::string currency = json_text(line, "currency");
  const auto stage = [&](const char* name) { return money(line["stages"][name], "net", currency); };
  std::vector<std::string> lines = {json_text(line, "id") + " " + json_text(line, "title") + ", function " + json_text(line, "function_code") + ", economic " + json_text(line, "economic_code"),
                                    "  appropriation " + stage("adjusted") + " of " + json_text(line, "owner") + ", year " + line.value("year", json()).dump() + ": committed " + stage("committed") + ", paid " +
                                        stage("paid")};
  for (const json& contract : list_of(trace, "contracts")) {
    lines.push_back("  contract " + json_text(contract, "id") + " (" + json_text(contract, "template") + "/" + contract.value("version", json()).dump() + ", " + json_text(contract, "phase") + "), " +
                    bound_text(contract, json_text(line, "id"), currency));
    std::vector<std::vector<std::string>> rows;
    for (const json& payment : list_of(contract, "payments")) {
      if (json_text(payment, "budget_line") != json_text(line, "id")) continue;   // of another year
      const std::string last = json_text(payment, "stage");
      rows.push_back({payment.value("payment", json()).dump() + ".", money(payment, "amount", currency), "to " + json_text(payment, "payee") + " as " + json_text(payment, "category"),
                      last + " " + json_text(payment, last.c_str()).substr(0, 16), json_text(payment, (last + "_in").c_str())});
    }
    for (const std::string& row : table(rows, {true, true})) lines.push_back("    " + row);
  }
  return lines;
}

std::vector<std::string> budget_lines_view(const json& answer) {
  const json list = list_of(answer, "lines");
  if (list.empty()) return {"There is no budget line."};
  std::vector<std::vector<std::string>> rows = {{"line", "owner", "adjusted", "allotted", "reserved", "committed", "accrued", "ordered", "paid", "available", "currency"}};
  for (const json& line : list) {
    const std::string currency = json_text(line, "currency");
    const int decimals = ledger::currency_decimals(currency).value_or(0);
    const json sums = line.value("stages", json::object());
    std::vector<std::string> row = {json_text(line, "id"), json_text(line, "owner")};
    for (const char* stage : {"adjusted", "allotted", "reserved", "committed", "accrued", "ordered", "paid"})
      row.push_back(ledger::format_decimal(json_amount(sums.value(stage, json::object()), "net"), decimals, true));
    row.push_back(ledger::format_decimal(json_amount(line, "available"), decimals, true));
    row.push_back(currency);
    rows.push_back(std::move(row));
  }
  std::vector<std::string> lines = table(rows, {false, false, true, true, true, true, true, true, true, true, false});
  for (const json& line : list)
    if (line.value("is_ceiling", false))
      lines.push_back(json_text(line, "id") + " is a ceiling of " + money(line.value("ceiling", json::object()), "net", json_text(line, "currency")) + ", bound forward " +
                      money(line.value("bound_forward", json::object()), "net", json_text(line, "currency")));
  return lines;
}

std::vector<std::string> budget_trace_view(const json& trace) {
  std::map<std::string, YearSums> sums;
  for (const json& one : list_of(trace, "lines")) {
    YearSums& sum = sums[json_text(one["line"], "currency")];
    ++sum.lines;
    for (const char* stage : stages) sum.stages[stage] += stage_sum(one["line"], stage);
  }
  const std::string year = trace.value("year", json()).dump();
  if (sums.empty()) return {"There is no budget line of " + year + "."};
  std::vector<std::string> lines;
  for (auto& [currency, sum] : sums)
    lines.push_back("budget of " + year + ": " + std::to_string(sum.lines) + (sum.lines == 1 ? " line" : " lines") + ", appropriation " + sum_text(sum.stages["adjusted"], currency) + ", committed " +
                    sum_text(sum.stages["committed"], currency) + ", paid " + sum_text(sum.stages["paid"], currency));
  for (const json& one : list_of(trace, "lines"))
    for (const std::string& line : trace_view(one)) lines.push_back("  " + line);
  return lines;
}

std::vector<std::string> revenue_view(const json& answer) {
  const json list = answer.contains("lines") ? answer["lines"] : json::array({answer});
  if (list.empty()) return {"There is no revenue line."};
  std::vector<std::vector<std::string>> rows = {{"line", "title", "year", "account", "planned", "collected", "given back"}};
  for (const json& line : list) {
    const std::string currency = json_text(line, "currency");
    rows.push_back({json_text(line, "id"), json_text(line, "title"), line.value("year", json()).dump(), json_text(line, "account"), money(line.value("planned", json::object()), "net", currency),
                    money(line.value("collected", json::object()), "net", currency), money(line.value("collected", json::object()), "reversed", currency)});
  }
  return table(rows, {false, false, true, false, true, true, true});
}

std::vector<std::string> budget_rules_view(const json& rules) {
  std::vector<std::string> lines;
  lines.push_back(rules.contains("virement_share_ppm") ? "virement: at most " + percent(rules, "virement_share_ppm") + " of what a line was approved with" : std::string("virement: no general limit"));
  std::size_t number = 0;
  for (const json& rule : list_of(rules, "virement_rules")) {
    const bool forbidden = rule.value("share_ppm", 0) == 0;
    lines.push_back("  rule " + std::to_string(++number) + ": from " + economic_text(rule, "from_economic", false) + " to " + economic_text(rule, "to_economic", rule.value("to_outside", false)) +
                    (forbidden ? ": none" : ": at most " + percent(rule, "share_ppm")) + (rule.value("same_programme", false) ? ", within one programme" : "") +
                    (json_text(rule, "legal_basis").empty() ? "" : ", " + json_text(rule, "legal_basis")));
  }
  std::string categories;
  for (const json& category : list_of(rules, "advance_categories")) categories += (categories.empty() ? " of payments for " : ", ") + category.get<std::string>();
  lines.push_back(rules.contains("advance_share_ppm") ? "advances: at most " + percent(rules, "advance_share_ppm") + " of a price" + categories : std::string("advances: what templates allow"));
  lines.push_back(rules.value("duties_parted", false) ? "duties: who enters, approves, certifies and pays are different keys" : "duties: one key may take every step of its member");
  for (const json& one : list_of(rules, "two_persons")) lines.push_back("  above " + money(one, "above", json_text(one, "currency")) + " two keys order and two pay");
  return lines;
}

}  // namespace daftar::tools
