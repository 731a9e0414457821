#include "ledger/transaction.h"

#include <algorithm>

#include "ledger/wire_read.h"
#include "ledger/wire_scan.h"
#include "tests/ledger/support.h"

using namespace daftar::ledger;
using namespace daftar::ledger::testing;

namespace {

RejectionCode code_of(const std::string& envelope, const TransactionLimits& limits = {}, bool allow_unsigned = false) {
  const auto parsed = Transaction::parse(envelope, limits, allow_unsigned);
  return parsed ? RejectionCode::ok : parsed.error().code;
}

std::string detail_of(const std::string& envelope) {
  const auto parsed = Transaction::parse(envelope, {});
  REQUIRE_FALSE(parsed);
  return parsed.error().detail;
}

/// An envelope around `body` with a signature that fits it.
std::string around(const proto::TransactionBody& body) { return signed_envelope(body, key_of(1)); }

}  // namespace

TEST_CASE("A transaction keeps the bytes it arrived in, and its signatures verify") {
  const auto body = encode_body(transfer_body());
  const auto envelope = make_envelope(body, {sign_body(body, key_of(1)), sign_body(body, key_of(2))});
  REQUIRE(strict_scan(body, proto::TransactionBody::descriptor()));
  REQUIRE(strict_scan(envelope, proto::Envelope::descriptor()));
  const auto parsed = Transaction::parse(envelope, {});
  REQUIRE(parsed);
  const auto& t = **parsed;
  CHECK(t.envelope() == envelope);
  CHECK(t.body_bytes() == body);
  CHECK(t.body_bytes().data() >= t.envelope().data());
  CHECK(t.body().operations(0).transfer().amount() == 1'250'000);
  CHECK(t.signatures().size() == 2);
  CHECK(t.id() == transaction_id(body));
  CHECK(t.id() == sha256("daftar/transaction/v1" + std::string(1, '\0') + body));
  CHECK(t.envelope_hash() == sha256("daftar/envelope/v1" + std::string(1, '\0') + envelope));
  CHECK(t.verify_signatures());
}

TEST_CASE("The id is of the body alone: signatures can be added and reordered, and change only the envelope's hash") {
  const auto body = encode_body(transfer_body());
  const auto one = sign_body(body, key_of(1)), two = sign_body(body, key_of(2));
  const auto a = *Transaction::parse(make_envelope(body, {one}), {});
  const auto b = *Transaction::parse(make_envelope(body, {one, two}), {});
  const auto c = *Transaction::parse(make_envelope(body, {two, one}), {});
  CHECK(a->id() == b->id());
  CHECK(b->id() == c->id());
  CHECK(a->envelope_hash() != b->envelope_hash());
  CHECK(b->envelope_hash() != c->envelope_hash());
  for (const auto& t : {a, b, c}) CHECK(t->verify_signatures());
}

TEST_CASE("No byte of a signed body can change without the signature failing or the parse refusing") {
  const auto body = encode_body(transfer_body());
  const auto envelope = make_envelope(body, {sign_body(body, key_of(1))});
  for (std::size_t bit = 0; bit < 8 * envelope.size(); ++bit) {
    auto changed = envelope;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    const auto parsed = Transaction::parse(changed, {});
    if (parsed) CHECK_FALSE((*parsed)->verify_signatures());
  }
}

TEST_CASE("A signature says which purpose it is for: one over the bare body does not count") {
  const auto body = encode_body(transfer_body());
  const auto parsed = Transaction::parse(make_envelope(body, {{key_of(1).public_key(), key_of(1).sign(body)}}), {});
  REQUIRE(parsed);
  const auto verified = (*parsed)->verify_signatures();
  REQUIRE_FALSE(verified);
  CHECK(verified.error().code == RejectionCode::signature_invalid);
  CHECK(verified.error().detail == "key " + key_of(1).public_key().hex());
}

