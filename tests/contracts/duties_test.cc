// Who enters, approves, certifies and pays public money are different keys (DOMAIN §6.8), where the genesis says so.
#include <catch2/catch.hpp>

#include "deals.h"

namespace daftar::contracts::test {

namespace {

constexpr const char* parted_line = "2026.edu.paper";

/// dept and treasury have three keys each; any one signs.
struct PartedDuties {
  World w;
  explicit PartedDuties(bool parted = true, MinorUnits two_above = 500'000'00)
      : w([=](proto::Genesis& genesis) {
          for (auto& one : *genesis.mutable_members())
            if (one.id() == "dept" || one.id() == "treasury")
              for (const char* more : {"-2", "-3"}) one.add_keys(std::string(key_of(one.id() + more).public_key().view()));
          if (!parted) return;
          auto* rule = genesis.mutable_duties()->add_two_persons();
          rule->set_currency("UZS");
          rule->set_above(two_above);
        }) {
    w.fund("treasury/UZS", 5'000'000'00);
    w.must("treasury", approve_line(parted_line, 2'000'000'00));
    w.must("treasury", allot(parted_line, 2'000'000'00));
  }
  /// Accepted by dept's first key, registered by the treasury's first.
  Deal accepted(MinorUnits price) {
    const Deal deal = signed_deal(w, public_terms(parted_line, {price}, w.now()));
    w.must("treasury", deal.registered());
    w.must("baraka", deal.deliver(1));
    w.must("dept", deal.accept(1));
    return deal;
  }
};

}  // namespace

TEST_CASE("who has entered a payment does not order it, and who has certified the contract does not pay it") {
  PartedDuties t;
  const Deal deal = t.accepted(100'000'00);
  CHECK(t.w.outcome_by("dept", {"dept"}, deal.order(1)) == "duties_conflict");
  CHECK(t.w.outcome_by("dept", {"dept-2"}, deal.order(1)) == "ok");
  CHECK(t.w.outcome_by("treasury", {"treasury"}, deal.pay(1)) == "duties_conflict");
  CHECK(t.w.outcome_by("treasury", {"treasury-3"}, deal.pay(1)) == "ok");
  CHECK(t.w.replayed() == t.w.state());
}

TEST_CASE("another key beside the one that has taken the earlier step is enough") {
  PartedDuties t;
  const Deal deal = t.accepted(100'000'00);
  CHECK(t.w.outcome_by("dept", {"dept", "dept-2"}, deal.order(1)) == "ok");
  CHECK(t.w.outcome_by("treasury", {"treasury", "treasury-2"}, deal.pay(1)) == "ok");
}

TEST_CASE("the enterer of what another's act or a deadline brought is who last acted for the spending unit") {
  PartedDuties t;
  const Deal deal = signed_deal(t.w, public_terms(parted_line, {100'00}, t.w.now()));
  t.w.must("treasury", deal.registered());
  t.w.must("baraka", deal.deliver(1));
  REQUIRE(t.w.outcome_by("dept", {"dept-2"}, deal.dispute(1)) == "ok");
  t.w.must("judge", deal.award(1, 60'00));
  CHECK(t.w.outcome_by("dept", {"dept-2"}, deal.order(1)) == "duties_conflict");
  CHECK(t.w.outcome_by("dept", {"dept"}, deal.order(1)) == "ok");   // who had signed the contract
}

TEST_CASE("above its amount a payment is ordered by two keys and paid by two keys") {
  PartedDuties t(true, 100'000'00);
  const Deal small = t.accepted(100'000'00);
  CHECK(t.w.outcome_by("dept", {"dept-2"}, small.order(1)) == "ok");
  const Deal large = t.accepted(100'000'01);
  CHECK(t.w.outcome_by("dept", {"dept-2"}, large.order(1)) == "two_persons_needed");
  CHECK(t.w.outcome_by("dept", {"dept-2", "dept-3"}, large.order(1)) == "ok");
  CHECK(t.w.outcome_by("treasury", {"treasury-2"}, large.pay(1)) == "two_persons_needed");
  CHECK(t.w.outcome_by("treasury", {"treasury-2", "treasury"}, large.pay(1)) == "ok");
}

TEST_CASE("a ledger whose genesis does not part duties lets one key of a member take every step") {
  PartedDuties t(false);
  const Deal deal = t.accepted(1'000'000'00);
  CHECK(t.w.outcome_by("dept", {"dept"}, deal.order(1)) == "ok");
  CHECK(t.w.outcome_by("treasury", {"treasury"}, deal.pay(1)) == "ok");
  CHECK(deal.record(t.w).entered_by.empty());   // and keeps nothing for it
  CHECK(deal.record(t.w).certified_by.empty());
}

TEST_CASE("a genesis that parts duties in a currency it has not, twice, or below nothing is refused") {
  const auto refused = [](const std::function<void(proto::Duties&)>& edit) {
    proto::Genesis genesis = test_genesis();
    edit(*genesis.mutable_duties());
    const auto parsed = ledger::Genesis::parse(ledger::encode_genesis(genesis));
    REQUIRE(parsed);
    return !genesis_state(**parsed).has_value();
  };
  const auto add = [](proto::Duties& duties, const char* currency, MinorUnits above) {
    duties.add_two_persons()->set_currency(currency);
    duties.mutable_two_persons(duties.two_persons_size() - 1)->set_above(above);
  };
  CHECK_FALSE(refused([&](auto&) {}));
  CHECK_FALSE(refused([&](auto& duties) { add(duties, "UZS", 1); }));
  CHECK(refused([&](auto& duties) { add(duties, "EUR", 1); }));
  CHECK(refused([&](auto& duties) { add(duties, "UZS", -1); }));
  CHECK(refused([&](auto& duties) { add(duties, "UZS", 1), add(duties, "UZS", 2); }));
}

}  // namespace daftar::contracts::test
