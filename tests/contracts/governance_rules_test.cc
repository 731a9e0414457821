// Tax rules changed on a running ledger: who may, when it counts, and that what was the rule on a day stays what it was.
#include <catch2/catch.hpp>

#include "contracts/governance/words.h"
#include "governance.h"

namespace daftar::contracts::test {
namespace {

constexpr std::uint64_t may_ms = start_ms + 61 * day;   // 2026-05-01

ExecutionResult paid_at(World& w, std::uint64_t time_ms) {
  auto body = w.body("acme", {transfer("acme/UZS", "baraka/UZS", 1'150'00, "services")});
  body.set_valid_until_ms(time_ms + 1'000);
  w.block({w.signed_by(body, {"acme"})}, time_ms);
  return *decode_result(w.last_block().entries.back().result);
}

std::vector<std::string> kinds_of(const ExecutionResult& result) {
  std::vector<std::string> kinds;
  for (const Event& event : result.events) kinds.push_back(event.kind);
  return kinds;
}

}  // namespace

TEST_CASE("a rate proposed by the tax authority and approved by the treasury is in force after its delay, and taxes from its day on") {
  World w;
  w.fund("acme/UZS", 1'000'000'00);
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
  CHECK(stage_of(w, proposal) == "open");
  w.must("treasury", approve_change(proposal));
  const std::uint64_t approved_ms = w.now();
  CHECK(stage_of(w, proposal) == "approved");
  CHECK(w.engine().next_deadline_ms(w.state()) == approved_ms + rule_delay);
  CHECK(query::tax_rules(w.state()).size() == 5);   // nothing yet

  CHECK(w.idle_until(approved_ms + rule_delay - 1).empty());
  const auto fired = w.idle_until(approved_ms + rule_delay);
  REQUIRE(fired.size() == 1);
  CHECK(kinds_of(fired[0]) == std::vector<std::string>{"change_in_force", "tax_rule_ends", "tax_rule_in_force"});
  CHECK(stage_of(w, proposal) == "in_force");
  CHECK(query::tax_rules(w.state()).size() == 6);

  const auto before = paid_at(w, may_ms - 1);
  CHECK(before.taxes.at(0).version == 1);
  CHECK(before.taxes.at(0).tax == 123'21);
  const auto entry_before = w.last_block().entries.back();
  const auto after = paid_at(w, may_ms);
  CHECK(after.taxes.at(0).version == 2);
  CHECK(after.taxes.at(0).tax == 150'00);
  // Asked afterwards, the payment before midnight is still explained by the version before.
  const auto explained = tax::explain(w.rules(), &entry_before.transaction->body(), before, may_ms - 1, w.state());
  CHECK(explained.as_recorded);
  std::vector<std::string> grounds;
  for (const auto& one : explained.payments.at(0).rules)
    if (one.rule->code == "vat-12") grounds.push_back(std::to_string(one.rule->version) + (one.ground == tax::Ground::applies ? " applies" : " does not"));
  CHECK(grounds == std::vector<std::string>{"1 applies", "2 does not"});
  CHECK(query::tax_rules_in_force(w.state(), may_ms - 1).size() == 5);
  CHECK(w.replayed() == w.state());
}

TEST_CASE("the entries of a change are found by the proposal, the rule and the members concerned") {
  World w;
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
  w.must("treasury", approve_change(proposal));
  w.idle_until(w.now() + rule_delay);
  const auto& rows = w.last_block().entries.at(0).index_rows;
  for (const IndexRow& row : {IndexRow{IndexKind::proposal, std::string(proposal.view())}, IndexRow{IndexKind::tax_rule, "vat-12"}, IndexRow{IndexKind::member, "tax"},
                              IndexRow{IndexKind::member, "treasury"}})
    CHECK(std::find(rows.begin(), rows.end(), row) != rows.end());
}

TEST_CASE("who may propose, approve and withdraw a rule") {
  World w;
  CHECK(w.outcome("treasury", propose_rule(w, next_vat(150'000, may_ms))) == "role_missing");
  CHECK(w.outcome("acme", propose_rule(w, next_vat(150'000, may_ms))) == "role_missing");
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
  CHECK(w.outcome("acme", approve_change(proposal)) == "role_missing");
  CHECK(w.outcome("registrar", approve_change(proposal)) == "role_missing");
  CHECK(w.outcome("tax", approve_change(proposal)) == "own_approval");
  CHECK(w.outcome("treasury", withdraw_change(proposal)) == "not_a_party");
  CHECK(w.outcome("treasury", approve_change(ledger::sha256("no such"))) == "proposal_unknown");
  CHECK(w.outcome("tax", withdraw_change(ledger::sha256("no such"))) == "proposal_unknown");
  w.must("tax", withdraw_change(proposal));
  CHECK(stage_of(w, proposal) == "withdrawn");
  CHECK(w.outcome("treasury", approve_change(proposal)) == "proposal_closed");
  CHECK(w.outcome("tax", withdraw_change(proposal)) == "proposal_closed");
}

TEST_CASE("several approvals are of several members, and a decided change needs no more") {
  World w([](proto::Genesis& g) {
    *g.add_members() = member("treasury-2", "public_body", "UZ", "none", {"treasury"});
    auto& policy = *g.mutable_governance()->mutable_tax_rule();
    policy.add_proposers("tax_authority");
    policy.add_approvers("treasury");
    policy.set_approvals(2);
    policy.set_delay_ms(2 * day);
  });
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
  w.must("treasury", approve_change(proposal));
  CHECK(stage_of(w, proposal) == "open");
  CHECK(w.outcome("treasury", approve_change(proposal)) == "already_approved");
  w.must("treasury-2", approve_change(proposal));
  CHECK(stage_of(w, proposal) == "approved");
  CHECK(w.outcome("treasury-2", approve_change(proposal)) == "already_approved");
  CHECK(query::proposal(w.state(), proposal)->due_ms == w.now() - 1'000 + 2 * day);   // the refused approval took a block
}

TEST_CASE("where the genesis says so the proposer counts as an approver") {
  World w([](proto::Genesis& g) {
    auto& policy = *g.mutable_governance()->mutable_tax_rule();
    policy.add_proposers("tax_authority");
    policy.add_approvers("treasury");
    policy.add_approvers("tax_authority");
    policy.set_approvals(1);
    policy.set_proposer_approves(true);
  });
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
  CHECK(stage_of(w, proposal) == "approved");
  w.idle_until(w.now() + 1);   // no delay: the next block
  CHECK(stage_of(w, proposal) == "in_force");
}

TEST_CASE("approvals count until the time that the proposal names") {
  World w;
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
  const std::uint64_t until = query::proposal(w.state(), proposal)->until_ms;
  w.block({}, until - 500);
  CHECK(w.outcome("treasury", approve_change(proposal)) == "proposal_closed");   // half a second after
  CHECK(w.outcome("tax", withdraw_change(proposal)) == "proposal_closed");
  auto late = propose_rule(w, next_vat(150'000, may_ms));
  late.mutable_propose_change()->set_until_ms(w.now() + 1'000 + 30 * day + 1);
  CHECK(w.outcome("tax", late) == "field_invalid");
  late.mutable_propose_change()->set_until_ms(w.now() + 1'000);
  CHECK(w.outcome("tax", late) == "field_invalid");
}

TEST_CASE("a change withdrawn during its delay never comes into force") {
  World w;
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
  w.must("treasury", approve_change(proposal));
  w.must("tax", withdraw_change(proposal));
  CHECK_FALSE(w.engine().next_deadline_ms(w.state()));
  CHECK(w.idle_until(w.now() + 2 * rule_delay).empty());
  CHECK(query::tax_rules(w.state()).size() == 5);
}

TEST_CASE("no rule takes effect before it is in force") {
  World w;
  const std::uint64_t in_force = w.now() + 1'000 + rule_delay;   // at the earliest, for a proposal in the next block
  CHECK(w.outcome("tax", propose_rule(w, next_vat(150'000, 0))) == "effect_in_the_past");
  CHECK(w.outcome("tax", propose_rule(w, next_vat(150'000, in_force + 1'000))) == "effect_in_the_past");   // a block later by now
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, w.now() + 1'000 + rule_delay + 2 * day)));
  w.block({}, w.now() + 3 * day);
  CHECK(w.outcome("treasury", approve_change(proposal)) == "effect_in_the_past");   // approved too late for its date
  CHECK(stage_of(w, proposal) == "open");
}

TEST_CASE("a change that cannot come into force when its time has come is closed with the reason, and the ledger goes on") {
  World w;
  const std::uint64_t from = w.now() + 1'000 + rule_delay + day;
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, from)));
  w.must("treasury", approve_change(proposal));
  const auto fired = w.idle_until(from);   // no block came in between: a night without the network
  REQUIRE(fired.size() == 1);
  CHECK(fired[0].ok());
  CHECK(kinds_of(fired[0]) == std::vector<std::string>{"change_refused"});
  const auto record = *query::proposal(w.state(), proposal);
  CHECK(stage_of(w, proposal) == "refused");
  CHECK(record.refusal == static_cast<std::uint16_t>(RejectionCode::effect_in_the_past));
  CHECK(record.refusal_detail == "effective_from: later than " + governance::utc_text(from));
  CHECK_FALSE(w.engine().next_deadline_ms(w.state()));
  CHECK(query::tax_rules(w.state()).size() == 5);
  CHECK(w.replayed() == w.state());
}

TEST_CASE("of two changes that do not go together the first comes into force and the second is refused") {
  World w;
  const Digest first = proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
  const Digest second = proposed(w, "tax", propose_rule(w, next_vat(160'000, may_ms + day)));
  w.must("treasury", approve_change(second));
  w.must("treasury", approve_change(first));
  const auto fired = w.idle_until(w.now() + rule_delay);
  REQUIRE(fired.size() == 2);
  CHECK(stage_of(w, second) == "in_force");   // approved first
  CHECK(stage_of(w, first) == "refused");
  CHECK(query::proposal(w.state(), first)->refusal == static_cast<std::uint16_t>(RejectionCode::tax_rule_version));
  // The ledger goes by the one that is in force, and by the next number for what follows.
  CHECK(w.outcome("tax", propose_rule(w, next_vat(170'000, may_ms + 2 * day, 2))) == "tax_rule_version");
  proposed(w, "tax", propose_rule(w, next_vat(170'000, may_ms + 2 * day, 3)));
}

TEST_CASE("versions of one rule are numbered without a gap and never in force at one time") {
  World w([](proto::Genesis& g) {
    for (auto& rule : *g.mutable_tax_rules())
      if (rule.code() == "vat-12") rule.set_effective_to_ms(may_ms);
  });
  CHECK(w.outcome("tax", propose_rule(w, next_vat(150'000, may_ms - 1))) == "tax_rules_overlap");
  CHECK(w.outcome("tax", propose_rule(w, next_vat(150'000, may_ms, 3))) == "tax_rule_version");
  CHECK(w.outcome("tax", propose_rule(w, next_vat(150'000, may_ms, 1))) == "tax_rule_version");
  proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
}

TEST_CASE("a rule of a new code begins with version 1, opens its revenue account, and taxes its categories") {
  World w;
  w.fund("acme/UZS", 1'000'000'00);
  CHECK(w.outcome("acme", transfer("acme/UZS", "baraka/UZS", 100'00, "advertising")) == "tax_category_unknown");
  proto::TaxRule levy = next_vat(20'000, may_ms, 1);
  levy.set_code("levy-2");
  levy.set_kind("withholding");
  levy.set_base("gross");
  levy.set_vat_route("");
  levy.clear_categories();
  levy.add_categories("advertising");
  levy.set_revenue_account("tax/UZS/revenue.levy");
  const Digest proposal = proposed(w, "tax", propose_rule(w, levy));
  CHECK_FALSE(query::balance(w.state(), "tax/UZS/revenue.levy"));
  w.must("treasury", approve_change(proposal));
  w.idle_until(w.now() + rule_delay);
  CHECK(w.balance("tax/UZS/revenue.levy") == 0);
  auto body = w.body("acme", {transfer("acme/UZS", "baraka/UZS", 100'00, "advertising")});
  body.set_valid_until_ms(may_ms + 1'000);
  w.block({w.signed_by(body, {"acme"})}, may_ms);
  CHECK(w.balance("tax/UZS/revenue.levy") == 2'00);
  CHECK(w.replayed() == w.state());
}

TEST_CASE("rules that contradict themselves or the ledger are refused when they are proposed") {
  World w;
  const auto outcome = [&](const std::function<void(proto::TaxRule&)>& spoil) {
    proto::TaxRule rule = next_vat(150'000, may_ms);
    spoil(rule);
    return w.outcome("tax", propose_rule(w, rule));
  };
  CHECK(outcome([](auto& r) { r.set_rate_ppm(10'000'001); }) == "tax_rule_invalid");
  CHECK(outcome([](auto& r) { r.set_currency("EUR"); }) == "tax_rule_invalid");
  CHECK(outcome([](auto& r) { r.set_revenue_account("acme/UZS"); }) == "tax_rule_invalid");
  CHECK(outcome([](auto& r) { r.add_replaces("no-such-rule"); }) == "tax_rule_invalid");
  CHECK(outcome([](auto& r) { r.set_effective_to_ms(may_ms); }) == "tax_rule_invalid");
  CHECK(outcome([](auto& r) {
          r.set_vat_route("supplier_vat_account");   // somebody may have an account of that name
          r.clear_revenue_account();
        }) == "tax_rule_invalid");
  CHECK(outcome([](auto& r) { r.clear_legal_basis(); }) == "field_invalid");
  CHECK(outcome([](auto& r) { r.clear_title(); }) == "field_invalid");
  CHECK(outcome([](auto& r) { r.set_country("Uzbekistan"); }) == "field_invalid");
  CHECK(w.outcome("tax", propose_change(w, [](auto&) {})) == "field_invalid");
  CHECK(outcome([](auto&) {}) == "ok");
}

TEST_CASE("a version gets an end, and after that no payment meets it") {
  World w;
  w.fund("acme/UZS", 1'000'000'00);
  CHECK(w.outcome("tax", propose_end(w, "vat-12", 2, may_ms)) == "tax_rule_unknown");
  CHECK(w.outcome("tax", propose_end(w, "vat-12", 1, w.now() + rule_delay)) == "effect_in_the_past");
  const Digest proposal = proposed(w, "tax", propose_end(w, "vat-12", 1, may_ms));
  w.must("treasury", approve_change(proposal));
  w.idle_until(w.now() + rule_delay);
  CHECK(stage_of(w, proposal) == "in_force");
  CHECK(paid_at(w, may_ms - 1).taxes.size() == 1);
  CHECK(paid_at(w, may_ms).taxes.empty());
  CHECK(w.outcome("tax", propose_end(w, "vat-12", 1, may_ms + 100 * day)) == "tax_rule_over");   // what was in force on a day never changes
  CHECK(w.replayed() == w.state());
}

TEST_CASE("a version that has not begun is taken back by ending it where it begins") {
  World w;
  w.fund("acme/UZS", 1'000'000'00);
  const std::uint64_t july_ms = may_ms + 61 * day;
  const Digest rise = proposed(w, "tax", propose_rule(w, next_vat(150'000, july_ms)));
  w.must("treasury", approve_change(rise));
  w.idle_until(w.now() + rule_delay);
  CHECK(w.outcome("tax", propose_end(w, "vat-12", 2, july_ms - 1)) == "tax_rule_invalid");
  const Digest back = proposed(w, "tax", propose_end(w, "vat-12", 2, july_ms));
  w.must("treasury", approve_change(back));
  CHECK(w.outcome("tax", propose_rule(w, next_vat(130'000, july_ms, 3))) == "tax_rules_overlap");   // the second version still stands in its way
  w.idle_until(w.now() + rule_delay);
  const Digest at_last = proposed(w, "tax", propose_rule(w, next_vat(130'000, july_ms, 3)));
  w.must("treasury", approve_change(at_last));
  w.idle_until(w.now() + rule_delay);
  CHECK(paid_at(w, july_ms).taxes.at(0).version == 3);
  CHECK(w.replayed() == w.state());
}

TEST_CASE("a change is told in words, field by field") {
  World w;
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
  const auto words = [&] { return governance::change_in_words(*query::proposal(w.state(), proposal), {.rules = query::tax_rules(w.state())}); };
  CHECK(words() == std::vector<std::string>{"tax rule vat-12/2, after vat-12/1", "title: — → VAT", "rate: 12 % → 15 %", "effective_from: the beginning → 2026-05-01 00:00 UTC",
                                            "legal_basis: — → Tax Code, Article 258", "vat-12/1 ends where it begins: 2026-05-01 00:00 UTC"});
  const auto before = words();
  w.must("treasury", approve_change(proposal));
  w.idle_until(w.now() + rule_delay);
  CHECK(stage_of(w, proposal) == "in_force");
  CHECK(words() == before);
  const Digest end = proposed(w, "tax", propose_end(w, "income-12", 1, may_ms));
  CHECK(governance::change_in_words(*query::proposal(w.state(), end), {.rules = query::tax_rules(w.state())}) ==
        std::vector<std::string>{"tax rule income-12/1 ends at 2026-05-01 00:00 UTC, until now: open"});
  CHECK(governance::utc_text(may_ms + 3'723'004) == "2026-05-01 01:02:03.004 UTC");
}

TEST_CASE("policies of a genesis are judged") {
  const auto fault = [](const std::function<void(proto::ChangePolicy&)>& fill) {
    proto::Genesis g = test_genesis();
    auto& policy = *g.mutable_governance()->mutable_tax_rule();
    policy.add_proposers("tax_authority");
    policy.add_approvers("treasury");
    policy.set_approvals(1);
    fill(policy);
    auto parsed = ledger::Genesis::parse(ledger::encode_genesis(g));
    REQUIRE(parsed);
    const auto state = genesis_state(**parsed);
    return state ? std::string("ok") : state.error();
  };
  CHECK(fault([](auto&) {}) == "ok");
  CHECK(fault([](auto& p) { p.add_proposers("king"); }) == "governance.tax_rule.proposers: there is no role king");
  CHECK(fault([](auto& p) { p.clear_proposers(); }) == "governance.tax_rule.proposers: at least one role");
  CHECK(fault([](auto& p) { p.add_approvers("arbiter"); }) == "governance.tax_rule.approvers: a registrar can give the role arbiter to anybody, so it cannot decide");
  CHECK(fault([](auto& p) { p.add_approvers("treasury"); }) == "governance.tax_rule.approvers: treasury stands twice");
  CHECK(fault([](auto& p) { p.set_approvals(0); }) == "governance.tax_rule.approvers: roles when approvals are needed, none when not");
  CHECK(fault([](auto& p) { p.set_approvals(17); }) == "governance.tax_rule.approvals: at most 16");
  CHECK(fault([](auto& p) { p.set_delay_ms(367 * day); }) == "governance.tax_rule.delay_ms: at most 366 days");
  CHECK(fault([](auto& p) {
          p.clear_approvers();
          p.set_approvals(0);
          p.add_proposers("arbiter");
        }) == "governance.tax_rule.proposers: a registrar can give the role arbiter to anybody, so it cannot decide");
}

TEST_CASE("readers of an older state get the rules that were in force there") {
  World w;
  const MemoryState before = w.state();
  const Digest proposal = proposed(w, "tax", propose_rule(w, next_vat(150'000, may_ms)));
  w.must("treasury", approve_change(proposal));
  w.idle_until(w.now() + rule_delay);
  const auto governed = w.engine().governed();
  CHECK(governed->at(before)->rules.rules().size() == 5);
  CHECK(governed->at(w.state())->rules.rules().size() == 6);
  CHECK(governed->at(before)->edition.number == 1);
  CHECK(governed->at(w.state())->edition.number == 2);
  CHECK(governed->at(w.state()) == governed->at(w.state()));   // made once
  // The same of a process that has seen none of it.
  CHECK(governance::Governed(w.genesis().content()).at(w.state())->rules.rules().size() == 6);
}

}  // namespace daftar::contracts::test
