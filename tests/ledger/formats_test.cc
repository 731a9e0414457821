// docs/formats.md must be true: its examples are made here again, compared, and then read back by the decoders.
#include <google/protobuf/descriptor.h>

#include <map>

#include "ledger/block.h"
#include "ledger/genesis.h"
#include "ledger/merkle_log.h"
#include "ledger/receipt.h"
#include "ledger/wire_read.h"
#include "ledger/wire_scan.h"
#include "tests/ledger/support.h"

using namespace daftar::ledger;
using namespace daftar::ledger::testing;

namespace {

using Examples = std::map<std::string, std::string>;

constexpr const char* page = "docs/formats.md";
constexpr std::string_view fence = "```text example=";
constexpr std::uint64_t block_time = 1'767'225'600'000;

/// The field of each line with its name; a message is opened up, and its own fields are indented.
std::string dump(std::string_view bytes, const google::protobuf::Descriptor* type, const std::string& indent = "") {
  std::string out;
  while (!bytes.empty()) {
    const auto* const start = bytes.data();
    const auto field = take_field(bytes);
    REQUIRE(field);
    const auto* descriptor = type->FindFieldByNumber(static_cast<int>(field->number));
    const std::string_view whole(start, static_cast<std::size_t>(bytes.data() - start));
    if (const auto* nested = descriptor->message_type()) {
      out += indent + to_hex(whole.substr(0, whole.size() - field->bytes.size())) + "  " + descriptor->name() + "\n";
      out += dump(field->bytes, nested, indent + "  ");
    } else {
      out += indent + to_hex(whole) + "  " + descriptor->name() + "\n";
    }
  }
  return out;
}

/// The bytes of a dump: the first word of each line.
std::string undump(const std::string& text) {
  std::istringstream lines(text);
  std::string bytes;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hex;
    words >> hex;
    bytes += unhex(hex);
  }
  return bytes;
}

std::string wrapped(std::string_view bytes) {
  const auto hex = to_hex(bytes);
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 96) out += hex.substr(i, 96) + "\n";
  return out;
}

SigningKey example_key(const std::string& whose) { return std::move(*SigningKey::from_seed(sha256("daftar example " + whose).view())); }

proto::Genesis example_genesis() {
  proto::Genesis g;
  g.set_name("example");
  g.set_time_ms(block_time - 1000);
  g.add_currencies("UZS");
  auto* validator = g.add_validators();
  validator->set_node(1);
  validator->set_operator_("operator");
  validator->set_link_key(std::string(example_key("link 1").public_key().view()));
  validator->set_checkpoint_key(std::string(example_key("validator 1").public_key().view()));
  return g;
}

Entry plain_entry(std::uint64_t index) {
  Entry entry;
  entry.index = index;
  entry.height = 1;
  entry.time_ms = block_time;
  entry.id = sha256("entry " + std::to_string(index));
  entry.nonce = std::string(16, static_cast<char>('a' + index));
  return entry;
}

