// Contracts of templates on the ledger: from the offer to the close, by their parties and by time, with taxes inside every payment.
#include <catch2/catch.hpp>

#include <limits>

#include "agreements.h"

namespace daftar::contracts::test {

using language::Value;

namespace {

const std::string a_document(32, 'd');

/// baraka rents from acme: a deposit of 3 000, three months of 1 120.
Offer rental(std::uint64_t now) {
  Offer offer("rental");
  offer.party("landlord", "acme").party("tenant", "baraka").term("premises", std::string("Flat 12")).term("deposit", 3'000'00);
  offer.term("offer_until", static_cast<std::int64_t>(now + 5 * day)).term("moves_out", static_cast<std::int64_t>(now + 100 * day)).term("inspection", static_cast<std::int64_t>(10 * day));
  offer.list("months").entry("label", "March", "rent", 1'120'00, now + 10 * day).entry("label", "April", "rent", 1'120'00, now + 40 * day);
  offer.entry("label", "May", "rent", 1'120'00, now + 40 * day);
  return offer;
}

AgreementDeal lived_in(World& w) {
  w.fund("baraka/UZS", 10'000'00);
  Offer offer = rental(w.now());
  const AgreementDeal deal = offered(w, "acme", offer);
  w.must("acme", deal.act("sign"));
  w.must("baraka", deal.act("sign"));
  return deal;
}

/// acme buys two works of baraka, 0.4 % a day up to 50 %; judge may be called.
Offer service(std::uint64_t now) {
  Offer offer("service");
  offer.party("customer", "acme").party("provider", "baraka").party("arbiter", "judge");
  offer.term("subject", std::string("Two reports")).term("income", std::string("services")).term("offer_until", static_cast<std::int64_t>(now + 3 * day));
  offer.term("late_rate", 4'000).term("late_cap", 500'000).term("acceptance", static_cast<std::int64_t>(5 * day)).term("grace", static_cast<std::int64_t>(30 * day));
  offer.term("arbitration", static_cast<std::int64_t>(20 * day));
  offer.list("milestones").entry("title", "First", "price", 112'000'00, now + 10 * day).entry("title", "Second", "price", 56'000'00, now + 20 * day);
  return offer;
}

std::vector<std::string> events_of(const ExecutionResult& result) {
  std::vector<std::string> out;
  for (const Event& event : result.events) out.push_back(event.kind + " " + event.text);
  return out;
}

}  // namespace

TEST_CASE("a rental of the template: signed by both, the deposit held, rent paid with its tax, the deposit back by silence") {
  World w = world_with_templates();
  const AgreementDeal deal = lived_in(w);
  CHECK(deal.phase(w) == "lived_in");
  CHECK(w.balance(deal.hold("baraka")) == 3'000'00);
  CHECK(w.balance("baraka/UZS") == 7'000'00);

  const auto paid = w.must("baraka", deal.act("pay_rent", 1));
  CHECK(events_of(paid) == std::vector<std::string>{"contract_paid baraka to acme for rent", "contract_act pay_rent"});
  CHECK(deal.stage(w, 1) == "paid");
  CHECK(w.balance("acme/UZS") == 1'000'00);                   // 12 % VAT inside the rent
  CHECK(w.balance("tax/UZS/revenue.vat") == 120'00);
  CHECK(w.outcome("baraka", deal.act("pay_rent", 1)) == "milestone_wrong_stage");

  // April and May are due at one moment: both lapse in one block, as entries of their own.
  const auto missed = w.idle_until(w.now() + 60 * day);
  REQUIRE(missed.size() == 2);
  CHECK(events_of(missed[0]) == std::vector<std::string>{"contract_deadline rent_missed"});
  CHECK(w.last_block().entries[0].id != w.last_block().entries[1].id);
  CHECK(deal.stage(w, 2) == "missed");
  CHECK(deal.stage(w, 3) == "missed");

  w.idle_until(w.now() + 60 * day);                            // the day of moving out has passed, and the inspection's ten days
  CHECK(deal.phase(w) == "closed");
  CHECK(w.balance("baraka/UZS") == 8'880'00);
  CHECK(w.balance(deal.hold("baraka")) == 0);
  CHECK(deal.record(w).closed_ms == w.now());
  CHECK(deal.record(w).deadline_ms == 0);
  CHECK(w.replayed() == w.state());
}

TEST_CASE("a rental of the template: the landlord takes damage out of the deposit, at most all of it") {
  World w = world_with_templates();
  const AgreementDeal deal = lived_in(w);
  w.idle_until(w.now() + 101 * day);
  CHECK(deal.phase(w) == "handed_back");
  const auto inspect = [&](MinorUnits damage) { return deal.act("inspect", 0, {{"damage", Value::of(damage)}, {"report", Value::of(a_document)}}); };
  CHECK(w.outcome("acme", inspect(3'000'01)) == "field_invalid");
  CHECK(w.outcome("acme", inspect(-1)) == "field_invalid");
  CHECK(w.outcome("baraka", inspect(1)) == "not_a_party");
  CHECK(w.outcome("acme", deal.act("inspect", 0, {{"damage", Value::of(1)}})) == "field_invalid");
  CHECK(w.outcome("acme", deal.act("inspect", 0, {{"damage", Value::of(1)}, {"report", Value::of(a_document)}, {"more", Value::of(1)}})) == "field_invalid");
  w.must("acme", inspect(1'120'00));
  CHECK(deal.phase(w) == "closed");
  CHECK(w.balance("acme/UZS") == 1'000'00);
  CHECK(w.balance("baraka/UZS") == 8'880'00);
  CHECK(w.outcome("acme", inspect(1)) == "wrong_phase");
}

TEST_CASE("an offer of a template that nobody signs runs out, and one that one party signed is not in force") {
  World w = world_with_templates();
  w.fund("baraka/UZS", 10'000'00);
  Offer offer = rental(w.now());
  const AgreementDeal deal = offered(w, "baraka", offer);
  const auto first = w.must("baraka", deal.act("sign"));
  CHECK(events_of(first) == std::vector<std::string>{"contract_consent sign"});
  CHECK(w.outcome("baraka", deal.act("sign")) == "already_signed");
  CHECK(w.outcome("baraka", deal.act("pay_rent", 1)) == "wrong_phase");
  CHECK(w.balance("baraka/UZS") == 10'000'00);
  const auto ended = w.idle_until(w.now() + 5 * day);
  REQUIRE(ended.size() == 1);
  CHECK(events_of(ended[0]) == std::vector<std::string>{"contract_deadline offer_ends", "contract_phase expired"});
  CHECK(w.outcome("acme", deal.act("sign")) == "wrong_phase");
}

TEST_CASE("signing by all happens when the last has signed, or not at all") {
  World w = world_with_templates();
  w.fund("baraka/UZS", 2'999'99);
  Offer offer = rental(w.now());
  const AgreementDeal deal = offered(w, "acme", offer);
  w.must("baraka", deal.act("sign"));
  CHECK(w.outcome("acme", deal.act("sign")) == "overdraft");   // the tenant's: the deposit is not there
  CHECK(deal.phase(w) == "offered");
  w.fund("baraka/UZS", 1);
  w.must("acme", deal.act("sign"));
  CHECK(deal.phase(w) == "lived_in");
}

TEST_CASE("the service template on the ledger: late, disputed and awarded, with the taxes and penalties of the service contract") {
  World w = world_with_templates();
  w.fund("acme/UZS", 168'000'00);
  Offer offer = service(w.now());
  const AgreementDeal deal = offered(w, "baraka", offer);
  w.must("baraka", deal.act("sign"));
  w.must("acme", deal.act("sign"));
  CHECK(w.balance("acme/UZS") == 0);
  CHECK(w.balance(deal.hold("acme")) == 168'000'00);
  w.block({}, w.now() + 13 * day);
  w.must("baraka", deal.act("deliver", 1, {{"file", Value::of(a_document)}}));          // three full days late
  w.must("acme", deal.act("accept", 1));
  // penalty 3 × 0.4 % of 112 000 = 1 344; VAT inside 110 656 = 11 856
  CHECK(w.balance("acme/UZS") == 1'344'00);
  CHECK(w.balance("baraka/UZS") == 98'800'00);
  CHECK(w.balance("tax/UZS/revenue.vat") == 11'856'00);

  const Value reason = Value::of(std::string("the figures are wrong"));
  CHECK(w.outcome("baraka", deal.act("dispute", 2, {{"reason", reason}})) == "condition_not_met");   // not late yet, nothing delivered
  w.must("baraka", deal.act("deliver", 2, {{"file", Value::of(a_document)}}));
  w.must("acme", deal.act("dispute", 2, {{"reason", reason}}));
  CHECK(deal.stage(w, 2) == "disputed");
  CHECK(w.outcome("judge", deal.act("award", 2, {{"to_provider", Value::of(56'000'01)}, {"reason", reason}})) == "field_invalid");
  w.must("judge", deal.act("award", 2, {{"to_provider", Value::of(28'000'00)}, {"reason", reason}}));
  CHECK(w.balance("acme/UZS") == 1'344'00 + 28'000'00);
  CHECK(w.balance("baraka/UZS") == 98'800'00 + 25'000'00);
  CHECK(deal.phase(w) == "done");
  CHECK(w.balance(deal.hold("acme")) == 0);
  CHECK(w.replayed() == w.state());
}

TEST_CASE("a deadline of a template that an account refuses is recorded, and falls due again a day later") {
  World w = world_with_templates();
  const AgreementDeal deal = lived_in(w);
  w.must("treasury", issue("baraka/UZS", std::numeric_limits<MinorUnits>::max() - 7'000'00, "more than any deposit"));   // which would not fit any more
  w.idle_until(w.now() + 101 * day);
  const auto refused = w.idle_until(w.now() + 10 * day);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].rejection.code == RejectionCode::overflow);
  CHECK(deal.phase(w) == "handed_back");
  CHECK(deal.record(w).deadline_ms == w.now() + day);
  w.must("baraka", transfer("baraka/UZS", "bank/UZS", 10'000'00));
  w.idle_until(w.now() + day);
  CHECK(deal.phase(w) == "closed");
  CHECK(w.balance(deal.hold("baraka")) == 0);
}

