// Changes of what the ledger goes by: proposed, decided, in force; and what is in force of limits, policies, the protocol version and classifications.
#include "contracts/governance/classification.h"
#include "contracts/governance/governed.h"
#include "contracts/governance/policy.h"
#include "contracts/governance/protocol.h"
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

governance::Beside beside_of(const storage::StateSnapshot& state, const governance::InForce& in_force, const Proposal& proposal, const Access& access) {
  governance::Beside beside{.rules = in_force.rules.rules(), .member = {}, .hides_person = false, .limits = in_force.limits, .policies = in_force.policies,
                            .protocol_version = in_force.protocol_version};
  if (!governance::concerns_member(proposal.kind)) return beside;
  beside.member = contracts::query::member(state, governance::subject_member(proposal));
  beside.hides_person = beside.member && !access.member_private_part(*beside.member);
  return beside;
}

/// What it changes, in words and field by field.
void put_change(Json& out, const Proposal& proposal, const governance::Beside& beside) {
  // What is in force already is not compared with itself.
  const bool done = proposal.stage == governance::ChangeStage::in_force && !governance::changes_rules(proposal.kind);
  const governance::Beside shown = done ? governance::Beside{.hides_person = beside.hides_person} : beside;
  out["words"] = governance::change_in_words(proposal, shown);
  const auto put_fields = [&](const std::vector<governance::FieldChange>& changes) {
    out["changes"] = Json::array();
    for (const auto& change : changes) out["changes"].push_back({{"field", change.field}, {"before", change.before}, {"after", change.after}});
  };
  if (proposal.kind == ChangeKind::tax_rule) {
    const auto rule = governance::new_rule_of(proposal);
    out["rule"] = render_tax_rule(rule);
    put_fields(governance::rule_changes(governance::version_before(beside.rules, rule), rule));
    return;
  }
  if (proposal.kind == ChangeKind::end_tax_rule) {
    const auto end = governance::content_of<governance::RuleEnd>(proposal);
    out["ends"] = {{"code", end.code}, {"version", end.version}};
    put_time(out["ends"], "effective_to", end.effective_to_ms);
    return;
  }
  if (!governance::changes_templates(proposal.kind)) {
    if (governance::concerns_member(proposal.kind)) out["member"] = governance::subject_member(proposal);
    put_fields(governance::setting_changes(proposal, shown));
    return;
  }
  const auto subject = governance::subject_of(proposal);
  out["template"] = {{"name", subject.name}, {"version", subject.version}};
  if (proposal.kind == ChangeKind::contract_template) out["template"]["program"] = governance::content_of<governance::NewTemplate>(proposal).program.hex();
}

Json render_proposal(const Proposal& proposal, const governance::Policy& policy, std::uint64_t block_time_ms, const governance::Beside& beside) {
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
  put_change(out, proposal, beside);
  return out;
}

}  // namespace

void Api::add_proposal_routes() {
  add_read("/v1/proposals", &Api::proposals, {"stage", "after", "limit"});
  add_read("/v1/proposals/{}", &Api::proposal);
  add_read("/v1/limits", &Api::limits);
  add_read("/v1/policies", &Api::policies);
  add_read("/v1/protocol", &Api::protocol);
  add_read("/v1/classifications", &Api::classifications, {"list", "after", "limit"});
  add_read("/v1/classifications/{}", &Api::classification);
}

HttpResponse Api::proposal(const HttpRequest& request, const Read& read) {
  const auto id = ledger::Digest::from_hex(request.captures[0]);
  if (!id) return bad_parameter("a proposal's id has 64 hexadecimal digits");
  const auto proposal = contracts::query::proposal(*read.state, *id);
  if (!proposal) return not_found("proposal_unknown", "There is no proposed change with that id.");
  const auto in_force = this->in_force(read);
  Json out = render_proposal(*proposal, in_force->policies.of(proposal->kind), read.state->mark().block_time_ms, beside_of(*read.state, *in_force, *proposal, *read.access));
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
  const auto in_force = this->in_force(read);
  const auto now = read.state->mark().block_time_ms;
  Json list = Json::array();
  for (const auto& proposal : found)
    if (stage.empty() || stage == stage_text(proposal, now)) list.push_back(render_proposal(proposal, in_force->policies.of(proposal.kind), now, beside_of(*read.state, *in_force, proposal, *read.access)));
  // A page may be shorter than `limit` because others are of another stage; `next` says whether there is more.
  return json_response(page("proposals", std::move(list), found.size() == *limit ? std::optional(found.back().id.hex()) : std::nullopt));
}

