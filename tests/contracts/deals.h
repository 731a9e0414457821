// Contracts ready for a test.
#pragma once
#include "world.h"

namespace daftar::contracts::test {

struct Deal {
  Digest id, terms;
  std::string customer = "acme", currency = "UZS";
  service::Contract record(const World& w) const { return *query::contract(w.state(), id); }
  std::string hold() const { return customer + "/" + currency + "/hold." + id.hex().substr(0, 32); }
};

inline Deal drafted_deal(World& w, const std::string& drafter, const proto::DraftContract& terms) {
  w.must(drafter, draft(terms));
  return {w.last_id(), query::contract(w.state(), w.last_id())->terms_digest, terms.customer(), terms.currency()};
}

/// Drafted by the provider, signed by the provider, then by the customer.
inline Deal signed_deal(World& w, const proto::DraftContract& terms) {
  Deal deal = drafted_deal(w, terms.provider(), terms);
  w.must(terms.provider(), sign(deal.id, deal.terms));
  w.must(terms.customer(), sign(deal.id, deal.terms));
  return deal;
}

}  // namespace daftar::contracts::test
