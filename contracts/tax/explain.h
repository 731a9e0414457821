// What was the rule on that day: the payments that an entry made, found again afterwards, each before every rule of the book. Selection and
// arithmetic are those of pay() (RuleBook::judge); what comes of them is held against the tax lines that the entry carries.
//
// A transfer that asks for an amount net of tax is grossed up again (gross_up.h). Of rules that accumulate, what they had looked at before stands in the entry's events
// (sums.h), which every node that executed it has found the same.
// Certificates of residence are asked as of the payment: they keep when they were recorded and withdrawn.
// Payer and payee are read from the state of now. That is as of the payment: what rules ask of a member (kind, country, tax status) is written
// once, at its registration, and no operation changes it (if one ever does, ask for the moment of the payment here). The book may be that of any later
// state: rules are never removed, and no change of them takes effect at or before the block that brings it (governance/effect.h). `as_recorded` says so.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "contracts/records.h"
#include "contracts/result.h"
#include "contracts/tax/rules.h"
#include "ledger/state_view.h"

namespace daftar::contracts::tax {

/// As pay() was asked for it.
struct PaymentMade {
  Member payer, payee;
  std::string source, payee_account, category, currency;
  ledger::MinorUnits gross = 0;
  ledger::MinorUnits net_asked = 0;         // of a transfer whose amount is what the payee is to get; otherwise 0
  std::optional<ledger::Digest> contract;   // nothing for a transfer
  std::uint32_t entry = 0;
};

struct ExplainedPayment {
  PaymentMade payment;
  std::vector<Judged> rules;      // every rule of the book, VAT first
  ledger::MinorUnits net = 0;     // what the payee's account was credited with
};

struct Explanation {
  std::vector<ExplainedPayment> payments;   // in the order in which they were made; none in an entry that was refused
  bool as_recorded = false;                 // payments and tax lines are, one by one, those of the entry's result
};

/// `body`: of the entry's transaction; null for a deadline. The rules live as long as the book.
Explanation explain(const RuleBook& book, const ledger::proto::TransactionBody* body, const ExecutionResult& result, std::uint64_t time_ms,
                    const ledger::StateView& state);

}  // namespace daftar::contracts::tax
