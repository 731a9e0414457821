#include "tools/daftar/views.h"

#include "ledger/money.h"
#include "tools/daftar/session.h"

namespace daftar::tools {
using nlohmann::json;

namespace {

constexpr const char* stages[] = {"approved", "adjusted", "allotted", "reserved", "committed", "accrued", "ordered", "paid"};

/// Sums of a budget line are of 128 bits: one beyond 64 is shown as it came.
std::string money(const json& object, const char* key, const std::string& currency) {
  const std::string text = json_text(object, key);
  return text.size() > 18 ? text + " minor units of " + currency : money_text(json_amount(object, key), currency);
}

/// 120000 → "12 %"
std::string percent(const json& object, const char* ppm) {
  std::string text = ledger::format_decimal(object.value(ppm, std::int64_t{0}), 4);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + " %";
}

std::string joined(const json& object, const char* key, const std::string& otherwise) {
  std::string out;
  if (const auto it = object.find(key); it != object.end() && it->is_array())
    for (const json& one : *it)
      if (one.is_string()) out += (out.empty() ? "" : ", ") + one.get<std::string>();
  return out.empty() ? otherwise : out;
}

std::string day(const json& object, const char* key) { return json_text(object, key).substr(0, 10); }

json list_of(const json& answer, const char* key) {
  const auto it = answer.is_object() ? answer.find(key) : answer.end();
  return answer.is_object() && it != answer.end() && it->is_array() ? *it : json::array();
}

}  // namespace

std::vector<std::string> contract_view(const json& c) {
  const std::string currency = json_text(c, "currency");
  std::vector<std::string> lines = {json_text(c, "title") + " (" + json_text(c, "template") + "): " + json_text(c, "phase")};
  std::vector<std::vector<std::string>> facts = {{"contract", json_text(c, "id")},
                                                 {"customer", json_text(c, "customer") + (json_text(c, "customer_signed").empty() ? ", not signed yet" : ", signed " + json_text(c, "customer_signed"))},
                                                 {"provider", json_text(c, "provider") + (json_text(c, "provider_signed").empty() ? ", not signed yet" : ", signed " + json_text(c, "provider_signed"))},
                                                 {"arbiter", json_text(c, "arbiter").empty() ? "none" : json_text(c, "arbiter")},
                                                 {"total", money(c, "total", currency) + ", " + money(c, "held", currency) + " set aside now"},
                                                 {"paid from", json_text(c, "budget_line").empty() ? json_text(c, "customer_account") : "budget line " + json_text(c, "budget_line")},
                                                 {"paid to", json_text(c, "provider_account") + ", taxed as " + json_text(c, "category")}};
  if (c.value("late_penalty_ppm_per_day", 0) != 0)
    facts.push_back({"late", percent(c, "late_penalty_ppm_per_day") + " of the price a day, at most " + percent(c, "late_penalty_cap_ppm")});
  if (json_text(c, "phase") == "draft") facts.push_back({"open until", json_text(c, "offer_until")});
  facts.push_back({"terms", json_text(c, "terms_digest")});
  for (const std::string& line : table(facts)) lines.push_back("  " + line);
  std::vector<std::vector<std::string>> rows = {{"", "milestone", "price", "due", "stage", "payment", "payable", "penalty"}};
  for (const json& m : list_of(c, "milestones")) {
    const std::string payment = json_text(m, "payment");
    rows.push_back({m.value("milestone", json()).dump(), json_text(m, "title"), money(m, "price", currency), day(m, "due"), json_text(m, "stage"),
                    payment == "none" ? "" : payment, json_amount(m, "payable") == 0 ? "" : money(m, "payable", currency),
                    json_amount(m, "penalty") == 0 ? "" : money(m, "penalty", currency)});
  }
  for (const std::string& line : table(rows, {true, false, true, false, false, false, true, true})) lines.push_back("  " + line);
  return lines;
}

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
  for (const std::string& row : table(rows, {false, true, true, true})) lines.push_back("  " + row);
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
  return table(rows, {false, false, true, true, true, true, true, true, true, true, false});
}

std::vector<std::string> tax_rules_view(const json& answer) {
  const json list = list_of(answer, "rules");
  if (list.empty()) return {"No tax rule is in force."};
  std::vector<std::vector<std::string>> rows = {{"rule", "rate", "of", "withheld", "categories", "payee", "currency", "from", "to", "sure?", "revenue account"}};
  for (const json& rule : list)
    rows.push_back({json_text(rule, "code") + "/" + rule.value("version", json()).dump(), percent(rule, "rate_ppm"), json_text(rule, "base"),
                    percent(rule, "withheld_share_ppm"), joined(rule, "categories", "any income"),
                    json_text(rule, "payee_residence") + (rule.contains("payee_kinds") && !rule["payee_kinds"].empty() ? " " + joined(rule, "payee_kinds", "") : ""),
                    json_text(rule, "currency").empty() ? "any" : json_text(rule, "currency"), day(rule, "effective_from"),
                    day(rule, "effective_to"), json_text(rule, "status"), json_text(rule, "revenue_account")});
  std::vector<std::string> lines = table(rows, {false, true});
  lines.push_back("");
  for (const json& rule : list) lines.push_back(json_text(rule, "code") + ": " + json_text(rule, "title") + ". " + json_text(rule, "legal_basis"));
  return lines;
}

std::vector<std::string> tax_register_view(const json& answer) {
  const json list = list_of(answer, "rows");
  if (list.empty()) return {"Nothing was paid to this payee in this month that a rule taxes."};
  std::vector<std::vector<std::string>> rows = {{"payee", "period", "rule", "payments", "gross", "base", "tax", "withheld"}};
  for (const json& row : list) {
    const std::string currency = json_text(row, "currency");
    rows.push_back({json_text(row, "payee"), json_text(row, "period"), json_text(row, "rule") + "/" + row.value("version", json()).dump(),
                    row.value("payments", json()).dump(), money(row, "gross", currency), money(row, "base", currency), money(row, "tax", currency),
                    money(row, "withheld", currency)});
  }
  return table(rows, {false, false, false, true, true, true, true, true});
}

}  // namespace daftar::tools
