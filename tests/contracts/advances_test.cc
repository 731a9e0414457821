// Advances on public contracts: what a payee's own act brings it before anything is accepted is a receivable, offset by acceptance, and capped by the genesis
// (DOMAIN §6.7).
#include <catch2/catch.hpp>

#include "deals.h"

namespace daftar::contracts::test {

using budget::Stage;

namespace {

constexpr const char* works_line = "2026.roads";
const std::string a_file(ledger::sha256("file").view());

/// baraka builds for dept; a part is of 100 000.00 with a security of 20 000.00.
struct Works {
  World w;
  explicit Works(std::optional<std::uint32_t> share_ppm = {}, const std::vector<std::string>& categories = {})
      : w([&](proto::Genesis& genesis) {
          for (const char* name : {"works", "grant"}) add_template(genesis, shipped_template(name));
          if (!share_ppm) return;
          genesis.mutable_advance_limit()->set_share_ppm(*share_ppm);
          for (const auto& category : categories) genesis.mutable_advance_limit()->add_categories(category);
        }) {
    w.fund("treasury/UZS", 5'000'000'00);
    w.fund("baraka/UZS", 1'000'000'00);
    w.must("treasury", approve_line(works_line, 1'000'000'00));
    w.must("treasury", allot(works_line, 1'000'000'00));
  }
  budget::BudgetLine line() const { return *query::budget_line(w.state(), works_line); }
  MinorUnits receivable() const { return static_cast<MinorUnits>(line().advances.net()); }
  static language::Value file() { return language::Value::of(a_file); }

  Offer works(std::int64_t advance_ppm, std::size_t parts = 1) const {
    Offer offer("works");
    offer.party("customer", "dept", {}, works_line).party("contractor", "baraka").party("expert", "judge");
    offer.term("object", std::string("A bridge")).term("damages", std::string("services")).term("offer_until", static_cast<std::int64_t>(w.now() + 3 * day));
    offer.term("advance", advance_ppm).term("retention", 50'000).term("late_rate", 0).term("late_cap", 0);
    offer.term("grace", static_cast<std::int64_t>(30 * day)).term("guarantee", static_cast<std::int64_t>(30 * day)).term("mending", static_cast<std::int64_t>(10 * day));
    offer.term("verdict", static_cast<std::int64_t>(10 * day)).list("parts");
    for (std::size_t i = 0; i < parts; ++i) {
      auto* entry = offer.draft().mutable_lists(0)->add_entries();
      const auto put = [&](const char* name, auto value) {
        auto* field = entry->add_fields();
        field->set_name(name);
        if constexpr (std::is_same_v<decltype(value), std::string>) field->set_bytes(value);
        else field->set_number(value);
      };
      put("what", std::string("A pillar"));
      put("price", std::int64_t{100'000'00});
      put("security", std::int64_t{20'000'00});
      put("due", static_cast<std::int64_t>(w.now() + 60 * day));
    }
    return offer;
  }
  AgreementDeal in_force(Offer offer, const char* payee = "baraka") {
    const AgreementDeal deal = offered(w, payee, offer);
    w.must(payee, deal.act("sign"));
    w.must("dept", deal.act("sign"));
    w.must("treasury", deal.act("register"));
    return deal;
  }
  Offer grant(std::int64_t kept_ppm) const {
    Offer offer("grant");
    offer.party("funder", "dept", {}, works_line).party("grantee", "baraka");
    offer.term("purpose", std::string("A school")).term("income", std::string("goods"));
    offer.term("offer_until", static_cast<std::int64_t>(w.now() + 3 * day)).term("kept", kept_ppm).term("grace", static_cast<std::int64_t>(10 * day)).list("tranches");
    auto* entry = offer.draft().mutable_lists(0)->add_entries();
    entry->add_fields()->set_name("aim");
    entry->mutable_fields(0)->set_bytes("Books");
    for (const auto& [name, number] : {std::pair{"amount", std::int64_t{50'000'00}}, std::pair{"opens", static_cast<std::int64_t>(w.now())},
                                       std::pair{"due", static_cast<std::int64_t>(w.now() + 40 * day)}}) {
      entry->add_fields()->set_name(name);
      entry->mutable_fields(entry->fields_size() - 1)->set_number(number);
    }
    return offer;
  }
};

}  // namespace

TEST_CASE("an advance is a receivable of the line until its part is accepted, and goes off what is paid then") {
  Works t;
  const AgreementDeal deal = t.in_force(t.works(300'000));
  const auto begun = t.w.must("baraka", deal.act("begin", 1));
  CHECK(std::any_of(begun.events.begin(), begun.events.end(), [](const auto& event) { return event.kind == "advance_owed" && event.amount == 30'000'00; }));
  CHECK(t.receivable() == 30'000'00);
  CHECK(t.line().net(Stage::accrued) == 30'000'00);
  CHECK(deal.claim(t.w, 1).advance);
  CHECK(deal.record(t.w).open_advances == 1);
  t.w.must("dept", order_payment(deal.id, 1));
  t.w.must("treasury", pay_order(deal.id, 1));
  CHECK(t.receivable() == 30'000'00);
  t.w.must("baraka", deal.act("report", 1, {{"file", Works::file()}}));
  t.w.must("dept", deal.act("accept", 1));
  CHECK(t.receivable() == 0);
  CHECK(t.line().advances.gross == 30'000'00);
  CHECK(deal.claim(t.w, 1).offset_ms == t.w.now());
  CHECK(deal.claim(t.w, 2).amount == 65'000'00);   // less the advance and the retention
  CHECK_FALSE(deal.claim(t.w, 2).advance);
  CHECK(deal.record(t.w).open_advances == 0);
  CHECK(t.w.replayed() == t.w.state());
}

TEST_CASE("acceptance offsets the advance of its own part only") {
  Works t;
  const AgreementDeal deal = t.in_force(t.works(100'000, 2));
  for (const std::uint32_t part : {1, 2}) t.w.must("baraka", deal.act("begin", part));
  t.w.must("baraka", deal.act("report", 2, {{"file", Works::file()}}));
  t.w.must("dept", deal.act("accept", 2));
  CHECK(t.receivable() == 10'000'00);
  CHECK(deal.claim(t.w, 1).offset_ms == 0);
}

TEST_CASE("an advance that was never worked off stays to be seen, also when the line is closed") {
  Works t;
  const AgreementDeal deal = t.in_force(t.works(300'000));
  t.w.must("baraka", deal.act("begin", 1));
  t.w.idle_until(t.w.now() + 100 * day);
  CHECK(deal.stage(t.w, 1) == "defaulted");
  CHECK(t.receivable() == 30'000'00);
  auto next = approve_line("2027.roads", 1'00);
  next.mutable_approve_budget_line()->set_year(2027);
  t.w.must("treasury", next);
  t.w.must("treasury", close_line(works_line, "2027.roads"));   // owed as yet: it goes over with its payment
  CHECK(t.receivable() == 0);
  CHECK(query::budget_line(t.w.state(), "2027.roads")->advances.net() == 30'000'00);
}

TEST_CASE("the genesis caps advances: what promises more is not drafted, and no template gets round it") {
  Works t(150'000);
  CHECK(t.w.outcome("baraka", t.works(150'001).operation()) == "advance_limit");
  const AgreementDeal deal = t.in_force(t.works(150'000));
  t.w.must("baraka", deal.act("begin", 1));
  CHECK(deal.claim(t.w, 1).amount == 15'000'00);
  const AgreementDeal grant = t.in_force(t.grant(300'000));     // of which nothing in the draft calls anything an advance
  t.w.idle_until(t.w.now() + 1000);
  CHECK(t.w.outcome("baraka", grant.act("call", 1)) == "advance_limit");
}

TEST_CASE("a cap is of the categories that it names") {
  Works t(150'000, {"works"});
  CHECK(t.w.outcome("baraka", t.works(150'001).operation()) == "advance_limit");
  const AgreementDeal grant = t.in_force(t.grant(0));
  t.w.must("baraka", grant.act("call", 1));
  CHECK(t.receivable() == 50'000'00);
}

TEST_CASE("a cap of nothing lets nothing be paid in advance, and an account of one's own is nobody's concern") {
  Works t(0);
  CHECK(t.w.outcome("baraka", t.works(1).operation()) == "advance_limit");
  CHECK(t.w.outcome("baraka", t.works(0).operation()) == "ok");
  Offer own = t.works(300'000);
  own.draft().mutable_parties(0)->set_member("acme");
  own.draft().mutable_parties(0)->clear_budget_line();
  CHECK(t.w.outcome("baraka", own.operation()) == "ok");
}

TEST_CASE("what is paid wholly in advance is offset when the paying party's act brings the entry to an end") {
  Works t;
  const AgreementDeal grant = t.in_force(t.grant(0));
  t.w.must("baraka", grant.act("call", 1));
  t.w.must("baraka", grant.act("report", 1, {{"file", Works::file()}}));
  t.w.must("dept", grant.act("question", 1, {{"reason", language::Value::of(std::string("where are the books"))}}));
  CHECK(t.receivable() == 50'000'00);
  t.w.must("baraka", grant.act("report", 1, {{"file", Works::file()}}));
  t.w.must("dept", grant.act("approve", 1));
  CHECK(t.receivable() == 0);
}

TEST_CASE("a genesis whose cap is more than the whole price, or of no category, is refused") {
  const auto refused = [](std::uint32_t share_ppm, const char* category) {
    proto::Genesis genesis = test_genesis();
    genesis.mutable_advance_limit()->set_share_ppm(share_ppm);
    genesis.mutable_advance_limit()->add_categories(category);
    const auto parsed = ledger::Genesis::parse(ledger::encode_genesis(genesis));
    REQUIRE(parsed);
    return !genesis_state(**parsed).has_value();
  };
  CHECK_FALSE(refused(1'000'000, "works"));
  CHECK(refused(1'000'001, "works"));
  CHECK(refused(1, "no code"));
}

}  // namespace daftar::contracts::test
