#include "ledger/transaction.h"

#include <algorithm>

#include "ledger/ids.h"
#include "ledger/entry.h"
#include "ledger/wire_read.h"
#include "ledger/wire_scan.h"

namespace daftar::ledger {
namespace {

constexpr std::size_t nonce_bytes = 16;

Unexpected<Rejection> refuse(RejectionCode code, std::string detail) { return Unexpected<Rejection>(Rejection{code, std::move(detail)}); }

std::string scan_fault(std::string_view part, const WireFault& fault) { return std::string(part) + ": " + describe(fault); }

Expected<Transaction::Signed, Rejection> read_signature(std::string_view bytes, std::size_t index) {
  std::string_view key_bytes, signature_bytes;
  while (const auto field = take_field(bytes)) (field->number == 1 ? key_bytes : signature_bytes) = field->bytes;
  const auto key = PublicKey::from_bytes(key_bytes);
  const auto signature = Signature::from_bytes(signature_bytes);
  const std::string place = "signatures[" + std::to_string(index) + "]";
  if (!key) return refuse(RejectionCode::malformed, place + ".public_key: must have 32 bytes");
  if (!signature) return refuse(RejectionCode::malformed, place + ".signature: must have 64 bytes");
  return Transaction::Signed{*key, *signature};
}

Expected<void, Rejection> check_body(const proto::TransactionBody& body, const TransactionLimits& limits) {
  if (body.ledger_id().size() != 32) return refuse(RejectionCode::malformed, "body.ledger_id: must have 32 bytes");
  if (!is_member_id(body.sender())) return refuse(RejectionCode::malformed, "body.sender: not a member id");
  if (body.nonce().size() != nonce_bytes)
    return refuse(RejectionCode::nonce_size, "body.nonce: " + std::to_string(body.nonce().size()) + " bytes");
  const auto count = static_cast<std::size_t>(body.operations_size());
  if (count == 0 || count > limits.operations_max)
    return refuse(RejectionCode::operations_count,
                  std::to_string(count) + " operations, allowed are 1 to " + std::to_string(limits.operations_max));
  for (int i = 0; i < body.operations_size(); ++i)
    if (body.operations(i).kind_case() == proto::Operation::KIND_NOT_SET)
      return refuse(RejectionCode::malformed, "body.operations[" + std::to_string(i) + "]: names no operation");
  return {};
}

bool has_repeated_key(const std::vector<Transaction::Signed>& signatures) {
  std::vector<PublicKey> keys;
  keys.reserve(signatures.size());
  for (const auto& s : signatures) keys.push_back(s.key);
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

}  // namespace

Expected<std::shared_ptr<const Transaction>, Rejection> Transaction::parse(std::string envelope, const TransactionLimits& limits,
                                                                          bool allow_unsigned) {
  if (envelope.size() > limits.bytes_max)
    return refuse(RejectionCode::too_large,
                  std::to_string(envelope.size()) + " bytes, allowed are " + std::to_string(limits.bytes_max));
  if (auto scanned = strict_scan(envelope, proto::Envelope::descriptor()); !scanned)
    return refuse(RejectionCode::malformed, scan_fault("envelope", scanned.error()));

  std::shared_ptr<Transaction> t(new Transaction);
  t->envelope_ = std::move(envelope);
  std::string_view rest = t->envelope_, body;
  while (const auto field = take_field(rest)) {
    if (field->number == 1) {
      body = field->bytes;
      continue;
    }
    if (t->signatures_.size() == limits.signatures_max)
      return refuse(RejectionCode::malformed, "signatures: more than " + std::to_string(limits.signatures_max));
    auto one = read_signature(field->bytes, t->signatures_.size());
    if (!one) return Unexpected<Rejection>(std::move(one.error()));
    t->signatures_.push_back(*one);
  }
  if (body.empty()) return refuse(RejectionCode::malformed, "body: is missing");
  if (auto scanned = strict_scan(body, proto::TransactionBody::descriptor()); !scanned)
    return refuse(RejectionCode::malformed, scan_fault("body", scanned.error()));
  if (!t->body_.ParseFromArray(body.data(), static_cast<int>(body.size())))
    return refuse(RejectionCode::malformed, "body: cannot be decoded");
  if (auto checked = check_body(t->body_, limits); !checked) return Unexpected<Rejection>(std::move(checked.error()));
  if (t->signatures_.empty() && !allow_unsigned) return refuse(RejectionCode::signature_missing, "");
  if (has_repeated_key(t->signatures_)) return refuse(RejectionCode::signature_repeated, "");

  t->body_offset_ = static_cast<std::size_t>(body.data() - t->envelope_.data());
  t->body_size_ = body.size();
  t->id_ = transaction_id(body);
  t->envelope_hash_ = ledger::envelope_hash(t->envelope_);
  return std::shared_ptr<const Transaction>(std::move(t));
}

std::string_view Transaction::body_bytes() const { return std::string_view(envelope_).substr(body_offset_, body_size_); }

Expected<void, Rejection> Transaction::verify_signatures() const {
  const auto message = signing_bytes(body_bytes());
  for (const auto& s : signatures_)
    if (!verify(s.key, message, s.signature)) return refuse(RejectionCode::signature_invalid, "key " + s.key.hex());
  return {};
}

Digest transaction_id(std::string_view body_bytes) { return tagged_hash(tag::transaction_id, body_bytes); }

std::string signing_bytes(std::string_view body_bytes) {
  std::string bytes;
  bytes.reserve(tag::transaction_signature.size() + 1 + body_bytes.size());
  bytes.append(tag::transaction_signature).append(1, '\0').append(body_bytes);
  return bytes;
}

std::string make_envelope(std::string_view body_bytes, const std::vector<Transaction::Signed>& signatures) {
  std::string envelope;
  envelope.reserve(body_bytes.size() + 8 + signatures.size() * 104);
  if (!body_bytes.empty()) append_bytes_field(envelope, 1, body_bytes);
  for (const auto& s : signatures) {
    std::string one;
    append_bytes_field(one, 1, s.key.view());
    append_bytes_field(one, 2, s.signature.view());
    append_bytes_field(envelope, 2, one);
  }
  return envelope;
}

// Protobuf's C++ serializer writes fields by ascending number and leaves defaults out: the form the scan accepts (tests hold it to that).
std::string encode_body(const proto::TransactionBody& body) { return body.SerializeAsString(); }

}  // namespace daftar::ledger