TEST_CASE("What is wrong with an envelope has its code, in the order of checks") {
  const auto good = transfer_body();
  const auto key = key_of(1);
  const auto body = encode_body(good);
  CHECK(code_of(around(good)) == RejectionCode::ok);

  TransactionLimits limits;
  limits.bytes_max = around(good).size();
  CHECK(code_of(around(good), limits) == RejectionCode::ok);
  limits.bytes_max -= 1;
  CHECK(code_of(around(good), limits) == RejectionCode::too_large);

  CHECK(code_of("") == RejectionCode::malformed);
  CHECK(code_of("\xff\xff") == RejectionCode::malformed);
  CHECK(code_of(make_envelope("", {sign_body("", key)})) == RejectionCode::malformed);
  CHECK(code_of(make_envelope("\x08\x01", {sign_body("\x08\x01", key)})) == RejectionCode::malformed);
  CHECK(code_of(around(good) + std::string(1, '\0')) == RejectionCode::malformed);

  CHECK(code_of(make_envelope(body, {})) == RejectionCode::signature_missing);
  CHECK(code_of(make_envelope(body, {}), {}, true) == RejectionCode::ok);
  CHECK(code_of(make_envelope(body, {sign_body(body, key), sign_body(body, key)})) == RejectionCode::signature_repeated);
  std::vector<Transaction::Signed> many;
  for (unsigned i = 0; i < 17; ++i) many.push_back(sign_body(body, key_of(i)));
  CHECK(code_of(make_envelope(body, many)) == RejectionCode::malformed);
  many.pop_back();
  CHECK(code_of(make_envelope(body, many)) == RejectionCode::ok);

  auto changed = good;
  changed.set_nonce("0123456789abcde");
  CHECK(code_of(around(changed)) == RejectionCode::nonce_size);
  changed.set_nonce("0123456789abcdefg");
  CHECK(code_of(around(changed)) == RejectionCode::nonce_size);
  changed.clear_nonce();
  CHECK(code_of(around(changed)) == RejectionCode::nonce_size);
  changed = good;
  changed.clear_operations();
  CHECK(code_of(around(changed)) == RejectionCode::operations_count);
  changed = good;
  limits = {};
  limits.operations_max = 2;
  for (int i = 1; i < 3; ++i) *changed.add_operations() = good.operations(0);
  CHECK(code_of(around(changed), limits) == RejectionCode::operations_count);
  CHECK(code_of(around(changed)) == RejectionCode::ok);
}

TEST_CASE("The detail of a malformed transaction names the field") {
  auto body = transfer_body();
  body.set_ledger_id("short");
  CHECK(detail_of(around(body)) == "body.ledger_id: must have 32 bytes");
  body = transfer_body();
  body.set_sender("Acme Ltd");
  CHECK(detail_of(around(body)) == "body.sender: not a member id");
  body.clear_sender();
  CHECK(detail_of(around(body)) == "body.sender: not a member id");
  body = transfer_body();
  body.add_operations();
  CHECK(detail_of(around(body)) == "body.operations[1]: names no operation");
  body = transfer_body();
  body.mutable_operations(0)->GetReflection()->MutableUnknownFields(body.mutable_operations(0))->AddVarint(99, 1);
  CHECK(detail_of(around(body)) == "body: operations[0], byte 113: there is no field of number 99");

  const auto bytes = encode_body(transfer_body());
  std::string envelope = make_envelope(bytes, {}), signature;
  append_bytes_field(signature, 1, std::string(31, 'k'));
  append_bytes_field(signature, 2, std::string(64, 's'));
  append_bytes_field(envelope, 2, signature);
  CHECK(detail_of(envelope) == "signatures[0].public_key: must have 32 bytes");
  envelope = make_envelope(bytes, {sign_body(bytes, key_of(1))});
  signature.clear();
  append_bytes_field(signature, 1, std::string(32, 'k'));
  append_bytes_field(envelope, 2, signature);
  CHECK(detail_of(envelope) == "signatures[1].signature: must have 64 bytes");
}

TEST_CASE("Every kind of operation, filled in completely, is encoded as the scan wants it") {
  proto::TransactionBody body = transfer_body();
  const auto* kinds = proto::Operation::descriptor();
  for (int i = 0; i < kinds->field_count(); ++i) {
    auto* operation = body.add_operations();
    auto* content = operation->GetReflection()->MutableMessage(operation, kinds->field(i));
    const auto* reflection = content->GetReflection();
    const auto* fields = content->GetDescriptor();
    for (int f = fields->field_count() - 1; f >= 0; --f) {  // set in descending order: the encoding must be ascending
      const auto* field = fields->field(f);
      switch (field->cpp_type()) {
        case google::protobuf::FieldDescriptor::CPPTYPE_STRING:
          if (field->is_repeated())
            for (const auto* text : {"", "a", "bc"}) reflection->AddString(content, field, text);
          else
            reflection->SetString(content, field, "text");
          break;
        case google::protobuf::FieldDescriptor::CPPTYPE_INT64:
          reflection->SetInt64(content, field, -1);
          break;
        case google::protobuf::FieldDescriptor::CPPTYPE_UINT64:
          reflection->SetUInt64(content, field, ~std::uint64_t{0});
          break;
        case google::protobuf::FieldDescriptor::CPPTYPE_UINT32:
          reflection->SetUInt32(content, field, 0xFFFFFFFFu);
          break;
        case google::protobuf::FieldDescriptor::CPPTYPE_BOOL:
          reflection->SetBool(content, field, true);
          break;
        case google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE:
          if (field->is_repeated())
            reflection->AddMessage(content, field);
          else if (!field->containing_oneof() || field->containing_oneof()->field(0) == field)   // of a choice one
            reflection->MutableMessage(content, field);
          break;
        default:
          FAIL("a type of field this test does not know");
      }
    }
  }
  const auto scanned = strict_scan(encode_body(body), proto::TransactionBody::descriptor());
  INFO((scanned ? "" : describe(scanned.error())));
  CHECK(scanned);
  CHECK(Transaction::parse(around(body), {}));
}
