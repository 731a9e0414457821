#include "tools/keystore.h"

#include <sodium.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "ledger/ids.h"
#include "tools/files.h"

namespace daftar::tools {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::size_t heap_bytes_min = 64;  // above any small-string buffer: moving a Secret moves a pointer, never bytes

struct Parsed {
  KeystoreInfo info;
  std::string salt, nonce, ciphertext;
};

Unexpected<ToolError> damaged(const fs::path& file, const std::string& what) {
  return failure(Exit::usage, "keystore_damaged", "Keystore " + file.string() + " cannot be read: " + what + ".",
                 "Restore the file from a copy; nothing was changed.");
}

// Fixed layout, so that no question of JSON formatting can arise.
std::string associated_data(const KeystoreInfo& info, std::string_view salt) {
  std::string out = "daftar-keystore/v1\n" + info.member + "\n" + info.public_key.hex() + "\nargon2id\n";
  out += std::to_string(info.memory_bytes) + "\n" + std::to_string(info.passes) + "\n" + ledger::to_hex(salt) + "\nxchacha20poly1305-ietf\n";
  return out;
}

Result<Secret> derive(const fs::path& file, const Secret& passphrase, const KeystoreInfo& info, std::string_view salt) {
  std::string key(std::max<std::size_t>(crypto_aead_xchacha20poly1305_ietf_KEYBYTES, heap_bytes_min), '\0');
  const int failed = crypto_pwhash(reinterpret_cast<unsigned char*>(key.data()), crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
                                   passphrase.bytes().data(), passphrase.bytes().size(), reinterpret_cast<const unsigned char*>(salt.data()),
                                   info.passes, info.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  if (failed != 0)
    return failure(Exit::usage, "keystore_memory", "There is not enough memory to derive the key of " + file.string() + ".",
                   "It needs " + std::to_string(info.memory_bytes >> 20) + " MiB.");
  return Secret(std::move(key));
}

std::optional<std::string> hex_field(const json& object, const char* name, std::size_t size) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_string()) return std::nullopt;
  auto bytes = ledger::from_hex(it->get<std::string>());
  if (!bytes || bytes->size() != size) return std::nullopt;
  return bytes;
}

Result<Parsed> parse(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0)
    return failure(Exit::usage, "keystore_unreadable", "Cannot open keystore " + file.string() + ": " + std::strerror(errno) + ".",
                   "Make one with `daftar key new`, or name the folder with --keys.");
  if ((status.st_mode & 077) != 0)
    return failure(Exit::usage, "keystore_permissions", "Keystore " + file.string() + " can be read by others.", "Run: chmod 600 " + file.string());
  auto text = read_file(file, 64 * 1024);
  if (!text) return failure(Exit::usage, "keystore_unreadable", text.error().sentence);
  const json document = json::parse(*text, nullptr, false);
  if (!document.is_object()) return damaged(file, "it is not JSON");
  if (document.value("format", json()) != "daftar-keystore") return damaged(file, "it is not a keystore of Daftar");
  if (document.value("version", json()) != 1) return damaged(file, "its version is not 1");
  if (document.value("cipher", json()) != "xchacha20poly1305-ietf") return damaged(file, "its cipher is not xchacha20poly1305-ietf");
  Parsed parsed;
  const auto member = document.find("member");
  if (member == document.end() || !member->is_string() || !ledger::is_member_id(member->get<std::string>()))
    return damaged(file, "field member is missing or no member id");
  parsed.info.member = member->get<std::string>();
  const auto public_key = hex_field(document, "public_key", 32);
  if (!public_key) return damaged(file, "field public_key is missing or not 64 hexadecimal digits");
  parsed.info.public_key = *ledger::PublicKey::from_bytes(*public_key);
  const auto kdf = document.find("kdf");
  if (kdf == document.end() || !kdf->is_object() || kdf->value("name", json()) != "argon2id") return damaged(file, "its kdf is not argon2id");
  for (auto [name, place] : {std::pair{"memory_bytes", &parsed.info.memory_bytes}, std::pair{"passes", &parsed.info.passes}}) {
    const auto it = kdf->find(name);
    if (it == kdf->end() || !it->is_number_unsigned()) return damaged(file, std::string("field kdf.") + name + " is missing or no whole number");
    *place = it->get<std::uint64_t>();
  }
  if (parsed.info.memory_bytes < kdf_memory_bytes_min || parsed.info.memory_bytes > kdf_memory_bytes_max ||
      parsed.info.passes < kdf_passes_min || parsed.info.passes > kdf_passes_max)
    return failure(Exit::usage, "keystore_parameters",
                   "Keystore " + file.string() + " asks for " + std::to_string(parsed.info.memory_bytes) + " bytes and " +
                       std::to_string(parsed.info.passes) + " passes; 64 MiB to 1 GiB and 3 to 16 passes are allowed.",
                   "Somebody may have altered the file: restore it from a copy.");
  auto salt = hex_field(*kdf, "salt", crypto_pwhash_SALTBYTES);
  auto nonce = hex_field(document, "nonce", crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  auto ciphertext = hex_field(document, "ciphertext", 32 + crypto_aead_xchacha20poly1305_ietf_ABYTES);
  if (!salt || !nonce || !ciphertext) return damaged(file, "kdf.salt, nonce or ciphertext is missing or has the wrong length");
  parsed.salt = std::move(*salt);
  parsed.nonce = std::move(*nonce);
  parsed.ciphertext = std::move(*ciphertext);
  return parsed;
}

}  // namespace

