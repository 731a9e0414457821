#include "ledger/receipt.h"

#include "ledger/decimal.h"
#include "ledger/merkle_log.h"

namespace daftar::ledger {
namespace {

constexpr std::string_view first_line = "c2sp.org/tlog-proof@v1\n";
constexpr std::string_view extra_word = "extra ";
constexpr std::string_view index_word = "index ";
constexpr std::size_t receipt_bytes_max = 16 * 1024 * 1024;
constexpr std::size_t proof_size_max = 64;  // the depth of a tree of 2^64 leaves

Unexpected<ReceiptFault> fault(std::string part, std::string sentence) {
  return Unexpected<ReceiptFault>(ReceiptFault{std::move(part), std::move(sentence)});
}

struct ReceiptParts {
  std::string entry;
  std::uint64_t index = 0;
  std::vector<Digest> proof;
  std::string_view certificate;
};

/// The line after `word`, taken off the front; nothing when the text does not begin so or the line does not end.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view word) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(word)) return std::nullopt;
  const auto line = text.substr(word.size(), end - word.size());
  text.remove_prefix(end + 1);
  return line;
}

Expected<ReceiptParts, ReceiptFault> split_receipt(std::string_view text) {
  if (text.size() > receipt_bytes_max) return fault("format", "The file is too large to be a receipt.");
  if (!text.starts_with(first_line)) return fault("format", "The file does not begin with c2sp.org/tlog-proof@v1: it is not a receipt.");
  text.remove_prefix(first_line.size());
  ReceiptParts parts;
  const auto extra = take_line(text, extra_word);
  auto entry = extra ? from_base64(*extra) : std::nullopt;
  if (!entry) return fault("entry", "The line 'extra' with the entry is missing or is not base64.");
  parts.entry = std::move(*entry);
  const auto index_line = take_line(text, index_word);
  const auto index = index_line ? parse_canonical_decimal(*index_line) : std::nullopt;
  if (!index) return fault("index", "The line 'index' is missing or is not a plain number.");
  parts.index = *index;
  for (;;) {
    const auto line = take_line(text, "");
    if (!line) return fault("format", "The receipt ends before its checkpoint.");
    if (line->empty()) break;
    const auto bytes = from_base64(*line);
    const auto hash = bytes ? Digest::from_bytes(*bytes) : std::nullopt;
    if (!hash) return fault("proof", "A line of the proof is not the base64 of a hash.");
    if (parts.proof.size() == proof_size_max) return fault("proof", "The proof is longer than any log can need.");
    parts.proof.push_back(*hash);
  }
  parts.certificate = text;
  return parts;
}

}  // namespace

std::string make_receipt(const Entry& entry, const std::vector<Digest>& proof, std::string_view certificate) {
  std::string out(first_line);
  out.append(extra_word).append(to_base64(encode_entry(entry))).append(1, '\n');
  out.append(index_word).append(std::to_string(entry.index)).append(1, '\n');
  for (const auto& hash : proof) out.append(to_base64(hash.view())).append(1, '\n');
  return out.append(1, '\n').append(certificate);
}

Expected<Checkpoint, ReceiptFault> claimed_checkpoint(std::string_view receipt) {
  auto parts = split_receipt(receipt);
  if (!parts) return Unexpected<ReceiptFault>(std::move(parts.error()));
  auto note = parse_note(parts->certificate);
  if (!note) return fault("checkpoint", "The checkpoint is not a well-formed signed note.");
  return std::move(note->checkpoint);
}

Expected<VerifiedReceipt, ReceiptFault> verify_receipt(std::string_view receipt, std::string_view origin,
                                                       const std::vector<PublicKey>& validators) {
  auto parts = split_receipt(receipt);
  if (!parts) return Unexpected<ReceiptFault>(std::move(parts.error()));

  auto note = parse_note(parts->certificate);
  if (!note) return fault("checkpoint", "The checkpoint is not a well-formed signed note.");
  if (note->checkpoint.origin != origin) return fault("origin", "The checkpoint is of another log: " + note->checkpoint.origin + ".");
  const auto signed_by = count_valid_lines(*note, validators);
  const auto needed = quorum_of(validators.size());
  if (signed_by < needed)
    return fault("signatures", "Only " + std::to_string(signed_by) + " validators' signatures hold; " + std::to_string(needed) + " of " +
                                   std::to_string(validators.size()) + " are needed.");

  auto entry = decode_entry(parts->entry);
  if (!entry) return fault("entry", "The entry cannot be decoded.");
  if (entry->index != parts->index) return fault("index", "The entry was made for another place in the log than the receipt says.");
  if (parts->index >= note->checkpoint.size) return fault("index", "The log was shorter at that checkpoint than the entry's place.");
  const auto leaf = leaf_hash(leaf_record(*entry));
  if (!verify_inclusion(parts->index, note->checkpoint.size, leaf, parts->proof, note->checkpoint.root))
    return fault("proof", "The entry is not in the log that the validators signed: entry or proof was changed.");
  return VerifiedReceipt{std::move(*entry), std::move(note->checkpoint), signed_by};
}

}  // namespace daftar::ledger
