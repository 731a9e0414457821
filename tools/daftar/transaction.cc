#include <iostream>

#include "tools/daftar/commands.h"

namespace daftar::tools {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {
struct TransactionArguments {
  std::string subject, out;
  std::string account, contract, line, member, payee, rule, proposal, contract_template;
  std::uint64_t from = 0;
  unsigned limit = 50;
};

Result<Report> show(Session& session, const std::string& subject) {
  if (ledger::Digest::from_hex(subject)) {
    auto found = session.get("/v1/transactions/" + subject);
    if (!found) return Unexpected<ToolError>(found.error());
    Report report{*found, {}, Exit::ok};
    json head = *found;
    head.erase("result");
    head.erase("envelope");
    report.lines = render(head);
    if (const std::string envelope = json_text(*found, "envelope"); !envelope.empty())
      if (const auto bytes = ledger::from_base64(envelope))
        if (auto words = describe_envelope(*bytes, session.currency_lookup()))
          for (const std::string& line : *words) report.lines.push_back(line);
    if (found->contains("result")) {
      const json& result = (*found)["result"];
      if (result.value("ok", json()) != true) report.lines.push_back("refused: " + json_text(result, "code") + " " + json_text(result, "detail"));
      for (const std::string& line : describe_result(result, session.currency_lookup())) report.lines.push_back("  " + line);
    }
    return report;
  }
  auto envelope = read_transaction_file(subject);
  if (!envelope) return Unexpected<ToolError>(envelope.error());
  auto words = describe_envelope(*envelope);
  if (!words) return Unexpected<ToolError>(words.error());
  return Report{{{"file", subject}, {"words", *words}}, *words, Exit::ok};
}

Result<Report> sign(Session& session, const TransactionArguments& a) {
  auto who = session.sender();
  if (!who) return Unexpected<ToolError>(who.error());
  auto envelope = read_transaction_file(a.subject);
  if (!envelope) return Unexpected<ToolError>(envelope.error());
  auto words = describe_envelope(*envelope);
  if (!words) return Unexpected<ToolError>(words.error());
  // Whoever has the genesis at hand is told when the bytes are for another ledger.
  if (auto genesis = session.genesis())
    if (std::string line = "ledger " + (*genesis)->ledger_id().hex(); std::find(words->begin(), words->end(), line) == words->end())
      return failure(Exit::usage, "other_ledger", "This transaction is for another ledger than " + (*genesis)->ledger_id().hex() + ".", "Nothing was signed.");
  for (const std::string& line : *words) std::cerr << line << "\n";
  auto agreed = session.confirm("Sign exactly this as " + *who + "?");
  if (!agreed) return Unexpected<ToolError>(agreed.error());
  if (!*agreed) return failure(Exit::usage, "not_confirmed", "Nothing was signed.");
  auto key = session.key(*who);
  if (!key) return Unexpected<ToolError>(key.error());
  auto with_signature = add_signature(*envelope, **key);
  if (!with_signature) return Unexpected<ToolError>(with_signature.error());
  const std::string file = a.out.empty() ? a.subject : a.out;
  if (auto wrote = write_transaction_file(file, *with_signature); !wrote) return Unexpected<ToolError>(wrote.error());
  Report report;
  report.data = {{"file", file}, {"signed_by", (*key)->public_key().hex()}};
  report.lines = {"Signed; written to " + file + ". Send it: daftar tx submit " + file};
  return report;
}

}  // namespace

void add_transaction_commands(Command app, Session& session) {
  Command tx = app.add_subcommand("tx", "Transactions: show, try, sign without a network, send");
  tx.require_subcommand(1);
  auto a = arguments<TransactionArguments>();

  Command see = tx.add_subcommand("show", "What a transaction in the ledger (id) did, or what one in a file says (no network needed)");
  see.add_option("subject", a->subject, "Id (64 hex digits) or file").required();
  see.footer("Example:\n  daftar tx show payment.tx");
  see.callback([&session, a] { session.action = [&session, a] { return show(session, a->subject); }; });

  Command dry = tx.add_subcommand("dry-run", "What a transaction in a file would do now; changes nothing");
  dry.add_option("file", a->subject, "Transaction file").required();
  dry.footer("Example:\n  daftar tx dry-run payment.tx");
  dry.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto envelope = read_transaction_file(a->subject);
      if (!envelope) return Unexpected<ToolError>(envelope.error());
      return session.preview(*envelope);
    };
  });

  Command put = tx.add_subcommand("sign", "Add a signature to a transaction in a file, after showing what exactly it says; asks no network");
  put.add_option("file", a->subject, "Transaction file").required();
  put.add_option("--signed-out", a->out, "Write here instead of back to the file");
  put.footer("Example:\n  daftar pay baraka-soft 10 UZS --as acme-build --out payment.tx\n  daftar tx sign payment.tx --as acme-build --keys ~/keys --genesis genesis.pb\n  daftar tx submit payment.tx");
  put.callback([&session, a] { session.action = [&session, a] { return sign(session, *a); }; });

  Command send = tx.add_subcommand("submit", "Send a signed transaction; sending it twice does nothing twice");
  send.add_option("file", a->subject, "Transaction file").required();
  send.add_option("--wait", session.options.wait, "committed (default) or certified").one_of({"committed", "certified"});
  send.add_option("--timeout", session.options.timeout_s, "Seconds (default 10)").range(1, 600);
  send.footer("Example:\n  daftar tx submit payment.tx --wait certified");
  send.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto envelope = read_transaction_file(a->subject);
      if (!envelope) return Unexpected<ToolError>(envelope.error());
      return session.submit(*envelope);
    };
  });

  Command entries = app.add_subcommand("entries", "Entries of the log about one account, contract, budget line, member, payee, tax rule or change");
  entries.add_option("--account", a->account, "Account");
  entries.add_option("--contract", a->contract, "Contract id");
  entries.add_option("--line", a->line, "Budget line");
  entries.add_option("--member", a->member, "Member that sent");
  entries.add_option("--payee", a->payee, "Member that was paid and taxed");
  entries.add_option("--rule", a->rule, "Tax rule code");
  entries.add_option("--proposal", a->proposal, "Change of tax rules or templates, by its id");
  entries.add_option("--template", a->contract_template, "Changes of a contract template, NAME/VERSION");
  entries.add_option("--from", a->from, "First index");
  entries.add_option("--limit", a->limit, "At most so many (default 50)");
  entries.footer("Example:\n  daftar entries --account acme-build/UZS --as acme-build\n  daftar entries --line 2026.edu.09.22");
  entries.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      std::string kind, id;
      for (const auto& [name, value] : {std::pair{"account", &a->account}, {"contract", &a->contract}, {"budget_line", &a->line},
                                        {"member", &a->member}, {"tax_payee", &a->payee}, {"tax_rule", &a->rule}, {"proposal", &a->proposal}, {"template", &a->contract_template}}) {
        if (value->empty()) continue;
        if (!kind.empty()) return failure(Exit::usage, "entries", "Name one of --account, --contract, --line, --member, --payee, --rule, --proposal, --template.");
        kind = name;
        id = *value;
      }
      if (kind.empty()) return failure(Exit::usage, "entries", "Name one of --account, --contract, --line, --member, --payee, --rule, --proposal, --template.");
      auto found = session.get("/v1/entries?kind=" + kind + "&id=" + url_part(id) + "&from=" + std::to_string(a->from) + "&limit=" + std::to_string(a->limit));
      if (!found) return Unexpected<ToolError>(found.error());
      Report report{*found, {}, Exit::ok};
      for (const json& entry : found->value("entries", json::array())) {
        const json result = entry.value("result", json::object());
        report.lines.push_back(entry.value("index", json()).dump() + "  " + json_text(entry, "time") + "  " + json_text(entry, "kind") + " " + json_text(entry, "id"));
        if (result.value("ok", json()) != true) report.lines.push_back("    refused: " + json_text(result, "code"));
        for (const std::string& line : describe_result(result, session.currency_lookup())) report.lines.push_back("    " + line);
      }
      if (found->contains("next") && !(*found)["next"].is_null()) report.lines.push_back("More: --from " + (*found)["next"].dump());
      return report;
    };
  });
}

}  // namespace daftar::tools
