// Builds, shows, signs and sends transactions. What is shown is decoded from the exact bytes that will be signed.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ledger/genesis.h"
#include "ledger/keys.h"
#include "ledger/transaction.h"
#include "tools/api_client.h"
#include "tools/error.h"

namespace daftar::tools {

std::uint64_t now_ms();

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

/// 32 bytes: what a party signs when it signs the contract drafted by this body. Nothing if the body drafts none.
std::optional<ledger::Digest> drafted_terms_digest(std::string_view body);

/// One line per fact: sender, expiry, then each operation in words ("pays 112 000 000.00 UZS from acme/UZS to baraka/UZS ...").
/// Refuses bytes the ledger would refuse (strict scan first). Amounts of operations that name no currency are shown in the currency of
/// the account they name.
Result<std::vector<std::string>> describe_envelope(std::string_view envelope, bool allow_unsigned = true);
/// The postings, taxes and events of a result (JSON as docs/api.md) in words, one fact per line.
std::vector<std::string> describe_result(const nlohmann::json& result);

}  // namespace daftar::tools
