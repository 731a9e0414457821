// What an executed transaction did: the outcome, the postings and what happened in words of the trade. Encoded with ledger/encoding.h;
// the bytes are hashed into the log's leaf, so the encoding of one result is one byte string, for ever (version byte first).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/hash.h"
#include "ledger/money.h"
#include "ledger/rejection.h"

namespace daftar::contracts {

/// One line of a journal entry. Amount > 0 credits the account (its balance grows), < 0 debits it. Lines of one result sum to zero
/// per currency.
struct Posting {
  std::string account;
  ledger::MinorUnits amount = 0;
  std::string reason;            // transfer, net_pay, vat, withholding, penalty, hold, release, refund, issue, payout_request, payout, ...
  std::string rule;              // tax rule code/version when reason is a tax, e.g. vat-12/1
  ledger::MinorUnits balance_after = 0;
};

/// A tax computed on a payment, withheld or only recorded (route supplier).
struct TaxLine {
  std::string rule;              // code
  std::uint32_t version = 0;
  std::string kind;              // vat | withholding | contribution
  std::string payer, payee;      // member ids
  std::string category;
  std::string currency;
  ledger::MinorUnits gross = 0, base = 0, tax = 0, withheld = 0;
  std::uint32_t rate_ppm = 0;
  bool operator==(const TaxLine&) const = default;
};

/// What changed besides balances, for people, indexes and event streams: `kind` e.g. contract_act, payment_due, budget_committed.
struct Event {
  std::string kind;
  std::string subject;           // contract id (hex), budget line, member
  std::uint32_t number = 0;      // of an entry of the contract's list, or of its payment; 0: about neither
  ledger::MinorUnits amount = 0; // 0: not about money
  std::string text;              // reason given by the actor, or empty
};

struct ExecutionResult {
  ledger::Rejection rejection;   // code ok: it happened
  std::uint32_t failed_operation = 0;  // index of the operation that was refused (from 0); meaningful only when refused
  std::vector<Posting> postings;
  std::vector<TaxLine> taxes;
  std::vector<Event> events;
  bool ok() const { return rejection.code == ledger::RejectionCode::ok; }
};

std::string encode_result(const ExecutionResult& result);
std::optional<ExecutionResult> decode_result(std::string_view bytes);

}  // namespace daftar::contracts
