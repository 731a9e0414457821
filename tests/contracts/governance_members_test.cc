// Members changed on a running ledger: who they are, what they may decide, suspension, keys in the place of lost ones.
#include <catch2/catch.hpp>

#include "contracts/governance/words.h"
#include "governance.h"

namespace daftar::contracts::test {
namespace {

const std::function<void(proto::Genesis&)> second_offices = [](proto::Genesis& g) {
  *g.add_members() = member("treasury-2", "public_body", "UZ", "none", {"treasury"});
  *g.add_members() = member("registrar-2", "public_body", "UZ", "none", {"registrar"});
};

std::vector<std::string> events_of(const ExecutionResult& result) {
  std::vector<std::string> texts;
  for (const Event& event : result.events)
    if (!event.kind.starts_with("change_")) texts.push_back(event.kind + " " + event.subject + (event.text.empty() ? "" : ": " + event.text));
  return texts;
}

std::string signed_outcome(World& w, const std::string& sender, const proto::Operation& operation, const std::vector<std::string>& keys) {
  w.block({w.signed_by(w.body(sender, {operation}), keys)});
  return std::string(ledger::name(decode_result(w.last_block().entries.back().result)->rejection.code));
}

proto::Operation ask_payout(MinorUnits amount) {
  proto::Operation o;
  o.mutable_request_payout()->set_from("acme/UZS");
  o.mutable_request_payout()->set_bank("bank");
  o.mutable_request_payout()->set_amount(amount);
  o.mutable_request_payout()->set_destination("account 20208000");
  return o;
}

std::vector<std::string> words_of(const World& w, const Digest& id) {
  const auto proposal = query::proposal(w.state(), id);
  return governance::change_in_words(*proposal, {.member = query::member(w.state(), governance::subject_member(*proposal))});
}

}  // namespace

TEST_CASE("a member's tax status and roles change when two offices say so and the delay is over") {
  World w;
  w.fund("acme/UZS", 1'000'000'00);
  const auto change = [&] {
    return change_member(w, "baraka", [](proto::MemberChange& m) {
      m.set_name("Baraka Services LLC");
      m.set_tax_status("turnover_tax_payer");
      m.add_give_roles("arbiter");
    });
  };
  CHECK(w.outcome("treasury", change()) == "role_missing");
  CHECK(w.outcome("baraka", change()) == "role_missing");
  const Digest id = proposed(w, "registrar", change());
  CHECK(words_of(w, id) == std::vector<std::string>{"member baraka", "name: Member baraka → Baraka Services LLC", "tax_status: vat_payer → turnover_tax_payer",
                                                    "roles: enterprise → enterprise, arbiter", "given: arbiter"});
  CHECK(w.outcome("registrar", approve_change(id)) == "own_approval");
  w.must("tax", approve_change(id));
  const auto due = query::proposal(w.state(), id)->due_ms;
  CHECK(due == w.now() + member_delay);
  CHECK(w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services")).taxes.size() == 1);   // VAT still
  const auto fired = w.idle_until(due);
  CHECK(events_of(fired.at(0)) == std::vector<std::string>{"member_changed baraka", "role_given baraka: arbiter"});
  const auto after = *query::member(w.state(), "baraka");
  CHECK(after.name == "Baraka Services LLC");
  CHECK(after.country == "UZ");   // what is left out stays
  CHECK(after.has(Role::arbiter));
  CHECK(w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services")).taxes.empty());
  CHECK(w.replayed() == w.state());
}

TEST_CASE("what a change of a member may not say") {
  World w;
  const auto outcome = [&](const std::function<void(proto::MemberChange&)>& fill, std::string id = "baraka") { return w.outcome("registrar", change_member(w, std::move(id), fill)); };
  CHECK(outcome([](auto& m) { m.set_name("x"); }, "nobody") == "member_unknown");
  CHECK(outcome([](auto&) {}) == "nothing_changes");
  CHECK(outcome([](auto& m) { m.set_tax_status("vat_payer"); }) == "nothing_changes");
  CHECK(outcome([](auto& m) { m.add_give_roles("enterprise"); }) == "nothing_changes");
  CHECK(outcome([](auto& m) { m.add_take_roles("arbiter"); }) == "nothing_changes");
  CHECK(outcome([](auto& m) { m.add_give_roles("treasury"); }) == "field_invalid");   // it decides
  CHECK(outcome([](auto& m) { m.add_give_roles("king"); }) == "field_invalid");
  CHECK(outcome([](auto& m) { m.set_country("uz"); }) == "field_invalid");
  CHECK(outcome([](auto& m) { m.set_tax_id("1234"); }, "aziza") == "field_invalid");   // a person's number never stands on the ledger
  CHECK(w.outcome("registrar", deciding_roles(w, "acme", {"arbiter"})) == "field_invalid");
}

TEST_CASE("a role that decides comes by its own policy, and its holder decides then") {
  World w;
  CHECK(events_of(decided(w, "registrar", deciding_roles(w, "acme", {"treasury"}), {"tax", "treasury"})) == std::vector<std::string>{"member_changed acme", "role_given acme: treasury"});
  // Now it can be the other treasury that approves.
  const Digest id = proposed(w, "tax", propose_rule(w, next_vat(150'000, w.now() + 60 * day)));
  w.must("acme", approve_change(id));
  CHECK(stage_of(w, id) == "approved");
  w.must("tax", withdraw_change(id));
  // Nothing needs the second one.
  CHECK(events_of(decided(w, "registrar", deciding_roles(w, "acme", {}, {"treasury"}), {"tax", "treasury"})) == std::vector<std::string>{"member_changed acme", "role_taken acme: treasury"});
  CHECK_FALSE(query::member(w.state(), "acme")->has(Role::treasury));
  CHECK(w.replayed() == w.state());
}

TEST_CASE("two approvals are needed for a role that decides, and the second counts only while its giver may give it") {
  World w(second_offices);
  const Digest id = proposed(w, "registrar", deciding_roles(w, "acme", {"bank"}));
  w.must("treasury-2", approve_change(id));
  CHECK(stage_of(w, id) == "open");
  decided(w, "registrar", suspend(w, "treasury-2"), {"tax"});
  w.must("tax", approve_change(id));
  CHECK(stage_of(w, id) == "open");   // treasury-2 is suspended: its word does not count any more
  w.must("treasury", approve_change(id));
  CHECK(stage_of(w, id) == "approved");
}

TEST_CASE("nobody is left without whom changes could not be decided") {
  World w;
  CHECK(w.outcome("registrar", suspend(w, "tax")) == "nobody_left_to_decide");
  CHECK(w.outcome("registrar", suspend(w, "treasury")) == "nobody_left_to_decide");
  CHECK(w.outcome("treasury", suspend(w, "registrar")) == "nobody_left_to_decide");
  CHECK(w.outcome("treasury", suspend(w, "operator")) == "nobody_left_to_decide");
  CHECK(w.outcome("tax", deciding_roles(w, "registrar", {}, {"registrar"})) == "nobody_left_to_decide");
  // A second one of each, and the first can go.
  World more(second_offices);
  more.must("registrar", suspend(more, "treasury"));
  more.must("tax", deciding_roles(more, "registrar", {}, {"registrar"}));
  // It is judged again when it comes into force: of two that were left, the first takes the place.
  const Digest first = proposed(more, "tax", deciding_roles(more, "registrar", {}, {"registrar"})), second = proposed(more, "tax", deciding_roles(more, "registrar-2", {}, {"registrar"}));
  for (const Digest& id : {first, second})
    for (const char* office : {"treasury", "treasury-2"}) more.must(office, approve_change(id));
  const auto fired = more.idle_until(more.now() + power_delay);
  REQUIRE(fired.size() == 2);
  CHECK(stage_of(more, first) == "in_force");
  CHECK(stage_of(more, second) == "refused");
  CHECK(more.replayed() == more.state());
}

TEST_CASE("a role stays with the member that needs it for what is open") {
  World w([](proto::Genesis& g) {
    second_offices(g);
    *g.add_members() = member("tax-2", "public_body", "UZ", "none", {"tax_authority"});
    *g.add_members() = member("operator-2", "company", "UZ", "none", {"operator"});
  });
  w.must("treasury", approve_line("2026.edu.09", 1'000'00));
  const auto detail = [&](const std::string& id, const std::string& role) { return w.run("registrar", deciding_roles(w, id, {}, {role})).rejection; };
  CHECK(detail("treasury", "treasury").code == RejectionCode::role_in_use);
  CHECK(detail("treasury", "treasury").detail == "budget line 2026.edu.09");
  CHECK(detail("tax", "tax_authority").detail == "revenue of tax rule vat-12/1");
  CHECK(detail("operator", "operator").detail == "node 1");
  CHECK(w.run("registrar", change_member(w, "dept", [](auto& m) { m.add_take_roles("spending_unit"); })).rejection.detail == "budget line 2026.edu.09");
  CHECK(detail("treasury-2", "treasury").code == RejectionCode::ok);
  CHECK(detail("operator-2", "operator").code == RejectionCode::ok);
  w.must("treasury", close_line("2026.edu.09"));
  CHECK(detail("treasury", "treasury").code == RejectionCode::ok);
}

TEST_CASE("a suspended member sends nothing, and its counterparties keep their way out") {
  World w(second_offices);
  w.fund("acme/UZS", 10'000'00);
  w.fund("baraka/UZS", 10'000'00);
  w.must("acme", ask_payout(500'00));
  const Digest payout = w.last_id();
  CHECK(w.outcome("registrar", suspend(w, "acme", "")) == "field_invalid");   // a reason is owed
  CHECK(w.outcome("registrar", reinstate(w, "acme")) == "member_standing_wrong");
  CHECK(events_of(decided(w, "registrar", suspend(w, "acme"), {"tax"})) == std::vector<std::string>{"member_suspended acme: decision 12 of the court"});
  decided(w, "registrar", suspend(w, "bank"), {"tax"});
  CHECK(w.outcome("tax", suspend(w, "acme")) == "member_standing_wrong");

  CHECK(w.outcome("acme", transfer("acme/UZS", "baraka/UZS", 1'00)) == "member_suspended");
  CHECK(w.outcome("acme", open("acme/UZS/pay-roll")) == "member_suspended");
  w.must("baraka", transfer("baraka/UZS", "acme/UZS", 100'00, "services"));   // payments to it go on
  // What waits for a suspended bank is answered by it; it brings no money.
  CHECK(w.outcome("bank", issue("acme/UZS", 1'00, "statement 9")) == "member_suspended");
  proto::Operation settle;
  settle.mutable_settle_payout()->set_payout(std::string(payout.view()));
  settle.mutable_settle_payout()->set_refuse(true);
  CHECK(ledger::name(w.run("bank", {settle, issue("acme/UZS", 1'00, "statement 9")}).rejection.code) == "member_suspended");
  w.must("bank", settle);

  decided(w, "registrar", reinstate(w, "acme"), {"tax"});
  w.must("acme", transfer("acme/UZS", "baraka/UZS", 1'00));
  CHECK(w.replayed() == w.state());
}

TEST_CASE("lost keys are replaced after a delay, with their offices") {
  World w;
  w.fund("acme/UZS", 10'000'00);
  CHECK(w.outcome("treasury", recover(w, "acme", {{"acme new", ""}})) == "role_missing");
  CHECK(w.outcome("registrar", recover(w, "acme", {{"baraka", ""}})) == "key_in_use");
  CHECK(w.outcome("registrar", recover(w, "acme", {})) == "field_invalid");
  CHECK(w.outcome("registrar", recover(w, "acme", {{"acme new", ""}}, 2)) == "field_invalid");
  CHECK(w.outcome("registrar", recover(w, "acme", {{"acme new", ""}, {"acme new", ""}})) == "key_in_use");
  CHECK(w.outcome("registrar", recover(w, "nobody", {{"acme new", ""}})) == "member_unknown");
  const Digest id = proposed(w, "registrar", recover(w, "acme", {{"acme director", "director"}, {"acme accountant", "chief-accountant"}}, 2));
  w.must("bank", approve_change(id));
  w.must("acme", transfer("acme/UZS", "baraka/UZS", 1'00));   // until then its keys are its keys
  CHECK(query::proposal(w.state(), id)->due_ms > w.now() + 6 * day);
  const auto fired = w.idle_until(query::proposal(w.state(), id)->due_ms);
  CHECK(events_of(fired.at(0)).size() == 3);
  CHECK(signed_outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 1'00), {"acme"}) == "key_revoked");
  CHECK(signed_outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 1'00), {"acme director"}) == "signatures_too_few");
  CHECK(signed_outcome(w, "acme", transfer("acme/UZS", "baraka/UZS", 1'00), {"acme director", "acme accountant"}) == "ok");
  const auto after = *query::member(w.state(), "acme");
  CHECK(after.keys.at(1).office == "director");
  // A revoked key cannot come back, not even this way.
  CHECK(w.outcome("registrar", recover(w, "acme", {{"acme", ""}})) == "key_in_use");
  CHECK(w.replayed() == w.state());
}

TEST_CASE("a member that has lost nothing objects to new keys, and nobody else can") {
  World w;
  const Digest id = proposed(w, "registrar", recover(w, "acme", {{"acme stolen", ""}}));
  w.must("treasury", approve_change(id));
  CHECK(w.outcome("baraka", withdraw_change(id)) == "not_a_party");
  CHECK(w.outcome("treasury", withdraw_change(id)) == "not_a_party");
  w.must("acme", withdraw_change(id));
  CHECK(stage_of(w, id) == "withdrawn");
  CHECK(w.idle_until(w.now() + power_delay).empty());
  CHECK(w.outcome("acme", open("acme/UZS/pay-roll")) == "ok");
  // Other changes of it are not its own to stop; suspended, it can still object to new keys.
  const Digest other = proposed(w, "registrar", change_member(w, "acme", [](auto& m) { m.set_tax_status("none"); }));
  CHECK(w.outcome("acme", withdraw_change(other)) == "not_a_party");
  decided(w, "registrar", suspend(w, "acme"), {"tax"});
  const Digest again = proposed(w, "registrar", recover(w, "acme", {{"acme stolen", ""}}));
  w.must("acme", withdraw_change(again));
}

TEST_CASE("signing rules are kept with the offices they name, or go with the old keys") {
  World w;
  proto::Operation key;
  key.mutable_change_key()->set_member("acme");
  key.mutable_change_key()->set_key(std::string(key_of("acme boss").public_key().view()));
  key.mutable_change_key()->set_office("director");
  w.must("acme", key);
  proto::Operation rules;
  auto& rule = *rules.mutable_set_signing_rules()->add_rules();
  rule.set_currency("UZS");
  rule.set_above(1'000'00);
  rule.set_signatures(1);
  rule.add_offices("director");
  CHECK(signed_outcome(w, "acme", rules, {"acme", "acme boss"}) == "ok");
  CHECK(w.outcome("registrar", recover(w, "acme", {{"acme new", ""}}, 1, true)) == "signatures_too_few");
  decided(w, "registrar", recover(w, "acme", {{"acme new", "director"}}, 1, true), {"tax"});
  CHECK(query::member(w.state(), "acme")->signing_rules.size() == 1);
  CHECK(query::member(w.state(), "acme")->keys_that_count(w.now()) == 1);
  decided(w, "registrar", recover(w, "acme", {{"acme newer", ""}}), {"tax"});
  CHECK(query::member(w.state(), "acme")->signing_rules.empty());
  CHECK(w.replayed() == w.state());
}

}  // namespace daftar::contracts::test
