// Checkpoints: C2SP tlog-checkpoint text in C2SP signed-note form, one type 0x01 (Ed25519) line per validator, key name = origin.
//
//   daftar-dev/3f6c…/0          origin: <genesis name>/<first 16 hex digits of the ledger id>/<epoch>
//   1234                        tree size
//   q83v…=                      base64 root
//
//   — daftar-dev/3f6c…/0 AbCd…  base64(4-byte key id ‖ 64-byte signature)
//
// A certificate is a checkpoint with lines of a quorum of distinct validators.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/hash.h"
#include "ledger/keys.h"

namespace daftar::ledger {

std::string log_origin(std::string_view genesis_name, const Digest& ledger_id, std::uint64_t epoch);

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root;
  bool operator==(const Checkpoint&) const = default;
  /// The note's text: what is signed; ends with a newline.
  std::string text() const;
  static std::optional<Checkpoint> parse_text(std::string_view text);
};

/// First 4 bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key): the key id of signed-note.
std::array<std::uint8_t, 4> note_key_id(std::string_view name, const PublicKey& key);
/// `<name>+<hex key id>+<base64(0x01 ‖ key)>`
std::string note_vkey(std::string_view name, const PublicKey& key);
struct NoteKey { std::string name; PublicKey key; };
std::optional<NoteKey> parse_vkey(std::string_view vkey);

struct CheckpointSignature {
  PublicKey key;
  Signature signature;
};
Signature sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key);
bool verify_checkpoint(const Checkpoint& checkpoint, const CheckpointSignature& signature);

/// Text ‖ blank line ‖ one line per signature, in the order given. With no signature it is not a note yet: parse_note refuses it.
std::string signed_note(const Checkpoint& checkpoint, const std::vector<CheckpointSignature>& signatures);

struct NoteLine { std::string name; std::array<std::uint8_t, 4> key_id{}; std::string signature; };
struct ParsedNote { Checkpoint checkpoint; std::vector<NoteLine> lines; };
/// Strict by C2SP signed-note; at most 100 lines and 64 KiB. Unknown lines are kept and ignored by certificate checks.
std::optional<ParsedNote> parse_note(std::string_view note);

/// Validators whose lines verify, each counted once. `validators` is the set in force at that size. A line that names the key of a
/// validator and does not verify makes the whole note worthless (signed-note: reject), and the count 0; lines of others are ignored.
std::size_t count_valid_lines(const ParsedNote& note, const std::vector<PublicKey>& validators);
/// n/2 + 1
std::size_t quorum_of(std::size_t validators);

}  // namespace daftar::ledger
