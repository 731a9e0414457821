// A contract of a template as the state keeps it.
#pragma once
#include <string>
#include <vector>

#include "contracts/record_codec.h"

namespace daftar::contracts::agreements {

struct AgreementParty {
  std::string member, account;       // both empty: an optional party that is not there
};
template <class A, RecordOf<AgreementParty> R>
void fields(A& a, R& r) {
  a(r.member, r.account);
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
};
template <class A, RecordOf<Agreement> R>
void fields(A& a, R& r) {
  a(r.id, r.digest, r.nonce, r.contract_template, r.version, r.currency, r.drafted_by, r.parties, r.acted, r.drafted_ms, r.closed_ms, r.instance, r.deadline_ms,
    r.deadlines_set);
}

}  // namespace daftar::contracts::agreements
