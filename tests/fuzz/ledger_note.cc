// parse_note and parse_vkey on any text. A checkpoint that is read is written as the same text.
#include "ledger/check.h"
#include "ledger/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace daftar::ledger;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto note = parse_note(text)) {
    DAFTAR_CHECK(text.starts_with(note->checkpoint.text()));
    DAFTAR_CHECK(!note->lines.empty());
    DAFTAR_CHECK(count_valid_lines(*note, {PublicKey{}}) == 0);
  }
  if (const auto key = parse_vkey(text)) DAFTAR_CHECK(note_vkey(key->name, key->key) == text);
  return 0;
}
