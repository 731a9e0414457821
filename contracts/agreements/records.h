// A contract as the state keeps it, and what it owes. (The room is called contracts, so the record is not.)
#pragma once
#include <string>
#include <vector>

#include "contracts/language/instance.h"
#include "contracts/record_codec.h"
#include "ledger/money.h"

namespace daftar::contracts::agreements {

/// Where the money for a later year comes from. A line that is closed is replaced by the one that took over; the year stays.
struct LaterLine {
  std::uint32_t year = 0;
  std::string line;
};
template <class A, RecordOf<LaterLine> R>
void fields(A& a, R& r) {
  a(r.year, r.line);
}

struct AgreementParty {
  std::string member, account;       // both empty: an optional party that is not there
  std::string budget_line;           // where its money comes from, if that is not its account
  std::vector<LaterLine> later_lines = {};   // by year, ascending (years.h)

  bool is_public() const { return !budget_line.empty(); }
  bool pays_from(std::string_view line) const;
  /// Of what falls due in a year; 0: in none.
  const std::string& line_of(std::uint32_t year) const;
};
template <class A, RecordOf<AgreementParty> R>
void fields(A& a, R& r) {
  a(r.member, r.account, r.budget_line, r.later_lines);
}

struct Agreement {
  ledger::Digest id;                 // of the transaction that drafted it
  ledger::Digest digest;             // what the parties put their names to (text.h)
  std::string nonce;                 // of that transaction: blinds the results of deadlines
  std::string contract_template;     // its name
  std::uint32_t version = 0;
  std::string currency, drafted_by;
  std::vector<AgreementParty> parties;   // in the order of the template
  std::vector<std::uint8_t> acted;       // 1: has acted on it, in the same order
  std::uint64_t drafted_ms = 0, closed_ms = 0;
  std::string instance;              // language::encode
  std::uint64_t deadline_ms = 0;     // of the one that waits in the state; 0: none
  std::uint32_t deadlines_set = 0;   // so far: tells those of one moment apart
  std::uint32_t claims = 0;          // on its budget line, so far
  std::string replaces, replaced_by; // ids of contracts (replacement.h); empty: none
  std::uint32_t open_advances = 0;   // of its claims: advances that nothing has offset (advances.h)
  std::vector<ledger::PublicKey> entered_by = {}, certified_by = {};   // where duties are parted (budget/duties.h): of the owner's, of the treasury's last act

  /// Another contract is in its place: nothing happens in it any more.
  bool is_replaced() const { return !replaced_by.empty(); }
  bool is_public() const { return public_party() != nullptr; }
  /// Who pays from a budget line: one party at most. nullptr: nobody.
  const AgreementParty* public_party() const;
};
template <class A, RecordOf<Agreement> R>
void fields(A& a, R& r) {
  a(r.id, r.digest, r.nonce, r.contract_template, r.version, r.currency, r.drafted_by, r.parties, r.acted, r.drafted_ms, r.closed_ms, r.instance, r.deadline_ms,
    r.deadlines_set, r.claims, r.replaces, r.replaced_by, r.open_advances, r.entered_by, r.certified_by);
}

/// What an Agreement has no room for, of those only that have any of it: a contract with an open list, and one that came about by an award in such.
struct Awarding {
  bool open = false;                 // members who are no parties make entries: everybody reads it
  std::string tender;                // id of the contract by whose award this one comes about; empty: by none
  std::string contract;              // id of the last contract that was drafted by this one's award; empty: none yet
};
template <class A, RecordOf<Awarding> R>
void fields(A& a, R& r) {
  a(r.open, r.tender, r.contract);
}

/// By its template, or because another is in its place.
bool has_ended(const Agreement& agreement, const language::Program& program, const language::Instance& instance);

/// Numbers are stored: never renumber.
enum class ClaimStage : std::uint8_t { due = 1, ordered = 2, paid = 3 };
std::string_view name(ClaimStage stage);

/// What a public contract owes for one thing it earned.
struct Claim {
  ledger::Digest contract;
  std::uint32_t number = 0;          // of the contract's, from 1
  std::uint32_t entry = 0;           // of its list, from 1; 0: for none
  std::string payer, payee;          // members; the payer owns the line and is the tax agent
  std::string payee_account, category, budget_line;
  ledger::MinorUnits amount = 0;     // gross
  ClaimStage stage = ClaimStage::due;
  std::uint64_t due_ms = 0, ordered_ms = 0, paid_ms = 0;
  ledger::Digest due_in, ordered_in, paid_in;   // entries; zero: not yet
  std::vector<ledger::PublicKey> entered_by = {};   // where duties are parted
  bool advance = false;              // it was owed before anything was accepted for it (advances.h)
  std::uint64_t offset_ms = 0;       // of an advance: when something was; 0: not yet
};
template <class A, RecordOf<Claim> R>
void fields(A& a, R& r) {
  a(r.contract, r.number, r.entry, r.payer, r.payee, r.payee_account, r.category, r.budget_line, r.amount, r.stage, r.due_ms, r.ordered_ms, r.paid_ms,
    r.due_in, r.ordered_in, r.paid_in, r.entered_by, r.advance, r.offset_ms);
}

}  // namespace daftar::contracts::agreements
