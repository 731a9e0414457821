#include "contracts/agreements/open_agreement.h"

#include <algorithm>

#include "contracts/language/interpreter.h"

namespace daftar::contracts::agreements {

namespace {

/// One deadline of an agreement waits in the state: the next.
void schedule(Context& c, Open& open, bool fired) {
  Agreement& record = open.record;
  const auto next = record.is_replaced() ? std::nullopt : language::Interpreter(open.program()).next_due(open.instance);
  const std::uint64_t at = next ? static_cast<std::uint64_t>(std::max<std::int64_t>(next->at, 1)) : 0;
  if (at == record.deadline_ms && !fired) return;
  if (record.deadline_ms != 0) c.store.erase(keys::deadline(deadline_of(record)));
  record.deadline_ms = at;
  if (at == 0) return;
  ++record.deadlines_set;
  c.store.put(keys::deadline(deadline_of(record)), {});
}

}  // namespace

Expected<Open, ledger::Rejection> open(const Context& c, const ledger::Digest& id) {
  auto record = c.store.load<Agreement>(keys::agreement(id));
  if (!record) return refuse(ledger::RejectionCode::contract_unknown, id.hex());
  Open open{std::move(*record), nullptr, {}};
  open.known = c.templates->find(open.record.contract_template, open.record.version);
  DAFTAR_CHECK(open.known != nullptr);   // templates are never forgotten
  auto instance = language::decode_instance(open.record.instance);
  DAFTAR_CHECK(instance.has_value());    // we wrote it
  open.instance = std::move(*instance);
  return open;
}

void tell(Context& c, const Open& open, std::uint16_t phase_before, std::string kind, std::uint32_t entry, const std::string& name) {
  c.event(std::move(kind), open.record.id.hex(), entry, 0, name);
  if (open.instance.phase != phase_before) c.event("contract_phase", open.record.id.hex(), 0, 0, open.program().phases[open.instance.phase].name);
}

keys::Deadline deadline_of(const Agreement& agreement) {
  return {.time_ms = agreement.deadline_ms, .contract = agreement.id, .number = agreement.deadlines_set, .kind = keys::DeadlineKind::agreement};
}

void store(Context& c, Open& open, bool fired) {
  schedule(c, open, fired);
  if (has_ended(open.record, open.program(), open.instance) && open.record.closed_ms == 0) open.record.closed_ms = c.now_ms;
  open.record.instance = language::encode(open.instance);
  c.store.save(keys::agreement(open.record.id), open.record);
  c.index(IndexKind::contract, open.record.id.view());
  for (const AgreementParty& party : open.record.parties)
    if (!party.member.empty()) c.index(IndexKind::member, party.member);
  const auto* payer = open.record.public_party();
  if (payer == nullptr) return;
  c.index(IndexKind::budget_line, payer->budget_line);
  for (const LaterLine& later : payer->later_lines) c.index(IndexKind::budget_line, later.line);
}

}  // namespace daftar::contracts::agreements
