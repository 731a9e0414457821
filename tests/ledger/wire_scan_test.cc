#include "ledger/wire_scan.h"

#include <atomic>
#include <random>
#include <thread>

#include "ledger/wire_read.h"
#include "tests/ledger/support.h"

using namespace daftar::ledger;
using namespace daftar::ledger::testing;

namespace {

const google::protobuf::Descriptor* message(std::string_view name) {
  if (name == "Envelope") return proto::Envelope::descriptor();
  if (name == "Body") return proto::TransactionBody::descriptor();
  if (name == "Operation") return proto::Operation::descriptor();
  if (name == "Issue") return proto::Issue::descriptor();
  if (name == "ChangeKey") return proto::ChangeKey::descriptor();
  if (name == "Adjust") return proto::AdjustBudgetLine::descriptor();
  if (name == "Pay order") return proto::PayOrder::descriptor();
  if (name == "Block") return proto::Block::descriptor();
  if (name == "Genesis") return proto::Genesis::descriptor();
  FAIL("no such message: " << name);
  return nullptr;
}

}  // namespace

TEST_CASE("The strict scan accepts the one encoding") {
  struct Row { const char *message, *hex; };
  const Row rows[] = {
      {"Issue", ""},
      {"Issue", "0a0161"},                                  // to "a"
      {"Issue", "0a026161 1001 1a0161"},
      {"Issue", "10 7f"},
      {"Issue", "10 8001"},                                 // 128
      {"Issue", "10 ffffffffffffffffff01"},                 // amount -1
      {"Adjust", "10 80808080808080808001"},                    // delta: the least int64
      {"Body", "28 ffffffffffffffffff01"},                      // valid_until_ms: the greatest uint64
      {"Pay order", "10 ffffffff0f"},                               // payment: the greatest uint32
      {"ChangeKey", "1801"},                                    // revoke: true
      {"Operation", "0a00"},                                    // an empty transfer is a choice made
      {"Operation", "b20100"},                                  // field 22
      {"Body", "3200 3200"},                                    // repeated operations
      {"Envelope", "1200"},                                     // a repeated message may be empty
      {"Block", "2a00 2a00"},                                   // repeated bytes may be empty
      {"Genesis", "2200"},                                      // repeated strings may be empty
      {"Genesis", "4200"},                                      // an empty message says that it is there
      {"Issue", "0a04 f09f9880"},                           // U+1F600
      {"Issue", "0a03 efbfbf"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message, row.hex);
    std::string hex(row.hex);
    std::erase(hex, ' ');
    const auto result = strict_scan(unhex(hex), message(row.message));
    CHECK(result);
  }
}

TEST_CASE("The strict scan refuses every other encoding, and says where") {
  struct Row { const char *message, *hex; std::size_t offset; const char *field, *sentence; };
  const Row rows[] = {
      // unknown fields
      {"Issue", "2001", 0, "", "there is no field of number 4"},
      {"Issue", "0001", 0, "", "there is no field of number 0"},
      {"Issue", "10 05 fa0100", 2, "", "there is no field of number 31"},
      {"Issue", "f8ffffff0f01", 0, "", "there is no field of number 536870911"},
      {"Issue", "f8ffffffffffffffff01 01", 0, "", "there is no field of number 2305843009213693951"},
      {"Operation", "c20200", 0, "", "there is no field of number 40"},
      // tags
      {"Issue", "8a0001 61", 0, "", "the tag of a field is cut short, overlong or too large"},
      {"Issue", "80", 0, "", "the tag of a field is cut short, overlong or too large"},
      {"Issue", "0a0161 ff", 3, "", "the tag of a field is cut short, overlong or too large"},
      {"Issue", "ffffffffffffffffffff01", 0, "", "the tag of a field is cut short, overlong or too large"},
      // order and repetition
      {"Issue", "1001 0a0161", 2, "to", "the field comes after one of a higher number"},
      {"Issue", "1001 1001", 2, "amount", "the field is given twice"},
      {"Issue", "0a0161 0a0162", 3, "to", "the field is given twice"},
      {"Envelope", "1200 0a0161", 2, "body", "the field comes after one of a higher number"},
      {"Body", "3200 2801 3200", 2, "valid_until_ms", "the field comes after one of a higher number"},
      {"Operation", "0a00 0a00", 2, "transfer", "the field is given twice"},
      {"Operation", "0a00 1200", 2, "register_member", "only one field of this choice may be given"},
      // wire types
      {"Issue", "08 01", 0, "to", "the wire type is not that of the field"},
      {"Issue", "12 0101", 0, "amount", "the wire type is not that of the field"},
      {"Issue", "11 0100000000000000", 0, "amount", "the wire type is not that of the field"},
      {"Issue", "15 01000000", 0, "amount", "the wire type is not that of the field"},
      {"Issue", "0b 0c", 0, "to", "the wire type is not that of the field"},
      {"Issue", "0e", 0, "to", "the wire type is not that of the field"},
      {"Operation", "08 01", 0, "transfer", "the wire type is not that of the field"},
      // varints
      {"Issue", "10 8100", 1, "amount", "the number is cut short, overlong or too large"},
      {"Issue", "10", 1, "amount", "the number is cut short, overlong or too large"},
      {"Issue", "10 80", 1, "amount", "the number is cut short, overlong or too large"},
      {"Issue", "10 ffffffffffffffffff02", 1, "amount", "the number is cut short, overlong or too large"},
      {"Issue", "10 ffffffffffffffffff8100", 1, "amount", "the number is cut short, overlong or too large"},
      {"Issue", "0a 8100 61", 1, "to", "the length is cut short, overlong or too large"},
      {"Pay order", "10 8080808010", 1, "payment", "the number is too large for the field"},
      {"Pay order", "10 ffffffffffffffffff01", 1, "payment", "the number is too large for the field"},
      {"ChangeKey", "18 02", 1, "revoke", "the number is too large for the field"},
      {"ChangeKey", "18 8100", 1, "revoke", "the number is cut short, overlong or too large"},
      // explicit defaults
      {"Issue", "1000", 1, "amount", "a zero must be left out, not written"},
      {"ChangeKey", "1800", 1, "revoke", "a zero must be left out, not written"},
      {"Issue", "0a00", 1, "to", "an empty value must be left out, not written"},
      {"Envelope", "0a00", 1, "body", "an empty value must be left out, not written"},
      {"Operation", "0a02 1800", 3, "transfer.amount", "a zero must be left out, not written"},
      // lengths and ends
      {"Issue", "0a02 61", 1, "to", "the length goes beyond the end"},
      {"Issue", "0a ffffffffffffffffff01", 1, "to", "the length goes beyond the end"},
      {"Body", "3204 0a020800", 4, "operations[0].transfer.from", "the wire type is not that of the field"},
      {"Body", "3203 0a0310 3200", 3, "operations[0].transfer", "the length goes beyond the end"},
      {"Body", "3202 0a00 3204 0a02 1800", 9, "operations[1].transfer.amount", "a zero must be left out, not written"},
      // text
      {"Issue", "0a01 80", 1, "to", "the text is not valid UTF-8"},
      {"Issue", "0a02 c080", 1, "to", "the text is not valid UTF-8"},                    // overlong NUL
      {"Issue", "0a02 c3 28", 1, "to", "the text is not valid UTF-8"},
      {"Issue", "0a03 e08080", 1, "to", "the text is not valid UTF-8"},                  // overlong
      {"Issue", "0a03 eda080", 1, "to", "the text is not valid UTF-8"},                  // surrogate
      {"Issue", "0a04 f4908080", 1, "to", "the text is not valid UTF-8"},                // above U+10FFFF
      {"Issue", "0a02 e282", 1, "to", "the text is not valid UTF-8"},                    // cut short
      {"Issue", "0a09 6161616161616161 ff", 1, "to", "the text is not valid UTF-8"},
      {"Genesis", "2203 555a53 2201 ff", 6, "currencies[1]", "the text is not valid UTF-8"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message, row.hex);
    std::string hex(row.hex);
    std::erase(hex, ' ');
    const auto result = strict_scan(unhex(hex), message(row.message));
    REQUIRE_FALSE(result);
    CHECK(result.error().offset == row.offset);
    CHECK(result.error().field == row.field);
    CHECK(result.error().sentence == row.sentence);
  }
}