TEST_CASE("what is wrong with an offer of a template is refused, and says where") {
  World w = world_with_templates();
  const auto refused = [&](const std::string& drafter, const std::function<void(proto::DraftContract&)>& edit) {
    Offer offer = rental(w.now());
    edit(offer.draft());
    const auto result = w.run(drafter, offer.operation());
    return std::string(ledger::name(result.rejection.code)) + " " + result.rejection.detail;
  };
  using Draft = proto::DraftContract;
  CHECK(refused("acme", [](Draft& d) { d.set_version(2); }) == "template_unknown rental/2");
  CHECK(refused("acme", [](Draft& d) { d.set_currency("XXX"); }) == "currency_unknown XXX");
  CHECK(refused("nordic", [](Draft&) {}) == "not_a_party nordic");
  CHECK(refused("acme", [](Draft& d) { d.mutable_parties(1)->set_member("nobody"); }).starts_with("member_unknown"));
  CHECK(refused("acme", [](Draft& d) { d.mutable_parties(0)->set_member("judge"); }).starts_with("role_missing landlord"));
  CHECK(refused("acme", [](Draft& d) { d.mutable_parties(1)->set_member("acme"); }) == "field_invalid tenant: is landlord already");
  CHECK(refused("acme", [](Draft& d) { d.mutable_parties(1)->set_account("acme/UZS"); }) == "account_not_yours tenant: acme/UZS");
  CHECK(refused("acme", [](Draft& d) { d.mutable_parties()->RemoveLast(); }) == "term_out_of_range tenant: missing");
  CHECK(refused("acme", [](Draft& d) { d.mutable_parties(0)->set_name("owner"); }).starts_with("field_invalid parties: owner"));
  CHECK(refused("acme", [](Draft& d) { d.mutable_terms(1)->set_number(0); }) == "term_out_of_range deposit: an amount is above 0");
  CHECK(refused("acme", [](Draft& d) { d.mutable_terms(1)->set_bytes("3000"); }) == "term_out_of_range deposit: is no money");
  CHECK(refused("acme", [](Draft& d) { d.mutable_terms(0)->set_bytes(std::string("\xff", 1)); }).starts_with("term_out_of_range premises"));
  CHECK(refused("acme", [](Draft& d) { d.mutable_terms()->RemoveLast(); }) == "term_out_of_range inspection: missing");
  CHECK(refused("acme", [](Draft& d) { d.mutable_terms()->SwapElements(0, 1); }).starts_with("field_invalid terms: "));
  CHECK(refused("acme", [&](Draft& d) { d.mutable_terms(2)->set_number(static_cast<std::int64_t>(w.now())); }) == "term_out_of_range the offer ends after it is made");
  CHECK(refused("acme", [](Draft& d) { d.mutable_lists(0)->clear_entries(); }) == "term_out_of_range months: 1 to 36 entries");
  CHECK(refused("acme", [&](Draft& d) { d.mutable_lists(0)->mutable_entries(1)->mutable_fields(2)->set_number(static_cast<std::int64_t>(w.now() + 200 * day)); }) ==
        "term_out_of_range rent is due while the tenant lives there");
  CHECK(refused("acme", [](Draft& d) {
          d.mutable_terms(1)->set_number(std::numeric_limits<MinorUnits>::max());
        }) == "overflow the sum of all amounts of the terms");

  Offer offer = rental(w.now());
  auto changed = offer.operation();
  changed.mutable_draft_contract()->mutable_terms(1)->set_number(2'000'00);   // another deposit than the digest is over
  CHECK(w.outcome("acme", changed) == "terms_digest_mismatch");
}

