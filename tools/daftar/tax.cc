#include "tools/daftar/commands.h"
#include "tools/daftar/views.h"
#include "tools/files.h"
#include "tools/genesis_compiler.h"

namespace daftar::tools {
using nlohmann::json;

namespace {

struct CertificateArguments { std::string payee, number, country, document, from, to; };

Result<Report> record_certificate(Session& session, const CertificateArguments& a) {
  ledger::proto::Operation operation;
  auto& o = *operation.mutable_change_tax_certificate();
  o.set_payee(a.payee);
  o.set_number(a.number);
  o.set_country(a.country);
  auto bytes = read_file(a.document, 64u << 20);
  if (!bytes) return Unexpected<ToolError>(bytes.error());
  o.set_document_digest(std::string(ledger::sha256(*bytes).view()));
  auto from = utc_to_ms(a.from), to = utc_to_ms(a.to);
  if (!from) return Unexpected<ToolError>(from.error());
  if (!to) return Unexpected<ToolError>(to.error());
  o.set_valid_from_ms(*from);
  o.set_valid_to_ms(*to);
  return session.transact({operation});
}

Result<Report> withdraw_certificate(Session& session, const CertificateArguments& a) {
  ledger::proto::Operation operation;
  operation.mutable_change_tax_certificate()->set_payee(a.payee);
  operation.mutable_change_tax_certificate()->set_number(a.number);
  operation.mutable_change_tax_certificate()->set_withdraw(true);
  return session.transact({operation});
}

struct CorrectionArguments {
  std::string payment, rule, payee, to, amount, reason, decision;
  std::uint32_t line = 0;   // 0: the only one of that rule
};

/// The tax line that is meant: of that rule, and of that payee and number where they are given.
Result<json> line_meant(Session& session, const CorrectionArguments& a) {
  auto answer = session.get("/v1/tax/lines/" + url_part(a.payment));
  if (!answer) return answer;
  std::vector<json> found;
  for (const json& line : (*answer)["lines"])
    if (json_text(line, "rule") == a.rule && (a.payee.empty() || json_text(line, "payee") == a.payee) && (a.line == 0 || line.value("line", 0u) == a.line)) found.push_back(line);
  if (found.size() == 1) return found.front();
  std::string there;
  for (const json& line : (*answer)["lines"])
    there += (there.empty() ? "" : ", ") + std::to_string(line.value("line", 0u)) + ": " + json_text(line, "rule") + " of " + json_text(line, "payee");
  return failure(Exit::usage, "rule", std::string(found.empty() ? "No tax line" : "More than one tax line") + " of the payment is the one meant. Its tax lines are " + (there.empty() ? "none" : there) + ".",
                 "Give the rule's code, and --payee or --line where one rule taxed several payments.");
}

Result<Report> correct_tax(Session& session, const CorrectionArguments& a) {
  auto line = line_meant(session, a);
  if (!line) return Unexpected<ToolError>(line.error());
  const std::string currency = json_text(*line, "currency");
  ledger::proto::Operation operation;
  auto& o = *operation.mutable_correct_tax();
  auto payment = parse_hex32("payment", json_text(*line, "payment"));
  if (!payment) return Unexpected<ToolError>(payment.error());
  o.set_payment(*payment);
  o.set_line(line->value("line", 0u));
  o.set_rule(a.rule);
  o.set_to(full_account(a.to.empty() ? json_text(*line, "payee") : a.to, currency));
  auto amount = parse_amount(a.amount, currency);
  if (!amount) return Unexpected<ToolError>(amount.error());
  o.set_amount(*amount);
  o.set_reason(a.reason);
  if (!a.decision.empty()) {
    auto digest = file_digest(a.decision);
    if (!digest) return Unexpected<ToolError>(digest.error());
    o.set_decision_digest(*digest);
  }
  return session.transact({operation});
}

void add_correction_command(Command tax, Session& session) {
  auto a = arguments<CorrectionArguments>();
  Command correct = tax.add_subcommand("correct", "Give tax that was withheld too much on one payment back to the payee (by who received it, or by the payer who still holds it)");
  correct.add_option("payment", a->payment, "Transaction id, or index of the entry").required();
  correct.add_option("--rule", a->rule, "Code of the rule that withheld").required();
  correct.add_option("--amount", a->amount, "How much goes back").required();
  correct.add_option("--reason", a->reason, "Why; the payee and who withheld read it").required();
  correct.add_option("--decision", a->decision, "File of the decision: its digest stands on the ledger");
  correct.add_option("--to", a->to, "Account of the payee; default: its main account");
  correct.add_option("--payee", a->payee, "Whose payment, where the rule taxed several in the entry");
  correct.add_option("--line", a->line, "Number of the tax line, where that is not enough (`daftar tax withholding --payment` in JSON)");
  add_transaction_options(correct, session);
  correct.footer("Example:\n  daftar tax correct 17 --rule uz-nonresident-20 --amount 5000000 --reason 'treaty with Sweden' --decision decision.pdf --as tax-authority");
  correct.callback([&session, a] { session.action = [&session, a] { return correct_tax(session, *a); }; });
}

struct RemittanceArguments {
  std::string rule, period, amount, payer;
  std::uint32_t version = 0;   // 0: the only one that is held
};

/// All that the reader may see, page by page.
Result<json> read_held(Session& session, const std::string& payer, const std::string& period) {
  json rows = json::array();
  std::string after;
  do {
    auto answer = session.get("/v1/tax/held?limit=1000" + (payer.empty() ? "" : "&payer=" + url_part(payer)) + (period.empty() ? "" : "&period=" + url_part(period)) +
                              (after.empty() ? "" : "&after=" + url_part(after)));
    if (!answer) return answer;
    for (const json& row : answer->value("rows", json::array())) rows.push_back(row);
    after = json_text(*answer, "next");
  } while (!after.empty());
  return json{{"rows", std::move(rows)}};
}

/// What the sender holds by that rule and of that period.
Result<json> row_meant(Session& session, const RemittanceArguments& a) {
  auto sender = session.sender();
  if (!sender) return Unexpected<ToolError>(sender.error());
  auto answer = read_held(session, *sender, a.period);
  if (!answer) return answer;
  std::vector<json> found;
  for (const json& row : (*answer)["rows"])
    if (json_text(row, "rule") == a.rule && json_text(row, "period") == a.period && (a.version == 0 || row.value("version", 0u) == a.version) && json_amount(row, "liability") > 0)
      found.push_back(row);
  if (found.size() == 1) return found.front();
  return failure(Exit::usage, "tax_not_held",
                 found.empty() ? *sender + " holds nothing of " + a.rule + " of the period that begins with " + a.period + "." : "More than one version of the rule is meant.",
                 "`daftar tax due` lists what is held; --version says which version of the rule.");
}

Result<Report> remit_tax(Session& session, const RemittanceArguments& a) {
  if (auto day = utc_to_ms(a.period + "-01"); !day || a.period.size() != 7) return failure(Exit::usage, "period", "'" + a.period + "' is no month.", "Write 2026-11.");
  auto row = row_meant(session, a);
  if (!row) return Unexpected<ToolError>(row.error());
  ledger::proto::Operation operation;
  auto& o = *operation.mutable_remit_tax();
  o.set_rule(a.rule);
  o.set_version(row->value("version", 0u));
  o.set_currency(json_text(*row, "currency"));
  o.set_period(static_cast<std::uint32_t>(std::stoul(a.period.substr(0, 4) + a.period.substr(5))));
  o.set_amount(json_amount(*row, "liability"));
  if (!a.amount.empty()) {
    auto amount = parse_amount(a.amount, o.currency());
    if (!amount) return Unexpected<ToolError>(amount.error());
    o.set_amount(*amount);
  }
  return session.transact({operation});
}

void add_remittance_commands(Command tax, Session& session) {
  auto a = arguments<RemittanceArguments>();
  Command due = tax.add_subcommand("due",
                                   "What was withheld by rules that let the payer hold it: remitted, still held, and when it is due (read by the payer, the tax authority, an auditor)");
  due.add_option("--payer", a->payer, "Who withheld; default: everybody, for those who may read that");
  due.add_option("--period", a->period, "Only the period that begins with this month, YYYY-MM");
  due.footer("Example:\n  daftar tax due --payer acme-build --as acme-build");
  due.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto held = read_held(session, a->payer, a->period);
      if (!held) return Unexpected<ToolError>(held.error());
      return Report{*held, tax_held_view(*held), Exit::ok};
    };
  });

  Command remit = tax.add_subcommand("remit", "Send tax that one holds to the revenue account now; what is left, the ledger sends when it is due (by the payer)");
  remit.add_option("rule", a->rule, "Code of the rule").required();
  remit.add_option("--period", a->period, "The month, or the first of the quarter, YYYY-MM").required();
  remit.add_option("--amount", a->amount, "How much; default: all that is held of it");
  remit.add_option("--version", a->version, "Of the rule, where more than one is held");
  add_transaction_options(remit, session);
  remit.footer("Example:\n  daftar tax remit uz-prize-12 --period 2026-11 --as acme-build");
  remit.callback([&session, a] { session.action = [&session, a] { return remit_tax(session, *a); }; });
}

