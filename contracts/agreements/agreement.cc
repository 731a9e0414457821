#include "contracts/agreements/agreement.h"

#include <algorithm>
#include <utility>

#include "contracts/accounts.h"
#include "contracts/agreements/advances.h"
#include "contracts/agreements/award.h"
#include "contracts/agreements/open_agreement.h"
#include "contracts/agreements/replacement.h"
#include "contracts/agreements/text.h"
#include "contracts/agreements/verbs.h"
#include "contracts/agreements/years.h"
#include "contracts/budget/duties.h"
#include "contracts/budget/lines.h"
#include "contracts/budget/rules.h"
#include "contracts/language/interpreter.h"
#include "contracts/members.h"
#include "contracts/tax/rules.h"

namespace daftar::contracts::agreements {

using language::Instance;
using language::Interpreter;
using language::Program;
using ledger::RejectionCode;

namespace {

constexpr std::uint64_t retry_ms = 86'400'000;   // a refused deadline falls due again then

bool has_role(const Member& member, const std::vector<std::string>& roles) {
  return std::any_of(roles.begin(), roles.end(), [&](const std::string& role) {
    const auto known = role_named(role);
    return role == "member" || (known && member.has(*known));
  });
}

Outcome judge_party(const Context& c, const Agreement& agreement, const language::Party& described, const AgreementParty& party) {
  const auto member = require_member(c, party.member, described.name);
  if (!member) return Unexpected<ledger::Rejection>(member.error());
  if (!has_role(*member, described.roles)) return refuse(RejectionCode::role_missing, described.name + ": " + party.member);
  const auto account = require_account(c, party.account, described.name);
  if (!account) return Unexpected<ledger::Rejection>(account.error());
  if (account->member != party.member) return refuse(RejectionCode::account_not_yours, described.name + ": " + party.account);
  if (account->currency != agreement.currency) return refuse(RejectionCode::currency_mismatch, described.name + ": " + party.account);
  if (!party.is_public()) return {};
  const auto line = budget::require_line(c, party.budget_line);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  if (line->owner != party.member) return refuse(RejectionCode::not_line_owner, described.name + ": " + party.budget_line);
  if (line->currency != agreement.currency) return refuse(RejectionCode::currency_mismatch, described.name + ": " + party.budget_line);
  return budget::require_open(*line);
}

/// Each is another member, so that a member's act is one party's.
Outcome judge_parties(const Context& c, const Agreement& agreement, const Program& program) {
  bool drafts = false;
  for (std::size_t i = 0; i < agreement.parties.size(); ++i) {
    const AgreementParty& party = agreement.parties[i];
    if (party.member.empty()) continue;
    if (auto judged = judge_party(c, agreement, program.parties[i], party); !judged) return judged;
    for (std::size_t other = 0; other < i; ++other)
      if (agreement.parties[other].member == party.member) return refuse(RejectionCode::field_invalid, program.parties[i].name + ": is " + program.parties[other].name + " already");
    drafts = drafts || party.member == c.sender.id;
  }
  if (!drafts) return refuse(RejectionCode::not_a_party, c.sender.id);
  return {};
}

/// What payments are for is known to the tax rules, so that no payment can fail for it later.
Outcome judge_categories(const Context& c, const Program& program, const Instance& instance) {
  const auto judge = [&](const std::string& category) -> Outcome {
    if (category != tax::no_income && c.rules->knows_category(category)) return {};
    return refuse(RejectionCode::tax_category_unknown, category);
  };
  for (const Program::Payment& payment : program.payments)
    if (!payment.category.empty())
      if (auto judged = judge(payment.category); !judged) return judged;
  for (std::size_t i = 0; i < program.terms.size(); ++i)
    if (program.terms[i].type.kind == language::TypeKind::category && instance.terms[i].given())
      if (auto judged = judge(instance.terms[i].bytes); !judged) return judged;
  for (std::size_t list = 0; list < program.lists.size(); ++list)
    for (const auto& entry : instance.lists[list])
      for (std::size_t i = 0; i < entry.fields.size(); ++i)
        if (program.lists[list].fields[i].type.kind == language::TypeKind::category && entry.fields[i].given())
          if (auto judged = judge(entry.fields[i].bytes); !judged) return judged;
  return {};
}

/// The first act on a contract binds to all that it can hold from the actor.
void bind(Context& c, Open& open, std::uint16_t party) {
  if (language::is_entrant(party)) return;   // its first act was to make the entry
  const bool newcomer = party == language::newcomer_number;
  if (!newcomer && std::exchange(open.record.acted[party], std::uint8_t{1}) != 0) return;
  for (const Program::HeldTerm& held : open.program().held) {
    if (newcomer && held.party == language::entrant_number) c.bind(open.record.currency, open.instance.terms[open.program().lists[held.list].fields[held.slot].copied].number);
    if (held.party != party) continue;
    if (held.list == language::no_list) c.bind(open.record.currency, open.instance.terms[held.slot].number);
    else
      for (const auto& entry : open.instance.lists[held.list]) c.bind(open.record.currency, entry.fields[held.slot].number);
  }
}

bool acts_alone(const Program& program, const language::Sent& sent) {
  if (sent.party == language::treasury_number) return false;
  return std::none_of(program.acts.begin(), program.acts.end(), [&](const Program::Act& act) { return act.name == sent.name && act.jointly; });
}

bool pays_from_line(const Agreement& agreement, std::uint16_t party) { return party < agreement.parties.size() && agreement.parties[party].is_public(); }

/// Who has acted for the spending unit and for the treasury last, where duties are parted (budget/duties.h).
void note_keys(const Context& c, Open& open, std::uint16_t party) {
  if (!c.fixed.budget->duties || !open.record.is_public()) return;
  if (party == language::treasury_number) open.record.certified_by = budget::signing_keys(c);
  else if (pays_from_line(open.record, party)) open.record.entered_by = budget::signing_keys(c);
}

/// Who is no party may be the treasury that pays the line of a public contract.
Outcome require_treasury_of(const Context& c, const Agreement& agreement) {
  const AgreementParty* payer = agreement.public_party();
  if (payer == nullptr || !c.sender.has(Role::treasury)) return refuse(RejectionCode::not_a_party, c.sender.id);
  const auto line = budget::require_line(c, payer->budget_line);
  if (!line) return Unexpected<ledger::Rejection>(line.error());
  return budget::require_line_treasury(c, *line);
}

/// A party, the treasury that pays its line, or who has or may make an entry of the open list.
Expected<std::uint16_t, ledger::Rejection> party_of_sender(const Context& c, const Open& open) {
  const auto& parties = open.record.parties;
  const auto sender = std::find_if(parties.begin(), parties.end(), [&](const AgreementParty& party) { return party.member == c.sender.id; });
  if (sender != parties.end()) return static_cast<std::uint16_t>(sender - parties.begin());
  const auto treasury = require_treasury_of(c, open.record);
  if (treasury) return language::treasury_number;
  const auto& entrant = open.program().entrant;
  if (!entrant) return Unexpected<ledger::Rejection>(treasury.error());
  if (const auto entry = language::entry_of(open.program(), open.instance, c.sender.id)) return static_cast<std::uint16_t>(language::entrant_number + *entry);
  if (!has_role(c.sender, entrant->roles)) return refuse(RejectionCode::role_missing, entrant->name + ": " + c.sender.id);
  return language::newcomer_number;
}

}  // namespace

Outcome draft(Context& c, const ledger::proto::DraftContract& operation) {
  if (c.drafted) return refuse(RejectionCode::field_invalid, "one draft per transaction: its id names the contract");
  const Library::Known* known = c.templates->find(operation.template_(), operation.version());
  if (known == nullptr) return refuse(RejectionCode::template_unknown, operation.template_() + "/" + std::to_string(operation.version()));
  if (c.templates->is_stopped(operation.template_(), operation.version()))
    return refuse(RejectionCode::template_stopped, operation.template_() + "/" + std::to_string(operation.version()));
  if (!c.fixed.knows_currency(operation.currency())) return refuse(RejectionCode::currency_unknown, operation.currency());
  Open open{{}, known, {}};
  auto described = read_draft(known->program, operation);
  if (!described) return Unexpected<ledger::Rejection>(described.error());
  open.instance = std::move(described->instance);
  Agreement& record = open.record;
  record.parties = std::move(described->parties);
  record.currency = operation.currency();
  record.acted.resize(record.parties.size());
  if (auto judged = Interpreter(known->program).judge_terms(open.instance, static_cast<std::int64_t>(c.now_ms)); !judged) return judged;
  if (auto judged = judge_parties(c, record, known->program); !judged) return judged;
  for (std::uint16_t party = 0; party < record.parties.size(); ++party)
    if (auto judged = judge_later_lines(c, open, party); !judged) return judged;
  if (auto judged = judge_promised_advance(c, open); !judged) return judged;
  if (auto judged = judge_categories(c, known->program, open.instance); !judged) return judged;
  record.replaces = operation.replaces();
  record.digest = digest_of(*known, record.parties, record.currency, open.instance, record.replaces, operation.tender());
  if (operation.digest() != record.digest.view()) return refuse(RejectionCode::terms_digest_mismatch, record.digest.hex());

  record.id = c.id;
  record.nonce = std::string(c.nonce);
  record.contract_template = known->program.name;
  record.version = known->program.version;
  record.drafted_by = c.sender.id;
  record.drafted_ms = c.now_ms;
  if (auto judged = judge_replacement(c, open); !judged) return judged;
  if (auto judged = judge_award(c, open, operation.tender()); !judged) return judged;
  note_openness(c, open);
  c.drafted = true;
  c.event("contract_drafted", record.id.hex(), 0, 0, record.contract_template + "/" + std::to_string(record.version));
  store(c, open);
  return {};
}

Outcome act(Context& c, const ledger::proto::ActOnContract& operation) {
  const auto id = ledger::Digest::from_bytes(operation.contract());
  if (!id) return refuse(RejectionCode::field_invalid, "contract: 32 bytes");
  auto found = open(c, *id);
  if (!found) return Unexpected<ledger::Rejection>(found.error());
  Open& open = *found;
  if (open.record.is_replaced()) return refuse(RejectionCode::contract_replaced, ledger::to_hex(open.record.replaced_by));
  const auto party = party_of_sender(c, open);
  if (!party) return Unexpected<ledger::Rejection>(party.error());
  if (operation.digest() != open.record.digest.view()) return refuse(RejectionCode::terms_digest_mismatch, open.record.digest.hex());
  language::Sent sent{.name = operation.act(), .party = *party, .parameters = {}, .member = c.sender.id};
  for (const auto& parameter : operation.parameters()) sent.parameters.emplace_back(parameter.name(), value_of(parameter));
  const std::uint16_t before = open.instance.phase;
  std::uint32_t entry = operation.entry();
  const language::Moment moment{static_cast<std::int64_t>(c.now_ms), entry == 0 ? language::no_entry : entry - 1, open.record.id.view()};
  if (*party != language::treasury_number) bind(c, open, *party);
  const Interpreter interpreter(open.program());
  const auto acts = [&](Instance& instance, language::Verbs& verbs) { return interpreter.act(instance, sent, moment, verbs); };
  if (auto replaced = take_place(c, open, acts); !replaced) return replaced;
  if (auto concluded = conclude_award(c, open, acts); !concluded) return concluded;
  note_keys(c, open, *party);
  if (*party == language::newcomer_number) entry = static_cast<std::uint32_t>(open.instance.lists[open.program().staged].size()) + 1;   // the one that it makes
  LedgerVerbs verbs(c, open, entry, acts_alone(open.program(), sent) ? *party : nobody);
  const auto done = acts(open.instance, verbs);
  if (!done) return Unexpected<ledger::Rejection>(done.error());
  if (done->happened && pays_from_line(open.record, *party)) offset_if_ended(c, open, entry);
  tell(c, open, before, done->happened ? "contract_act" : "contract_consent", entry, operation.act());
  store(c, open);
  return {};
}

Outcome fire(Context& c, const keys::Deadline& deadline) {
  auto found = open(c, deadline.contract);
  DAFTAR_CHECK(found.has_value());
  Open& open = *found;
  const Interpreter interpreter(open.program());
  const auto due = interpreter.next_due(open.instance);
  DAFTAR_CHECK(due.has_value());
  const std::uint16_t before = open.instance.phase;
  const auto& moment = open.program().deadlines[due->deadline];
  const std::uint32_t entry = moment.place.list == language::no_list ? 0 : due->entry + 1;
  const auto fires = [&](Instance& instance, language::Verbs& verbs) { return interpreter.fire(instance, *due, static_cast<std::int64_t>(c.now_ms), verbs); };
  if (auto replaced = take_place(c, open, fires); !replaced) return replaced;
  if (auto concluded = conclude_award(c, open, fires); !concluded) return concluded;
  LedgerVerbs verbs(c, open, entry);
  if (auto fired = fires(open.instance, verbs); !fired) return Unexpected<ledger::Rejection>(fired.error());
  tell(c, open, before, "contract_deadline", entry, moment.name);
  store(c, open, true);
  return {};
}

void postpone(Context& c, const keys::Deadline& deadline) {
  auto found = open(c, deadline.contract);
  DAFTAR_CHECK(found.has_value());
  const auto due = Interpreter(found->program()).next_due(found->instance);
  DAFTAR_CHECK(due.has_value());
  Interpreter::postpone(found->instance, *due, static_cast<std::int64_t>(c.now_ms + retry_ms));
  store(c, *found, true);
}

std::optional<keys::Deadline> waiting(const Store& store, const ledger::Digest& agreement) {
  const auto record = store.load<Agreement>(keys::agreement(agreement));
  if (!record || record->deadline_ms == 0) return std::nullopt;
  return deadline_of(*record);
}

}  // namespace daftar::contracts::agreements
