#include "contracts/tax/explain.h"

#include <algorithm>

#include "contracts/accounts.h"
#include "contracts/agreements/paid_event.h"
#include "contracts/query.h"
#include "contracts/tax/gross_up.h"
#include "contracts/tax/sums.h"
#include "ledger/ids.h"

namespace daftar::contracts::tax {
namespace {

using ledger::proto::Operation;

class Finder {
 public:
  Finder(const ledger::StateView& state, const std::vector<Event>& events) : state_(state), events_(events) {}

  void operation(const Operation& o, const std::string& sender) {
    switch (o.kind_case()) {
      case Operation::kTransfer: return transfer(o.transfer(), sender);
      case Operation::kPayOrder: return claim(o.pay_order());
      case Operation::kActOnContract: return contract();
      default: return;   // no other operation pays
    }
  }
  /// A deadline has no operations; its events say what it did.
  void deadline() { contract(); }
  std::vector<PaymentMade> take() { return std::move(found_); }

 private:
  void transfer(const ledger::proto::Transfer& t, const std::string& sender) {
    if (t.category() == no_income) return;
    const auto to = ledger::parse_account(t.to());
    if (!to) return;
    add({.payer = {}, .payee = {}, .source = t.from(), .payee_account = t.to(), .category = t.category(), .currency = std::string(to->currency), .gross = t.amount(),
         .net_asked = t.net() ? t.amount() : 0, .contract = {}, .entry = 0},
        sender, to->member);
  }

  void claim(const ledger::proto::PayOrder& order) {
    const auto id = ledger::Digest::from_bytes(order.contract());
    const auto claim = id ? query::claim(state_, *id, order.payment()) : std::nullopt;
    const auto line = claim ? query::budget_line(state_, claim->budget_line) : std::nullopt;
    if (!line) return;
    add({.payer = {}, .payee = {}, .source = line->source_account, .payee_account = claim->payee_account, .category = claim->category, .currency = line->currency,
         .gross = claim->amount, .net_asked = 0, .contract = *id, .entry = claim->entry},
        claim->payer, claim->payee);
  }

  /// What an act on a contract paid stands before the event that tells of the act.
  void contract() {
    for (; next_event_ < events_.size(); ++next_event_) {
      const Event& event = events_[next_event_];
      if (event.kind == agreements::paid_event) contract_payment(event);
      if (!agreements::ends_act(event.kind)) continue;
      ++next_event_;
      return;
    }
  }

  void contract_payment(const Event& event) {
    const auto id = ledger::Digest::from_hex(event.subject);
    const auto agreement = id ? query::contract(state_, *id) : std::nullopt;
    const auto paid = agreements::parse_paid(event.text);
    if (!agreement || !paid) return;
    const auto payee = std::find_if(agreement->parties.begin(), agreement->parties.end(), [&](const auto& party) { return party.member == paid->payee; });
    if (payee == agreement->parties.end()) return;
    add({.payer = {}, .payee = {}, .source = hold_account(paid->payer, agreement->currency, *id), .payee_account = payee->account, .category = paid->category,
         .currency = agreement->currency, .gross = event.amount, .net_asked = 0, .contract = *id, .entry = event.number},
        paid->payer, paid->payee);
  }

  void add(PaymentMade payment, std::string_view payer, std::string_view payee) {
    auto from = query::member(state_, payer), to = query::member(state_, payee);
    if (!from || !to) return;
    payment.payer = std::move(*from);
    payment.payee = std::move(*to);
    found_.push_back(std::move(payment));
  }

