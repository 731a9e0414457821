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

}  // namespace daftar::contracts::test
