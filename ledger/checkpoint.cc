#include "ledger/checkpoint.h"

#include <algorithm>
#include <set>

#include "ledger/decimal.h"
#include "ledger/utf8.h"

namespace daftar::ledger {
namespace {

constexpr std::string_view em_dash = "\xE2\x80\x94 ";  // U+2014 and a space begin a signature line
constexpr char ed25519_type = 0x01;
constexpr std::size_t note_bytes_max = 64 * 1024;
constexpr std::size_t note_lines_max = 100;

// White_Space of the Unicode Character Database.
bool is_unicode_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_key_name(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const auto c = take_code_point(text);
    if (!c || is_unicode_space(*c) || *c == '+' || *c < 0x20) return false;
  }
  return true;
}

bool is_note_text(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < 0x20 && c != '\n'; });
}

/// The text up to the next newline, taken off with it; nothing when there is no newline left.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::string key_material(const PublicKey& key) {
  std::string out(1, ed25519_type);
  return out.append(key.view());
}

std::optional<NoteLine> parse_line(std::string_view line) {
  if (!line.starts_with(em_dash)) return std::nullopt;
  line.remove_prefix(em_dash.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) return std::nullopt;
  const auto bytes = from_base64(line.substr(space + 1));
  NoteLine parsed;
  if (!bytes || bytes->size() <= parsed.key_id.size()) return std::nullopt;
  parsed.name = line.substr(0, space);
  std::copy_n(bytes->begin(), parsed.key_id.size(), parsed.key_id.begin());
  parsed.signature = bytes->substr(parsed.key_id.size());
  return parsed;
}

}  // namespace

std::string log_origin(std::string_view genesis_name, const Digest& ledger_id, std::uint64_t epoch) {
  return std::string(genesis_name) + "/" + ledger_id.hex().substr(0, 16) + "/" + std::to_string(epoch);
}

std::string Checkpoint::text() const { return origin + "\n" + std::to_string(size) + "\n" + to_base64(root.view()) + "\n"; }

std::optional<Checkpoint> Checkpoint::parse_text(std::string_view text) {
  if (!is_note_text(text)) return std::nullopt;
  const auto origin_line = take_line(text), size_line = take_line(text), root_line = take_line(text);
  if (!root_line || !text.empty() || origin_line->empty()) return std::nullopt;
  const auto size = parse_canonical_decimal(*size_line);
  const auto root_bytes = from_base64(*root_line);
  const auto root_digest = root_bytes ? Digest::from_bytes(*root_bytes) : std::nullopt;
  if (!size || !root_digest) return std::nullopt;
  return Checkpoint{std::string(*origin_line), *size, *root_digest};
}

std::array<std::uint8_t, 4> note_key_id(std::string_view name, const PublicKey& key) {
  const auto digest = sha256(name, "\n", key_material(key));
  std::array<std::uint8_t, 4> id;
  std::copy_n(digest.bytes.begin(), id.size(), id.begin());
  return id;
}

std::string note_vkey(std::string_view name, const PublicKey& key) {
  const auto id = note_key_id(name, key);
  return std::string(name) + "+" + to_hex({reinterpret_cast<const char*>(id.data()), id.size()}) + "+" + to_base64(key_material(key));
}

std::optional<NoteKey> parse_vkey(std::string_view vkey) {
  const auto first = vkey.find('+');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = vkey.find('+', first + 1);  // later ones belong to the base64
  if (second == std::string_view::npos) return std::nullopt;
  const auto material = from_base64(vkey.substr(second + 1));
  if (!material || material->empty() || material->front() != ed25519_type) return std::nullopt;
  const auto key = PublicKey::from_bytes(std::string_view(*material).substr(1));
  const auto name = vkey.substr(0, first);
  if (!key || !is_key_name(name) || note_vkey(name, *key) != vkey) return std::nullopt;
  return NoteKey{std::string(name), *key};
}

Signature sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key) { return key.sign(checkpoint.text()); }

bool verify_checkpoint(const Checkpoint& checkpoint, const CheckpointSignature& signature) {
  return verify(signature.key, checkpoint.text(), signature.signature);
}

std::string signed_note(const Checkpoint& checkpoint, const std::vector<CheckpointSignature>& signatures) {
  std::string note = checkpoint.text() + "\n";
  for (const auto& s : signatures) {
    const auto id = note_key_id(checkpoint.origin, s.key);
    std::string bytes(id.begin(), id.end());
    bytes.append(s.signature.view());
    note.append(em_dash).append(checkpoint.origin).append(1, ' ').append(to_base64(bytes)).append(1, '\n');
  }
  return note;
}

std::optional<ParsedNote> parse_note(std::string_view note) {
  if (note.size() > note_bytes_max || !is_note_text(note)) return std::nullopt;
  const auto blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return std::nullopt;
  auto checkpoint = Checkpoint::parse_text(note.substr(0, blank + 1));
  if (!checkpoint) return std::nullopt;
  ParsedNote parsed{std::move(*checkpoint), {}};
  std::string_view rest = note.substr(blank + 2);
  while (!rest.empty()) {
    const auto line = take_line(rest);
    auto signature = line ? parse_line(*line) : std::nullopt;
    if (!signature || parsed.lines.size() == note_lines_max) return std::nullopt;
    parsed.lines.push_back(std::move(*signature));
  }
  if (parsed.lines.empty()) return std::nullopt;
  return parsed;
}

std::size_t count_valid_lines(const ParsedNote& note, const std::vector<PublicKey>& validators) {
  const std::set<PublicKey> distinct(validators.begin(), validators.end());
  std::set<PublicKey> signers;
  for (const auto& line : note.lines) {
    if (line.name != note.checkpoint.origin) continue;
    bool known = false, valid = false;
    for (const auto& key : distinct) {
      if (line.key_id != note_key_id(line.name, key)) continue;
      known = true;
      const auto signature = Signature::from_bytes(line.signature);
      if (!signature || !verify_checkpoint(note.checkpoint, {key, *signature})) continue;
      valid = true;
      signers.insert(key);
    }
    if (known && !valid) return 0;
  }
  return signers.size();
}

std::size_t quorum_of(std::size_t validators) { return validators / 2 + 1; }

}  // namespace daftar::ledger