  const ledger::StateView& state_;
  const std::vector<Event>& events_;
  std::size_t next_event_ = 0;
  std::vector<PaymentMade> found_;
};

/// Each debit with the reason "payment" is one payment; the lines of all of them follow each other.
bool agree(const std::vector<ExplainedPayment>& payments, const ExecutionResult& result) {
  std::size_t payment = 0, line = 0;
  for (const Posting& posting : result.postings) {
    if (posting.reason != "payment") continue;
    if (payment == payments.size()) return false;
    const PaymentMade& made = payments[payment++].payment;
    if (made.source != posting.account || made.gross != -posting.amount) return false;
  }
  for (const ExplainedPayment& explained : payments)
    for (const Judged& one : explained.rules) {
      if (one.ground != Ground::applies) continue;
      if (line == result.taxes.size() || result.taxes[line++] != one.line) return false;
    }
  return payment == payments.size() && line == result.taxes.size();
}

/// What the payments of an entry found of rules that accumulate, in their order: each rule once a payment.
class FoundSums {
 public:
  explicit FoundSums(const std::vector<Event>& events) {
    for (const Event& event : events)
      if (event.kind == sum_event) events_.push_back(&event);
  }
  /// Of the payment that is being reckoned; nothing before it where the entry does not say.
  SoFar of(const TaxRule& rule) const {
    for (std::size_t i = next_; i < events_.size(); ++i)
      if (events_[i]->subject == rule.code && events_[i]->number == rule.version) return parse_sum(*events_[i]).value_or(SoFar{});
    return {};
  }
  /// On to the next payment. Were these the sums of this one?
  bool pass(const std::vector<Judged>& rules) {
    for (const Judged& one : rules) {
      if (one.ground != Ground::applies || !one.rule->accumulates()) continue;
      if (next_ == events_.size() || events_[next_]->subject != one.rule->code || events_[next_]->number != one.rule->version || parse_sum(*events_[next_]) != one.so_far) return false;
      ++next_;
    }
    return true;
  }
  bool done() const { return next_ == events_.size(); }

 private:
  std::vector<const Event*> events_;
  std::size_t next_ = 0;
};

/// Every rule of the book before the payment, whose gross amount is found first where it was asked for net. Nothing where it cannot be reckoned.
std::optional<std::vector<Judged>> reckoned(const RuleBook& book, PaymentMade& payment, std::uint64_t time_ms, const std::vector<Certificate>& certificates, const FoundSums& sums) {
  Question question{.payer = payment.payer,
                    .payee = payment.payee,
                    .category = payment.category,
                    .currency = payment.currency,
                    .gross = payment.gross,
                    .time_ms = time_ms,
                    .certificates = certificates,
                    .so_far = [&sums](const TaxRule& rule) { return sums.of(rule); }};
  if (payment.net_asked != 0) {
    const auto gross = gross_for(book, question, payment.net_asked);
    if (!gross) return std::nullopt;
    payment.gross = question.gross = *gross;
  }
  auto rules = book.judge(question);
  if (!rules) return std::nullopt;
  return std::move(*rules);
}

}  // namespace

Explanation explain(const RuleBook& book, const ledger::proto::TransactionBody* body, const ExecutionResult& result, std::uint64_t time_ms,
                    const ledger::StateView& state) {
  Explanation out;
  Finder finder(state, result.events);
  if (result.ok() && body != nullptr)
    for (const Operation& operation : body->operations()) finder.operation(operation, body->sender());
  else if (result.ok()) finder.deadline();
  FoundSums sums(result.events);
  bool all = true;
  for (PaymentMade& payment : finder.take()) {
    const auto certificates = query::tax_certificates(state, payment.payee.id);
    auto rules = reckoned(book, payment, time_ms, certificates, sums);
    if (!rules || !sums.pass(*rules)) {   // it was paid, so it was reckoned once: rules or members are not those of the payment
      all = false;
      continue;
    }
    ledger::MinorUnits net = payment.gross;
    for (const Judged& one : *rules) net -= one.line.withheld;
    out.payments.push_back({std::move(payment), std::move(*rules), net});
  }
  out.as_recorded = all && sums.done() && agree(out.payments, result);
  return out;
}

}  // namespace daftar::contracts::tax
