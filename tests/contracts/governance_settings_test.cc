// Limits, the virement limit, policies and the protocol version changed on a running ledger.
#include <catch2/catch.hpp>

#include "contracts/governance/policy.h"
#include "contracts/governance/words.h"
#include "governance.h"

namespace daftar::contracts::test {
namespace {

std::string outcome_of(World& w, const std::string& sender, std::vector<proto::Operation> operations) { return std::string(ledger::name(w.run(sender, std::move(operations)).rejection.code)); }

std::vector<proto::Operation> small_payments(std::size_t count) { return std::vector<proto::Operation>(count, transfer("acme/UZS", "baraka/UZS", 1)); }

proto::Operation set_virement(const World& w, std::optional<std::uint32_t> share_ppm) {
  return propose_change(w, [&](proto::ProposeChange& change) {
    change.mutable_virement_limit()->set_no_limit(!share_ppm);
    change.mutable_virement_limit()->set_share_ppm(share_ppm.value_or(0));
  });
}

proto::Operation set_version(const World& w, std::uint32_t version) {
  return propose_change(w, [&](proto::ProposeChange& change) { change.mutable_protocol_version()->set_version(version); });
}

std::vector<std::string> words_of_setting(const World& w, const Digest& id) {
  const auto in_force = w.engine().governed()->at(w.state());
  return governance::change_in_words(*query::proposal(w.state(), id), {.limits = in_force->limits, .policies = in_force->policies, .protocol_version = in_force->protocol_version});
}

/// Three operators, each with a validator.
void three_operators(proto::Genesis& g) {
  g.clear_validators();
  for (std::uint32_t n = 1; n <= 3; ++n) {
    const std::string number = std::to_string(n);
    *g.add_members() = member("operator-" + number, "company", "UZ", "none", {"operator"});
    auto* validator = g.add_validators();
    validator->set_node(n);
    validator->set_operator_("operator-" + number);
    validator->set_link_key(std::string(key_of("link-" + number).public_key().view()));
    validator->set_checkpoint_key(std::string(key_of("checkpoint-" + number).public_key().view()));
  }
}

ledger::proto::ChangePolicy policy(const Roles& proposers, const Roles& approvers, std::uint32_t approvals, std::uint64_t delay_ms) {
  ledger::proto::ChangePolicy made;
  for (const auto& role : proposers) made.add_proposers(role);
  for (const auto& role : approvers) made.add_approvers(role);
  made.set_approvals(approvals);
  made.set_delay_ms(delay_ms);
  return made;
}

}  // namespace

TEST_CASE("a limit is in force from the block that brings it, for who asks before and for who executes") {
  World w;
  w.fund("acme/UZS", 10'000'00);
  CHECK(outcome_of(w, "acme", small_payments(3)) == "ok");
  const Digest id = proposed(w, "operator", set_limits(w, {{"operations_max", 2}}));
  CHECK(words_of_setting(w, id) == std::vector<std::string>{"limits operations_max", "operations_max: 1000 operations → 2 operations"});
  CHECK(w.outcome("operator", approve_change(id)) == "own_approval");
  w.must("treasury", approve_change(id));
  const auto due = query::proposal(w.state(), id)->due_ms;
  const auto late = w.signed_by([&] {
    auto body = w.body("acme", small_payments(3));
    body.set_valid_until_ms(due + 1'000);
    return body;
  }(), {"acme"});
  CHECK(outcome_of(w, "acme", small_payments(3)) == "ok");
  CHECK(w.engine().precheck(*late, w.now() + 1, w.state()).code == RejectionCode::ok);
  // In the very block: the change fires before the transaction.
  w.block({late}, due);
  CHECK(decode_result(w.last_block().entries.at(0).result)->events.at(1).kind == "limit_changed");
  CHECK(decode_result(w.last_block().entries.at(1).result)->rejection.code == RejectionCode::operations_count);
  CHECK(w.engine().precheck(*late, w.now() + 1, w.state()).code == RejectionCode::operations_count);
  CHECK(outcome_of(w, "acme", small_payments(2)) == "ok");
  // Beyond what the genesis said, too.
  decided(w, "operator", set_limits(w, {{"operations_max", 1'200}, {"transaction_bytes_max", 200'000}}), {"tax"});
  CHECK(outcome_of(w, "acme", small_payments(1'200)) == "ok");
  CHECK(outcome_of(w, "acme", small_payments(1'201)) == "operations_count");
  CHECK(w.replayed() == w.state());
}

TEST_CASE("size and validity of a transaction go by the limits in force") {
  World w;
  w.fund("acme/UZS", 10'000'00);
  decided(w, "operator", set_limits(w, {{"transaction_bytes_max", 4'096}, {"valid_until_horizon_ms", 2 * 3'600'000}}), {"tax"});
  CHECK(outcome_of(w, "acme", small_payments(300)) == "too_large");
  auto body = w.body("acme", small_payments(1));
  body.set_valid_until_ms(w.now() + 3 * 3'600'000);
  w.block({w.signed_by(body, {"acme"})});
  CHECK(decode_result(w.last_block().entries.at(0).result)->rejection.code == RejectionCode::valid_until_too_far);
}

TEST_CASE("limits have names and ranges, and nobody locks the ledger by one") {
  World w;
  const auto outcome = [&](const std::vector<std::pair<std::string, std::uint64_t>>& settings) { return w.outcome("operator", set_limits(w, settings)); };
  CHECK(outcome({{"operations_max", 0}}) == "limit_out_of_range");
  CHECK(outcome({{"operations_max", 100'001}}) == "limit_out_of_range");
  CHECK(outcome({{"transaction_bytes_max", 1'048'577}}) == "limit_out_of_range");
  CHECK(outcome({{"transaction_bytes_max", 4'095}}) == "limit_out_of_range");
  CHECK(outcome({{"clock_skew_ms", 5}}) == "limit_out_of_range");   // the genesis's alone
  CHECK(outcome({{"node_change_approvals", 2}}) == "limit_out_of_range");   // there is one operator
  CHECK(outcome({{"operations_max", 1'000}}) == "nothing_changes");
  CHECK(outcome({{"operations_max", 9}, {"operations_max", 10}}) == "field_invalid");
  CHECK(outcome({}) == "field_invalid");
  CHECK(w.outcome("treasury", set_limits(w, {{"operations_max", 9}})) == "role_missing");
}

TEST_CASE("two changes of limits in force one after the other leave each other's limits alone") {
  World w;
  const Digest first = proposed(w, "operator", set_limits(w, {{"operations_max", 9}})), second = proposed(w, "operator", set_limits(w, {{"member_rate_per_s", 7}}));
  w.must("tax", approve_change(first));
  w.must("tax", approve_change(second));
  w.idle_until(w.now() + limits_delay);
  const auto limits = w.engine().governed()->at(w.state())->limits;
  CHECK(limits.operations_max == 9);
  CHECK(limits.member_rate_per_s == 7);
  CHECK(limits.transaction_bytes_max == 64 * 1024);
}

TEST_CASE("the virement limit is proposed by the treasury and approved by others") {
  World w;
  for (const char* line : {"2026.edu.09", "2026.edu.10"}) w.must("treasury", approve_line(line, 1'000'00));
  w.must("treasury", move_appropriation("2026.edu.09", "2026.edu.10", 600'00));   // the genesis sets none
  CHECK(w.outcome("treasury", set_virement(w, std::nullopt)) == "nothing_changes");
  CHECK(w.outcome("treasury", set_virement(w, 1'000'001)) == "limit_out_of_range");
  CHECK(w.outcome("tax", set_virement(w, 700'000)) == "role_missing");
  decided(w, "treasury", set_virement(w, 700'000), {"registrar"});
  CHECK(w.outcome("treasury", move_appropriation("2026.edu.09", "2026.edu.10", 100'01)) == "virement_limit");
  CHECK(w.outcome("treasury", move_appropriation("2026.edu.09", "2026.edu.10", 100'00)) == "ok");
  const auto fired = decided(w, "treasury", set_virement(w, std::nullopt), {"tax"});
  CHECK(fired.events.at(1).text == "no limit");
  CHECK(w.outcome("treasury", move_appropriation("2026.edu.09", "2026.edu.10", 300'00)) == "ok");
  CHECK(w.replayed() == w.state());
}

TEST_CASE("a policy changes by the policy of policies, and binds from then on") {
  World w;
  const Digest open_one = proposed(w, "operator", set_limits(w, {{"operations_max", 9}}));
  const Digest id = proposed(w, "registrar", set_policy(w, "limits", {"operator", "registrar"}, {"treasury", "tax_authority"}, 2, 2 * day));
  CHECK(words_of_setting(w, id) == std::vector<std::string>{"policy of limits", "proposers: operator → registrar, operator", "approvers: treasury, tax_authority, registrar → treasury, tax_authority",
                                                            "approvals: 1 → 2", "delay: 1 d → 2 d"});
  w.must("treasury", approve_change(id));
  CHECK(stage_of(w, id) == "open");   // two are needed
  w.must("tax", approve_change(id));
  const auto due = query::proposal(w.state(), id)->due_ms;
  CHECK(due == w.now() + power_delay);
  // What is proposed before goes by the policy of the moment in which it is approved.
  CHECK(w.outcome("registrar", set_limits(w, {{"operations_max", 8}})) == "role_missing");
  w.idle_until(due);
  CHECK(w.outcome("registrar", set_limits(w, {{"operations_max", 8}})) == "ok");
  CHECK(stage_of(w, open_one) == "open");
  const Digest next = proposed(w, "operator", set_limits(w, {{"operations_max", 9}}));
  w.must("treasury", approve_change(next));
  CHECK(stage_of(w, next) == "open");
  w.must("tax", approve_change(next));
  CHECK(query::proposal(w.state(), next)->due_ms == w.now() + 2 * day);
  CHECK(w.replayed() == w.state());
}

TEST_CASE("no policy lets those decide whom a registrar can admit, goes below the floor, or leaves nobody") {
  World w;
  const auto outcome = [&](std::string kind, const Roles& proposers, const Roles& approvers, std::uint32_t approvals, std::uint64_t delay_ms) {
    return w.outcome("registrar", set_policy(w, std::move(kind), proposers, approvers, approvals, delay_ms));
  };
  CHECK(outcome("limits", {"operator"}, {"arbiter"}, 1, 0) == "policy_refused");
  CHECK(outcome("limits", {"arbiter"}, {}, 0, 0) == "policy_refused");
  CHECK(outcome("limits", {}, {"treasury"}, 1, 0) == "policy_refused");
  CHECK(outcome("policy", {"registrar"}, {"treasury", "tax_authority"}, 1, 7 * day) == "policy_refused");   // the floor: two, and seven days
  CHECK(outcome("policy", {"registrar"}, {"treasury", "tax_authority"}, 2, 7 * day - 1) == "policy_refused");
  CHECK(outcome("policy", {"registrar"}, {"treasury", "tax_authority"}, 2, 8 * day) == "ok");
  CHECK(outcome("recover_keys", {"registrar"}, {"treasury"}, 1, 0) == "policy_refused");
  CHECK(outcome("deciding_roles", {"registrar"}, {}, 0, day) == "policy_refused");
  CHECK(outcome("protocol_version", {"operator"}, {"treasury"}, 1, day) == "policy_refused");
  CHECK(outcome("limits", {"operator"}, {"treasury"}, 2, day) == "nobody_left_to_decide");   // there is one treasury
  CHECK(outcome("weather", {"operator"}, {"treasury"}, 1, day) == "field_invalid");
  CHECK(outcome("tax_rule", {"tax_authority"}, {"treasury"}, 1, rule_delay) == "nothing_changes");
  CHECK(w.outcome("operator", set_policy(w, "limits", {"operator"}, {"treasury"}, 1, 0)) == "role_missing");
}

TEST_CASE("the genesis states a floor of its own, and a genesis whose policy of policies is below it is refused") {
  const auto policies = [](const std::function<void(ledger::proto::Governance&)>& fill) {
    proto::Genesis g;
    fill(*g.mutable_governance());
    return governance::policies_of(g);
  };
  const auto standard = policies([](auto&) {});
  CHECK(standard->of(governance::ChangeKind::policy).approvals == 2);
  CHECK(standard->of(governance::ChangeKind::policy).delay_ms == 7 * day);
  CHECK(policies([](auto& g) { *g.mutable_policy() = policy({"registrar"}, {"treasury"}, 1, day); }).error() == "governance.policy.approvals: at least 2, the floor of the genesis");
  const auto lower = policies([](auto& g) {
    g.mutable_policy_floor()->set_approvals(1);
    g.mutable_policy_floor()->set_delay_ms(1'000);
    *g.mutable_policy() = policy({"registrar"}, {"treasury"}, 1, day);
  });
  REQUIRE(lower);
  CHECK(lower->of(governance::ChangeKind::policy).approvals == 1);
  const auto higher = policies([](auto& g) { g.mutable_policy_floor()->set_approvals(3); });
  CHECK(higher->of(governance::ChangeKind::policy).approvals == 3);
}

TEST_CASE("the protocol version needs more than half of the validators' operators, and goes one by one") {
  World w(three_operators);
  CHECK(w.outcome("operator-1", set_version(w, 1)) == "protocol_version_not_next");
  CHECK(w.outcome("operator-1", set_version(w, 3)) == "protocol_version_not_next");
  CHECK(w.outcome("treasury", set_version(w, 2)) == "role_missing");
  const Digest id = proposed(w, "operator-1", set_version(w, 2));
  CHECK(words_of_setting(w, id).at(1) == "protocol_version: 1 → 2");
  CHECK(w.outcome("treasury", approve_change(id)) == "role_missing");
  w.must("operator", approve_change(id));   // runs no validator: its word does not make a quorum
  CHECK(stage_of(w, id) == "open");
  w.must("operator-3", approve_change(id));
  CHECK(stage_of(w, id) == "approved");
}

TEST_CASE("an engine that does not know the protocol version in force says so after the block that brings it, and one that knows goes on") {
  World w(three_operators);
  const Digest id = proposed(w, "operator-1", set_version(w, 2));
  w.must("operator-2", approve_change(id));
  CHECK_FALSE(w.engine().unknown_protocol(w.state()));
  w.idle_until(query::proposal(w.state(), id)->due_ms);   // this block is executed by version 1
  CHECK(w.engine().unknown_protocol(w.state()) == 2u);
  auto genesis = ledger::Genesis::parse(w.genesis().bytes());
  const Engine newer(*genesis, 2);
  CHECK_FALSE(newer.unknown_protocol(w.state()));
  const auto block = ledger::make_block(Digest{}, 9, w.now() + 1'000, false, {w.transaction("acme", {open("acme/UZS/pay-roll")})});
  CHECK(newer.execute(*block, w.state()).entries.at(0).accepted);
  CHECK(newer.governed()->at(w.state())->protocol_version == 2);
}

}  // namespace daftar::contracts::test
