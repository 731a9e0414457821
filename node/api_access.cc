#include "node/api_access.h"

#include <algorithm>

#include "ledger/ids.h"

namespace daftar::node {

using contracts::Role;

namespace {

std::string_view owner_of(const std::string& account) {
  const auto name = ledger::parse_account(account);
  return name ? name->member : std::string_view{};
}

std::optional<contracts::agreements::Agreement> contract_of(const ledger::StateView& state, const contracts::Event& event) {
  if (!event.kind.starts_with("contract_") && !event.kind.starts_with("payment_")) return std::nullopt;
  const auto id = ledger::Digest::from_hex(event.subject);
  return id ? contracts::query::contract(state, *id) : std::nullopt;
}

std::optional<contracts::tax::Withheld> corrected_line(const ledger::StateView& state, const contracts::Event& event) {
  const auto payment = event.kind == "tax_corrected" ? ledger::Digest::from_hex(event.subject) : std::nullopt;
  return payment ? contracts::query::withheld(state, *payment, event.number) : std::nullopt;
}

/// Who runs the ledger, and by which rules and templates, is everybody's business; what else a transaction did beside it is not.
bool governs_only(const contracts::ExecutionResult& result) {
  return !result.events.empty() && result.postings.empty() && result.taxes.empty() &&
         std::all_of(result.events.begin(), result.events.end(),
                     [](const contracts::Event& event) {
                       return event.kind.starts_with("node_") || event.kind.starts_with("change_") || event.kind.starts_with("tax_rule_") || event.kind.starts_with("template_") ||
                              event.kind == "validators_changed";
                     });
}

}  // namespace

bool Access::reads_everything() const {
  return reader_ && (reader_->has(Role::tax_authority) || reader_->has(Role::operator_) || reader_->has(Role::auditor));
}

bool Access::reads_registers() const { return reader_ && (reader_->has(Role::tax_authority) || reader_->has(Role::auditor)); }

bool Access::member_private_part(const contracts::Member& member) const { return member.kind != "individual" || is(member.id) || reads_everything(); }

bool Access::member_is_public(std::string_view id) const {
  const auto member = contracts::query::member(state_, id);
  return member && (member->kind == "public_body" || member->has(Role::treasury));
}

bool Access::account_is_public(const std::string& account) const {
  if (member_is_public(owner_of(account))) return true;
  const auto rules = contracts::query::tax_rules(state_);
  return std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.revenue_account == account; });
}

bool Access::account(const std::string& account) const { return is(owner_of(account)) || reads_everything() || account_is_public(account); }

bool Access::party_of(const contracts::agreements::Agreement& c) const {
  return reader_ && (c.drafted_by == reader_->id || std::any_of(c.parties.begin(), c.parties.end(), [&](const auto& party) { return party.member == reader_->id; }));
}

bool Access::takes_entries(const contracts::agreements::Agreement& c) const {
  const auto awarding = contracts::query::awarding(state_, c.id);
  return awarding && awarding->open;
}

bool Access::is_open(const contracts::agreements::Agreement& c) const { return c.is_public() || takes_entries(c); }

bool Access::contract(const contracts::agreements::Agreement& c) const { return is_open(c) || reads_everything() || party_of(c); }

bool Access::concerns_open_contracts_only(const contracts::ExecutionResult& result, bool drafts) const {
  if (result.events.empty() || !result.postings.empty() || !result.taxes.empty()) return false;   // what else a transaction did is nobody's business
  return std::all_of(result.events.begin(), result.events.end(), [&](const contracts::Event& event) {
    const auto c = contract_of(state_, event);
    return c && takes_entries(*c) && (!drafts || event.kind == "contract_drafted");
  });
}

bool Access::concerns_reader(std::string_view sender, const contracts::ExecutionResult& result) const {
  if (!reader_) return false;
  if (sender == reader_->id) return true;
  for (const auto& posting : result.postings)
    if (owner_of(posting.account) == reader_->id) return true;
  for (const auto& tax : result.taxes)
    if (tax.payer == reader_->id || tax.payee == reader_->id) return true;
  for (const auto& event : result.events) {
    if (const auto c = contract_of(state_, event); c && party_of(*c)) return true;
    if (const auto line = corrected_line(state_, event); line && line->payer == reader_->id) return true;   // the agent; the payee has a posting
  }
  return false;
}

Sight Access::entry(std::string_view sender, const contracts::ExecutionResult& result) const {
  if (reads_everything() || concerns_reader(sender, result)) return Sight::whole;
  if (concerns_open_contracts_only(result, true)) return Sight::whole;   // who acts on a contract proves its draft
  if (!sender.empty() && member_is_public(sender)) return Sight::open;
  for (const auto& event : result.events) {
    if (contracts::query::budget_line(state_, event.subject)) return Sight::open;
    if (const auto c = contract_of(state_, event); c && c->is_public()) return Sight::open;
  }
  if (governs_only(result) || concerns_open_contracts_only(result, false)) return Sight::open;
  for (const auto& posting : result.postings)
    if (account_is_public(posting.account)) return Sight::partial;
  return Sight::none;
}

}  // namespace daftar::node
