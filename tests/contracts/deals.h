// Contracts of the service template ready for a test.
#pragma once
#include "agreements.h"

namespace daftar::contracts::test {

struct ServiceTerms {
  struct Milestone {
    std::string title;
    MinorUnits price = 0;
    std::uint64_t due_ms = 0;
  };
  std::string subject = "Accounting software", customer = "acme", provider = "baraka", arbiter = "judge", currency = "UZS", category = "services";
  std::string customer_account, provider_account, budget_line;
  std::vector<Milestone> milestones;
  std::uint64_t offer_until_ms = 0;
  std::int64_t late_rate_ppm = 4'000, late_cap_ppm = 500'000;
  std::int64_t acceptance_days = 5, grace_days = 30, arbitration_days = 20;   // 0: not given
  std::string annex, known_as;

  Offer offer() const;
};

/// acme buys services of baraka: 10 days to due, 0.4 % a day up to 50 %, 5 days to accept, 30 of grace, judge with 20 days; from acme/UZS.
inline ServiceTerms private_terms(const std::vector<MinorUnits>& prices, std::uint64_t now_ms) {
  ServiceTerms terms;
  for (const MinorUnits price : prices) terms.milestones.push_back({"Stage " + std::to_string(terms.milestones.size() + 1), price, now_ms + 10 * day});
  terms.offer_until_ms = now_ms + 3 * day;
  return terms;
}

/// dept buys of baraka on `line`.
inline ServiceTerms public_terms(std::string line, const std::vector<MinorUnits>& prices, std::uint64_t now_ms) {
  ServiceTerms terms = private_terms(prices, now_ms);
  terms.subject = "Paper for schools";
  terms.customer = "dept";
  terms.budget_line = std::move(line);
  terms.category = "goods";
  terms.acceptance_days = 0;
  terms.known_as = "ocds-213czf-000-00001/1";
  return terms;
}

inline Offer ServiceTerms::offer() const {
  Offer offer("service", currency);
  const auto days = [&](const char* name, std::int64_t number) {
    if (number != 0) offer.term(name, number * static_cast<std::int64_t>(day));
  };
  offer.party("customer", customer, customer_account, budget_line).party("provider", provider, provider_account);
  if (!arbiter.empty()) offer.party("arbiter", arbiter);
  offer.term("subject", subject).term("income", category).term("offer_until", static_cast<std::int64_t>(offer_until_ms));
  offer.term("late_rate", late_rate_ppm).term("late_cap", late_cap_ppm);
  days("acceptance", acceptance_days);
  days("grace", grace_days);
  days("arbitration", arbitration_days);
  if (!annex.empty()) offer.term("annex", annex);
  if (!known_as.empty()) offer.term("known_as", known_as);
  offer.list("milestones");
  for (const Milestone& milestone : milestones) offer.entry("title", milestone.title, "price", milestone.price, milestone.due_ms);
  return offer;
}

inline proto::Operation draft(const ServiceTerms& terms) { return terms.offer().operation(); }

/// One on the ledger.
struct Deal : AgreementDeal {
  std::string customer = "acme", currency = "UZS";
  std::string hold() const { return customer + "/" + currency + "/hold." + id.hex().substr(0, 32); }

  proto::Operation sign() const { return act("sign"); }
  proto::Operation registered() const { return act("register"); }
  proto::Operation deliver(std::uint32_t milestone) const { return act("deliver", milestone, {{"file", language::Value::of(std::string(ledger::sha256("document").view()))}}); }
  proto::Operation accept(std::uint32_t milestone) const { return act("accept", milestone); }
  proto::Operation reject(std::uint32_t milestone, std::string reason = "not as agreed") const { return act("reject", milestone, {{"reason", language::Value::of(std::move(reason))}}); }
  proto::Operation dispute(std::uint32_t milestone) const { return act("dispute", milestone, {{"reason", language::Value::of(std::string("we disagree"))}}); }
  proto::Operation award(std::uint32_t milestone, MinorUnits to_provider) const {
    return act("award", milestone, {{"to_provider", language::Value::of(to_provider)}, {"reason", language::Value::of(std::string("award"))}});
  }
  proto::Operation terminate(std::string reason = "both want out") const { return act("terminate", 0, {{"reason", language::Value::of(std::move(reason))}}); }
  proto::Operation order(std::uint32_t payment) const { return order_payment(id, payment); }
  proto::Operation pay(std::uint32_t payment) const { return pay_order(id, payment); }
};

inline Deal drafted_deal(World& w, const std::string& drafter, const ServiceTerms& terms) {
  Offer offer = terms.offer();
  return {offered(w, drafter, offer), terms.customer, terms.currency};
}

/// Drafted by the provider, signed by the provider, then by the customer.
inline Deal signed_deal(World& w, const ServiceTerms& terms) {
  Deal deal = drafted_deal(w, terms.provider, terms);
  w.must(terms.provider, deal.sign());
  w.must(terms.customer, deal.sign());
  return deal;
}

}  // namespace daftar::contracts::test
