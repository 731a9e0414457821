// Changes of rules and templates: proposed, decided, in force.
#include "contracts/governance/policy.h"
#include "contracts/governance/words.h"
#include "node/api.h"

namespace daftar::node {
namespace {

namespace governance = contracts::governance;
using governance::ChangeKind;
using governance::Proposal;

constexpr std::size_t proposals_standard = 100;

bool is_expired(const Proposal& proposal, std::uint64_t block_time_ms) { return proposal.stage == governance::ChangeStage::open && proposal.until_ms < block_time_ms; }

std::string stage_text(const Proposal& proposal, std::uint64_t block_time_ms) {
  return is_expired(proposal, block_time_ms) ? "expired" : std::string(name(proposal.stage));
}

/// What it changes, in words and field by field.
void put_change(Json& out, const Proposal& proposal, const std::vector<contracts::tax::TaxRule>& rules) {
  out["words"] = governance::change_in_words(proposal, rules);
  if (proposal.kind == ChangeKind::tax_rule) {
    const auto rule = governance::new_rule_of(proposal);
    out["rule"] = render_tax_rule(rule);
    out["changes"] = Json::array();
    for (const auto& change : governance::rule_changes(governance::version_before(rules, rule), rule))
      out["changes"].push_back({{"field", change.field}, {"before", change.before}, {"after", change.after}});
    return;
  }
  if (proposal.kind == ChangeKind::end_tax_rule) {
    const auto end = governance::content_of<governance::RuleEnd>(proposal);
    out["ends"] = {{"code", end.code}, {"version", end.version}};
    put_time(out["ends"], "effective_to", end.effective_to_ms);
    return;
  }
  const auto subject = governance::subject_of(proposal);
  out["template"] = {{"name", subject.name}, {"version", subject.version}};
  if (proposal.kind == ChangeKind::contract_template) out["template"]["program"] = governance::content_of<governance::NewTemplate>(proposal).program.hex();
}

Json render_proposal(const Proposal& proposal, const governance::Policy& policy, std::uint64_t block_time_ms, const std::vector<contracts::tax::TaxRule>& rules) {
  Json out{{"id", proposal.id.hex()}, {"kind", name(proposal.kind)}, {"title", governance::title_of(proposal)}, {"stage", stage_text(proposal, block_time_ms)},
           {"proposer", proposal.proposer}, {"reason", proposal.reason}};
  put_time(out, "proposed", proposal.proposed_ms);
  put_time(out, "until", proposal.until_ms);
  out["approvals"] = proposal.approvals;
  out["approvals_needed"] = policy.approvals;
  out["approver_roles"] = governance::role_names(policy.approvers);
  out["delay_ms"] = policy.delay_ms;
  put_time(out, "due", proposal.due_ms);
  put_time(out, "closed", proposal.closed_ms);
  if (proposal.stage == governance::ChangeStage::refused) out["refusal"] = render_error({static_cast<ledger::RejectionCode>(proposal.refusal), proposal.refusal_detail});
  put_change(out, proposal, rules);
  return out;
}

}  // namespace

void Api::add_proposal_routes() {
  add_read("/v1/proposals", &Api::proposals, {"stage", "after", "limit"});
  add_read("/v1/proposals/{}", &Api::proposal);
}

HttpResponse Api::proposal(const HttpRequest& request, const Read& read) {
  const auto id = ledger::Digest::from_hex(request.captures[0]);
  if (!id) return bad_parameter("a proposal's id has 64 hexadecimal digits");
  const auto proposal = contracts::query::proposal(*read.state, *id);
  if (!proposal) return not_found("proposal_unknown", "There is no proposed change of rules or templates with that id.");
  const auto rules = contracts::query::tax_rules(*read.state);
  Json out = render_proposal(*proposal, policies_.of(proposal->kind), read.state->mark().block_time_ms, rules);
  if (proposal->kind == ChangeKind::contract_template) {
    const auto content = governance::content_of<governance::NewTemplate>(*proposal);
    const auto judged = service_.governed()->judged(content.source);
    out["template"]["source"] = content.source;
    out["template"]["check"] = judged ? "holds" : judged.error();
  }
  return json_response(out);
}

HttpResponse Api::proposals(const HttpRequest&, const Read& read) {
  const auto limit = page_limit(read.parameters, proposals_standard, contracts::query::page_max);
  if (!limit) return bad_parameter("limit is a number from 1 to 1000");
  const auto after = after_id(read.parameters);
  if (!after) return bad_parameter("after is a proposal's id, 64 hexadecimal digits");
  const auto stage = read.parameters.get("stage");
  constexpr std::string_view stages[] = {"", "open", "expired", "approved", "in_force", "withdrawn", "refused"};
  if (std::find(std::begin(stages), std::end(stages), stage) == std::end(stages)) return bad_parameter("stage is open, expired, approved, in_force, withdrawn or refused");
  const auto found = contracts::query::proposals(*read.state, *after, *limit);
  const auto rules = contracts::query::tax_rules(*read.state);
  const auto now = read.state->mark().block_time_ms;
  Json list = Json::array();
  for (const auto& proposal : found)
    if (stage.empty() || stage == stage_text(proposal, now)) list.push_back(render_proposal(proposal, policies_.of(proposal.kind), now, rules));
  // A page may be shorter than `limit` because others are of another stage; `next` says whether there is more.
  return json_response(page("proposals", std::move(list), found.size() == *limit ? std::optional(found.back().id.hex()) : std::nullopt));
}

}  // namespace daftar::node
