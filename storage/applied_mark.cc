#include "storage/applied_mark.h"

#include "ledger/encoding.h"

namespace daftar::storage {

namespace {
constexpr std::uint8_t mark_version = 1;
}

std::string encode_mark(const AppliedMark& mark) {
  ledger::Writer out;
  out.u8(mark_version);
  out.u64(mark.raft_index);
  out.u64(mark.raft_term);
  out.u64(mark.height);
  out.u64(mark.block_time_ms);
  out.bytes(mark.block_hash);
  out.u64(mark.entries);
  out.u8(static_cast<std::uint8_t>(mark.frontier.size()));
  for (const auto& subtree : mark.frontier) out.raw(subtree.view());
  out.bytes(mark.membership);
  return out.take();
}

std::optional<AppliedMark> decode_mark(std::string_view bytes) {
  ledger::Reader in(bytes);
  if (in.u8() != mark_version) return std::nullopt;
  AppliedMark mark;
  mark.raft_index = in.u64();
  mark.raft_term = in.u64();
  mark.height = in.u64();
  mark.block_time_ms = in.u64();
  mark.block_hash = in.bytes();
  mark.entries = in.u64();
  for (unsigned left = in.u8(); left > 0 && in.ok(); --left)
    if (const auto subtree = ledger::Digest::from_bytes(in.raw(32))) mark.frontier.push_back(*subtree);
  mark.membership = in.bytes();
  if (!in.done()) return std::nullopt;
  return mark;
}

}  // namespace daftar::storage