TEST_CASE("a payment of an act is found again beside the draft of another contract in the same transaction") {
  World w = world_with_templates();
  const AgreementDeal deal = lived_in(w);
  Offer other = rental(w.now());
  w.block({w.transaction("baraka", {other.operation(), deal.act("pay_rent", 1)})});   // the world asks of each entry whether its payments are explained
  REQUIRE(w.last_block().entries.back().accepted);
  CHECK(w.balance("acme/UZS") == 1'000'00);
}

TEST_CASE("who acts on a contract of a template names the text that they have before them, and is a party") {
  World w = world_with_templates();
  AgreementDeal deal = lived_in(w);
  CHECK(w.outcome("nordic", deal.act("pay_rent", 1)) == "not_a_party");
  CHECK(w.outcome("acme", deal.act("pay_rent", 1)) == "not_a_party");
  CHECK(w.outcome("baraka", deal.act("pay_rent", 4)) == "milestone_unknown");
  CHECK(w.outcome("baraka", deal.act("pay_rent")) == "milestone_unknown");
  CHECK(w.outcome("baraka", deal.act("dance")) == "field_invalid");
  AgreementDeal other = deal;
  other.digest.bytes[0] ^= 1;
  CHECK(w.outcome("baraka", other.act("pay_rent", 1)) == "terms_digest_mismatch");
  other.id.bytes[0] ^= 1;
  CHECK(w.outcome("baraka", other.act("pay_rent", 1)) == "contract_unknown");
}

