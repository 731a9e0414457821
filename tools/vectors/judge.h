// Judges one line of a vector set of others by Daftar's own code, so that public test vectors can be run against it.
#pragma once
#include <string>
#include <string_view>

namespace daftar::vectors {

/// `<public key hex> <message hex or -> <signature hex or ->` by the whole signature rule (ledger/keys.h), registration included.
/// "ok" or "err".
std::string judge_ed25519(std::string_view line);

/// A JSON object {"kind":"inclusion"|"consistency"|"root", ...}; hashes in hex. "ok", "err", or for kind root the root in hex.
std::string judge_merkle(std::string_view line);

}  // namespace daftar::vectors
