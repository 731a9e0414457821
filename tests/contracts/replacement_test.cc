// Contracts that take another's place: counter-offers and change orders (contracts/agreements/replacement.h).
#include <catch2/catch.hpp>

#include "contracts/budget/lines.h"
#include "deals.h"

namespace daftar::contracts::test {

namespace {

/// acme buys two works of baraka for 112 000 and 56 000 and is left with 30 000.
struct Works {
  World w = world_with_templates();
  Deal old;
  Works() {
    w.fund("acme/UZS", 198'000'00);
    old = signed_deal(w, private_terms({112'000'00, 56'000'00}, w.now()));
  }
  /// A new text of the same parties, drafted by `drafter`, not signed.
  Deal change(const std::string& drafter, std::vector<MinorUnits> prices) { return drafted(drafter, private_terms(std::move(prices), w.now()), old.id); }
  Deal drafted(const std::string& drafter, const ServiceTerms& terms, const Digest& replaces) {
    Offer offer = terms.offer();
    offer.replacing(replaces);
    return {offered(w, drafter, offer), terms.customer, terms.currency};
  }
  std::string refusal(const std::string& drafter, const ServiceTerms& terms, const Digest& replaces) {
    Offer offer = terms.offer();
    offer.replacing(replaces);
    return w.outcome(drafter, offer.operation());
  }
  bool is_replaced(const Deal& deal) const { return deal.record(w).is_replaced(); }
};

/// What no shipped template does: one party's act puts it in force (and, with `asks_customer`, the other could only take it back), and money may be set aside
/// while it is still an offer.
const agreements::Library::Known& hasty(bool asks_customer) {
  const auto made = [](const std::string& name, const std::string& who, const std::string& customer_deposits_in) {
    auto known = agreements::known_of("template " + name + R"( version 1
party customer: member
party provider: member
fund customer: account
term until: date
term parts: list 1..4 of {
  price: money
}
require until > now because "there is time"
phases offered, running, end done, end expired
stages of parts: open, deposited, end over
action begin by provider in offered when now < until { become running }
action withdraw by )" + who + R"( in offered when all parts in open { become expired }
action deposit by customer in )" + customer_deposits_in + R"( on p of parts in open {
  hold p.price from customer
  p becomes deposited
}
action settle by customer in running {
  each p of parts in deposited {
    pay p.price to provider for services
    p becomes over
  }
  become done
}
deadline runs_out at until in offered, running {
  each p of parts in deposited {
    refund p.price to customer
    p becomes over
  }
  become expired
}
)");
    INFO((known ? "" : known.error()));
    REQUIRE(known);
    return *known;
  };
  static const agreements::Library::Known asking = made("asking", "customer or provider", "offered"), other = made("hasty", "provider", "running");
  return asks_customer ? asking : other;
}

}  // namespace

TEST_CASE("a counter-offer ends the offer that it answers, and its parties sign the new text") {
  World w = world_with_templates();
  w.fund("acme/UZS", 100'000'00);
  const Deal first = drafted_deal(w, "baraka", private_terms({112'000'00}, w.now()));
  w.must("baraka", first.sign());
  Offer lower = private_terms({98'000'00}, w.now()).offer();
  lower.replacing(first.id);
  const Deal second{offered(w, "acme", lower)};
  CHECK(first.record(w).replaced_by == second.id.view());
  CHECK(first.record(w).closed_ms == w.now());
  CHECK(second.record(w).replaces == first.id.view());
  const auto late = w.run("acme", first.sign());
  CHECK(late.rejection.code == RejectionCode::contract_replaced);
  CHECK(late.rejection.detail == second.id.hex());
  CHECK(w.outcome("baraka", first.terminate()) == "contract_replaced");
  w.must("acme", second.sign());
  CHECK(second.phase(w) == "offered");       // the word given on the first text is none on the second
  w.must("baraka", second.sign());
  CHECK(second.phase(w) == "active");
  CHECK(w.balance("acme/UZS") == 2'000'00);
  CHECK(w.idle_until(w.now() + 4 * day).empty());   // the first offer has no end of its own any more
  CHECK(w.replayed() == w.state());
}

TEST_CASE("an answer may be answered, and who improves an own offer replaces it too") {
  World w = world_with_templates();
  std::vector<Deal> offers = {drafted_deal(w, "baraka", private_terms({100'00}, w.now()))};
  const char* drafters[] = {"acme", "baraka", "baraka"};
  for (const char* drafter : drafters) {
    Offer next = private_terms({90'00}, w.now()).offer();
    next.replacing(offers.back().id);
    offers.push_back({offered(w, drafter, next)});
  }
  for (std::size_t i = 0; i + 1 < offers.size(); ++i) CHECK(offers[i].record(w).replaced_by == offers[i + 1].id.view());
  CHECK_FALSE(offers.back().record(w).is_replaced());
}

TEST_CASE("a change order: the old contract goes on until the last has signed, then its money goes back and the new one sets aside its own") {
  Works t;
  t.w.must("baraka", t.old.deliver(1));
  t.w.must("acme", t.old.accept(1));
  CHECK(t.w.balance("baraka/UZS") == 100'000'00);
  t.w.must("baraka", t.old.deliver(2));
  const Deal next = t.change("acme", {80'000'00});
  t.w.must("acme", next.sign());
  CHECK_FALSE(t.is_replaced(t.old));
  t.w.must("acme", t.old.reject(2));                       // still in force
  CHECK(t.w.balance(t.old.hold()) == 56'000'00);

  const auto signed_last = t.w.must("baraka", next.sign());
  CHECK(t.is_replaced(t.old));
  CHECK(next.phase(t.w) == "active");
  CHECK(t.w.balance(t.old.hold()) == 0);
  CHECK(t.w.balance(next.hold()) == 80'000'00);
  CHECK(t.w.balance("acme/UZS") == 30'000'00 + 56'000'00 - 80'000'00);
  CHECK(t.w.balance("baraka/UZS") == 100'000'00);          // what was paid stays paid
  const auto told = std::find_if(signed_last.events.begin(), signed_last.events.end(), [](const Event& event) { return event.kind == "contract_replaced"; });
  REQUIRE(told != signed_last.events.end());
  CHECK(told->subject == t.old.id.hex());
  CHECK(told->text == next.id.hex());
  CHECK(t.w.outcome("baraka", t.old.deliver(2)) == "contract_replaced");
  t.w.must("baraka", next.deliver(1));
  t.w.must("acme", next.accept(1));
  CHECK(next.phase(t.w) == "done");
  CHECK(t.w.idle_until(t.w.now() + 60 * day).empty());
  CHECK(t.w.replayed() == t.w.state());
}

TEST_CASE("a change order that cannot be paid for changes nothing") {
  Works t;
  const Deal next = t.change("baraka", {112'000'00, 86'000'01});   // 30 000 and what comes back are a tiyin too little
  t.w.must("baraka", next.sign());
  CHECK(t.w.outcome("acme", next.sign()) == "overdraft");
  CHECK_FALSE(t.is_replaced(t.old));
  CHECK(t.w.balance(t.old.hold()) == 168'000'00);
  CHECK(t.w.balance("acme/UZS") == 30'000'00);
  t.w.fund("acme/UZS", 1);
  t.w.must("acme", next.sign());
  CHECK(t.w.balance(next.hold()) == 198'000'01);
  CHECK(t.w.balance("acme/UZS") == 0);
}

TEST_CASE("what is disputed is settled by a change order, without the arbiter") {
  Works t;
  t.w.must("baraka", t.old.deliver(1));
  t.w.must("acme", t.old.dispute(1));
  const Deal next = t.change("baraka", {100'000'00});
  t.w.must("baraka", next.sign());
  t.w.must("acme", next.sign());
  CHECK(t.w.outcome("judge", t.old.award(1, 1)) == "contract_replaced");
  CHECK(t.w.balance("acme/UZS") == 98'000'00);
}

TEST_CASE("of two changes of one contract the first that is signed by all counts") {
  Works t;
  const Deal one = t.change("acme", {80'000'00}), other = t.change("baraka", {90'000'00});
  for (const char* party : {"acme", "baraka"}) t.w.must(party, one.sign());
  t.w.must("acme", other.sign());
  CHECK(t.w.outcome("baraka", other.sign()) == "contract_replaced");
  t.w.must("baraka", other.terminate());                   // what is left of it is taken back
  CHECK(other.phase(t.w) == "withdrawn");
  const Deal after = t.drafted("baraka", private_terms({70'000'00}, t.w.now()), one.id);   // the new one can be changed in its turn
  for (const char* party : {"acme", "baraka"}) t.w.must(party, after.sign());
  CHECK(t.is_replaced(one));
}

TEST_CASE("a change order that runs out leaves the contract as it was, and one of a contract that has ended comes too late") {
  Works t;
  const Deal next = t.change("acme", {80'000'00});
  t.w.must("acme", next.sign());
  CHECK(t.w.idle_until(t.w.now() + 3 * day).size() == 1);
  CHECK(next.phase(t.w) == "expired");
  CHECK_FALSE(t.is_replaced(t.old));
  const Deal late = t.change("acme", {80'000'00});
  t.w.must("acme", late.sign());
  for (const char* party : {"acme", "baraka"}) t.w.must(party, t.old.terminate());
  CHECK(t.w.outcome("baraka", late.sign()) == "wrong_phase");
  CHECK(t.w.balance("acme/UZS") == 198'000'00);
  CHECK(t.refusal("acme", private_terms({1'00}, t.w.now()), t.old.id) == "wrong_phase");
}

TEST_CASE("nobody who is bound by a contract is left out when another takes its place") {
  Works t;
  ServiceTerms others = private_terms({80'000'00}, t.w.now());
  others.provider = "nordic";
  CHECK(t.refusal("acme", others, t.old.id) == "replacement_incomplete");
  CHECK(t.refusal("acme", private_terms({1'00}, t.w.now()), Digest{}) == "contract_unknown");
  Offer short_id = private_terms({1'00}, t.w.now()).offer();
  short_id.draft().set_replaces("short");
  CHECK(t.w.outcome("acme", short_id.operation()) == "field_invalid");
  Offer unsaid = private_terms({1'00}, t.w.now()).offer();
  auto operation = unsaid.operation();                     // a digest over the terms without what they replace
  operation.mutable_draft_contract()->set_replaces(std::string(t.old.id.view()));
  CHECK(t.w.outcome("acme", operation) == "terms_digest_mismatch");
  const Deal foreign = drafted_deal(t.w, "nordic", others);
  CHECK(t.refusal("baraka", private_terms({1'00}, t.w.now()), foreign.id) == "not_a_party");
}

TEST_CASE("an answer by who does not decide on an offer waits for those who do") {
  World w = world_with_templates();
  w.fund("acme/UZS", 100'00);
  const Deal first = drafted_deal(w, "baraka", private_terms({50'00}, w.now()));
  Offer proposal = private_terms({60'00}, w.now()).offer();
  proposal.replacing(first.id);
  const Deal second{offered(w, "judge", proposal)};
  CHECK_FALSE(first.record(w).is_replaced());
  w.must("acme", second.sign());
  CHECK_FALSE(first.record(w).is_replaced());
  w.must("baraka", second.sign());
  CHECK(first.record(w).is_replaced());
}

TEST_CASE("a new contract that one party alone could put in force waits for all whom the old one binds, and sets nothing aside before") {
  World w([](proto::Genesis& genesis) {
    for (const bool asks : {false, true}) add_template(genesis, hasty(asks));
  });
  w.fund("acme/UZS", 200'00);
  const Deal old = signed_deal(w, private_terms({112'00}, w.now()));
  const auto offer = [&](bool asks) {
    Offer text(hasty(asks));
    text.party("customer", "acme").party("provider", "baraka").term("until", static_cast<std::int64_t>(w.now() + 5 * day)).list("parts");
    auto* price = text.draft().mutable_lists(0)->add_entries()->add_fields();
    price->set_name("price");
    price->set_number(80'00);
    text.replacing(old.id);
    return text;
  };
  Offer unasked = offer(false);
  CHECK(w.outcome("baraka", unasked.operation()) == "replacement_incomplete");   // acme could not act on it before it is in force
  Offer asked = offer(true);
  const AgreementDeal next = offered(w, "baraka", asked);
  CHECK(w.outcome("baraka", next.act("begin")) == "replacement_incomplete");     // acme has not
  CHECK(w.outcome("acme", next.act("deposit", 1)) == "replacement_incomplete");  // money that nobody could get out
  CHECK_FALSE(old.record(w).is_replaced());
  CHECK(w.balance("acme/UZS") == 88'00);
  w.idle_until(w.now() + 6 * day);
  CHECK_FALSE(old.record(w).is_replaced());
  CHECK(old.phase(w) == "active");
}

TEST_CASE("a change of a public contract takes its place when the treasury registers it, and what the old one owes is paid all the same") {
  World w = world_with_templates();
  const std::string line = "2026.edu.paper";
  w.fund("treasury/UZS", 5'000'000'00);
  w.must("treasury", approve_line(line, 1'000'000'00));
  w.must("treasury", allot(line, 600'000'00));
  const auto committed = [&] { return static_cast<MinorUnits>(query::budget_line(w.state(), line)->net(budget::Stage::committed)); };
  const Deal old = signed_deal(w, public_terms(line, {112'000'00, 400'000'00}, w.now()));
  w.must("treasury", old.registered());
  w.must("baraka", old.deliver(1));
  w.must("dept", old.accept(1));
  CHECK(committed() == 512'000'00);

  Offer offer = public_terms(line, {450'000'00}, w.now()).offer();
  offer.replacing(old.id);
  const Deal next{offered(w, "dept", offer), "dept"};
  w.must("dept", next.sign());
  w.must("baraka", next.sign());
  CHECK(next.phase(w) == "signed");
  CHECK_FALSE(old.record(w).is_replaced());                // signed is not in force
  CHECK(committed() == 512'000'00);
  w.must("treasury", next.registered());                   // 562 000 and the old rest would be more than is allotted
  CHECK(old.record(w).is_replaced());
  CHECK(committed() == 562'000'00);
  w.must("dept", old.order(1));
  w.must("treasury", old.pay(1));
  CHECK(w.balance("baraka/UZS") == 100'000'00);
  CHECK(w.outcome("baraka", old.deliver(2)) == "contract_replaced");
  CHECK(w.replayed() == w.state());
}

}  // namespace daftar::contracts::test
