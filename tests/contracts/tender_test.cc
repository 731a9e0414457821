// Tenders on the ledger: sealed bids of members whom the draft does not know, the award, and the contract that comes about by it (contracts/agreements/award.h).
#include <catch2/catch.hpp>

#include "contracts/agreements/outlook.h"
#include "contracts/language/seal.h"
#include "deals.h"

namespace daftar::contracts::test {
namespace {

using language::Value;

struct SealedBid {
  MinorUnits price;
  std::string offer = std::string(32, 'o'), salt = std::string(32, 's');
  std::vector<std::pair<std::string, Value>> revealed() const { return {{"price", Value::of(price)}, {"offer", Value::of(offer)}, {"salt", Value::of(salt)}}; }
};

/// acme (or dept) buys for at most 1 000.00; a bid's security is 50.00. Bids for 5 days, revealed for 3, 2 of standstill, 10 to come into force, 5 to claim the security.
struct Tendering {
  World w = World([](proto::Genesis& genesis) {
    add_template(genesis, shipped_template("tender"));
    add_template(genesis, shipped_template("rental"));
  });
  std::string buyer;
  AgreementDeal tender;
  std::uint64_t opened = 0;

  explicit Tendering(std::string who = "acme") : buyer(std::move(who)) {
    for (const char* bidder : {"baraka", "nordic", "papelera", "aziza"}) w.fund(std::string(bidder) + "/UZS", 60'00);
    w.fund("acme/UZS", 1'000'00);
    opened = w.now();
    Offer offer = text();
    tender = offered(w, buyer, offer);
    w.must(buyer, tender.act("publish"));
  }
  Offer text() const {
    const auto at = [&](std::uint64_t days) { return static_cast<std::int64_t>(opened + days * day); };
    Offer offer("tender");
    offer.party("buyer", buyer).party("reviewer", "judge");
    offer.term("subject", std::string("Paper for schools")).term("documents", std::string(32, 'd')).term("ceiling", std::int64_t{1'000'00}).term("guarantee", std::int64_t{50'00});
    offer.term("forfeit", std::string("services")).term("unrevealed", std::int64_t{1}).term("choosing", std::int64_t{1}).term("bids_until", at(5)).term("reveal_until", at(8));
    const auto days = [](std::int64_t n) { return n * static_cast<std::int64_t>(day); };
    return offer.term("award_within", days(10)).term("standstill", days(2)).term("review", days(4)).term("sign_within", days(10)).term("claim_within", days(5));
  }

  std::string seal_for(const std::string& member, const SealedBid& bid) const {
    return std::string(language::seal_of(tender.id.view(), member, bid.revealed()).view());
  }
  std::string bid(const std::string& member, const std::string& seal, std::uint32_t entry = 0) { return w.outcome(member, tender.act("bid", entry, {{"seal", Value::of(seal)}})); }
  std::string reveal(const std::string& member, std::uint32_t entry, const SealedBid& bid) { return w.outcome(member, tender.act("reveal", entry, bid.revealed())); }
  void after_standstill() { w.idle_until(opened + 10 * day + 60'000); }
  void until(std::uint64_t days) { w.idle_until(opened + days * day); }

  /// baraka bids 900.00 and nordic 950.00; awarded to baraka.
  void award() {
    REQUIRE(bid("baraka", seal_for("baraka", {900'00})) == "ok");
    REQUIRE(bid("nordic", seal_for("nordic", {950'00})) == "ok");
    until(5);
    REQUIRE(reveal("baraka", 1, {900'00}) == "ok");
    REQUIRE(reveal("nordic", 2, {950'00}) == "ok");
    until(8);
    REQUIRE(w.outcome(buyer, tender.act("award", 1)) == "ok");
  }

  ServiceTerms contract_terms(std::vector<MinorUnits> prices) const {
    ServiceTerms terms = private_terms(std::move(prices), w.now());
    terms.customer = buyer;
    return terms;
  }
  std::string draft_outcome(const std::string& drafter, const ServiceTerms& terms) {
    Offer offer = terms.offer();
    offer.by_award(tender.id);
    return w.outcome(drafter, offer.operation());
  }
  Deal contract(const std::string& drafter, const ServiceTerms& terms) {
    Offer offer = terms.offer();
    offer.by_award(tender.id);
    return {offered(w, drafter, offer), terms.customer, terms.currency};
  }
};

}  // namespace

TEST_CASE("a tender: sealed bids, the lowest wins, and its contract returns the winner's security when it comes into force") {
  Tendering t;
  REQUIRE(t.bid("baraka", t.seal_for("baraka", {900'00})) == "ok");
  CHECK(t.w.balance("baraka/UZS") == 10'00);
  CHECK(t.w.balance(t.tender.hold("baraka")) == 50'00);
  CHECK(t.tender.instance(t.w).lists[0][0].member == "baraka");
  REQUIRE(t.bid("nordic", t.seal_for("nordic", {950'00})) == "ok");
  t.until(5);
  REQUIRE(t.reveal("baraka", 1, {900'00}) == "ok");
  REQUIRE(t.reveal("nordic", 2, {950'00}) == "ok");
  t.until(8);
  CHECK(t.w.outcome("acme", t.tender.act("award", 2)) == "condition_not_met");   // the dearer one
  REQUIRE(t.w.outcome("acme", t.tender.act("award", 1)) == "ok");
  CHECK(t.w.balance("nordic/UZS") == 60'00);                                      // at once
  CHECK(t.w.balance("baraka/UZS") == 10'00);
  const Deal deal = t.contract("baraka", t.contract_terms({600'00, 300'00}));
  t.after_standstill();
  t.w.must("baraka", deal.sign());
  CHECK(t.tender.phase(t.w) == "awarded");
  const auto signed_result = t.w.run("acme", deal.sign());
  INFO(signed_result.rejection.detail);
  REQUIRE(signed_result.ok());
  CHECK(deal.phase(t.w) == "active");
  CHECK(t.tender.phase(t.w) == "contracted");
  CHECK(t.tender.stage(t.w, 1) == "winner");
  CHECK(t.w.balance("baraka/UZS") == 60'00);
  CHECK(t.w.balance("acme/UZS") == 100'00);
  CHECK(query::awarding(t.w.state(), deal.id)->tender == t.tender.id.view());
  CHECK(query::awarding(t.w.state(), t.tender.id)->contract == deal.id.view());
  CHECK(t.draft_outcome("baraka", t.contract_terms({900'00})) == "not_awarded");   // one contract comes of an award
  CHECK(t.w.replayed() == t.w.state());
}

TEST_CASE("a tender: only who sealed a bid can reveal it, and only what was sealed, in time") {
  Tendering t;
  const std::string seal = t.seal_for("baraka", {900'00});
  REQUIRE(t.bid("baraka", seal) == "ok");
  REQUIRE(t.bid("nordic", seal) == "ok");                                          // a seal that was copied
  CHECK(t.bid("baraka", seal) == "already_entered");
  CHECK(t.bid("nordic", seal, 1) == "not_a_party");                                // another's bid
  CHECK(t.bid("judge", seal) == "not_a_party");                                    // a party of the tender bids for nothing
  CHECK(t.bid("dept", seal) == "role_missing");
  CHECK(t.bid("acme", seal) == "not_a_party");
  CHECK(t.reveal("baraka", 1, {900'00}) == "wrong_phase");
  AgreementDeal wrong = t.tender;
  wrong.digest.bytes[0] ^= 1;
  CHECK(t.w.outcome("aziza", wrong.act("bid", 0, {{"seal", Value::of(seal)}})) == "terms_digest_mismatch");
  t.until(5);
  CHECK(t.bid("aziza", t.seal_for("aziza", {1'00})) == "wrong_phase");             // late
  CHECK(t.reveal("nordic", 2, {900'00}) == "seal_mismatch");
  CHECK(t.reveal("nordic", 1, {900'00}) == "not_a_party");
  CHECK(t.reveal("baraka", 1, {899'00}) == "seal_mismatch");
  CHECK(t.reveal("baraka", 1, {.price = 900'00, .salt = std::string(32, 't')}) == "seal_mismatch");
  CHECK(t.reveal("baraka", 1, {1'000'01}) == "field_invalid");                     // above the ceiling
  CHECK(t.reveal("baraka", 1, {900'00}) == "ok");
  t.until(8);
  CHECK(t.tender.phase(t.w) == "evaluating");
  CHECK(t.tender.stage(t.w, 2) == "out");
  CHECK(t.w.balance("nordic/UZS") == 10'00);                                       // the security of what is not revealed is the buyer's, less what tax takes
  CHECK(t.w.balance(t.tender.hold("nordic")) == 0);
  CHECK(t.w.balance("acme/UZS") > 1'000'00);
}

TEST_CASE("a tender: a bid without money for its security is none, and a replaced bid holds it once") {
  Tendering t;
  t.w.must("aziza", transfer("aziza/UZS", "acme/UZS", 20'00));
  CHECK(t.bid("aziza", t.seal_for("aziza", {1'00})) == "overdraft");
  CHECK(t.tender.instance(t.w).lists[0].empty());
  REQUIRE(t.bid("baraka", t.seal_for("baraka", {900'00})) == "ok");
  REQUIRE(t.bid("baraka", t.seal_for("baraka", {800'00}), 1) == "ok");
  CHECK(t.w.balance("baraka/UZS") == 10'00);
  t.w.must("baraka", t.tender.act("withdraw", 1));
  CHECK(t.w.balance("baraka/UZS") == 60'00);
  REQUIRE(t.bid("baraka", t.seal_for("baraka", {700'00}), 1) == "ok");
  CHECK(t.w.balance("baraka/UZS") == 10'00);
  CHECK(t.tender.instance(t.w).lists[0].size() == 1);
}

TEST_CASE("a tender: a bid binds its member to the security, by the member's signing rules") {
  Tendering t;
  proto::Operation key, rules;
  key.mutable_change_key()->set_member("baraka");
  key.mutable_change_key()->set_key(std::string(key_of("baraka director").public_key().view()));
  auto& rule = *rules.mutable_set_signing_rules()->add_rules();
  rule.set_currency("UZS");
  rule.set_above(49'99);
  rule.set_signatures(2);
  t.w.must("baraka", key);
  t.w.must("baraka", rules);
  const auto bid = t.tender.act("bid", 0, {{"seal", Value::of(t.seal_for("baraka", {900'00}))}});
  CHECK(t.w.outcome("baraka", bid) == "signatures_too_few");
  t.w.block({t.w.signed_by(t.w.body("baraka", {bid}), {"baraka", "baraka director"})});
  CHECK(t.tender.instance(t.w).lists[0].size() == 1);
}

TEST_CASE("a tender: what its contract must be") {
  Tendering t;
  CHECK(t.draft_outcome("baraka", t.contract_terms({900'00})) == "not_awarded");
  t.award();
  CHECK(t.draft_outcome("baraka", t.contract_terms({900'01})) == "awarded_for_another_price");
  CHECK(t.draft_outcome("baraka", t.contract_terms({899'99})) == "awarded_for_another_price");
  ServiceTerms other = t.contract_terms({900'00});
  other.provider = "nordic";
  CHECK(t.draft_outcome("acme", other) == "awarded_to_others");
  other = t.contract_terms({900'00});
  other.customer = "nordic";
  CHECK(t.draft_outcome("baraka", other) == "awarded_to_others");
  other = t.contract_terms({900'00});
  std::swap(other.customer, other.provider);                                       // the winner would pay
  CHECK(t.draft_outcome("acme", other) == "awarded_to_others");
  other = t.contract_terms({900'00});
  other.currency = "PYG";
  CHECK(t.draft_outcome("acme", other) == "currency_mismatch");
  Offer nowhere = t.contract_terms({900'00}).offer();
  nowhere.draft().set_tender("short");
  CHECK(t.w.outcome("acme", nowhere.operation()) == "field_invalid");
  nowhere.by_award(ledger::sha256("no contract"));
  CHECK(t.w.outcome("acme", nowhere.operation()) == "contract_unknown");
  // What parties sign covers the tender.
  Offer offer = t.contract_terms({900'00}).offer();
  const Digest without = offer.digest();
  offer.by_award(t.tender.id);
  CHECK(offer.digest() != without);
}

TEST_CASE("a tender: one contract at a time, another when the one before has ended unsigned, while the award stands") {
  Tendering t;
  t.award();
  const Deal first = t.contract("baraka", t.contract_terms({900'00}));
  CHECK(t.draft_outcome("acme", t.contract_terms({900'00})) == "award_taken");
  ServiceTerms with_arbiter = t.contract_terms({900'00});
  CHECK(t.draft_outcome("judge", with_arbiter) == "awarded_to_others");                             // nobody else keeps the award taken
  t.w.must("baraka", first.sign());
  CHECK(t.w.outcome("acme", first.sign()) == "condition_not_met");                 // the standstill is not over
  CHECK(first.phase(t.w) == "offered");
  t.w.must("baraka", first.terminate());
  const Deal second = t.contract("acme", t.contract_terms({500'00, 400'00}));
  t.w.must("acme", second.sign());
  t.after_standstill();
  t.w.must("baraka", second.sign());
  CHECK(t.tender.phase(t.w) == "contracted");
}

TEST_CASE("a tender: whose winner does not sign has no contract, and its security is the buyer's who claims it") {
  Tendering t;
  t.award();
  ServiceTerms terms = t.contract_terms({900'00});
  terms.offer_until_ms = t.opened + 90 * day;
  for (auto& milestone : terms.milestones) milestone.due_ms = t.opened + 100 * day;
  const Deal deal = t.contract("acme", terms);
  t.w.must("acme", deal.sign());
  const MinorUnits before = t.w.balance("acme/UZS");
  const auto claim = t.tender.act("claim", 1, {{"reason", Value::of(std::string("It did not sign."))}});
  CHECK(t.w.outcome("acme", claim) == "condition_not_met");                        // too early
  t.until(8 + 2 + 10 + 1);
  CHECK(t.tender.phase(t.w) == "awarded");
  CHECK(t.w.outcome("nordic", claim) == "not_a_party");
  t.w.must("acme", claim);
  CHECK(t.tender.phase(t.w) == "unsuccessful");
  CHECK(t.tender.stage(t.w, 1) == "defaulted");
  CHECK(t.w.balance(t.tender.hold("baraka")) == 0);
  CHECK(t.w.balance("acme/UZS") > before);
  CHECK(t.w.outcome("baraka", deal.sign()) == "not_awarded");                      // too late: the contract cannot come into force any more
  CHECK(deal.phase(t.w) == "offered");
}

TEST_CASE("a tender: a public buyer's contract is in force when the treasury has registered it, and the tender ends then") {
  Tendering t("dept");
  t.w.must("treasury", approve_line("2026.edu", 2'000'00));
  t.w.must("treasury", allot("2026.edu", 1'500'00));
  t.w.must("dept", reserve("2026.edu", 1'000'00));
  t.award();
  ServiceTerms terms = public_terms("2026.edu", {900'00}, t.w.now());
  terms.arbiter = "";
  terms.arbitration_days = 0;
  terms.offer_until_ms = t.w.now() + 5 * day;
  const Deal deal = t.contract("dept", terms);
  t.w.must("dept", deal.sign());
  t.w.must("baraka", deal.sign());
  CHECK(t.tender.phase(t.w) == "awarded");
  CHECK(t.w.outcome("treasury", deal.registered()) == "condition_not_met");        // the standstill
  t.after_standstill();
  t.w.must("treasury", deal.registered());
  CHECK(t.tender.phase(t.w) == "contracted");
  const auto line = *query::budget_line(t.w.state(), "2026.edu");
  CHECK(line.net(budget::Stage::committed) == 900'00);
  CHECK(line.net(budget::Stage::reserved) == 100'00);                              // what was reserved for the tender was committed first
}

TEST_CASE("a tender: with bids nobody but its bidders can agree to put another in its place") {
  Tendering t;
  Offer other = t.text();
  other.replacing(t.tender.id);
  const AgreementDeal next = offered(t.w, "acme", other);
  REQUIRE(t.bid("baraka", t.seal_for("baraka", {900'00})) == "ok");
  CHECK(t.w.outcome("acme", other.operation()) == "replacement_incomplete");
  CHECK(t.w.outcome("acme", next.act("publish")) == "replacement_incomplete");     // drafted before there was a bid
  CHECK(t.tender.phase(t.w) == "bidding");
}

TEST_CASE("a tender: everybody is told who may bid, reveal and award, and what silence does to each bid") {
  Tendering t;
  const auto& program = shipped_template("tender").program;
  const auto told = [&] {
    const auto instance = t.tender.instance(t.w);
    const auto silence = agreements::if_all_are_silent(program, instance, t.w.now());
    std::vector<std::string> lines;
    for (const auto& turn : agreements::turns(t.tender.record(t.w), program, instance, silence, t.w.now())) {
      lines.push_back(std::string(program.party_name(turn.party)) + " " + std::to_string(turn.entry) + ":");
      for (const std::string& act : turn.acts) lines.back() += " " + act;
    }
    for (const auto& step : silence.steps)
      for (const auto& move : step.moves) lines.push_back(program.deadlines[step.deadline].name + ": " + std::to_string(move.from - language::entrant_number + 1) + " " + std::to_string(move.amount));
    return lines;
  };
  using Lines = std::vector<std::string>;
  CHECK(told() == Lines{"buyer 0: cancel", "bidder 0: bid"});
  REQUIRE(t.bid("baraka", t.seal_for("baraka", {900'00})) == "ok");
  REQUIRE(t.bid("nordic", t.seal_for("nordic", {950'00})) == "ok");
  t.w.must("nordic", t.tender.act("withdraw", 2));
  CHECK(told() == Lines{"buyer 0: cancel", "bidder 0: bid", "bidder 1: bid withdraw", "bidder 2: bid", "reveal_closes: 1 5000"});
  t.until(5);
  CHECK(told() == Lines{"buyer 0: cancel", "bidder 1: reveal", "reveal_closes: 1 5000"});
  REQUIRE(t.reveal("baraka", 1, {900'00}) == "ok");
  t.until(8);
  CHECK(told() == Lines{"buyer 0: cancel", "buyer 1: reject award", "not_awarded: 1 5000"});
}

TEST_CASE("a seal is the one that docs/formats.md works out") {
  const std::string contract(32, '\x11');
  const SealedBid bid{.price = 900'00, .offer = std::string(32, '\x22'), .salt = std::string(32, '\x33')};
  CHECK(language::seal_of(contract, "baraka", bid.revealed()).hex() == "61ff4b6c069c2de9e00eabfbb0d0692c6f89afa7888ec0e3e1909600f7c71e73");
  CHECK(language::seal_of(contract, "nordic", bid.revealed()) != language::seal_of(contract, "baraka", bid.revealed()));
  CHECK(language::seal_of(std::string(32, '\x12'), "baraka", bid.revealed()) != language::seal_of(contract, "baraka", bid.revealed()));
}

}  // namespace daftar::contracts::test
