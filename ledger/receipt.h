// Receipts: C2SP tlog-proof files whose `extra` is the encoded entry. They verify offline against the validators' checkpoint keys.
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/expected.h"

namespace daftar::ledger {

/// "c2sp.org/tlog-proof@v1\nextra <base64>\nindex N\n<base64 hash>...\n\n<signed checkpoint>"
std::string make_receipt(const Entry& entry, const std::vector<Digest>& proof, std::string_view certificate);

struct VerifiedReceipt { Entry entry; Checkpoint checkpoint; std::size_t validators_signed = 0; };

/// What a person is told when a receipt does not hold: which part, in one sentence.
/// part: format | entry | index | proof | checkpoint | origin | signatures.
struct ReceiptFault { std::string part; std::string sentence; };

/// The checkpoint that a receipt says it was made under. Nothing is verified: it only tells whose keys to verify with.
Expected<Checkpoint, ReceiptFault> claimed_checkpoint(std::string_view receipt);

/// `validators`: the checkpoint keys in force at that size, distinct. Total: any text gives a verdict; at most 16 MiB are looked at.
/// Recomputes the leaf from `extra` (never trusts it), checks index, proof, root, origin and a quorum of `validators`.
Expected<VerifiedReceipt, ReceiptFault> verify_receipt(std::string_view receipt, std::string_view origin,
                                                       const std::vector<PublicKey>& validators);

}  // namespace daftar::ledger
