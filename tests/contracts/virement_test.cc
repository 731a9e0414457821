// Virement: appropriation moves between budget lines, within the limit of the genesis.
#include <catch2/catch.hpp>

#include "deals.h"

namespace daftar::contracts::test {

using budget::Stage;

namespace {

constexpr const char* giver = "2026.edu.paper";
constexpr const char* getter = "2026.edu.repairs";

/// Two lines of 1 000.00, nothing allotted.
struct TwoLines {
  World w;
  explicit TwoLines(const std::function<void(proto::Genesis&)>& edit = {}) : w(edit) {
    for (const char* line : {giver, getter}) w.must("treasury", approve_line(line, 1'000'00));
  }
  budget::BudgetLine line(const char* id) const { return *query::budget_line(w.state(), id); }
  MinorUnits adjusted(const char* id) const { return static_cast<MinorUnits>(line(id).net(Stage::adjusted)); }
  std::string move(MinorUnits amount, const char* from = giver, const char* to = getter) { return w.outcome("treasury", move_appropriation(from, to, amount)); }
};

std::function<void(proto::Genesis&)> limited(std::uint32_t share_ppm) {
  return [share_ppm](proto::Genesis& genesis) { genesis.mutable_virement_limit()->set_share_ppm(share_ppm); };
}

}  // namespace

TEST_CASE("a virement takes appropriation from one line and adds it to another, and both tell of it") {
  TwoLines t;
  const auto moved = t.w.must("treasury", move_appropriation(giver, getter, 300'00));
  CHECK(t.adjusted(giver) == 700'00);
  CHECK(t.adjusted(getter) == 1'300'00);
  CHECK(t.line(giver).net(Stage::approved) == 1'000'00);
  CHECK(t.line(giver).moved_out == 300'00);
  CHECK(t.line(giver).moved_in == 0);
  CHECK(t.line(getter).moved_in == 300'00);
  CHECK(t.line(getter).moved_out == 0);
  CHECK(t.line(getter).net(Stage::allotted) == 0);
  REQUIRE(moved.events.size() == 2);
  CHECK(moved.events[0].kind == "budget_moved_out");
  CHECK(moved.events[0].subject == giver);
  CHECK(moved.events[0].amount == 300'00);
  CHECK(moved.events[0].text == std::string("to ") + getter + ": where it is needed more");
  CHECK(moved.events[1].kind == "budget_moved_in");
  CHECK(moved.events[1].subject == getter);
  const auto& rows = t.w.last_block().entries.back().index_rows;
  for (const char* line : {giver, getter}) CHECK(std::count(rows.begin(), rows.end(), IndexRow{IndexKind::budget_line, line}) == 1);
  t.w.must("treasury", allot(getter, 1'300'00));   // what came is appropriation like any other
  CHECK(t.move(1, getter, giver) == "over_appropriation");
}

TEST_CASE("a virement leaves a line what is allotted, reserved and committed on it") {
  TwoLines t;
  t.w.must("treasury", allot(giver, 600'00));
  CHECK(t.move(400'01) == "over_appropriation");
  t.w.must("dept", reserve(giver, 600'00));
  CHECK(t.move(400'01) == "below_commitment");
  CHECK(t.move(1'000'01) == "below_commitment");
  CHECK(t.adjusted(getter) == 1'000'00);
  CHECK(t.move(400'00) == "ok");
  CHECK(t.move(1) == "below_commitment");
  t.w.must("dept", reserve(giver, 600'00, true));
  CHECK(t.move(1) == "over_appropriation");
}

TEST_CASE("a line that was cut below its allotment gives nothing away") {
  TwoLines t;
  t.w.must("treasury", allot(giver, 800'00));
  t.w.must("treasury", adjust_line(giver, -300'00));
  CHECK(t.move(1) == "over_appropriation");
  CHECK(t.move(1, getter, giver) == "ok");
}

TEST_CASE("all virements out of a line together reach at most the share of what it was approved with") {
  TwoLines t(limited(100'000));
  t.w.must("treasury", adjust_line(giver, 5'000'00));   // a supplementary budget does not raise the limit
  CHECK(t.move(100'01) == "virement_limit");
  CHECK(t.move(60'00) == "ok");
  const auto refused = t.w.run("treasury", move_appropriation(giver, getter, 40'01));
  CHECK(refused.rejection.code == RejectionCode::virement_limit);
  CHECK(refused.rejection.detail == std::string(giver) + ": 100.00 UZS");
  CHECK(t.move(60'00, getter, giver) == "ok");          // each line has its own, and what comes back gives no new room
  CHECK(t.move(40'01) == "virement_limit");
  CHECK(t.move(40'00) == "ok");
  CHECK(t.move(1) == "virement_limit");
}

TEST_CASE("a limit of nothing allows no virement, one of all the whole line, and without one there is none") {
  CHECK(TwoLines(limited(0)).move(1) == "virement_limit");
  CHECK(TwoLines(limited(1'000'000)).move(1'000'00) == "ok");
  TwoLines unlimited;
  unlimited.w.must("treasury", adjust_line(giver, 500'00));
  CHECK(unlimited.move(1'500'00) == "ok");
}

TEST_CASE("a genesis does not allow more than the whole line to be moved") {
  proto::Genesis g = test_genesis();
  g.mutable_virement_limit()->set_share_ppm(1'000'001);
  const auto parsed = ledger::Genesis::parse(ledger::encode_genesis(g));
  REQUIRE(parsed);
  const auto state = genesis_state(**parsed);
  REQUIRE_FALSE(state);
  CHECK(state.error() == "virement_limit: more than the whole line");
}

TEST_CASE("a virement is the treasury's that pays both lines, of one year and currency") {
  TwoLines t([](proto::Genesis& g) { *g.add_members() = member("treasury2", "public_body", "UZ", "none", {"treasury"}); });
  auto other_year = approve_line("2027.edu", 1'000'00);
  other_year.mutable_approve_budget_line()->set_year(2027);
  t.w.must("treasury", other_year);
  auto other_currency = approve_line("2026.pyg", 1'000);
  other_currency.mutable_approve_budget_line()->set_currency("PYG");
  other_currency.mutable_approve_budget_line()->set_source_account("treasury/PYG");
  t.w.must("treasury", other_currency);
  auto others = approve_line("2026.others", 1'000'00);
  others.mutable_approve_budget_line()->set_source_account("treasury2/UZS");
  t.w.must("treasury2", others);
  CHECK(t.move(1, giver, "2027.edu") == "field_invalid");
  CHECK(t.move(1, giver, "2026.pyg") == "currency_mismatch");
  CHECK(t.move(1, giver, "2026.others") == "account_not_yours");
  CHECK(t.move(1, "2026.others", giver) == "account_not_yours");
  CHECK(t.move(1, giver, giver) == "field_invalid");
  CHECK(t.move(1, giver, "none") == "budget_line_unknown");
  CHECK(t.move(1, "none", giver) == "budget_line_unknown");
  CHECK(t.move(0) == "amount_must_be_positive");
  CHECK(t.move(-1) == "amount_must_be_positive");
  CHECK(t.w.outcome("dept", move_appropriation(giver, getter, 1)) == "role_missing");
  auto silent = move_appropriation(giver, getter, 1);
  silent.mutable_move_appropriation()->clear_reason();
  CHECK(t.w.outcome("treasury", silent) == "field_invalid");
  t.w.must("treasury", adjust_line(getter, std::numeric_limits<MinorUnits>::max() - 1'000'00));
  CHECK(t.move(1) == "overflow");
  CHECK(t.adjusted(giver) == 1'000'00);
}

TEST_CASE("signing rules ask for more signatures to move much") {
  World w([](proto::Genesis& genesis) {
    for (auto& one : *genesis.mutable_members())
      if (one.id() == "treasury") one.add_keys(std::string(key_of("treasury two").public_key().view()));
  });
  for (const char* line : {giver, getter}) w.must("treasury", approve_line(line, 2'000'00));
  proto::Operation rules;
  auto* rule = rules.mutable_set_signing_rules()->add_rules();
  rule->set_currency("UZS");
  rule->set_above(500'00);
  rule->set_signatures(2);
  w.block({w.signed_by(w.body("treasury", {rules}), {"treasury"})});
  REQUIRE(w.last_block().entries.back().accepted);
  CHECK(w.outcome("treasury", move_appropriation(giver, getter, 500'00)) == "ok");
  CHECK(w.outcome("treasury", move_appropriation(giver, getter, 500'01)) == "signatures_too_few");
}

namespace {

proto::Operation line_of_class(const char* id, const char* economic, const char* programme) {
  auto o = approve_line(id, 1'000'00);
  o.mutable_approve_budget_line()->set_economic_code(economic);
  o.mutable_approve_budget_line()->set_programme(programme);
  return o;
}

/// Wages (21) and capital (31) give to nobody else, goods (22) give a tenth to capital, and goods of one programme nothing to another's.
struct RuledLines {
  World w;
  explicit RuledLines(std::uint32_t general_ppm = 1'000'000)
      : w([=](proto::Genesis& genesis) {
          genesis.mutable_virement_limit()->set_share_ppm(general_ppm);
          const auto add = [&](const char* from, const char* to, bool outside, bool same_programme, std::uint32_t share_ppm) {
            auto* rule = genesis.add_virement_rules();
            rule->set_from_economic(from);
            rule->set_to_economic(to);
            rule->set_to_outside(outside);
            rule->set_same_programme(same_programme);
            rule->set_share_ppm(share_ppm);
          };
          add("21", "21", true, false, 0);
          add("31", "31", true, false, 0);
          add("22", "31", false, false, 100'000);
          add("22", "22", false, true, 1'000'000);
        }) {
    for (const auto& [id, economic, programme] : {std::tuple{"wages", "211", "p1"}, std::tuple{"bonuses", "212", "p2"}, std::tuple{"goods", "22", "p1"}, std::tuple{"more-goods", "221", "p1"},
                                                  std::tuple{"other-goods", "22", "p2"}, std::tuple{"capital", "311", "p1"}})
      w.must("treasury", line_of_class(id, economic, programme));
  }
  std::string move(const char* from, const char* to, MinorUnits amount) { return w.outcome("treasury", move_appropriation(from, to, amount)); }
};

}  // namespace

TEST_CASE("virements that a rule of the genesis forbids are refused, by economic class and by programme") {
  RuledLines t;
  CHECK(t.move("wages", "goods", 1) == "virement_forbidden");
  CHECK(t.move("capital", "goods", 1) == "virement_forbidden");
  CHECK(t.move("wages", "bonuses", 1'00) == "ok");          // within the class, whatever the programme
  CHECK(t.move("goods", "wages", 1'00) == "ok");            // no rule speaks of it
  CHECK(t.move("goods", "other-goods", 1) == "virement_forbidden");
  CHECK(t.move("goods", "more-goods", 1'00) == "ok");
}

TEST_CASE("a rule caps what leaves a line between two classes, and the general limit holds beside it") {
  RuledLines t;
  CHECK(t.move("goods", "capital", 100'01) == "virement_limit");
  CHECK(t.move("goods", "capital", 100'00) == "ok");
  CHECK(t.move("goods", "more-goods", 900'00) == "ok");
  RuledLines narrow(50'000);
  CHECK(narrow.move("goods", "capital", 50'01) == "virement_limit");
  CHECK(narrow.move("goods", "capital", 50'00) == "ok");
}

TEST_CASE("virement rules of a genesis name codes, at most the whole line, and outside of what") {
  const auto refused = [](const std::function<void(proto::VirementRule&)>& edit) {
    proto::Genesis genesis = test_genesis();
    edit(*genesis.add_virement_rules());
    const auto parsed = ledger::Genesis::parse(ledger::encode_genesis(genesis));
    REQUIRE(parsed);
    return !genesis_state(**parsed).has_value();
  };
  CHECK_FALSE(refused([](auto&) {}));                                            // none at all
  CHECK(refused([](auto& rule) { rule.set_share_ppm(1'000'001); }));
  CHECK(refused([](auto& rule) { rule.set_from_economic("two words"); }));
  CHECK(refused([](auto& rule) { rule.set_to_outside(true); }));
  CHECK(refused([](auto& rule) { rule.set_legal_basis(std::string(201, 'x')); }));
}

}  // namespace daftar::contracts::test
