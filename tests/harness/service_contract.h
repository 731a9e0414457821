// Contracts of the service template for tests that are about something else: the template in a genesis, drafts, and acts.
#pragma once
#include <filesystem>
#include <stdexcept>

#include "contracts/agreements/text.h"
#include "tests/harness/text_file.h"

namespace daftar::tests {

inline const contracts::agreements::Library::Known& service_template() {
  static const auto known = [] {
    auto found = contracts::agreements::known_of(read_text(std::filesystem::path(DAFTAR_SOURCE_DIR) / "contracts/templates/service.template"));
    if (!found) throw std::runtime_error(found.error());
    return std::move(*found);
  }();
  return known;
}

inline ledger::proto::Template service_template_of_genesis() {
  ledger::proto::Template out;
  out.set_source(service_template().source);
  out.set_program(std::string(service_template().digest.view()));
  return out;
}

struct ServiceDraft {
  std::string customer, provider, budget_line;   // no line: from the customer's main account
  std::int64_t price = 0;
  std::uint64_t due_ms = 0, offer_until_ms = 0;
  std::vector<std::string> later_lines = {};
};

/// In UZS, one milestone "All of it", no penalty, no arbiter, silence of 5 days accepts private work.
inline ledger::proto::Operation draft_service(const ServiceDraft& wanted) {
  ledger::proto::Operation operation;
  auto& draft = *operation.mutable_draft_contract();
  const auto number = [](ledger::proto::ContractValue* value, const char* name, std::int64_t n) {
    value->set_name(name);
    value->set_number(n);
  };
  const auto text = [](ledger::proto::ContractValue* value, const char* name, const char* bytes) {
    value->set_name(name);
    value->set_bytes(bytes);
  };
  constexpr std::int64_t day = 86'400'000;
  draft.set_template_("service");
  draft.set_version(service_template().program.version);
  draft.set_currency("UZS");
  auto& customer = *draft.add_parties();
  customer.set_name("customer");
  customer.set_member(wanted.customer);
  customer.set_budget_line(wanted.budget_line);
  for (const std::string& line : wanted.later_lines) customer.add_later_lines(line);
  auto& provider = *draft.add_parties();
  provider.set_name("provider");
  provider.set_member(wanted.provider);
  text(draft.add_terms(), "subject", "Repair");
  text(draft.add_terms(), "income", "services");
  number(draft.add_terms(), "offer_until", static_cast<std::int64_t>(wanted.offer_until_ms));
  number(draft.add_terms(), "late_rate", 0);
  number(draft.add_terms(), "late_cap", 0);
  if (wanted.budget_line.empty()) number(draft.add_terms(), "acceptance", 5 * day);
  number(draft.add_terms(), "grace", 60 * day);
  auto& milestones = *draft.add_lists();
  milestones.set_name("milestones");
  auto& milestone = *milestones.add_entries();
  text(milestone.add_fields(), "title", "All of it");
  number(milestone.add_fields(), "price", wanted.price);
  number(milestone.add_fields(), "due", static_cast<std::int64_t>(wanted.due_ms));
  const auto described = contracts::agreements::read_draft(service_template().program, draft);
  if (!described) throw std::runtime_error(described.error().detail);
  draft.set_digest(std::string(contracts::agreements::digest_of(service_template(), described->parties, draft.currency(), described->instance, {}).view()));
  return operation;
}

/// `contract` and `digest`: 32 raw bytes.
inline ledger::proto::Operation act_on(const std::string& contract, const std::string& digest, const std::string& act, std::uint32_t entry = 0) {
  ledger::proto::Operation operation;
  auto& o = *operation.mutable_act_on_contract();
  o.set_contract(contract);
  o.set_digest(digest);
  o.set_act(act);
  o.set_entry(entry);
  return operation;
}

inline ledger::proto::Operation with(ledger::proto::Operation act, const std::string& parameter, const std::string& bytes) {
  auto& value = *act.mutable_act_on_contract()->add_parameters();
  value.set_name(parameter);
  value.set_bytes(bytes);
  return act;
}

}  // namespace daftar::tests
