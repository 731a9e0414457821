#include "ledger/ids.h"
#include "tools/daftar/commands.h"

namespace daftar::tools {
namespace proto = ledger::proto;
using nlohmann::json;

namespace {
struct MoneyArguments {
  std::string to, amount, currency, from, category = "none", reference, account, bank, destination, payout, statement;
  bool refuse = false, net = false;
};

std::string balance_path(const std::string& account) {
  std::string path = "/v1/accounts";
  for (std::size_t begin = 0; begin <= account.size();) {
    const std::size_t end = std::min(account.find('/', begin), account.size());
    path += "/" + url_part(account.substr(begin, end - begin));
    begin = end + 1;
  }
  return path;
}
}  // namespace

void add_money_commands(Command app, Session& session) {
  auto a = arguments<MoneyArguments>();

  Command account = app.add_subcommand("account", "Accounts beside the main one of each currency");
  account.require_subcommand(1);
  Command open = account.add_subcommand("open", "Open a labelled account of one's own");
  open.add_option("account", a->account, "MEMBER/CURRENCY/LABEL").required();
  add_transaction_options(open, session);
  open.footer("Example:\n  daftar account open acme-build/UZS/payroll --as acme-build");
  open.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      proto::Operation operation;
      operation.mutable_open_account()->set_account(a->account);
      return session.transact({operation});
    };
  });

  Command pay = app.add_subcommand("pay", "Pay from one's account; the ledger withholds what the tax rules of the category say");
  pay.add_option("to", a->to, "Member, or account MEMBER/CURRENCY/LABEL").required();
  pay.add_option("amount", a->amount, "Gross amount, e.g. 1500000.50; with --net, what the payee is to get").required();
  pay.add_option("currency", a->currency, "e.g. UZS").required();
  pay.add_option("--from", a->from, "Account paid from; default: the main one of --as");
  pay.add_option("--category", a->category, "Income type for tax: services, goods, works, royalty, ... or none (default) for what is no income");
  pay.add_option("--reference", a->reference, "For people, up to 140 bytes");
  pay.add_flag("--net", a->net, "Net of tax: pay the smallest amount of which, after all that is withheld, the payee gets exactly this");
  add_transaction_options(pay, session);
  pay.footer("Example:\n  daftar pay baraka-soft 112000000 UZS --category services --reference 'invoice 17' --as acme-build\n"
             "  daftar pay aziza 8800000 UZS --category services --net --as acme-build");
  pay.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto amount = parse_amount(a->amount, a->currency);
      if (!amount) return Unexpected<ToolError>(amount.error());
      auto who = session.sender();
      if (!who) return Unexpected<ToolError>(who.error());
      proto::Operation operation;
      auto& transfer = *operation.mutable_transfer();
      transfer.set_from(full_account(a->from.empty() ? *who : a->from, a->currency));
      transfer.set_to(full_account(a->to, a->currency));
      transfer.set_amount(*amount);
      transfer.set_category(a->category);
      transfer.set_reference(a->reference);
      transfer.set_net(a->net);
      return session.transact({operation});
    };
  });

  Command balance = app.add_subcommand("balance", "Balance of an account, or of all accounts of a member");
  balance.add_option("account", a->account, "MEMBER, MEMBER/CURRENCY or MEMBER/CURRENCY/LABEL").required();
  balance.footer("Example:\n  daftar balance acme-build --as acme-build\n  daftar balance treasury/UZS");
  balance.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto found = session.get(balance_path(a->account));
      if (!found) return Unexpected<ToolError>(found.error());
      Report report{*found, {}, Exit::ok};
      const json list = found->is_array() ? *found : found->contains("accounts") ? (*found)["accounts"] : json::array({*found});
      std::vector<std::vector<std::string>> rows;
      for (const json& one : list) rows.push_back({json_text(one, "account"), money_text(json_amount(one, "balance"), json_text(one, "currency"))});
      report.lines = rows.empty() ? std::vector<std::string>{"No account of " + a->account + " has been used yet."} : table(rows, {false, true});
      return report;
    };
  });

  Command issue = app.add_subcommand("issue", "Bring money in against a line of a bank statement (by a bank or the treasury)");
  issue.add_option("to", a->to, "Member or account").required();
  issue.add_option("amount", a->amount, "Amount").required();
  issue.add_option("currency", a->currency, "e.g. UZS").required();
  issue.add_option("--statement", a->statement, "Reference of the statement line; can be used once").required();
  add_transaction_options(issue, session);
  issue.footer("Example:\n  daftar issue acme-build 500000000 UZS --statement 2026-11-24/17 --as bank");
  issue.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto amount = parse_amount(a->amount, a->currency);
      if (!amount) return Unexpected<ToolError>(amount.error());
      proto::Operation operation;
      operation.mutable_issue()->set_to(full_account(a->to, a->currency));
      operation.mutable_issue()->set_amount(*amount);
      operation.mutable_issue()->set_statement_reference(a->statement);
      return session.transact({operation});
    };
  });

  Command payout = app.add_subcommand("payout", "Take money out: the owner asks, a bank pays outside and settles");
  payout.require_subcommand(1);
  Command request = payout.add_subcommand("request", "Ask a bank to pay out; the amount is set aside");
  request.add_option("amount", a->amount, "Amount").required();
  request.add_option("currency", a->currency, "e.g. UZS").required();
  request.add_option("--bank", a->bank, "Member with role bank").required();
  request.add_option("--destination", a->destination, "Where to, e.g. an account outside").required();
  request.add_option("--from", a->from, "Account; default: the main one of --as");
  add_transaction_options(request, session);
  request.footer("Example:\n  daftar payout request 1000000 UZS --bank bank --destination 'UZ 2020 8000 ...' --as baraka-soft");
  request.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      auto amount = parse_amount(a->amount, a->currency);
      if (!amount) return Unexpected<ToolError>(amount.error());
      auto who = session.sender();
      if (!who) return Unexpected<ToolError>(who.error());
      proto::Operation operation;
      auto& ask = *operation.mutable_request_payout();
      ask.set_from(full_account(a->from.empty() ? *who : a->from, a->currency));
      ask.set_bank(a->bank);
      ask.set_amount(*amount);
      ask.set_destination(a->destination);
      return session.transact({operation});
    };
  });
  for (const bool refuse : {false, true}) {
    Command settle = payout.add_subcommand(refuse ? "refuse" : "settle", refuse ? "The bank gives the money back" : "The bank has paid outside");
    settle.add_option("payout", a->payout, "Id of the transaction that asked").required();
    auto statement = settle.add_option("--statement", a->statement, "Reference of the bank's statement line");
    if (!refuse) statement.required();
    add_transaction_options(settle, session);
    settle.footer(refuse ? "Example:\n  daftar payout refuse ID --as bank" : "Example:\n  daftar payout settle ID --statement 2026-11-24/18 --as bank");
    settle.callback([&session, a, refuse] {
      session.action = [&session, a, refuse]() -> Result<Report> {
        auto id = parse_hex32("payout id", a->payout);
        if (!id) return Unexpected<ToolError>(id.error());
        proto::Operation operation;
        operation.mutable_settle_payout()->set_payout(*id);
        operation.mutable_settle_payout()->set_statement_reference(a->statement);
        operation.mutable_settle_payout()->set_refuse(refuse);
        return session.transact({operation});
      };
    });
  }
  Command show = payout.add_subcommand("show", "What became of a payout");
  show.add_option("payout", a->payout, "Id of the transaction that asked").required();
  show.footer("Example:\n  daftar payout show ID --as baraka-soft");
  show.callback([&session, a] {
    session.action = [&session, a]() -> Result<Report> {
      return session.show("/v1/payouts/" + url_part(a->payout), render);
    };
  });
}

}  // namespace daftar::tools
