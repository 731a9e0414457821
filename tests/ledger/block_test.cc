#include "ledger/block.h"

#include "ledger/wire_read.h"
#include "ledger/wire_scan.h"
#include "tests/ledger/support.h"

using namespace daftar::ledger;
using namespace daftar::ledger::testing;

namespace {

std::vector<std::shared_ptr<const Transaction>> transactions(unsigned count) {
  std::vector<std::shared_ptr<const Transaction>> out;
  for (unsigned i = 0; i < count; ++i) {
    auto body = transfer_body();
    body.mutable_operations(0)->mutable_transfer()->set_amount(i + 1);
    out.push_back(*Transaction::parse(signed_envelope(body, key_of(1)), {}));
  }
  return out;
}

daftar::Expected<std::shared_ptr<const Block>, Rejection> parse(std::string bytes, const BlockLimits& limits = {}) {
  return Block::parse(std::make_shared<const std::string>(std::move(bytes)), limits, {});
}

RejectionCode code_of(std::string bytes, const BlockLimits& limits = {}) {
  const auto parsed = parse(std::move(bytes), limits);
  return parsed ? RejectionCode::ok : parsed.error().code;
}

}  // namespace

TEST_CASE("A block parsed from its bytes is the block that was made") {
  const auto previous = sha256("previous");
  for (const bool checkpoint : {false, true})
    for (const unsigned count : {0u, 1u, 5u}) {
      const auto made = make_block(previous, 7, 1'700'000'000'000, checkpoint, transactions(count));
      REQUIRE(strict_scan(made->bytes(), proto::Block::descriptor()));
      const auto parsed = parse(made->bytes());
      REQUIRE(parsed);
      for (const auto& block : {made, *parsed}) {
        CHECK(block->bytes() == made->bytes());
        CHECK(block->hash() == block_hash(made->bytes()));
        CHECK(block->previous_hash() == previous);
        CHECK(block->height() == 7);
        CHECK(block->time_ms() == 1'700'000'000'000);
        CHECK(block->checkpoint() == checkpoint);
        REQUIRE(block->transactions().size() == count);
        for (unsigned i = 0; i < count; ++i) CHECK(block->transactions()[i]->envelope() == made->transactions()[i]->envelope());
      }
    }
}

TEST_CASE("A block's bytes are those Protobuf would write") {
  const auto made = make_block(sha256("p"), 300, 5, true, transactions(2));
  proto::Block message;
  REQUIRE(message.ParseFromString(made->bytes()));
  CHECK(message.SerializeAsString() == made->bytes());
  CHECK(message.height() == 300);
  CHECK(message.envelopes_size() == 2);
}

TEST_CASE("Blocks that no honest leader sends are refused") {
  const auto made = make_block(sha256("p"), 1, 1, false, transactions(3));
  CHECK(code_of(made->bytes()) == RejectionCode::ok);
  BlockLimits limits;
  limits.transactions_max = 2;
  CHECK(code_of(made->bytes(), limits) == RejectionCode::too_large);
  limits = {};
  limits.bytes_max = made->bytes().size() - 1;
  CHECK(code_of(made->bytes(), limits) == RejectionCode::too_large);
  CHECK(code_of("") == RejectionCode::malformed);
  CHECK(code_of(made->bytes() + "\x01") == RejectionCode::malformed);
  CHECK(code_of(encode_block(sha256("p"), 0, 1, false, {})) == RejectionCode::malformed);
  CHECK(code_of(encode_block(sha256("p"), 1, 0, false, {})) == RejectionCode::malformed);
  std::string short_hash;
  append_bytes_field(short_hash, 1, std::string(31, 'x'));
  append_varint_field(short_hash, 2, 1);
  append_varint_field(short_hash, 3, 1);
  CHECK(code_of(short_hash) == RejectionCode::malformed);
  auto bytes = made->bytes();
  append_bytes_field(bytes, 5, make_envelope(encode_body(transfer_body()), {}));
  const auto parsed = parse(bytes);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == RejectionCode::signature_missing);
  CHECK(parsed.error().detail.starts_with("block: envelopes[3]"));
}
