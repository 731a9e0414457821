// What parties sign when they sign a contract: a digest over the terms exactly as they were sent.
#pragma once
#include <optional>
#include <string_view>

#include "ledger/hash.h"

namespace daftar::contracts {

/// The bytes of the first DraftContract in an encoded TransactionBody, as they stand there; nothing when there is none. Total.
std::optional<std::string_view> draft_bytes(std::string_view body_bytes);

/// tagged_hash(tag::terms, draft_bytes(body)). A wallet computes it from the bytes it signed or received.
std::optional<ledger::Digest> terms_digest(std::string_view body_bytes);

}  // namespace daftar::contracts
