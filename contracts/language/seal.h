// Sealed entries: a digest is given first, what it was made of later, so that nobody knows what others offer before all are bound to what they offer.
#pragma once
#include <span>
#include <string>
#include <utility>

#include "contracts/language/instance.h"
#include "ledger/hash.h"

namespace daftar::contracts::language {

/// SHA-256 over tag "daftar/seal/v1" and: the contract's id (32 bytes), the id of the member who makes the entry, the number of values, and each value's name with what
/// it is (docs/formats.md, "Seals"). Contract and member stand in it so that nobody can use another's seal, or one's own again elsewhere. The last value is the
/// salt, 32 random bytes: without it few trials would find a price.
ledger::Digest seal_of(std::string_view contract, std::string_view member, std::span<const std::pair<std::string, Value>> values);

}  // namespace daftar::contracts::language
