#include "tools/wallet.h"

#include <sodium.h>

namespace daftar::tools {
namespace proto = ledger::proto;

namespace {
Unexpected<ToolError> refused_bytes(const ledger::Rejection& rejection) {
  std::string sentence(ledger::sentence(rejection.code));
  if (!rejection.detail.empty()) sentence += " (" + rejection.detail + ")";
  return failure(Exit::usage, std::string(ledger::name(rejection.code)), std::move(sentence), std::string(ledger::advice(rejection.code)));
}

// The widest a ledger may allow: the wallet only reads here, the ledger judges.
constexpr ledger::TransactionLimits reading_limits{.bytes_max = 8u << 20, .operations_max = 100'000, .signatures_max = 64};
}  // namespace

std::string make_body(const ledger::Genesis& genesis, const std::string& sender, const std::vector<proto::Operation>& operations,
                      const BodyOptions& options) {
  proto::TransactionBody body;
  body.set_ledger_id(std::string(genesis.ledger_id().view()));
  body.set_sender(sender);
  std::string nonce(16, '\0');
  randombytes_buf(nonce.data(), nonce.size());
  body.set_nonce(std::move(nonce));
  body.set_valid_until_ms(options.valid_until_ms != 0 ? options.valid_until_ms : now_ms() + static_cast<std::uint64_t>(options.valid_for.count()));
  for (const proto::Operation& operation : operations) *body.add_operations() = operation;
  return ledger::encode_body(body);
}

std::string sign_body(std::string_view body, const std::vector<const ledger::SigningKey*>& keys) {
  const std::string message = ledger::signing_bytes(body);
  std::vector<ledger::Transaction::Signed> signatures;
  for (const ledger::SigningKey* key : keys) signatures.push_back({key->public_key(), key->sign(message)});
  return ledger::make_envelope(body, signatures);
}

Result<std::string> add_signature(std::string_view envelope, const ledger::SigningKey& key) {
  auto parsed = ledger::Transaction::parse(std::string(envelope), reading_limits, true);
  if (!parsed) return refused_bytes(parsed.error());
  const ledger::Transaction& transaction = **parsed;
  std::vector<ledger::Transaction::Signed> signatures = transaction.signatures();
  for (const auto& signature : signatures)
    if (signature.key == key.public_key())
      return failure(Exit::usage, "signature_repeated", "The transaction already has a signature of key " + key.public_key().hex() + ".");
  signatures.push_back({key.public_key(), key.sign(ledger::signing_bytes(transaction.body_bytes()))});
  return ledger::make_envelope(transaction.body_bytes(), signatures);
}

std::string make_transaction(const ledger::Genesis& genesis, const std::string& sender, const ledger::SigningKey& key,
                             const std::vector<proto::Operation>& operations, const BodyOptions& options) {
  return sign_body(make_body(genesis, sender, operations, options), {&key});
}

Result<std::vector<std::string>> describe_envelope(std::string_view envelope, const CurrencyLookup& currency_of) {
  auto parsed = ledger::Transaction::parse(std::string(envelope), reading_limits, true);
  if (!parsed) return refused_bytes(parsed.error());
  return describe_transaction(**parsed, currency_of);
}

}  // namespace daftar::tools
