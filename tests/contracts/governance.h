// Changes of rules and templates for tests: the operations, and what became of a proposal.
#pragma once
#include "agreements.h"
#include "contracts/governance/records.h"

namespace daftar::contracts::test {

/// Delays of the genesis that says nothing.
inline constexpr std::uint64_t rule_delay = 7 * day, template_delay = day;

inline proto::TaxRule next_vat(std::uint32_t rate_ppm, std::uint64_t from_ms, std::uint32_t version = 2) {
  proto::TaxRule rule = vat_rule("vat-12", version, rate_ppm);
  rule.set_title("VAT");
  rule.set_legal_basis("Tax Code, Article 258");
  rule.set_effective_from_ms(from_ms);
  return rule;
}

inline proto::Operation propose_change(const World& w, const std::function<void(proto::ProposeChange&)>& fill) {
  proto::Operation o;
  auto& change = *o.mutable_propose_change();
  change.set_until_ms(w.now() + 5 * day);
  fill(change);
  return o;
}
inline proto::Operation propose_rule(const World& w, const proto::TaxRule& rule) {
  return propose_change(w, [&](proto::ProposeChange& change) { *change.mutable_tax_rule() = rule; });
}
inline proto::Operation propose_end(const World& w, std::string code, std::uint32_t version, std::uint64_t to_ms) {
  return propose_change(w, [&](proto::ProposeChange& change) {
    change.mutable_end_tax_rule()->set_code(std::move(code));
    change.mutable_end_tax_rule()->set_version(version);
    change.mutable_end_tax_rule()->set_effective_to_ms(to_ms);
  });
}
inline proto::Operation propose_template(const World& w, const std::string& source, const Digest& program) {
  return propose_change(w, [&](proto::ProposeChange& change) {
    change.mutable_template_()->set_source(source);
    change.mutable_template_()->set_program(std::string(program.view()));
  });
}
inline proto::Operation propose_template(const World& w, const agreements::Library::Known& known) { return propose_template(w, known.source, known.digest); }
inline proto::Operation stop_template(const World& w, std::string name, std::uint32_t version, std::string reason = "the penalty is reckoned wrongly") {
  return propose_change(w, [&](proto::ProposeChange& change) {
    change.mutable_stop_template()->set_name(std::move(name));
    change.mutable_stop_template()->set_version(version);
    change.set_reason(std::move(reason));
  });
}
inline proto::Operation resume_template(const World& w, std::string name, std::uint32_t version, std::string reason = "it is right after all") {
  return propose_change(w, [&](proto::ProposeChange& change) {
    change.mutable_resume_template()->set_name(std::move(name));
    change.mutable_resume_template()->set_version(version);
    change.set_reason(std::move(reason));
  });
}
inline proto::Operation approve_change(const Digest& proposal) {
  proto::Operation o;
  o.mutable_approve_change()->set_proposal(std::string(proposal.view()));
  return o;
}
inline proto::Operation withdraw_change(const Digest& proposal) {
  proto::Operation o;
  o.mutable_withdraw_change()->set_proposal(std::string(proposal.view()));
  return o;
}

/// Proposed, and accepted as a proposal.
inline Digest proposed(World& w, const std::string& sender, proto::Operation operation) {
  w.must(sender, std::move(operation));
  return w.last_id();
}

inline std::string stage_of(const World& w, const Digest& proposal) { return std::string(governance::name(query::proposal(w.state(), proposal)->stage)); }

/// Delays of the genesis that says nothing.
inline constexpr std::uint64_t member_delay = day, power_delay = 7 * day, limits_delay = day;

using Roles = std::vector<std::string>;
inline proto::Operation change_member(const World& w, std::string id, const std::function<void(proto::MemberChange&)>& fill) {
  return propose_change(w, [&](proto::ProposeChange& change) {
    change.mutable_member()->set_member(std::move(id));
    fill(*change.mutable_member());
  });
}
inline proto::Operation deciding_roles(const World& w, std::string id, const Roles& give, const Roles& take = {}) {
  return propose_change(w, [&](proto::ProposeChange& change) {
    change.mutable_deciding_roles()->set_member(std::move(id));
    for (const auto& role : give) change.mutable_deciding_roles()->add_give(role);
    for (const auto& role : take) change.mutable_deciding_roles()->add_take(role);
  });
}
inline proto::Operation suspend(const World& w, std::string id, std::string reason = "decision 12 of the court") {
  return propose_change(w, [&](proto::ProposeChange& change) {
    change.mutable_suspend_member()->set_member(std::move(id));
    change.set_reason(std::move(reason));
  });
}
inline proto::Operation reinstate(const World& w, std::string id) {
  return propose_change(w, [&](proto::ProposeChange& change) {
    change.mutable_reinstate_member()->set_member(std::move(id));
    change.set_reason("the decision was set aside");
  });
}
/// Keys of those names, each with an office or none.
inline proto::Operation recover(const World& w, std::string id, const std::vector<std::pair<std::string, std::string>>& keys, std::uint32_t signatures = 1, bool keep_rules = false) {
  return propose_change(w, [&](proto::ProposeChange& change) {
    auto& recovery = *change.mutable_recover_keys();
    recovery.set_member(std::move(id));
    for (const auto& [key, office] : keys) {
      auto& one = *recovery.add_keys();
      one.set_key(std::string(key_of(key).public_key().view()));
      one.set_office(office);
    }
    recovery.set_signatures_required(signatures);
    recovery.set_keep_signing_rules(keep_rules);
    change.set_reason("the safe burnt");
  });
}
inline proto::Operation set_limits(const World& w, const std::vector<std::pair<std::string, std::uint64_t>>& settings) {
  return propose_change(w, [&](proto::ProposeChange& change) {
    for (const auto& [name, value] : settings) {
      auto& one = *change.mutable_limits()->add_changes();
      one.set_name(name);
      one.set_value(value);
    }
  });
}
inline proto::Operation set_policy(const World& w, std::string kind, const Roles& proposers, const Roles& approvers, std::uint32_t approvals, std::uint64_t delay_ms) {
  return propose_change(w, [&](proto::ProposeChange& change) {
    change.mutable_policy()->set_kind(std::move(kind));
    auto& policy = *change.mutable_policy()->mutable_policy();
    for (const auto& role : proposers) policy.add_proposers(role);
    for (const auto& role : approvers) policy.add_approvers(role);
    policy.set_approvals(approvals);
    policy.set_delay_ms(delay_ms);
  });
}

/// Proposed, approved and brought into force, whatever the delay; the result of the entry that brought it.
inline ExecutionResult decided(World& w, const std::string& proposer, proto::Operation operation, const std::vector<std::string>& approvers) {
  const Digest id = proposed(w, proposer, std::move(operation));
  for (const std::string& one : approvers) w.must(one, approve_change(id));
  const auto proposal = query::proposal(w.state(), id);
  const auto fired = w.idle_until(std::max(proposal->due_ms, w.now() + 1));
  return fired.at(0);
}

}  // namespace daftar::contracts::test