TEST_CASE("What the scan accepts, Protobuf decodes and writes as the same bytes") {
  // Random small changes to a real body: where the scan says yes, the encoding was the only one.
  std::mt19937_64 random(seed());
  CAPTURE(seed());
  const auto original = encode_body(transfer_body());
  int accepted = 0, refused = 0;
  for (int round = 0; round < 200'000; ++round) {
    auto bytes = original;
    const auto changes = 1 + random() % 3;
    for (std::uint64_t i = 0; i < changes && !bytes.empty(); ++i) {
      const auto at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, 1 + random() % 2);
          break;
        default:
          bytes.insert(at, 1, static_cast<char>(random() % 2 ? random() : bytes[random() % bytes.size()]));
      }
    }
    const auto scanned = strict_scan(bytes, proto::TransactionBody::descriptor());
    (scanned ? accepted : refused)++;
    proto::TransactionBody decoded;
    if (!scanned) continue;
    REQUIRE(decoded.ParseFromString(bytes));
    REQUIRE(decoded.SerializeAsString() == bytes);
  }
  CHECK(accepted > 1000);
  CHECK(refused > 1000);
}

TEST_CASE("Scans on several threads share nothing that breaks") {
  const auto body = encode_body(transfer_body());
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i)
        for (const auto* descriptor : {proto::TransactionBody::descriptor(), proto::Operation::descriptor(), proto::Block::descriptor(),
                                       proto::Genesis::descriptor(), proto::Envelope::descriptor()})
          if (strict_scan(body, descriptor).has_value() == (descriptor == proto::TransactionBody::descriptor())) ++good;
    });
  for (auto& t : threads) t.join();
  CHECK(good == 4 * 1000 * 5);
}

TEST_CASE("Single fields written are the fields read") {
  std::string out;
  append_varint_field(out, 2, 0);
  CHECK(out.empty());
  append_varint_field(out, 2, 300);
  append_bytes_field(out, 3, "abc");
  append_bytes_field(out, 4, "");
  std::string_view rest = out;
  auto field = take_field(rest);
  REQUIRE(field);
  CHECK((field->number == 2 && field->varint == 300));
  field = take_field(rest);
  REQUIRE(field);
  CHECK((field->number == 3 && field->bytes == "abc"));
  field = take_field(rest);
  REQUIRE(field);
  CHECK((field->number == 4 && field->bytes.empty()));
  CHECK(rest.empty());
  CHECK_FALSE(take_field(rest));
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, ~std::uint64_t{0}}) {
    std::string bytes;
    append_varint(bytes, value);
    std::string_view view = bytes;
    CHECK(take_varint(view) == value);
    CHECK(view.empty());
  }
}
