#include "tools/daftar/proved_templates.h"

#include <iostream>

#include "contracts/execute.h"
#include "contracts/state_keys.h"

namespace daftar::tools {
namespace agreements = contracts::agreements;
using nlohmann::json;

namespace {

/// The entry that brought the proposed change into force: its id follows from the proposal and the time, so a node can name no other.
Result<void> prove_in_force(Session& session, const ledger::Digest& proposal) {
  auto told = session.get("/v1/proposals/" + proposal.hex());
  if (!told) return Unexpected<ToolError>(told.error());
  const auto due_ms = told->value("due_ms", std::uint64_t{0});
  const auto id = contracts::deadline_entry_id({.time_ms = due_ms, .contract = proposal, .number = 0, .kind = contracts::keys::DeadlineKind::change});
  const auto entry = session.proved_entry(id.hex());
  if (!entry) return Unexpected<ToolError>(entry.error());
  const auto result = contracts::decode_result(entry->result);
  const bool in_force = entry->kind == ledger::EntryKind::deadline && result && result->ok() &&
                        std::any_of(result->events.begin(), result->events.end(), [&](const auto& event) { return event.kind == "change_in_force" && event.subject == proposal.hex(); });
  if (!in_force) return failure(Exit::refused, "receipt", "The proposal " + proposal.hex() + " did not come into force.", "Ask another node.");
  return {};
}

Result<std::shared_ptr<const agreements::Library::Known>> proved_template(Session& session, const std::string& which, const std::string& proposal) {
  const auto id = ledger::Digest::from_hex(proposal);
  if (!id) return failure(Exit::unreachable, "malformed_answer", "The node names no proposal that brought it.", "Ask another node.");
  auto transaction = session.proved_transaction(proposal);
  if (!transaction) return Unexpected<ToolError>(transaction.error());
  if (auto proved = prove_in_force(session, *id); !proved) return Unexpected<ToolError>(proved.error());
  for (const auto& operation : (*transaction)->body().operations()) {
    if (!operation.has_propose_change() || !operation.propose_change().has_template_()) continue;
    const auto& given = operation.propose_change().template_();
    auto known = agreements::known_of(given.source());
    if (!known) return failure(Exit::refused, "template", known.error(), "Is this program older than the nodes?");
    if (known->digest.view() != given.program()) return failure(Exit::refused, "template", "It compiles to another program here.", "Is this program older than the nodes?");
    if (known->program.name + "/" + std::to_string(known->program.version) != which) break;
    return std::make_shared<const agreements::Library::Known>(std::move(*known));
  }
  return failure(Exit::refused, "receipt", "The transaction " + proposal + " proposes no such template.", "Ask another node.");
}

}  // namespace

void add_proved_templates(Session& session, agreements::Library& library) {
  const auto told = session.get("/v1/templates");
  if (!told) return;   // offline
  for (const json& one : told->value("templates", json::array())) {
    const std::string which = json_text(one, "name") + "/" + one.value("version", json()).dump(), proposal = json_text(one, "proposal");
    if (library.find(json_text(one, "name"), static_cast<std::uint32_t>(json_amount(one, "version"))) != nullptr) continue;
    auto proved = proved_template(session, which, proposal);
    if (proved) library.add(std::move(*proved));
    else std::cerr << "Template " << which << " is left out, it is not proved: " << proved.error().sentence << "\n";
  }
}

}  // namespace daftar::tools
