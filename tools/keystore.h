// A member's private key in a file, encrypted under a passphrase.
//
// JSON: {"format":"daftar-keystore","version":1,"member":"acme","public_key":hex,
//        "kdf":{"name":"argon2id","memory_bytes":67108864,"passes":3,"salt":hex(16)},
//        "cipher":"xchacha20poly1305-ietf","nonce":hex(24),"ciphertext":hex(32+16)}
// Everything but nonce and ciphertext is associated data of the cipher: a changed parameter, member or public key does not open.
// Parameters are bounded both ways when read: too weak is refused (somebody weakened it), too strong is refused (it would eat the machine).
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "ledger/keys.h"
#include "tools/error.h"

namespace daftar::tools {

inline constexpr std::uint64_t kdf_memory_bytes_min = 64ull << 20, kdf_memory_bytes_max = 1ull << 30;
inline constexpr std::uint64_t kdf_passes_min = 3, kdf_passes_max = 16;

/// Bytes that are wiped when they die and kept out of swap where the system allows it. Not copyable.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();
  const std::string& bytes() const { return bytes_; }
  Secret copy() const { return Secret(std::string(bytes_)); }

 private:
  std::string bytes_;
};

/// What stands in the file in the clear.
struct KeystoreInfo {
  std::string member;
  ledger::PublicKey public_key;
  std::uint64_t memory_bytes = 0, passes = 0;
};

struct UnlockedKey {
  std::string member;
  ledger::SigningKey key;
};

/// Writes a new file (0600, its folder 0700 if made here): a temporary file, fsync, rename. Refuses to replace an existing file unless
/// `replace`. One Argon2id derivation: about 0.2 s and 64 MiB.
Result<void> write_keystore(const std::filesystem::path& file, const std::string& member, const ledger::SigningKey& key,
                            const Secret& passphrase, bool replace = false);
/// Errors: keystore_unreadable, keystore_permissions (wider than 0600), keystore_damaged (not our format, or parameters out of bounds:
/// keystore_parameters), keystore_wrong_passphrase (the passphrase is not the one, or the file was altered: the cipher cannot tell which).
Result<UnlockedKey> unlock_keystore(const std::filesystem::path& file, const Secret& passphrase);
Result<KeystoreInfo> inspect_keystore(const std::filesystem::path& file);
/// The old file stays until the new one is on disk.
Result<void> change_passphrase(const std::filesystem::path& file, const Secret& old_passphrase, const Secret& new_passphrase);

/// No core dumps of this process: they would hold keys. Call once at the start of a program that unlocks keystores.
void forbid_core_dumps();

}  // namespace daftar::tools
