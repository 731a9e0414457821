// What lies ahead of a contract: what silence does, and what payments would be taxed. Held against what then happens.
#include <catch2/catch.hpp>

#include "contracts/agreements/outlook.h"
#include "deals.h"

namespace daftar::contracts::test {

namespace {

agreements::Silence silence_of(const World& w, const Deal& deal) { return agreements::if_all_are_silent(shipped_template("service").program, deal.instance(w), w.now()); }
std::vector<agreements::ExpectedPayment> expected_of(const World& w, const Deal& deal) {
  return agreements::expected_payments(w.state(), w.rules(), deal.record(w), shipped_template("service").program, deal.instance(w), w.now());
}
std::string name_of(const agreements::SilentStep& step) { return shipped_template("service").program.deadlines[step.deadline].name; }

}  // namespace

TEST_CASE("what silence would do is what silence then does") {
  World w;
  w.fund("acme/UZS", 336'00);
  const Deal deal = signed_deal(w, private_terms({112'00, 224'00}, w.now()));
  w.must("baraka", deal.deliver(1));
  const auto silence = silence_of(w, deal);
  CHECK(silence.ends);
  REQUIRE(silence.steps.size() == 2);
  CHECK(name_of(silence.steps[0]) == "silence_accepts");
  CHECK(silence.steps[0].entry == 1);
  REQUIRE(silence.steps[0].moves.size() == 1);
  CHECK(silence.steps[0].moves[0].kind == agreements::MoveKind::pay);
  CHECK(silence.steps[0].moves[0].amount == 112'00);
  CHECK(silence.steps[0].moves[0].category == "services");
  CHECK(name_of(silence.steps[1]) == "undelivered");
  REQUIRE(silence.steps[1].moves.size() == 1);
  CHECK(silence.steps[1].moves[0].kind == agreements::MoveKind::give_back);
  CHECK(silence.steps[1].moves[0].amount == 224'00);

  for (const auto& step : silence.steps) {
    const auto fired = w.idle_until(static_cast<std::uint64_t>(step.at));
    REQUIRE(fired.size() == 1);
  }
  CHECK(deal.phase(w) == "done");
  CHECK(w.balance("baraka/UZS") == 100'00);
  CHECK(w.balance("acme/UZS") == 224'00);
}

TEST_CASE("each party is told what it may do now, and what time does if it does nothing") {
  World w;
  w.fund("acme/UZS", 336'00);
  const auto& program = shipped_template("service").program;
  const auto told = [&](const Deal& deal) {
    const auto silence = silence_of(w, deal);
    std::vector<std::string> lines;
    for (const auto& turn : agreements::turns(deal.record(w), program, deal.instance(w), silence, w.now())) {
      std::string line = std::string(program.party_name(turn.party)) + " " + std::to_string(turn.entry) + ":";
      for (const std::string& act : turn.acts) line += " " + act;
      if (turn.otherwise) line += " else " + name_of(silence.steps[*turn.otherwise]);
      lines.push_back(line);
    }
    return lines;
  };
  using Lines = std::vector<std::string>;
  const Deal offer = drafted_deal(w, "baraka", private_terms({112'00}, w.now()));
  w.must("baraka", offer.sign());
  CHECK(told(offer) == Lines{"customer 0: sign terminate else offer_ends", "provider 0: terminate else offer_ends"});

  const Deal deal = signed_deal(w, private_terms({112'00, 224'00}, w.now()));
  w.must("baraka", deal.deliver(1));
  // Nobody ends it while a milestone waits to be judged, and what is not late yet is not disputed.
  CHECK(told(deal) == Lines{"customer 1: accept reject dispute else silence_accepts", "provider 1: dispute else silence_accepts", "provider 2: deliver else undelivered"});
  w.must("baraka", offer.terminate());
  CHECK(told(offer) == Lines{});

  w.fund("treasury/UZS", 1'000'00);
  w.must("treasury", approve_line("2026.a", 1'000'00));
  w.must("treasury", allot("2026.a", 1'000'00));
  const Deal paid_by_line = signed_deal(w, public_terms("2026.a", {100'00}, w.now()));
  CHECK(told(paid_by_line) == Lines{"customer 0: terminate", "provider 0: terminate", "treasury 0: register"});
}

TEST_CASE("where an act is waited for without end, silence ends nothing") {
  World w;
  w.fund("treasury/UZS", 1'000'00);
  w.must("treasury", approve_line("2026.a", 1'000'00));
  w.must("treasury", allot("2026.a", 1'000'00));
  const Deal deal = signed_deal(w, public_terms("2026.a", {100'00}, w.now()));
  CHECK(deal.phase(w) == "signed");                     // waits for the treasury; nothing is held
  const auto silence = silence_of(w, deal);
  CHECK(silence.steps.empty());
  CHECK_FALSE(silence.ends);
}

TEST_CASE("the taxes expected of a payment are those that are then taken, and what is settled is expected no more") {
  World w;
  w.fund("acme/UZS", 336'00);
  const Deal deal = signed_deal(w, private_terms({112'00, 224'00}, w.now()));
  auto expected = expected_of(w, deal);
  REQUIRE(expected.size() == 2);
  CHECK(expected[0].entry == 1);
  CHECK(expected[0].gross == 112'00);
  CHECK(expected[0].net == 100'00);
  REQUIRE(expected[0].taxes.size() == 1);
  CHECK(expected[0].taxes[0].line.rule == "vat-12");
  CHECK(expected[0].taxes[0].line.tax == 12'00);
  w.must("baraka", deal.deliver(1));
  const auto paid = w.must("acme", deal.accept(1));
  CHECK(paid.taxes.at(0) == expected[0].taxes[0].line);
  expected = expected_of(w, deal);
  REQUIRE(expected.size() == 1);
  CHECK(expected[0].entry == 2);
  w.must("acme", deal.terminate());
  w.must("baraka", deal.terminate());
  CHECK(expected_of(w, deal).empty());
}

}  // namespace daftar::contracts::test
