#include "ledger/block.h"

#include "ledger/check.h"
#include "ledger/wire_read.h"
#include "ledger/wire_scan.h"

namespace daftar::ledger {
namespace {

Unexpected<Rejection> refuse(RejectionCode code, std::string detail) { return Unexpected<Rejection>(Rejection{code, std::move(detail)}); }

}  // namespace

Expected<std::shared_ptr<const Block>, Rejection> Block::parse(std::shared_ptr<const std::string> bytes, const BlockLimits& limits,
                                                              const TransactionLimits& transaction_limits) {
  if (bytes->size() > limits.bytes_max) return refuse(RejectionCode::too_large, "block of " + std::to_string(bytes->size()) + " bytes");
  if (auto scanned = strict_scan(*bytes, proto::Block::descriptor()); !scanned)
    return refuse(RejectionCode::malformed, "block: " + describe(scanned.error()));

  std::shared_ptr<Block> block(new Block);
  block->bytes_ = std::move(bytes);
  std::optional<Digest> previous;
  std::string_view rest = *block->bytes_;
  while (const auto field = take_field(rest)) {
    switch (field->number) {
      case 1:
        previous = Digest::from_bytes(field->bytes);
        break;
      case 2:
        block->height_ = field->varint;
        break;
      case 3:
        block->time_ms_ = field->varint;
        break;
      case 4:
        block->checkpoint_ = field->varint == 1;
        break;
      case 5: {
        const auto place = block->transactions_.size();
        if (place == limits.transactions_max)
          return refuse(RejectionCode::too_large, "block: more than " + std::to_string(limits.transactions_max) + " transactions");
        auto transaction = Transaction::parse(std::string(field->bytes), transaction_limits);
        if (!transaction) {
          auto& reason = transaction.error();
          return refuse(reason.code, "block: envelopes[" + std::to_string(place) + "]: " + reason.detail);
        }
        block->transactions_.push_back(std::move(*transaction));
        break;
      }
      default:
        return refuse(RejectionCode::malformed, "block: unknown field");
    }
  }
  if (!previous) return refuse(RejectionCode::malformed, "block: previous_hash must have 32 bytes");
  if (block->height_ == 0) return refuse(RejectionCode::malformed, "block: height counts from 1");
  if (block->time_ms_ == 0) return refuse(RejectionCode::malformed, "block: time is missing");
  block->previous_hash_ = *previous;
  block->hash_ = block_hash(*block->bytes_);
  return std::shared_ptr<const Block>(std::move(block));
}

std::string encode_block(const Digest& previous_hash, std::uint64_t height, std::uint64_t time_ms, bool checkpoint,
                         const std::vector<std::shared_ptr<const Transaction>>& transactions) {
  std::size_t size = 64;
  for (const auto& t : transactions) size += t->envelope().size() + 6;
  std::string bytes;
  bytes.reserve(size);
  append_bytes_field(bytes, 1, previous_hash.view());
  append_varint_field(bytes, 2, height);
  append_varint_field(bytes, 3, time_ms);
  append_varint_field(bytes, 4, checkpoint ? 1 : 0);
  for (const auto& t : transactions) append_bytes_field(bytes, 5, t->envelope());
  return bytes;
}

std::shared_ptr<const Block> make_block(const Digest& previous_hash, std::uint64_t height, std::uint64_t time_ms, bool checkpoint,
                                        std::vector<std::shared_ptr<const Transaction>> transactions) {
  DAFTAR_CHECK(height > 0);
  DAFTAR_CHECK(time_ms > 0);
  std::shared_ptr<Block> block(new Block);
  block->bytes_ = std::make_shared<const std::string>(encode_block(previous_hash, height, time_ms, checkpoint, transactions));
  block->hash_ = block_hash(*block->bytes_);
  block->previous_hash_ = previous_hash;
  block->height_ = height;
  block->time_ms_ = time_ms;
  block->checkpoint_ = checkpoint;
  block->transactions_ = std::move(transactions);
  return block;
}

Digest block_hash(std::string_view block_bytes) { return tagged_hash(tag::block, block_bytes); }

}  // namespace daftar::ledger