void add_certificate_commands(Command tax, Session& session) {
  auto a = arguments<CertificateArguments>();
  Command add = tax.add_subcommand("certificate", "Record a payee's certificate of residence, which opens the treaty rules of its country (by a tax authority)");
  add.add_option("payee", a->payee, "Member").required();
  add.add_option("--number", a->number, "Number of the certificate").required();
  add.add_option("--country", a->country, "Country that issued it, two letters").required();
  add.add_option("--document", a->document, "File of the certificate: its digest stands on the ledger").required();
  add.add_option("--from", a->from, "First day of its validity (UTC)").required();
  add.add_option("--to", a->to, "First day on which it is not valid any more (UTC)").required();
  add_transaction_options(add, session);
  add.footer("Example:\n  daftar tax certificate nordic-consult --number SE-2026-118 --country SE --document certificate.pdf --from 2026-01-01 --to 2027-01-01 --as tax-authority");
  add.callback([&session, a] { session.action = [&session, a] { return record_certificate(session, *a); }; });

  Command withdraw = tax.add_subcommand("withdraw-certificate", "Take a certificate of residence out of force, for payments in later blocks (by a tax authority)");
  withdraw.add_option("payee", a->payee, "Member").required();
  withdraw.add_option("number", a->number, "Number of the certificate").required();
  add_transaction_options(withdraw, session);
  withdraw.footer("Example:\n  daftar tax withdraw-certificate nordic-consult SE-2026-118 --as tax-authority");
  withdraw.callback([&session, a] { session.action = [&session, a] { return withdraw_certificate(session, *a); }; });

  Command list = tax.add_subcommand("certificates", "A payee's certificates of residence (read by the payee, the tax authority, an auditor)");
  list.add_option("payee", a->payee, "Member").required();
  list.footer("Example:\n  daftar tax certificates nordic-consult --as tax-authority");
  list.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> { return session.show("/v1/tax/certificates/" + url_part(a->payee), tax_certificates_view); };
  });
}

}  // namespace

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
      if (a->payment.find_first_not_of("0123456789") != std::string::npos && !ledger::Digest::from_hex(a->payment))
        return failure(Exit::usage, "payment", "'" + a->payment + "' is no payment.", "Give the transaction's id, 64 hexadecimal digits, or the entry's index.");
      return session.show("/v1/tax/explanations/" + url_part(a->payment), tax_explanation_view);
    };
  });

  add_certificate_commands(tax, session);
  add_withholding_commands(tax, session);
  add_correction_command(tax, session);
  add_remittance_commands(tax, session);
}

}  // namespace daftar::tools