HttpResponse Api::limits(const HttpRequest&, const Read& read) {
  const auto in_force = this->in_force(read);
  Json out = Json::object();
  for (const std::string_view one : governance::limit_names()) out[std::string(one)] = governance::limit_value(in_force->limits, one);
  out["clock_skew_ms"] = genesis_->clock_skew_ms();
  out["virement_share_ppm"] = in_force->limits.virement() ? Json(*in_force->limits.virement()) : Json(nullptr);
  return json_response(out);
}

HttpResponse Api::policies(const HttpRequest&, const Read& read) {
  const auto in_force = this->in_force(read);
  Json list = Json::array();
  for (const ChangeKind kind : governance::all_kinds) {
    const governance::Policy& policy = in_force->policies.of(kind);
    list.push_back({{"kind", name(kind)}, {"proposers", governance::role_names(policy.proposers)}, {"approvers", governance::role_names(policy.approvers)}, {"approvals", policy.approvals},
                    {"delay_ms", policy.delay_ms}, {"proposer_approves", policy.proposer_approves}, {"words", governance::policy_text(policy)}});
  }
  const auto floor = governance::policy_floor_of(genesis_->content());
  return json_response(Json{{"policies", std::move(list)}, {"policy_floor", {{"approvals", floor.approvals}, {"delay_ms", floor.delay_ms}}}});
}

HttpResponse Api::protocol(const HttpRequest&, const Read& read) {
  return json_response(Json{{"in_force", in_force(read)->protocol_version}, {"known", service_.status().protocol_known}});
}

namespace {
Json render_code(const governance::ClassificationCode& code) {
  Json out{{"list", code.list}, {"code", code.code}, {"titles", Json::array()}, {"maps_to", Json::array()}};
  const auto put = [](Json& list, const governance::CodePeriod& period, const char* field) {
    Json one{{field, period.text}};
    put_time(one, "from", period.from_ms);
    put_time(one, "to", period.to_ms);
    list.push_back(std::move(one));
  };
  for (const auto& period : code.periods) put(out["titles"], period, "title");
  for (const auto& mapping : code.mappings) {
    put(out["maps_to"], mapping, "code");
    out["maps_to"].back()["list"] = governance::international_list(code.list);
  }
  return out;
}
}  // namespace

HttpResponse Api::classifications(const HttpRequest&, const Read& read) {
  const auto limit = page_limit(read.parameters, proposals_standard, contracts::query::page_max);
  if (!limit) return bad_parameter("limit is a number from 1 to 1000");
  const auto list = read.parameters.get("list");
  if (!governance::is_classification_list(list)) return bad_parameter("list is cofog, gfsm, national_function or national_economic");
  const auto found = contracts::query::classification_codes(*read.state, list, read.parameters.get("after"), *limit);
  Json codes = Json::array();
  for (const auto& code : found) codes.push_back(render_code(code));
  return json_response(page("codes", std::move(codes), found.size() == *limit ? std::optional(found.back().code) : std::nullopt));
}

HttpResponse Api::classification(const HttpRequest& request, const Read& read) {
  Json codes = Json::array();
  for (const std::string_view list : governance::classification_lists)
    if (const auto code = contracts::query::classification_code(*read.state, list, request.captures[0])) codes.push_back(render_code(*code));
  if (codes.empty()) return not_found("code_unknown", "No classification of this ledger has that code.");
  return json_response(Json{{"codes", std::move(codes)}});
}

}  // namespace daftar::node
