// Builds, shows, signs and sends transactions. What is shown is decoded from the exact bytes that will be signed.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ledger/genesis.h"
#include "ledger/keys.h"
#include "ledger/transaction.h"
#include "tools/api_client.h"
#include "tools/clock.h"
#include "tools/error.h"

namespace daftar::tools {

struct BodyOptions {
  std::chrono::milliseconds valid_for = std::chrono::hours(1);
  std::uint64_t valid_until_ms = 0;  // instead of valid_for when not 0
};
/// Exact body bytes for this ledger with a fresh random nonce.
std::string make_body(const ledger::Genesis& genesis, const std::string& sender, const std::vector<ledger::proto::Operation>& operations,
                      const BodyOptions& options = {});
/// An envelope with one signature per key over exactly these body bytes.
std::string sign_body(std::string_view body, const std::vector<const ledger::SigningKey*>& keys);
/// The same with one signature more; the body bytes are untouched.
Result<std::string> add_signature(std::string_view envelope, const ledger::SigningKey& key);

/// make_body + sign_body, for programs that sign without showing (bench, tests).
std::string make_transaction(const ledger::Genesis& genesis, const std::string& sender, const ledger::SigningKey& key,
                             const std::vector<ledger::proto::Operation>& operations, const BodyOptions& options = {});

/// The currency of a budget line or contract (hex id) that an operation names without saying its currency; empty when not known.
using CurrencyLookup = std::function<std::string(const std::string& line_or_contract)>;

/// One line per fact: sender, expiry, then each operation in words ("pay 112 000 000.00 UZS from acme/UZS to baraka/UZS ..."), then who
/// has signed. Refuses bytes the ledger would refuse (strict scan first). An amount whose currency nobody can tell is shown as
/// "12345 minor units".
Result<std::vector<std::string>> describe_envelope(std::string_view envelope, const CurrencyLookup& currency_of = {});
std::vector<std::string> describe_transaction(const ledger::Transaction& transaction, const CurrencyLookup& currency_of = {});
std::string describe_operation(const ledger::proto::Operation& operation, const CurrencyLookup& currency_of = {});
/// "112 000 000.00 UZS"; "5 minor units" when the currency is unknown.
std::string money_text(std::int64_t minor_units, std::string_view currency);
/// The postings, taxes and events of a result (JSON as docs/api.md) in words, one fact per line. `currency_of` is asked for amounts of events
/// that moved no money (a commitment, an acceptance of public work).
std::vector<std::string> describe_result(const nlohmann::json& result, const CurrencyLookup& currency_of = {});

}  // namespace daftar::tools
