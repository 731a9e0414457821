// A proposed change as it is sent, made into what the state keeps of it.
#pragma once
#include "contracts/context.h"
#include "contracts/governance/records.h"

namespace daftar::contracts::governance {

/// What reading needs of where it happens: a ledger knows currencies, accounts and judged templates; a wallet takes the proposal at its word.
struct ReadingFacts {
  std::function<bool(std::string_view code)> knows_currency;
  std::function<bool(std::string_view member)> takes_revenue;
  std::function<Expected<NumberedName, ledger::Rejection>(const std::string& source)> name_of_template;
};
ReadingFacts facts_of(const Context& c);

/// One of the kinds of changes there are. `read`: the content of a proposal, encoded.
struct ChangeForm {
  ChangeKind kind;
  Expected<std::string, ledger::Rejection> (*read)(const ReadingFacts& facts, const ledger::proto::ProposeChange& from);
};
/// Nothing when no change is named.
std::optional<ChangeForm> form_of(const ledger::proto::ProposeChange& change);

}  // namespace daftar::contracts::governance
