// Entries, checkpoints, certificates and receipts.
#include "ledger/receipt.h"

#include "ledger/merkle_log.h"
#include "tests/ledger/support.h"

using namespace daftar::ledger;
using namespace daftar::ledger::testing;

namespace {

const std::string origin = "test/00112233aabbccdd/0";

Entry entry_at(std::uint64_t index) {
  Entry entry;
  entry.index = index;
  entry.height = 3;
  entry.time_ms = 1'700'000'000'000;
  entry.id = sha256("id " + std::to_string(index));
  entry.nonce = "0123456789abcdef";
  entry.envelope = "an envelope";
  entry.result = "a result";
  return entry;
}

struct Log {
  std::vector<Digest> leaves;
  std::vector<PublicKey> validators;
  Checkpoint checkpoint;
  std::vector<CheckpointSignature> signatures;
};

Log log_of(std::size_t size, unsigned validators) {
  Log log;
  for (std::size_t i = 0; i < size; ++i) log.leaves.push_back(leaf_hash(leaf_record(entry_at(i))));
  log.checkpoint = {origin, size, root_of(log.leaves)};
  for (unsigned i = 0; i < validators; ++i) {
    const auto key = key_of(i);
    log.validators.push_back(key.public_key());
    log.signatures.push_back({key.public_key(), sign_checkpoint(log.checkpoint, key)});
  }
  return log;
}

std::vector<Digest> proof_of(const Log& log, std::uint64_t index) {
  return inclusion_proof(index, log.leaves.size(), [&](unsigned level, std::uint64_t i) {
    const auto width = 1L << level, first = static_cast<long>(i) * width;
    return root_of({log.leaves.begin() + first, log.leaves.begin() + first + width});
  });
}

std::string receipt_of(const Log& log, std::uint64_t index) {
  return make_receipt(entry_at(index), proof_of(log, index), signed_note(log.checkpoint, log.signatures));
}

std::string fault_of(std::string_view receipt, const Log& log, std::string_view expected_origin = origin) {
  const auto verified = verify_receipt(receipt, expected_origin, log.validators);
  return verified ? "none" : verified.error().part;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("An entry is read back as it was written, and no other bytes are an entry") {
  auto entry = entry_at(5);
  entry.kind = EntryKind::deadline;
  entry.envelope.clear();
  const auto bytes = encode_entry(entry);
  const auto read = decode_entry(bytes);
  REQUIRE(read);
  CHECK(encode_entry(*read) == bytes);
  CHECK(leaf_record(*read) == leaf_record(entry));
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode_entry(std::string_view(bytes).substr(0, size)));
  CHECK_FALSE(decode_entry(bytes + "x"));
  auto changed = bytes;
  changed[0] = 2;
  CHECK_FALSE(decode_entry(changed));
  changed = bytes;
  changed[25] = 2;  // the kind
  CHECK_FALSE(decode_entry(changed));
}

TEST_CASE("A leaf has 122 bytes and depends on every part of the entry") {
  const auto base = leaf_record(entry_at(5));
  CHECK(base.size() == 122);
  CHECK(base == leaf_record(entry_at(5), envelope_hash("an envelope")));
  std::vector<Entry> others(8, entry_at(5));
  others[0].index = 6;
  others[1].height = 4;
  others[2].time_ms += 1;
  others[3].kind = EntryKind::deadline;
  others[4].id = sha256("other");
  others[5].nonce = "1123456789abcdef";
  others[6].envelope += "x";
  others[7].result += "x";
  for (const auto& other : others) CHECK(leaf_record(other) != base);
}

TEST_CASE("signed-note: key ids and vkeys of the public example") {
  // golang.org/x/mod/sumdb/note, package example.
  const auto key = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  REQUIRE(key);
  CHECK(key->name == "PeterNeumann");
  CHECK(note_vkey(key->name, key->key) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  const std::string text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const auto signature = from_base64("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=");
  REQUIRE(signature);
  CHECK(to_hex(signature->substr(0, 4)) == "c74f20a3");
  CHECK(verify(key->key, text, *Signature::from_bytes(signature->substr(4))));

  for (const auto* bad : {"", "PeterNeumann", "PeterNeumann+c74f20a3", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                          "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                          "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                          "PeterNeumann+c74f20a3+AhpccQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"})
    CHECK_FALSE(parse_vkey(bad));
}

TEST_CASE("A checkpoint's text is three lines and only those") {
  const Checkpoint checkpoint{origin, 1234, sha256("root")};
  const auto text = checkpoint.text();
  CHECK(text == origin + "\n1234\n" + to_base64(sha256("root").view()) + "\n");
  CHECK(Checkpoint::parse_text(text) == checkpoint);
  CHECK(Checkpoint::parse_text(replaced(text, "1234", "0"))->size == 0);
  for (const auto& bad : {std::string(), text.substr(0, text.size() - 1), text + "extension\n", text + "\n", replaced(text, "1234", "01234"),
                          replaced(text, "1234", "+1"), replaced(text, "1234", ""), replaced(text, "1234", "18446744073709551616"),
                          replaced(text, origin, ""), replaced(text, "test", "te\tst"), replaced(text, "test", "te\xffst"),
                          replaced(text, "=\n", "\n"), replaced(text, "\n1234", "\r\n1234")})
    CHECK_FALSE(Checkpoint::parse_text(bad));
}

TEST_CASE("A certificate counts each validator once, and only by what it signed") {
  const auto log = log_of(5, 3);
  const auto count = [&](const std::vector<CheckpointSignature>& signatures) {
    const auto note = parse_note(signed_note(log.checkpoint, signatures));
    REQUIRE(note);
    return count_valid_lines(*note, log.validators);
  };
  const auto& s = log.signatures;
  CHECK(count({s[0], s[1], s[2]}) == 3);
  CHECK(count({s[2], s[0]}) == 2);
  CHECK(count({s[0], s[0], s[0]}) == 1);
  const auto outsider = key_of(9);
  CHECK(count({{outsider.public_key(), sign_checkpoint(log.checkpoint, outsider)}}) == 0);
  CHECK(count({s[0], {outsider.public_key(), s[1].signature}}) == 1);
  CHECK(count({s[0], s[1], {s[2].key, s[1].signature}}) == 0);  // a known key's false line spoils the note
  auto other = log.checkpoint;
  other.size += 1;
  CHECK(count({{s[0].key, sign_checkpoint(other, key_of(0))}}) == 0);
  CHECK((quorum_of(1) == 1 && quorum_of(2) == 2 && quorum_of(3) == 2 && quorum_of(4) == 3 && quorum_of(5) == 3));

  auto note = *parse_note(signed_note(log.checkpoint, s));
  note.lines[0].name = "other";  // a line under another name is another key's
  CHECK(count_valid_lines(note, log.validators) == 2);
}

TEST_CASE("Notes are read strictly") {
  const auto log = log_of(5, 1);
  const auto note = signed_note(log.checkpoint, log.signatures);
  REQUIRE(parse_note(note));
  const auto line = note.substr(note.find("\xE2\x80\x94"));
  CHECK(parse_note(note + "\xE2\x80\x94 witness.example AAAAAAA=\n")->lines.size() == 2);
  std::string many = log.checkpoint.text() + "\n";
  for (int i = 0; i < 100; ++i) many += line;
  CHECK(parse_note(many));
  CHECK_FALSE(parse_note(many + line));
  for (const auto& bad :
       {std::string(), log.checkpoint.text(), log.checkpoint.text() + "\n", note.substr(0, note.size() - 1), note + "\n", note + "x\n",
        replaced(note, "\xE2\x80\x94", "-"), replaced(note, "\xE2\x80\x94 ", "\xE2\x80\x94"), note + "\xE2\x80\x94 a+b AAAAAAA=\n",
        note + "\xE2\x80\x94  AAAAAAA=\n", note + "\xE2\x80\x94 name AAAAAA==\n", note + "\xE2\x80\x94 name AAAAAAA\n",
        note + "\xE2\x80\x94 na\xC2\xA0me AAAAAAA=\n", note + "\xE2\x80\x94 name AAAAAAA= x\n", note + "\xE2\x80\x94 name\n",
        replaced(note, "\n\n", "\n"), note + std::string(65536, 'x')})
    CHECK_FALSE(parse_note(bad));
}

TEST_CASE("A receipt verifies offline and gives back the entry") {
  for (const std::size_t size : {1u, 2u, 7u, 13u}) {
    const auto log = log_of(size, 3);
    for (std::size_t index = 0; index < size; ++index) {
      const auto verified = verify_receipt(receipt_of(log, index), origin, log.validators);
      REQUIRE(verified);
      CHECK(encode_entry(verified->entry) == encode_entry(entry_at(index)));
      CHECK(verified->checkpoint == log.checkpoint);
      CHECK(verified->validators_signed == 3);
    }
  }
}

TEST_CASE("A receipt that does not hold says which part") {
  const auto log = log_of(7, 3);
  const auto receipt = receipt_of(log, 4);
  const auto with = [&](const Entry& entry, const std::vector<Digest>& proof, const std::vector<CheckpointSignature>& signatures) {
    return fault_of(make_receipt(entry, proof, signed_note(log.checkpoint, signatures)), log);
  };
  const auto& s = log.signatures;
  const auto proof = proof_of(log, 4);
  CHECK(with(entry_at(4), proof, {s[0], s[2]}) == "none");
  CHECK(with(entry_at(4), proof, {s[0]}) == "signatures");
  CHECK(with(entry_at(4), proof, {s[0], s[0]}) == "signatures");
  CHECK(with(entry_at(3), proof, s) == "proof");
  CHECK(with(entry_at(7), proof, s) == "index");
  auto shorter = proof;
  shorter.pop_back();
  CHECK(with(entry_at(4), shorter, s) == "proof");
  CHECK(with(entry_at(4), std::vector<Digest>(65, proof[0]), s) == "proof");
  auto entry = entry_at(4);
  entry.result = "another result";
  CHECK(with(entry, proof, s) == "proof");

  CHECK(fault_of(receipt, log, "test/00112233aabbccdd/1") == "origin");
  CHECK(fault_of("", log) == "format");
  CHECK(fault_of("c2sp.org/tlog-proof@v1\n", log) == "entry");
  CHECK(fault_of(replaced(receipt, "@v1", "@v2"), log) == "format");
  CHECK(fault_of(replaced(receipt, "extra ", "extra  "), log) == "entry");
  CHECK(fault_of(replaced(receipt, "index 4", "index 04"), log) == "index");
  CHECK(fault_of(replaced(receipt, "index 4", "index 5"), log) == "index");
  CHECK(fault_of(replaced(receipt, "index 4\n", "index 4\nAAAA\n"), log) == "proof");
  CHECK(fault_of(replaced(receipt, "\n\n", "\n"), log) == "proof");
  CHECK(fault_of(receipt.substr(0, receipt.find("\n\n") + 1), log) == "format");
  CHECK(fault_of(receipt + "x", log) == "checkpoint");
  CHECK_FALSE(verify_receipt(receipt, origin, {}));
}

TEST_CASE("Changing any bit of a receipt is noticed, or changes nothing that it proves") {
  const auto log = log_of(3, 3);
  const auto receipt = receipt_of(log, 1);
  const auto entry = encode_entry(entry_at(1));
  int ignored = 0;
  for (std::size_t bit = 0; bit < 8 * receipt.size(); ++bit) {
    auto changed = receipt;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    const auto verified = verify_receipt(changed, origin, log.validators);
    if (!verified) continue;
    // Only the name or key id of a signature line can have changed: then it is the line of somebody unknown.
    ++ignored;
    CHECK(encode_entry(verified->entry) == entry);
    CHECK(verified->checkpoint == log.checkpoint);
    CHECK(verified->validators_signed == 2);
  }
  CHECK(ignored > 0);
  // A byte lost, or the end: what still verifies has lost signature lines at most.
  for (std::size_t i = 0; i < receipt.size(); ++i) {
    auto without = receipt;
    without.erase(i, 1);
    for (const auto& text : {without, receipt.substr(0, i)}) {
      const auto verified = verify_receipt(text, origin, log.validators);
      if (!verified) continue;
      CHECK(encode_entry(verified->entry) == entry);
      CHECK(verified->checkpoint == log.checkpoint);
      CHECK(verified->validators_signed == 2);
    }
  }
}
