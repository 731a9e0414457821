// Templates brought to a running ledger, used, stopped and resumed; contracts made of a stopped one go on to their end.
#include <catch2/catch.hpp>

#include "governance.h"

namespace daftar::contracts::test {
namespace {

World world_without_templates() {
  return World([](proto::Genesis& genesis) {
    for (auto& rule : *genesis.mutable_tax_rules())
      if (rule.kind() == "vat") rule.add_categories("rent");
  });
}

/// The rental template comes into force.
Digest brought(World& w) {
  const Digest proposal = proposed(w, "registrar", propose_template(w, shipped_template("rental")));
  w.must("treasury", approve_change(proposal));
  w.idle_until(w.now() + template_delay);
  REQUIRE(stage_of(w, proposal) == "in_force");
  return proposal;
}

Offer a_rental(std::uint64_t now) {
  Offer offer("rental");
  offer.party("landlord", "acme").party("tenant", "baraka").term("premises", std::string("Flat 12")).term("deposit", 3'000'00);
  offer.term("offer_until", static_cast<std::int64_t>(now + 5 * day)).term("moves_out", static_cast<std::int64_t>(now + 100 * day)).term("inspection", static_cast<std::int64_t>(10 * day));
  offer.list("months").entry("label", "March", "rent", 1'120'00, now + 10 * day).entry("label", "April", "rent", 1'120'00, now + 40 * day);
  return offer;
}

}  // namespace

TEST_CASE("a template that is proposed and approved is compiled by every node, and contracts are made of it") {
  World w = world_without_templates();
  w.fund("baraka/UZS", 10'000'00);
  Offer early = a_rental(w.now());
  CHECK(w.outcome("acme", early.operation()) == "template_unknown");
  const Digest proposal = brought(w);
  const auto record = query::contract_template(w.state(), "rental", 1);
  REQUIRE(record);
  CHECK(record->proposal == proposal);
  CHECK(record->program == shipped_template("rental").digest);
  Offer offer = a_rental(w.now());
  const AgreementDeal deal = offered(w, "acme", offer);
  w.must("acme", deal.act("sign"));
  w.must("baraka", deal.act("sign"));
  w.must("baraka", deal.act("pay_rent", 1));
  CHECK(w.balance("tax/UZS/revenue.vat") == 120'00);
  CHECK(w.replayed() == w.state());
}

TEST_CASE("a stopped template takes no new drafts, and the contract that runs goes on to its end") {
  World w = world_without_templates();
  w.fund("baraka/UZS", 10'000'00);
  brought(w);
  Offer offer = a_rental(w.now());
  const AgreementDeal deal = offered(w, "acme", offer);
  w.must("acme", deal.act("sign"));
  w.must("baraka", deal.act("sign"));

  w.must("treasury", stop_template(w, "rental", 1));   // one hand, at once
  const Digest stop = w.last_id();
  Offer in_time = a_rental(w.now());
  w.block({}, w.now() + 1);
  CHECK(stage_of(w, stop) == "in_force");
  CHECK(w.outcome("acme", in_time.operation()) == "template_stopped");
  CHECK(query::contract_template(w.state(), "rental", 1)->stopped_because == "the penalty is reckoned wrongly");

  w.must("baraka", deal.act("pay_rent", 1));
  w.must("baraka", deal.act("pay_rent", 2));
  w.idle_until(w.now() + 200 * day);   // its deadlines: the deposit goes back by silence
  CHECK(deal.phase(w) == "closed");
  CHECK(w.balance(deal.hold("baraka")) == 0);

  const Digest resume = proposed(w, "registrar", resume_template(w, "rental", 1));
  CHECK(stage_of(w, resume) == "open");
  w.must("treasury", approve_change(resume));
  w.block({}, w.now() + 1);
  CHECK(stage_of(w, resume) == "in_force");
  Offer again = a_rental(w.now());
  w.must("acme", again.operation());
  CHECK(w.replayed() == w.state());
}

TEST_CASE("a stop is in force from the next block on, before its transactions") {
  World w = world_without_templates();
  brought(w);
  w.must("registrar", stop_template(w, "rental", 1));
  Offer offer = a_rental(w.now());
  w.block({w.transaction("acme", {offer.operation()})});
  REQUIRE(w.last_block().entries.size() == 2);
  CHECK(w.last_block().entries[0].kind == ledger::EntryKind::deadline);
  CHECK(decode_result(w.last_block().entries[1].result)->rejection.code == RejectionCode::template_stopped);
}

TEST_CASE("who may bring, stop and resume a template") {
  World w = world_without_templates();
  const auto& rental = shipped_template("rental");
  CHECK(w.outcome("acme", propose_template(w, rental)) == "role_missing");
  CHECK(w.outcome("treasury", propose_template(w, rental)) == "role_missing");
  const Digest proposal = proposed(w, "judge", propose_template(w, rental));
  CHECK(w.outcome("registrar", approve_change(proposal)) == "role_missing");
  CHECK(w.outcome("judge", approve_change(proposal)) == "own_approval");
  w.must("tax", approve_change(proposal));
  w.idle_until(w.now() + template_delay);
  CHECK(w.outcome("acme", stop_template(w, "rental", 1)) == "role_missing");
  CHECK(w.outcome("judge", stop_template(w, "rental", 1)) == "role_missing");   // a registrar can make anybody an arbiter
  w.must("registrar", stop_template(w, "rental", 1));
  w.block({}, w.now() + 1);
  CHECK(w.outcome("treasury", resume_template(w, "rental", 1)) == "role_missing");
}

TEST_CASE("templates that do not hold, that are another program, or that are there already are refused") {
  World w = world_without_templates();
  const auto& rental = shipped_template("rental");
  CHECK(w.outcome("registrar", propose_template(w, rental.source, ledger::sha256("another program"))) == "template_other_program");
  CHECK(w.outcome("registrar", propose_template(w, "template nonsense", rental.digest)) == "template_refused");
  // Without its last deadline the deposit would be stuck when the landlord says nothing: the check finds it.
  std::string stuck = rental.source;
  const auto moment = stuck.find("\ndeadline no_damage");
  REQUIRE(moment != std::string::npos);
  stuck.erase(moment + 1);
  const auto refused = w.run("registrar", std::vector{propose_template(w, stuck, rental.digest)});
  CHECK(refused.rejection.code == RejectionCode::template_refused);
  INFO(refused.rejection.detail);
  CHECK(refused.rejection.detail.find("way-out") != std::string::npos);
  auto short_digest = propose_template(w, rental);
  short_digest.mutable_propose_change()->mutable_template_()->set_program("short");
  CHECK(w.outcome("registrar", short_digest) == "field_invalid");
  const Digest second = proposed(w, "judge", propose_template(w, rental));
  brought(w);
  CHECK(w.outcome("registrar", propose_template(w, rental)) == "template_exists");
  CHECK(w.outcome("treasury", approve_change(second)) == "template_exists");
}

TEST_CASE("the same template approved twice is in force once") {
  World w = world_without_templates();
  const Digest first = proposed(w, "judge", propose_template(w, shipped_template("rental")));
  const Digest second = proposed(w, "registrar", propose_template(w, shipped_template("rental")));
  w.must("treasury", approve_change(first));
  w.must("treasury", approve_change(second));
  w.idle_until(w.now() + template_delay);
  CHECK(stage_of(w, first) == "in_force");
  CHECK(stage_of(w, second) == "refused");
  CHECK(query::proposal(w.state(), second)->refusal == static_cast<std::uint16_t>(RejectionCode::template_exists));
}

TEST_CASE("stopping and resuming ask for a reason, and for a template in the other standing") {
  World w = world_without_templates();
  brought(w);
  CHECK(w.outcome("registrar", stop_template(w, "rental", 1, "")) == "field_invalid");
  CHECK(w.outcome("registrar", stop_template(w, "rental", 2)) == "template_unknown");
  CHECK(w.outcome("registrar", resume_template(w, "rental", 1)) == "template_not_stopped");
  w.must("registrar", stop_template(w, "rental", 1));
  w.block({}, w.now() + 1);
  CHECK(w.outcome("registrar", stop_template(w, "rental", 1)) == "template_stopped");
}

}  // namespace daftar::contracts::test