/// Every example of the page, made by the code.
Examples make_examples() {
  Examples e;
  const auto genesis_bytes = encode_genesis(example_genesis());
  const auto genesis = *Genesis::parse(genesis_bytes);
  e["genesis"] = dump(genesis_bytes, proto::Genesis::descriptor());
  e["ledger id"] = genesis->ledger_id().hex() + "\n";

  const auto member = example_key("member");
  e["member key"] = member.public_key().hex() + "\n";
  auto body = transfer_body();
  body.set_ledger_id(std::string(genesis->ledger_id().view()));
  body.set_valid_until_ms(block_time + 60'000);
  const auto body_bytes = encode_body(body);
  const auto transaction = *Transaction::parse(make_envelope(body_bytes, {sign_body(body_bytes, member)}), {});
  e["body"] = dump(body_bytes, proto::TransactionBody::descriptor());
  e["transaction id"] = transaction->id().hex() + "\n";
  e["signature"] = wrapped(transaction->signatures()[0].signature.view());
  e["envelope"] = wrapped(transaction->envelope());
  e["envelope hash"] = transaction->envelope_hash().hex() + "\n";

  const auto block = make_block(genesis->ledger_id(), 1, block_time, true, {transaction});
  e["block"] = dump(block->bytes(), proto::Block::descriptor());
  e["block hash"] = block->hash().hex() + "\n";

  // The entry is the third of five, so that the receipt has a proof worth looking at.
  auto entry = plain_entry(2);
  entry.id = transaction->id();
  entry.nonce = body.nonce();
  entry.envelope = transaction->envelope();
  entry.result = "the result's own encoding";
  const auto leaf = leaf_record(entry);
  e["entry"] = wrapped(encode_entry(entry));
  e["leaf"] = wrapped(leaf);
  e["leaf hash"] = leaf_hash(leaf).hex() + "\n";
  std::vector<Digest> leaves;
  for (std::uint64_t i = 0; i < 5; ++i) leaves.push_back(leaf_hash(i == 2 ? leaf : leaf_record(plain_entry(i))));

  const Checkpoint checkpoint{genesis->origin(), 5, root_of(leaves)};
  std::vector<CheckpointSignature> signatures;
  for (const auto* whose : {"validator 1", "validator 2", "validator 3"}) {
    const auto key = example_key(whose);
    e["checkpoint keys"] += note_vkey(checkpoint.origin, key.public_key()) + "\n";
    signatures.push_back({key.public_key(), sign_checkpoint(checkpoint, key)});
  }
  e["certificate"] = signed_note(checkpoint, signatures);
  const auto proof = inclusion_proof(2, 5, [&](unsigned level, std::uint64_t index) {
    const auto width = 1L << level, first = static_cast<long>(index) * width;
    return root_of({leaves.begin() + first, leaves.begin() + first + width});
  });
  e["receipt"] = make_receipt(entry, proof, e["certificate"]);
  return e;
}

/// Calls `visit(name, begin, end)` for the content of each example block of `text`.
template <class Visit>
void for_each_example(std::string& text, Visit visit) {
  for (auto at = text.find(fence); at != text.npos; at = text.find(fence, at + 1)) {
    const auto name_end = text.find('\n', at);
    const auto name = text.substr(at + fence.size(), name_end - at - fence.size());
    const auto begin = name_end + 1, end = text.find("```", begin);
    REQUIRE(end != text.npos);
    visit(name, begin, end);
  }
}

Examples read_examples() {
  Examples found;
  auto text = read_data(page);
  for_each_example(text, [&](const std::string& name, std::size_t begin, std::size_t end) { found[name] = text.substr(begin, end - begin); });
  return found;
}

std::string joined_hex(const std::string& block) {
  std::string hex = block;
  std::erase(hex, '\n');
  return unhex(hex);
}

}  // namespace

TEST_CASE("The examples of docs/formats.md are what the code makes") {
  const auto made = make_examples();
  if (std::getenv("DAFTAR_REWRITE") != nullptr) {
    auto text = read_data(page);
    for_each_example(text, [&](const std::string& name, std::size_t begin, std::size_t end) { text.replace(begin, end - begin, made.at(name)); });
    std::ofstream(std::string(DAFTAR_SOURCE_DIR) + "/" + page, std::ios::binary) << text;
  }
  const auto found = read_examples();
  CHECK(found.size() == made.size());
  for (const auto& [name, content] : made) {
    CAPTURE(name);
    REQUIRE(found.count(name) == 1);
    CHECK(found.at(name) == content);
  }
}

TEST_CASE("The examples of docs/formats.md hold together when they are read") {
  const auto e = read_examples();
  const auto genesis = Genesis::parse(undump(e.at("genesis")));
  REQUIRE(genesis);
  CHECK((*genesis)->ledger_id().hex() + "\n" == e.at("ledger id"));

  const auto transaction = Transaction::parse(joined_hex(e.at("envelope")), {});
  REQUIRE(transaction);
  CHECK((*transaction)->verify_signatures());
  CHECK((*transaction)->signatures()[0].key.hex() + "\n" == e.at("member key"));
  CHECK((*transaction)->body_bytes() == undump(e.at("body")));
  CHECK((*transaction)->body().ledger_id() == (*genesis)->ledger_id().view());
  CHECK((*transaction)->id() == sha256("daftar/transaction/v1" + std::string(1, '\0') + undump(e.at("body"))));
  CHECK((*transaction)->id().hex() + "\n" == e.at("transaction id"));

  const auto block = Block::parse(std::make_shared<const std::string>(undump(e.at("block"))), {}, {});
  REQUIRE(block);
  CHECK((*block)->hash().hex() + "\n" == e.at("block hash"));
  CHECK((*block)->transactions()[0]->id() == (*transaction)->id());

  std::vector<PublicKey> validators;
  std::istringstream lines(e.at("checkpoint keys"));
  for (std::string line; std::getline(lines, line);) {
    const auto key = parse_vkey(line);
    REQUIRE(key);
    CHECK(key->name == (*genesis)->origin());
    validators.push_back(key->key);
  }
  const auto receipt = verify_receipt(e.at("receipt"), (*genesis)->origin(), validators);
  REQUIRE(receipt);
  CHECK(receipt->validators_signed == 3);
  CHECK(receipt->entry.envelope == (*transaction)->envelope());
  CHECK(encode_entry(receipt->entry) == joined_hex(e.at("entry")));
  CHECK(leaf_record(receipt->entry) == joined_hex(e.at("leaf")));
  CHECK(leaf_hash(joined_hex(e.at("leaf"))).hex() + "\n" == e.at("leaf hash"));
}
