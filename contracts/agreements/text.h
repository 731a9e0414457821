// What the parties of an agreement put their names to: the program, who they are, the terms, and the prose in all its languages. A wallet makes it from the
// template's source; the ledger makes it again when the agreement is drafted, so that the prose and the program cannot drift apart.
#pragma once
#include "contracts/agreements/library.h"
#include "contracts/agreements/records.h"
#include "contracts/language/prose.h"
#include "ledger/rejection.h"

namespace daftar::contracts::agreements {

/// Nothing when neither is set.
language::Value value_of(const ledger::proto::ContractValue& value);

struct Described {
  std::vector<AgreementParty> parties;   // in the order of the program, main accounts filled in
  language::Instance instance;           // as it begins
};
/// What a draft describes. field_invalid names what the template does not know, or what is twice or out of order. Ranges and requirements are judged by
/// language::Interpreter::judge_terms.
Expected<Described, ledger::Rejection> read_draft(const language::Program& program, const ledger::proto::DraftContract& draft);

/// The account that an entrant's money comes from and goes to: its main one.
AgreementParty entrant_of(const language::EntryState& entry, const std::string& currency);

language::Filling filling_of(const std::vector<AgreementParty>& parties, const std::string& currency);

/// tagged_hash(tag::contract) over digest of the program, currency, parties, terms at the beginning, each language's paragraphs, the contract that it replaces
/// (32 bytes; empty: none), and, only if there is one, that by whose award it comes about (32 bytes).
ledger::Digest digest_of(const Library::Known& known, const std::vector<AgreementParty>& parties, const std::string& currency, const language::Instance& instance,
                         std::string_view replaces, std::string_view tender = {});

}  // namespace daftar::contracts::agreements
