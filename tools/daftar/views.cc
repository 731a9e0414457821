#include "tools/daftar/views.h"

#include "ledger/money.h"
#include "tools/daftar/session.h"
#include "tools/daftar/view_parts.h"

namespace daftar::tools {
using nlohmann::json;

namespace {

std::string advance_text(const json& payment) {
  if (!payment.value("advance", false)) return {};
  return payment.contains("offset") ? ", in advance, offset since" : ", in advance";
}

/// ", in 2027 from 2027.roads"
std::string later_lines_text(const json& party) {
  std::string out;
  for (const json& later : list_of(party, "later_lines")) out += ", in " + later.value("year", json()).dump() + " from " + json_text(later, "line");
  return out;
}

/// "12 %", or with brackets "10 %, above 5 000.00 UZS 20 %".
std::string rates(const json& rule, const std::string& currency) {
  std::string out = percent(rule, "rate_ppm");
  for (const json& bracket : rule.value("brackets", json::array())) out += ", above " + money(bracket, "above", currency) + " " + percent(bracket, "rate_ppm");
  return out;
}

std::string joined(const json& object, const char* key, const std::string& otherwise) {
  std::string out;
  if (const auto it = object.find(key); it != object.end() && it->is_array())
    for (const json& one : *it)
      if (one.is_string()) out += (out.empty() ? "" : ", ") + one.get<std::string>();
  return out.empty() ? otherwise : out;
}

/// A text, or a list of texts.
std::string text_or_list(const json& object, const char* key) {
  return object.contains(key) && object[key].is_string() ? json_text(object, key) : joined(object, key, "");
}

std::string rule_name(const json& line) { return json_text(line, line.contains("rule") ? "rule" : "code") + "/" + line.value("version", json()).dump(); }

/// Why a rule does not apply, as a sentence's end: what it asks for, and what the payment has.
std::string ground_text(const json& line, const std::string& currency) {
  const std::string reason = json_text(line, "reason"), asks = text_or_list(line, "asks"), found = text_or_list(line, "found");
  if (reason == "currency") return "for payments in " + asks + ", this one is in " + found;
  if (reason == "category") return "for " + asks + ", this is " + found;
  if (reason == "payer_country") return "for payers of " + asks + ", this one is of " + found;
  if (reason == "payer_kind") return "for payers of kind " + asks + ", this one is " + found;
  if (reason == "payee_residence") return "for payees who are " + asks + ", this one is " + found;
  if (reason == "payee_kind") return "for payees of kind " + asks + ", this one is " + found;
  if (reason == "payee_status") return "for payees whose tax status is " + asks + ", this one's is " + (found.empty() ? "another" : found);
  if (reason == "treaty_country") return "for payees of " + asks + ", this one is of " + found;
  if (reason == "no_certificate") return "for payees with a certificate of residence of " + asks + " that covers the payment, this one has none";
  if (reason == "replaced") return found + " applies in its place";
  if (reason == "not_yet_in_force") return "in force from " + asks + " on, the payment was before";
  if (reason == "no_longer_in_force") return "in force until " + asks + ", the payment was not before";
  if (reason == "below_threshold") return "for payments from " + money(line, "asks", currency) + " on, this one is " + money(line, "found", currency);
  return reason;
}

std::string party_text(const json& party) {
  const std::string status = json_text(party, "tax_status");
  return json_text(party, "id") + " (" + json_text(party, "kind") + " of " + json_text(party, "country") + (status.empty() ? "" : ", tax status " + status) + ")";
}

std::string day(const json& object, const char* key) { return json_text(object, key).substr(0, 10); }



}  // namespace

namespace {

std::string of_entry(const json& one) { return one.contains("entry") ? " of " + one["entry"].dump() : ""; }

std::string move_words(const json& move, const std::string& currency) {
  const std::string kind = json_text(move, "kind"), amount = money(move, "amount", currency);
  if (kind == "pay") return amount + " to " + json_text(move, "to");
  return kind == "hold" ? amount + " is set aside from " + json_text(move, "party") : amount + " goes back to " + json_text(move, "party");
}

/// Who may do what, what silence does, and the taxes expected by the rules of now.
std::vector<std::string> outlook_of(const json& a, const std::string& currency) {
  std::vector<std::string> lines;
  std::vector<std::vector<std::string>> turns;
  for (const json& turn : list_of(a, "turns")) {
    std::string acts;
    for (const json& act : list_of(turn, "acts")) acts += (acts.empty() ? "" : ", ") + act.get<std::string>();
    turns.push_back({json_text(turn, "party"), acts + of_entry(turn), turn.contains("otherwise") ? "else " + json_text(turn, "otherwise") + " at " + json_text(turn, "otherwise_at").substr(0, 16) : ""});
  }
  if (!turns.empty()) lines.push_back("who may act, and what time does otherwise:");
  for (const std::string& line : table(turns)) lines.push_back("  " + line);
  if (a.contains("silence")) {
    const json& silence = a["silence"];
    lines.push_back("if nobody does anything:");
    std::vector<std::vector<std::string>> rows;
    for (const json& step : list_of(silence, "steps")) {
      std::string moves;
      for (const json& move : list_of(step, "moves")) moves += (moves.empty() ? "" : ", ") + move_words(move, currency);
      rows.push_back({json_text(step, "at").substr(0, 16), json_text(step, "deadline") + of_entry(step), moves, json_text(step, "phase")});
    }
    for (const std::string& line : table(rows)) lines.push_back("  " + line);
    if (silence.value("cut_short", false)) lines.push_back("  …");
    else if (!silence.value("ends", false)) lines.push_back(rows.empty() ? "  nothing happens" : "  then nothing more happens");
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& payment : list_of(a, "expected")) {
    std::string taxes;
    for (const json& tax : list_of(payment, "taxes"))
      taxes += (taxes.empty() ? "" : ", ") + json_text(tax, "rule") + " " + money(tax, "tax", currency) + (json_amount(tax, "withheld") == json_amount(tax, "tax") ? "" : " (" + money(tax, "withheld", currency) + " withheld)");
    rows.push_back({payment.contains("entry") ? payment["entry"].dump() : "", money(payment, "gross", currency), "to " + json_text(payment, "to") + " as " + json_text(payment, "category"),
                    "leaves " + money(payment, "net", currency), taxes.empty() ? "untaxed" : taxes});
  }
  if (!rows.empty()) lines.push_back("each payment, if it is of the whole amount and by the tax rules of now:");
  for (const std::string& line : table(rows, {true, true})) lines.push_back("  " + line);
  return lines;
}

}  // namespace

std::vector<std::string> contract_view(const json& a) {
  const std::string currency = json_text(a, "currency");
  std::vector<std::string> lines = {json_text(a, "template") + "/" + a.value("version", json()).dump() + ": " + json_text(a, "phase") + (a.contains("replaced_by") ? ", replaced" : "")};
  for (const json& paragraph : list_of(a, "words")) lines.push_back("  " + paragraph.get<std::string>());
  std::vector<std::vector<std::string>> facts = {{"contract", json_text(a, "id")}, {"terms", json_text(a, "digest")}};
  if (a.contains("replaces")) facts.push_back({"in place of", json_text(a, "replaces")});
  if (a.contains("replaced_by")) facts.push_back({"replaced by", json_text(a, "replaced_by")});
  if (a.contains("tender")) facts.push_back({"by the award of", json_text(a, "tender")});
  if (a.contains("contract_by_award")) facts.push_back({"its contract", json_text(a, "contract_by_award")});
  for (const json& party : list_of(a, "parties")) facts.push_back({json_text(party, "name"), json_text(party, "member") + (party.contains("budget_line") ? ", pays from budget line " + json_text(party, "budget_line") + later_lines_text(party) : ", account " + json_text(party, "account"))});
  for (const json& term : list_of(a, "terms")) facts.push_back({json_text(term, "name"), json_text(term, "words")});
  facts.push_back({a.value("public", false) ? "committed" : "set aside", money(a, "held", currency)});
  for (const json& one : list_of(a, "agreed")) facts.push_back({"agreed", json_text(one, "party") + " to " + json_text(one, "act") + (one.contains("entry") ? " of " + one["entry"].dump() : "")});
  if (a.contains("next_deadline")) {
    const json& due = a["next_deadline"];
    facts.push_back({"falls due", json_text(due, "name") + (due.contains("entry") ? " of " + due["entry"].dump() : "") + " at " + json_text(due, "at")});
  }
  for (const std::string& line : table(facts)) lines.push_back("  " + line);
  for (const json& list : list_of(a, "lists")) {
    std::vector<std::vector<std::string>> rows = {{"", json_text(list, "name"), "stage", "set aside"}};
    for (const json& entry : list_of(list, "entries")) {
      std::string words = json_text(entry, "member");   // who made it, in an open list
      for (const json& field : list_of(entry, "fields")) words += (words.empty() ? "" : ", ") + json_text(field, "words");
      rows.push_back({entry.value("entry", json()).dump(), words, json_text(entry, "stage"), json_amount(entry, "held") == 0 ? "" : money(entry, "held", currency)});
    }
    for (const std::string& line : table(rows, {true, false, false, true})) lines.push_back("  " + line);
  }
  for (const std::string& line : outlook_of(a, currency)) lines.push_back("  " + line);
  std::vector<std::vector<std::string>> payments = {{"", "payment", "stage", "amount"}};
  for (const json& one : list_of(a, "payments"))
    payments.push_back({one.value("payment", json()).dump(), (one.contains("entry") ? "for entry " + one["entry"].dump() + ", to " : "to ") + json_text(one, "payee") + advance_text(one), json_text(one, "stage"), money(one, "amount", currency)});
  if (payments.size() > 1)
    for (const std::string& line : table(payments, {true, false, false, true})) lines.push_back("  " + line);
  return lines;
}

std::vector<std::string> classification_view(const json& answer) {
  const auto period = [](const json& one) {
    return (json_text(one, "from").empty() ? std::string("always") : "from " + json_text(one, "from")) + (json_text(one, "to").empty() ? "" : " to " + json_text(one, "to"));
  };
  std::vector<std::vector<std::string>> rows = {{"list", "code", "", "in force"}};
  for (const json& code : answer.value("codes", json::array())) {
    for (const json& title : code.value("titles", json::array())) rows.push_back({json_text(code, "list"), json_text(code, "code"), json_text(title, "title"), period(title)});
    for (const json& target : code.value("maps_to", json::array()))
      rows.push_back({json_text(code, "list"), json_text(code, "code"), "belongs to " + json_text(target, "list") + " " + json_text(target, "code"), period(target)});
  }
  return table(rows);
}

std::vector<std::string> tax_rules_view(const json& answer) {
  const json list = list_of(answer, "rules");
  if (list.empty()) return {"No tax rule is in force."};
  std::vector<std::vector<std::string>> rows = {{"rule", "rate", "of", "withheld", "categories", "payee", "currency", "from", "to", "sure?", "revenue account"}};
  for (const json& rule : list)
    rows.push_back({rule_name(rule), rates(rule, json_text(rule, "currency")), json_text(rule, "base"),
                    percent(rule, "withheld_share_ppm"), joined(rule, "categories", "any income"),
                    json_text(rule, "payee_residence") + (rule.contains("payee_kinds") && !rule["payee_kinds"].empty() ? " " + joined(rule, "payee_kinds", "") : "") +
                        (json_text(rule, "treaty").empty() ? "" : " with certificate of " + json_text(rule, "treaty")),
                    json_text(rule, "currency").empty() ? "any" : json_text(rule, "currency"), day(rule, "effective_from"),
                    day(rule, "effective_to"), json_text(rule, "status"), json_text(rule, "revenue_account")});
  std::vector<std::string> lines = table(rows, {false, true});
  lines.push_back("");
  for (const json& rule : list) {
    lines.push_back(json_text(rule, "code") + ": " + json_text(rule, "title") + ". " + json_text(rule, "legal_basis"));
    if (const std::string period = json_text(rule, "accumulate"); !period.empty())
      lines.push_back("  threshold and brackets are for the sum of a " + period + (json_text(rule, "accumulate_by") == "payee" ? " of the payee" : " of the payee by one payer"));
    if (const std::string period = json_text(rule, "remittance"); !period.empty())
      lines.push_back("  the payer holds it until day " + rule.value("remittance_day", json()).dump() + " of the month after each " + period);
  }
  return lines;
}

std::vector<std::string> tax_certificates_view(const json& answer) {
  const json list = list_of(answer, "certificates");
  if (list.empty()) return {"No certificate of residence is recorded for this payee."};
  std::vector<std::vector<std::string>> rows = {{"certificate", "country", "from", "to", "recorded", "withdrawn"}};
  for (const json& one : list)
    rows.push_back({json_text(one, "number"), json_text(one, "country"), day(one, "valid_from"), day(one, "valid_to"), day(one, "recorded"), day(one, "withdrawn")});
  return table(rows);
}

std::vector<std::string> tax_register_view(const json& answer) {
  const json list = list_of(answer, "rows");
  if (list.empty()) return {"Nothing was paid to this payee in this month that a rule taxes."};
  std::vector<std::vector<std::string>> rows = {{"payee", "period", "rule", "payments", "gross", "base", "tax", "withheld"}};
  for (const json& row : list) {
    const std::string currency = json_text(row, "currency");
    rows.push_back({json_text(row, "payee"), json_text(row, "period"), rule_name(row),
                    row.value("payments", json()).dump(), money(row, "gross", currency), money(row, "base", currency), money(row, "tax", currency),
                    money(row, "withheld", currency)});
  }
  return table(rows, {false, false, false, true, true, true, true, true});
}

std::vector<std::string> tax_held_view(const json& answer) {
  const json list = list_of(answer, "rows");
  if (list.empty()) return {"Nothing has been withheld here by a rule that lets the payer hold it."};
  std::vector<std::vector<std::string>> rows = {{"payer", "period", "rule", "withheld", "given back", "remitted", "still held", "due"}};
  for (const json& row : list) {
    const std::string currency = json_text(row, "currency");
    rows.push_back({json_text(row, "payer"), json_text(row, "period"), rule_name(row), money(row, "withheld", currency), money(row, "given_back", currency), money(row, "remitted", currency),
                    money(row, "liability", currency), json_text(row, "due").substr(0, 16)});
  }
  return table(rows, {false, false, false, true, true, true, true});
}

namespace {

/// Where the money of a tax line is that its payer holds, or held.
std::vector<std::string> remittance_text(const json& line) {
  const json remittance = line.value("remittance", json());
  if (!remittance.is_object()) return {};
  std::vector<std::string> out;
  for (const json& one : list_of(remittance, "entries"))
    out.push_back("of the tax of the period " + json_text(remittance, "period") + ", money was remitted on " + day(one, "time") + " by entry " + json_text(one, "id"));
  if (!remittance.value("complete", false)) out.push_back("held by " + json_text(remittance, "held_by") + " until " + json_text(remittance, "due").substr(0, 16));
  return out;
}

/// One sentence for each correction of a tax line.
std::vector<std::string> corrections_text(const json& line, const std::string& currency) {
  std::vector<std::string> out;
  for (const json& one : list_of(line, "corrections"))
    out.push_back(money(one, "amount", currency) + " given back on " + day(one, "time") + " by entry " + json_text(one, "id"));
  return out;
}

}  // namespace

std::vector<std::string> withholding_view(const json& certificate) {
  std::vector<std::string> lines = {"certificate of withholding, from ledger " + json_text(certificate, "ledger")};
  const std::string payee = json_text(certificate, "payee"), kind = json_text(certificate, "kind");
  lines.push_back((payee.empty() ? "payment " + json_text(certificate, "payment") : "payee " + payee + ", " + json_text(certificate, "from") + " to " + json_text(certificate, "until")) +
                  (kind.empty() ? "" : ", only " + kind));
  const json list = list_of(certificate, "lines");
  if (list.empty()) {
    const std::string by = certificate.value("held_against_register", false) ? "" : " by " + json_text(certificate, "made_by");
    lines.push_back(payee.empty() ? "No tax was reckoned on it." : "Nothing was paid" + by + " in this time on which tax was reckoned.");
    return lines;
  }
  for (const json& party : list_of(certificate, "parties"))
    lines.push_back("  " + json_text(party, "id") + ": " + (json_text(party, "name").empty() ? "a person" : json_text(party, "name")) +
                    (json_text(party, "tax_id").empty() ? "" : ", tax number " + json_text(party, "tax_id")) + ", of " + json_text(party, "country"));
  std::vector<std::vector<std::string>> rows = {{"day", "entry", "payer", "payee", "paid as", "gross", "rule", "rate", "base", "tax", "withheld", "payment"}};
  for (const json& line : list) {
    const std::string currency = json_text(line, "currency");
    rows.push_back({day(line, "time"), line.value("index", json()).dump(), json_text(line, "payer"), json_text(line, "payee"), json_text(line, "category"), money(line, "gross", currency),
                    rule_name(line), rates(line, currency), money(line, "base", currency), money(line, "tax", currency), money(line, "withheld", currency), json_text(line, "payment")});
  }
  for (const std::string& row : table(rows, {false, true, false, false, false, true, false, true, true, true, true})) lines.push_back(row);
  for (const json& line : list)
    for (const std::string& text : remittance_text(line)) lines.push_back("  entry " + line.value("index", json()).dump() + ", " + rule_name(line) + ": " + text);
  for (const json& line : list)
    for (const std::string& text : corrections_text(line, json_text(line, "currency"))) lines.push_back("  entry " + line.value("index", json()).dump() + ", " + rule_name(line) + ": " + text);
  rows = {{"rule", "payments", "gross", "base", "tax", "withheld", "given back"}};
  for (const json& sum : list_of(certificate, "sums")) {
    const std::string currency = json_text(sum, "currency");
    rows.push_back({rule_name(sum), sum.value("payments", json()).dump(), money(sum, "gross", currency), money(sum, "base", currency), money(sum, "tax", currency), money(sum, "withheld", currency),
                    money(sum, "corrected", currency)});
  }
  lines.push_back("by rule:");
  for (const std::string& row : table(rows, {false, true, true, true, true, true, true})) lines.push_back("  " + row);
  for (const json& sum : list_of(certificate, "sums")) lines.push_back("  " + rule_name(sum) + ": " + json_text(sum, "title") + ". " + json_text(sum, "legal_basis"));
  for (const json& total : list_of(certificate, "totals")) {
    const std::string currency = json_text(total, "currency");
    const bool corrected = json_amount(total, "corrected") != 0;
    lines.push_back("withheld in all: " + money(total, "withheld", currency) + (corrected ? ", given back " + money(total, "corrected", currency) + ", which leaves " + money(total, "left", currency) : ""));
  }
  if (certificate.value("held_against_register", false)) lines.push_back("The register of the ledger says the same of each rule and month.");
  else if (!payee.empty()) lines.push_back("Payments by " + json_text(certificate, "made_by") + " only; the register, which also holds those of others, is not this reader's to see.");
  if (const json receipts = certificate.value("receipts", json()); receipts.is_object())
    lines.push_back("proved: receipts of " + receipts.value("count", json()).dump() + " entries in " + json_text(receipts, "folder") + " prove each line; check one: daftar verify FILE --genesis genesis.pb" +
                    (receipts.value("validators_changed", false) ? " --validator-changes " + json_text(receipts, "folder") + "/validator-changes" : ""));
  return lines;
}

namespace {

void explain_applied(const json& line, const std::string& currency, std::vector<std::string>& lines) {
  const int decimals = ledger::currency_decimals(currency).value_or(0);
  const std::string of = json_text(line, "of");
  lines.push_back("  " + rule_name(line) + " applies: " + json_text(line, "title"));
  if (const json before = line.value("so_far", json()); before.is_object()) {
    lines.push_back("    of the sum of the " + json_text(line, "accumulate") + ": " + money(before, "base", currency) + " came before, " + money(before, "tax", currency) +
                    " of tax reckoned on " + (json_amount(before, "start") == 0 ? "it" : "what came after the first " + money(before, "start", currency)));
  }
  lines.push_back("    " + rates(line, currency) + (of == "inclusive" ? " inside " : of == "exclusive" || json_text(line, "kind") == "contribution" ? " on top of " : of == "net_of_vat" ? " without VAT of " : " of ") +
                  money(line, "taken_from", currency) + ": " + money(line, "tax", currency) + " on " + money(line, "base", currency) + ", rounded " + json_text(line, "rounding") + " to " +
                  ledger::format_decimal(line.value("rounding_unit", std::int64_t{1}), decimals, true) + " " + currency);
  if (const std::string account = json_text(line, "withheld_to"); account.empty()) lines.push_back("    recorded, nothing is withheld");
  else lines.push_back("    withheld " + percent(line, "withheld_share_ppm") + " of it: " + money(line, "withheld", currency) + " to " + account +
                       (line.contains("due") ? ", held there until " + json_text(line, "due").substr(0, 16) : ""));
  for (const std::string& text : corrections_text(line, currency)) lines.push_back("    " + text);
  if (line.value("limited", false)) lines.push_back("    cut: rounding or earlier rules left less to take");
  std::string dates = day(line, "effective_from").empty() ? "in force always" : "in force from " + day(line, "effective_from");
  if (const std::string to = day(line, "effective_to"); !to.empty()) dates += " until " + to;
  lines.push_back("    " + dates + "; " + json_text(line, "status") + ": " + json_text(line, "legal_basis"));
}

}  // namespace

std::vector<std::string> tax_explanation_view(const json& answer) {
  std::vector<std::string> lines;
  if (!answer.value("as_recorded", false))
    lines.push_back("NOT AS RECORDED: what this node reckons now is not what entry " + answer.value("index", json()).dump() + " says. Compare with `daftar tx show`, and tell the operators.");
  const json payments = list_of(answer, "payments");
  if (payments.empty()) lines.push_back("This entry made no payment that tax rules look at: it was refused, or it only moved money as no income.");
  for (const json& p : payments) {
    const std::string currency = json_text(p, "currency");
    lines.push_back("payment of " + money(p, "gross", currency) + " as " + json_text(p, "category") + " at " + json_text(answer, "time") +
                    (p.contains("entry") ? ", entry " + p["entry"].dump() : "") + (p.contains("contract") ? " of contract " + json_text(p, "contract") : ""));
    lines.push_back("  by " + party_text(p.value("payer", json::object())) + " from " + json_text(p, "source"));
    if (p.contains("net_asked")) lines.push_back("  asked for net of tax: the smallest amount that leaves " + money(p, "net_asked", currency));
    lines.push_back("  to " + party_text(p.value("payee", json::object())) + ", who receives " + money(p, "net", currency) + " in " + json_text(p, "payee_account"));
    const json applied = list_of(p, "applied");
    if (applied.empty()) lines.push_back("  no rule applies");
    for (const json& line : applied) explain_applied(line, currency, lines);
    for (const json& line : list_of(p, "not_applied")) lines.push_back("  " + rule_name(line) + " does not apply: " + ground_text(line, currency));
  }
  return lines;
}

}  // namespace daftar::tools