Secret::Secret(std::string bytes) : bytes_(std::move(bytes)) {
  if (bytes_.capacity() < heap_bytes_min) {
    std::string roomy;
    roomy.reserve(heap_bytes_min);
    roomy.assign(bytes_);
    sodium_memzero(bytes_.data(), bytes_.size());
    bytes_.swap(roomy);
  }
  static_cast<void>(sodium_mlock(bytes_.data(), bytes_.capacity()));  // best effort: the limit on locked memory may be small
}
Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_ = std::string(); }
Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    bytes_.swap(other.bytes_);
  }
  return *this;
}
Secret::~Secret() {
  if (bytes_.capacity() < heap_bytes_min) return;
  bytes_.resize(bytes_.capacity());
  sodium_munlock(bytes_.data(), bytes_.size());  // wipes too
}

Result<void> write_keystore(const fs::path& file, const std::string& member, const ledger::SigningKey& key, const Secret& passphrase,
                            bool replace) {
  if (!ledger::is_member_id(member))
    return failure(Exit::usage, "member_id", "'" + member + "' is no member id.", "1 to 40 of a-z 0-9 -, first a letter or digit.");
  std::error_code ec;
  if (!replace && fs::exists(fs::symlink_status(file, ec)))
    return failure(Exit::usage, "keystore_exists", "There is a keystore at " + file.string() + " already.", "Choose another name; it is never overwritten.");
  if (auto made = make_private_dir(file.parent_path()); !made) return made;
  KeystoreInfo info{member, key.public_key(), kdf_memory_bytes_min, kdf_passes_min};
  std::string salt(crypto_pwhash_SALTBYTES, '\0'), nonce(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, '\0');
  randombytes_buf(salt.data(), salt.size());
  randombytes_buf(nonce.data(), nonce.size());
  auto derived = derive(file, passphrase, info, salt);
  if (!derived) return Unexpected<ToolError>(derived.error());
  const Secret seed(key.seed());
  const std::string associated = associated_data(info, salt);
  std::string ciphertext(seed.bytes().size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  unsigned long long written = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      reinterpret_cast<unsigned char*>(ciphertext.data()), &written, reinterpret_cast<const unsigned char*>(seed.bytes().data()),
      seed.bytes().size(), reinterpret_cast<const unsigned char*>(associated.data()), associated.size(), nullptr,
      reinterpret_cast<const unsigned char*>(nonce.data()), reinterpret_cast<const unsigned char*>(derived->bytes().data()));
  const json document = {
      {"format", "daftar-keystore"},
      {"version", 1},
      {"member", member},
      {"public_key", info.public_key.hex()},
      {"kdf", {{"name", "argon2id"}, {"memory_bytes", info.memory_bytes}, {"passes", info.passes}, {"salt", ledger::to_hex(salt)}}},
      {"cipher", "xchacha20poly1305-ietf"},
      {"nonce", ledger::to_hex(nonce)},
      {"ciphertext", ledger::to_hex(ciphertext)}};
  return write_file(file, document.dump(2) + "\n", 0600);
}

Result<UnlockedKey> unlock_keystore(const fs::path& file, const Secret& passphrase) {
  auto parsed = parse(file);
  if (!parsed) return Unexpected<ToolError>(parsed.error());
  auto derived = derive(file, passphrase, parsed->info, parsed->salt);
  if (!derived) return Unexpected<ToolError>(derived.error());
  const std::string associated = associated_data(parsed->info, parsed->salt);
  std::string seed(heap_bytes_min, '\0');
  unsigned long long written = 0;
  const int refused = crypto_aead_xchacha20poly1305_ietf_decrypt(
      reinterpret_cast<unsigned char*>(seed.data()), &written, nullptr, reinterpret_cast<const unsigned char*>(parsed->ciphertext.data()),
      parsed->ciphertext.size(), reinterpret_cast<const unsigned char*>(associated.data()), associated.size(),
      reinterpret_cast<const unsigned char*>(parsed->nonce.data()), reinterpret_cast<const unsigned char*>(derived->bytes().data()));
  if (refused != 0)
    return failure(Exit::usage, "keystore_wrong_passphrase", "The passphrase does not open keystore " + file.string() + ".",
                   "Try again; if you are sure of the passphrase, the file was altered: restore it from a copy.");
  seed.resize(32);
  const Secret guarded(std::move(seed));
  auto key = ledger::SigningKey::from_seed(guarded.bytes());
  if (!key || key->public_key() != parsed->info.public_key) return damaged(file, "its private key does not belong to its public key");
  return UnlockedKey{parsed->info.member, std::move(*key)};
}

Result<KeystoreInfo> inspect_keystore(const fs::path& file) {
  auto parsed = parse(file);
  if (!parsed) return Unexpected<ToolError>(parsed.error());
  return parsed->info;
}

Result<void> change_passphrase(const fs::path& file, const Secret& old_passphrase, const Secret& new_passphrase) {
  auto unlocked = unlock_keystore(file, old_passphrase);
  if (!unlocked) return Unexpected<ToolError>(unlocked.error());
  return write_keystore(file, unlocked->member, unlocked->key, new_passphrase, true);
}

void forbid_core_dumps() {
  const rlimit none{0, 0};
  static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
}

}  // namespace daftar::tools