TEST_CASE("no ledger knows a template that takes money of somebody who has not acted on the contract") {
  const auto taking = agreements::known_of(R"(template taking version 1

party taker: member
party victim: member
fund victim: account
term price: money
term until: date

phases open, held, end done

action sign by victim in open { become open }
action take by taker in open {
  hold price from victim
  become held
}
deadline over at until in open { become done }
deadline back at until in held {
  refund price to victim
  become done
}
action give by taker in held {
  pay price to taker for services
  become done
}
)");
  REQUIRE_FALSE(taking);
  CHECK(taking.error() == "template:13:3: consent: money is held from victim, who may not have acted on the contract until then");
}

TEST_CASE("a genesis whose template does not hold, or is another program than it says, makes no ledger") {
  const auto made = [](const std::function<void(proto::Genesis&)>& edit) {
    proto::Genesis content = test_genesis();
    add_template(content, shipped_template("rental"));
    edit(content);
    const auto genesis = ledger::Genesis::parse(content.SerializeAsString());
    REQUIRE(genesis);
    const auto state = genesis_state(**genesis);
    return state ? std::string("ok") : state.error();
  };
  CHECK(made([](proto::Genesis&) {}) == "ok");
  CHECK(made([](proto::Genesis& g) { g.mutable_templates(1)->set_program(std::string(32, 'x')); }).find("compiles to another program") != std::string::npos);
  CHECK(made([](proto::Genesis& g) { g.mutable_templates(1)->set_source(g.templates(1).source() + "phases"); }).starts_with("template 2: template:"));
  CHECK(made([](proto::Genesis& g) { add_template(g, shipped_template("rental")); }) == "template 3: rental/1 stands twice");
}

TEST_CASE("the words of a contract have its terms in them, in each language") {
  Offer offer = rental(start_ms);
  const auto& known = shipped_template("rental");
  const auto described = agreements::read_draft(known.program, offer.draft());
  REQUIRE(described);
  const auto filling = agreements::filling_of(described->parties, "UZS");
  const auto paragraphs = language::render(known.program, described->instance, filling, "en");
  std::string text;
  for (const auto& paragraph : paragraphs) text += paragraph.text + "\n";
  INFO(text);
  CHECK(text.find("Flat 12") != std::string::npos);
  CHECK(text.find("3 000.00 UZS") != std::string::npos);
  CHECK(text.find("10 days") != std::string::npos);
  CHECK(text.find("2026-04-10") != std::string::npos);   // 40 days after the first of March
  CHECK(text.find('{') == std::string::npos);
  CHECK(paragraphs.size() == known.program.clauses.size() + 2);   // one clause stands for each of three months
  const auto russian = language::render(known.program, described->instance, filling, "ru");
  CHECK(russian.size() == paragraphs.size());
  CHECK(russian[0].text != paragraphs[0].text);
}

}  // namespace daftar::contracts::test
