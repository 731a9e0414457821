// Transactions and results in words a person can check.
#include <algorithm>
#include <charconv>

#include "ledger/ids.h"
#include "ledger/money.h"
#include "ledger/utf8.h"
#include "tools/change_words.h"
#include "tools/genesis_compiler.h"
#include "tools/wallet.h"

namespace daftar::tools {
namespace proto = ledger::proto;
using nlohmann::json;

namespace {

std::string currency_of_account(std::string_view account) {
  const auto parsed = ledger::parse_account(account);
  return parsed ? std::string(parsed->currency) : std::string();
}

std::string hex_of(std::string_view raw) { return ledger::to_hex(raw); }

std::string quoted(const std::string& text) { return "“" + text + "”"; }

std::string join(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

/// 202603 as 2026-03.
std::string month_text(std::uint32_t period) { return std::to_string(period / 100) + (period % 100 < 10 ? "-0" : "-") + std::to_string(period % 100); }

struct Describer {
  const CurrencyLookup& currency_of;
  std::string lookup(const std::string& id) const { return currency_of ? currency_of(id) : std::string(); }
  static std::string payment(const std::string& contract, std::uint32_t number) { return "payment " + std::to_string(number) + " of contract " + hex_of(contract); }

  static std::string value(const proto::ContractValue& one) {
    if (one.has_number()) return one.name() + " " + std::to_string(one.number());
    const bool readable = ledger::is_utf8(one.bytes()) && std::none_of(one.bytes().begin(), one.bytes().end(), [](char c) { return static_cast<unsigned char>(c) < ' '; });
    return one.name() + " " + (readable ? quoted(one.bytes()) : hex_of(one.bytes()));
  }

  /// Numbers as they are sent: what they mean is the template's to say, whose words the commands show.
  std::string draft(const proto::DraftContract& d) const {
    std::string out = "draft a contract of template " + d.template_() + "/" + std::to_string(d.version()) + " in " + d.currency() + ", digest " + hex_of(d.digest());
    if (!d.replaces().empty()) out += "\n      in the place of contract " + hex_of(d.replaces());
    if (!d.tender().empty()) out += "\n      by the award of tender " + hex_of(d.tender());
    for (const auto& party : d.parties())
      out += "\n      " + party.name() + ": " + party.member() + (party.account().empty() ? "" : ", account " + party.account()) +
             (party.budget_line().empty() ? "" : ", pays from budget line " + party.budget_line()) + (party.later_lines().empty() ? "" : ", what is due in later years from " + join(party.later_lines()));
    for (const auto& term : d.terms()) out += "\n      " + value(term);
    for (const auto& list : d.lists()) {
      std::uint32_t number = 0;
      for (const auto& entry : list.entries()) {
        std::string fields;
        for (const auto& field : entry.fields()) fields += (fields.empty() ? "" : ", ") + value(field);
        out += "\n      " + list.name() + " " + std::to_string(++number) + ": " + fields;
      }
    }
    return out;
  }

  std::string act(const proto::ActOnContract& o) const {
    std::string out = o.act() + " on contract " + hex_of(o.contract()) + (o.entry() == 0 ? "" : ", entry " + std::to_string(o.entry())) + ", with digest " + hex_of(o.digest());
    for (const auto& parameter : o.parameters()) out += "\n      " + value(parameter);
    return out;
  }

  std::string node_change(const proto::ProposeNodeChange& o) const {
    std::string out = "propose a change of the nodes, approvals until " + ms_to_utc(o.until_ms());
    for (const auto& step : o.changes()) {
      const std::string node = std::to_string(step.node());
      out += "\n      ";
      if (step.verb() == "add_observer" || step.verb() == "add_validator")
        out += "add node " + node + " as " + step.verb().substr(4) + ", operated by " + step.operator_() + ", at " + quoted(step.link_address()) +
               ", link key " + hex_of(step.link_key()) + ", checkpoint key " + hex_of(step.checkpoint_key());
      else if (step.verb() == "promote") out += "make observer " + node + " a validator";
      else if (step.verb() == "demote") out += "make validator " + node + " an observer";
      else if (step.verb() == "remove") out += "remove node " + node + " for good";
      else out += "a change this program does not know: do not sign";
    }
    return out;
  }

  /// All that the proposal says; what is changed by it is beside it in the commands, which know the rules there are.
  static std::string proposed_change(const proto::ProposeChange& o) {
    std::string out = "propose a change, approvals until " + ms_to_utc(o.until_ms());
    for (const std::string& line : words_of_change(o, {})) out += "\n      " + line;
    return out;
  }

  std::string operator()(const proto::Operation& op) const {
    switch (op.kind_case()) {
      case proto::Operation::kTransfer: {
        const auto& o = op.transfer();
        return "pay " + money_text(o.amount(), currency_of_account(o.from())) + (o.net() ? " net of tax" : "") + " from " + o.from() + " to " + o.to() +
               (o.category() == "none" ? ", no income (no tax)" : ", taxed as " + o.category()) + (o.reference().empty() ? "" : ", reference " + quoted(o.reference()));
      }
      case proto::Operation::kRegisterMember: {
        const auto& o = op.register_member();
        std::string out = "register member " + o.id() + " " + quoted(o.name()) + ", " + o.kind() + " of " + o.country() +
                          (o.tax_id().empty() ? "" : ", tax number " + o.tax_id()) + (o.tax_status().empty() ? "" : ", " + o.tax_status()) +
                          ", roles: " + join(o.roles()) + ", " + std::to_string(o.signatures_required()) + " signature(s) required";
        for (const auto& key : o.keys()) out += "\n      key " + ledger::to_hex(key);
        return out;
      }
      case proto::Operation::kOpenAccount: return "open account " + op.open_account().account();
      case proto::Operation::kIssue: {
        const auto& o = op.issue();
        return "issue " + money_text(o.amount(), currency_of_account(o.to())) + " to " + o.to() + ", statement " + quoted(o.statement_reference());
      }
      case proto::Operation::kRequestPayout: {
        const auto& o = op.request_payout();
        return "ask " + o.bank() + " to pay out " + money_text(o.amount(), currency_of_account(o.from())) + " from " + o.from() + " to " + quoted(o.destination());
      }
      case proto::Operation::kSettlePayout: {
        const auto& o = op.settle_payout();
        return std::string(o.refuse() ? "refuse" : "settle") + " payout " + hex_of(o.payout()) +
               (o.statement_reference().empty() ? "" : ", statement " + quoted(o.statement_reference()));
      }
      case proto::Operation::kDraftContract: return draft(op.draft_contract());
      case proto::Operation::kActOnContract: return act(op.act_on_contract());
      case proto::Operation::kApproveBudgetLine: {
        const auto& o = op.approve_budget_line();
        return (o.ceiling() ? "set a ceiling for a later year: budget line " : "approve budget line ") + o.line() + " " + quoted(o.title()) + " of " + money_text(o.amount(), o.currency()) + " for " + o.owner() + ", year " +
               std::to_string(o.year()) + ", function " + o.function_code() + ", economic " + o.economic_code() +
               (o.programme().empty() ? "" : ", programme " + o.programme()) + ", paid from " + o.source_account();
      }
      case proto::Operation::kAdjustBudgetLine:
        return "adjust budget line " + op.adjust_budget_line().line() + " by " + money_text(op.adjust_budget_line().delta(), lookup(op.adjust_budget_line().line())) +
               ": " + quoted(op.adjust_budget_line().reason());
      case proto::Operation::kAllotBudgetLine:
        return "allot " + money_text(op.allot_budget_line().amount(), lookup(op.allot_budget_line().line())) + " on budget line " + op.allot_budget_line().line();
      case proto::Operation::kReserveBudgetLine: {
        const auto& o = op.reserve_budget_line();
        return std::string(o.release() ? "release a reservation of " : "reserve ") + money_text(o.amount(), lookup(o.line())) + " on budget line " + o.line();
      }
      case proto::Operation::kRecordExecution: {
        const auto& o = op.record_execution();
        return "record that " + money_text(o.amount(), lookup(o.line())) + " of budget line " + o.line() + " were spent outside this ledger: " + quoted(o.reference());
      }
      case proto::Operation::kMoveAppropriation: {
        const auto& o = op.move_appropriation();
        return "move " + money_text(o.amount(), lookup(o.from())) + " of appropriation from budget line " + o.from() + " to " + o.to() + ": " + quoted(o.reason());
      }
      case proto::Operation::kCloseBudgetYear: {
        const auto& o = op.close_budget_year();
        if (o.has_close())
          return "close budget line " + o.line() + " for good; " + (o.close().carry_to().empty() ? "nothing may be committed on it and not paid" : "contracts in force go on on line " + o.close().carry_to());
        if (o.has_stop_payments_from_ms())
          return o.stop_payments_from_ms() == 0 ? "lift the stop of payments that is to come of budget line " + o.line() : "let nothing be ordered or paid on budget line " + o.line() + " from " + ms_to_utc(o.stop_payments_from_ms()) + " on";
        if (o.stop_from_ms() == 0) return "lift the stop that is to come of budget line " + o.line();
        return "let nothing new be reserved or committed on budget line " + o.line() + " from " + ms_to_utc(o.stop_from_ms()) + " on";
      }
      case proto::Operation::kApproveRevenueLine: {
        const auto& o = op.approve_revenue_line();
        return "plan revenue line " + o.line() + " " + quoted(o.title()) + ": " + money_text(o.amount(), currency_of_account(o.account())) + " to come to " + o.account() + " in " + std::to_string(o.year());
      }
      case proto::Operation::kAdjustRevenueLine:
        return "change the plan of revenue line " + op.adjust_revenue_line().line() + " by " + money_text(op.adjust_revenue_line().delta(), lookup(op.adjust_revenue_line().line())) + ": " +
               quoted(op.adjust_revenue_line().reason());
      case proto::Operation::kOrderPayment: return "order " + payment(op.order_payment().contract(), op.order_payment().payment());
      case proto::Operation::kPayOrder: return "pay the ordered " + payment(op.pay_order().contract(), op.pay_order().payment());
      case proto::Operation::kChangeKey: {
        const auto& o = op.change_key();
        return std::string(o.revoke() ? "revoke key " : "add key ") + ledger::to_hex(o.key()) + (o.revoke() ? " of " : " to ") + o.member() + (o.office().empty() ? "" : ", office " + o.office()) +
               (o.from_ms() == 0 ? "" : ", in force from " + ms_to_utc(o.from_ms())) + (o.until_ms() == 0 ? "" : ", until " + ms_to_utc(o.until_ms()));
      }
      case proto::Operation::kSetSigningRules: {
        std::string out = op.set_signing_rules().rules().empty() ? "set no signing rules: signatures_required is enough for every amount" : "set the signing rules";
        for (const auto& rule : op.set_signing_rules().rules())
          out += "\n      above " + money_text(rule.above(), rule.currency()) + " " + std::to_string(rule.signatures()) + " must sign" + (rule.offices().empty() ? "" : ", among them " + join(rule.offices()));
        return out;
      }
      case proto::Operation::kProposeNodeChange: return node_change(op.propose_node_change());
      case proto::Operation::kApproveNodeChange: return "approve the change of the nodes proposed in " + hex_of(op.approve_node_change().proposal());
      case proto::Operation::kWithdrawNodeChange: return "withdraw the change of the nodes proposed in " + hex_of(op.withdraw_node_change().proposal());
      case proto::Operation::kChangeTaxCertificate: {
        const auto& o = op.change_tax_certificate();
        if (o.withdraw()) return "withdraw certificate of residence " + o.number() + " of " + o.payee();
        return "record certificate of residence " + o.number() + " of " + o.payee() + ", resident of " + o.country() + ", valid from " + ms_to_utc(o.valid_from_ms()) +
               " until " + ms_to_utc(o.valid_to_ms()) + ", document " + hex_of(o.document_digest());
      }
      case proto::Operation::kCorrectTax: {
        const auto& o = op.correct_tax();
        return "give back " + money_text(o.amount(), currency_of_account(o.to())) + " to " + o.to() + ", withheld too much by " + o.rule() + " in tax line " + std::to_string(o.line()) +
               " of " + hex_of(o.payment()) + ", reason " + quoted(o.reason()) + (o.decision_digest().empty() ? "" : ", decision " + hex_of(o.decision_digest()));
      }
      case proto::Operation::kRemitTax: {
        const auto& o = op.remit_tax();
        return "remit " + money_text(o.amount(), o.currency()) + " of what was withheld by " + o.rule() + "/" + std::to_string(o.version()) + " in the period that begins with " +
               month_text(o.period());
      }
      case proto::Operation::kProposeChange: return proposed_change(op.propose_change());
      case proto::Operation::kApproveChange: return "approve the change proposed in " + hex_of(op.approve_change().proposal());
      case proto::Operation::kWithdrawChange: return "withdraw the change proposed in " + hex_of(op.withdraw_change().proposal());
      case proto::Operation::KIND_NOT_SET: break;
    }
    return "an operation this program does not know: do not sign";
  }
};

std::string text_of(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::int64_t amount_of(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return 0;
  if (it->is_number_integer()) return it->get<std::int64_t>();
  const std::string text = text_of(object, key);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string money_text(std::int64_t minor_units, std::string_view currency) {
  const auto decimals = ledger::currency_decimals(currency);
  if (!decimals) return std::to_string(minor_units) + " minor units";
  return ledger::format_decimal(minor_units, *decimals, true) + " " + std::string(currency);
}

std::string describe_operation(const proto::Operation& operation, const CurrencyLookup& currency_of) { return Describer{currency_of}(operation); }

std::vector<std::string> describe_transaction(const ledger::Transaction& transaction, const CurrencyLookup& currency_of) {
  std::vector<std::string> lines;
  const auto& body = transaction.body();
  lines.push_back("transaction " + transaction.id().hex());
  lines.push_back("ledger " + ledger::to_hex(body.ledger_id()));
  lines.push_back("sender " + body.sender() + ", valid until " + ms_to_utc(body.valid_until_ms()));
  int number = 0;
  for (const auto& operation : body.operations()) {
    const std::string words = describe_operation(operation, currency_of);
    lines.push_back(body.operations_size() == 1 ? "  " + words : "  (" + std::to_string(++number) + ") " + words);
  }
  const bool good = transaction.signatures().empty() || transaction.verify_signatures().has_value();
  for (const auto& signature : transaction.signatures()) lines.push_back("signed with key " + signature.key.hex());
  if (transaction.signatures().empty()) lines.push_back("not signed yet");
  else if (!good) lines.push_back("A SIGNATURE IS WRONG: the ledger will refuse it");
  return lines;
}

std::vector<std::string> describe_result(const json& result, const CurrencyLookup& currency_of) {
  std::vector<std::string> lines;
  if (!result.is_object()) return lines;
  const auto each = [&](const char* key, auto&& visit) {
    if (const auto it = result.find(key); it != result.end() && it->is_array())
      for (const json& element : *it)
        if (element.is_object()) visit(element);
  };
  each("postings", [&](const json& posting) {
    const std::int64_t amount = amount_of(posting, "amount");
    const std::string currency = text_of(posting, "currency"), rule = text_of(posting, "rule");
    const std::int64_t size = amount < 0 ? -amount : amount;
    lines.push_back(text_of(posting, "account") + (amount < 0 ? " pays " : " receives ") + money_text(size, currency) + " (" +
                    (rule.empty() ? text_of(posting, "reason") : rule) + ")" +
                    // Left out for accounts that the reader may not see.
                    (posting.contains("balance_after") ? ", then has " + money_text(amount_of(posting, "balance_after"), currency) : ""));
  });
  each("taxes", [&](const json& tax) {
    const std::string currency = text_of(tax, "currency");
    lines.push_back("tax " + text_of(tax, "rule") + "/" + std::to_string(tax.value("version", 0u)) + ": " + money_text(amount_of(tax, "tax"), currency) + " on " +
                    money_text(amount_of(tax, "base"), currency) + " paid to " + text_of(tax, "payee") + ", of which " +
                    money_text(amount_of(tax, "withheld"), currency) + " withheld now");
  });
  // An event says no currency; where the money that moved is of one currency, it is that one. Where none moved, its contract or line knows.
  std::string currency_of_all;
  each("postings", [&](const json& posting) {
    const std::string own = text_of(posting, "currency");
    currency_of_all = currency_of_all.empty() || currency_of_all == own ? own : "several";
  });
  each("events", [&](const json& event) {
    const std::uint32_t number = event.value("number", 0u);
    const std::string text = text_of(event, "text"), subject = text_of(event, "subject");
    const std::int64_t amount = amount_of(event, "amount");
    const std::string currency = amount != 0 && currency_of_all.empty() && currency_of ? currency_of(subject) : currency_of_all;
    if (text_of(event, "kind") == "tax_sum") {
      lines.push_back("tax " + subject + "/" + std::to_string(number) + ": " + money_text(amount, currency) + " of this period came before");
      return;
    }
    if (text_of(event, "kind") == "tax_remitted") {
      lines.push_back("tax_remitted by " + subject + ", period " + month_text(number) + ", " + money_text(amount, currency) + ": " + text);
      return;
    }
    lines.push_back(text_of(event, "kind") + " " + subject + (number != 0 ? (text_of(event, "kind").starts_with("payment_") ? ", payment " : text_of(event, "kind") == "tax_corrected" ? ", tax line " : ", entry ") + std::to_string(number) : "") +
                    (amount != 0 ? ", " + money_text(amount, currency) : "") +
                    (text.empty() ? "" : ": " + text));
  });
  return lines;
}

}  // namespace daftar::tools
