// Snapshots that are not what they should be: each is refused, and nothing of it is used.
#include <catch2/catch.hpp>

#include <filesystem>

#include "ledger/encoding.h"
#include "tests/storage/snapshot_harness.h"

using namespace daftar;
using namespace daftar::storage;
using namespace daftar::storage::test;
namespace fs = std::filesystem;
using Kind = StorageError::Kind;

namespace {

std::string flipped(std::string bytes, std::size_t at) {
  bytes.at(at) = static_cast<char>(bytes.at(at) ^ 0x20);
  return bytes;
}

/// Why the follower refuses: at the manifest, at a piece or at the end; nothing when it takes the snapshot.
std::optional<StorageError> refusal(StateStore& follower, const std::string& manifest, std::string_view bytes) {
  auto sink = follower.receive(manifest);
  if (!sink) return sink.error();
  if (auto error = hand_over(**sink, bytes)) return error;
  if ((*sink)->stored() < (*sink)->manifest().size) return StorageError{Kind::not_found, "", "not complete"};
  const auto received = (*sink)->finish();
  CHECK((*sink)->finished() == received.has_value());
  if (!received) return received.error();
  return std::nullopt;
}

/// The follower still has what it had, also after a reopening.
void untouched(Follower& follower) {
  CHECK(difference(*follower.store->snapshot(), genesis_model()) == "");
  follower.reopen();
  CHECK_FALSE(follower.store->install_pending());
  CHECK(difference(*follower.store->snapshot(), genesis_model()) == "");
}

/// A list of these names, each of one byte, with a manifest that fits it.
std::pair<SnapshotManifest, std::string> list_of(const std::vector<std::string>& names, std::uint64_t size = 1) {
  ledger::Writer out;
  out.u8(1);
  out.u32(static_cast<std::uint32_t>(names.size()));
  for (const auto& name : names) {
    out.u8(static_cast<std::uint8_t>(name.size()));
    out.raw(name);
    out.u64(size);
    out.raw(ledger::sha256("x").view());
  }
  SnapshotManifest manifest;
  manifest.ledger_id = this_ledger;
  manifest.list_size = static_cast<std::uint32_t>(out.str().size());
  manifest.list_digest = ledger::sha256(out.str());
  manifest.size = manifest.list_size + names.size() * size;
  return {manifest, out.take()};
}

}  // namespace

TEST_CASE("a flipped bit in any file on its way is found, and only from there on it is sent again") {
  Sender sender;
  Follower follower;
  auto source = sender.store->checkpoint();
  TakenApart parts(**source);
  const std::string bytes = all_bytes(**source);
  REQUIRE(parts.files.size() >= 4);
  for (std::size_t file = 0; file < parts.files.size(); ++file) {
    INFO(parts.files[file].name);
    const std::uint64_t within = file % 3 == 0 ? 0 : file % 3 == 1 ? parts.files[file].size / 2 : parts.files[file].size - 1;
    const auto error = refusal(*follower.store, (*source)->manifest(), flipped(bytes, parts.begin(file) + within));
    REQUIRE(error);
    CHECK(error->kind == Kind::corruption);
    CHECK(error->path.ends_with(parts.files[file].name));
    CHECK(receiving(*follower.store, (*source)->manifest())->stored() == parts.begin(file));
  }
  untouched(follower);
  CHECK_FALSE(refusal(*follower.store, (*source)->manifest(), bytes));
}

TEST_CASE("a flipped bit in any received file on the disk is found") {
  Sender sender;
  Follower follower;
  auto source = sender.store->checkpoint();
  TakenApart parts(**source);
  const std::string bytes = all_bytes(**source);
  for (const auto& file : parts.files) {
    INFO(file.name);
    auto sink = receiving(*follower.store, (*source)->manifest());
    REQUIRE_FALSE(hand_over(*sink, bytes));
    const std::string path = follower.options.path + "/2/" + file.name;
    write_file(path, flipped(read_file(path), file.size / 3));
    const auto received = sink->finish();
    REQUIRE_FALSE(received);
    CHECK(received.error().kind == Kind::corruption);
    CHECK_FALSE(sink->finished());
  }
  auto sink = receiving(*follower.store, (*source)->manifest());
  REQUIRE_FALSE(hand_over(*sink, bytes));
  for (const char* name : {"999999.sst", "000001.log", "MANIFEST-999999", "OPTIONS-000005"}) write_file(follower.options.path + "/2/" + name, "strange");
  REQUIRE(sink->finish());
  REQUIRE(follower.store->replace(std::move(sink)));
  CHECK(difference(*follower.store->snapshot(), sender.model) == "");
  CHECK_FALSE(fs::exists(follower.options.path + "/2/999999.sst"));
}

TEST_CASE("a flipped bit in the list is found before any file is written") {
  Sender sender;
  Follower follower;
  auto source = sender.store->checkpoint();
  const std::string bytes = all_bytes(**source);
  const std::size_t list_size = decode_manifest((*source)->manifest())->list_size;
  for (std::size_t at = 0; at < list_size; at += 7) {
    const auto error = refusal(*follower.store, (*source)->manifest(), flipped(bytes, at));
    REQUIRE(error);
    CHECK(error->kind == Kind::corruption);
    CHECK(receiving(*follower.store, (*source)->manifest())->stored() == 0);
    CHECK(fs::is_empty(follower.options.path + "/2"));
  }
  untouched(follower);
}

TEST_CASE("a manifest that says something else than the snapshot is refused") {
  Sender sender;
  Follower follower;
  auto source = sender.store->checkpoint();
  const std::string bytes = all_bytes(**source);
  const auto refused = [&](const std::function<void(SnapshotManifest&)>& change) {
    auto manifest = *decode_manifest((*source)->manifest());
    change(manifest);
    const auto error = refusal(*follower.store, encode_manifest(manifest), bytes);
    REQUIRE(error);
    return error->kind;
  };
  CHECK(refused([](auto& m) { ++m.raft_index; }) == Kind::corruption);
  CHECK(refused([](auto& m) { ++m.raft_term; }) == Kind::corruption);
  CHECK(refused([](auto& m) { --m.height; }) == Kind::corruption);
  CHECK(refused([](auto& m) { ++m.entries; }) == Kind::corruption);
  CHECK(refused([](auto& m) { m.root = ledger::sha256("another"); }) == Kind::corruption);
  CHECK(refused([](auto& m) { m.list_digest = ledger::sha256("another"); }) == Kind::corruption);
  CHECK(refused([](auto& m) { ++m.list_size; }) == Kind::corruption);
  CHECK(refused([](auto& m) { --m.list_size; }) == Kind::corruption);
  CHECK(refused([](auto& m) { m.list_size = SnapshotManifest::list_bytes_max + 1; }) == Kind::corruption);
  CHECK(refused([](auto& m) { m.list_size = 0; }) == Kind::corruption);
  CHECK(refused([](auto& m) { ++m.size; }) == Kind::corruption);
  CHECK(refused([](auto& m) { m.size -= 1; }) == Kind::corruption);
  CHECK(refused([](auto& m) { m.size = m.list_size - 1; }) == Kind::corruption);
  CHECK(refused([](auto& m) { m.ledger_id = std::string(32, 'M'); }) == Kind::foreign);
  const std::string& manifest = (*source)->manifest();
  CHECK(manifest.size() == 141);  // docs/formats.md
  for (std::size_t length = 0; length < manifest.size(); ++length) CHECK(refusal(*follower.store, manifest.substr(0, length), bytes));
  CHECK(refusal(*follower.store, manifest + "x", bytes));
  CHECK(refusal(*follower.store, flipped(manifest, 0), bytes)->kind == Kind::corruption);  // its version
  untouched(follower);
}

TEST_CASE("a snapshot of another ledger is refused, whatever its manifest says") {
  Sender sender;
  const Place place;
  const auto other = opened(place.options, place.env.get());
  AppliedMark mark = genesis_model().mark;
  REQUIRE(other->initialise(std::string(32, 'M'), {}, mark));
  auto source = other->checkpoint();
  REQUIRE(source);
  Follower follower;
  CHECK(refusal(*follower.store, (*source)->manifest(), all_bytes(**source))->kind == Kind::foreign);
  auto manifest = *decode_manifest((*source)->manifest());
  manifest.ledger_id = this_ledger;
  CHECK(refusal(*follower.store, encode_manifest(manifest), all_bytes(**source))->kind == Kind::foreign);
  untouched(follower);
}

TEST_CASE("a snapshot larger than allowed is refused before anything is kept") {
  Sender sender;
  Follower follower;
  auto source = sender.store->checkpoint();
  follower.options.snapshot_bytes_max = (*source)->size() - 1;
  follower.reopen();
  const auto error = refusal(*follower.store, (*source)->manifest(), all_bytes(**source));
  REQUIRE(error);
  CHECK(error->kind == Kind::full);
  CHECK_FALSE(fs::exists(follower.options.path + "/receiving"));
  follower.options.snapshot_bytes_max = (*source)->size();
  follower.reopen();
  CHECK_FALSE(refusal(*follower.store, (*source)->manifest(), all_bytes(**source)));
}

TEST_CASE("more bytes than the snapshot has are refused") {
  Sender sender;
  Follower follower;
  auto source = sender.store->checkpoint();
  auto sink = receiving(*follower.store, (*source)->manifest());
  const std::string bytes = all_bytes(**source);
  REQUIRE_FALSE(hand_over(*sink, std::string_view(bytes).substr(0, bytes.size() - 10)));
  const auto taken = sink->append(sink->stored(), "eleven more");
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind == Kind::corruption);
  CHECK(sink->stored() == 0);
  CHECK(fs::is_empty(follower.options.path + "/2"));
}

TEST_CASE("a list names tables, one MANIFEST and CURRENT, in their order, and nothing else") {
  const auto accepted = [](const std::vector<std::string>& names) {
    const auto [manifest, list] = list_of(names);
    return decode_list(list, manifest).has_value();
  };
  CHECK(encode_list({{"000012.sst", 1000, {}}, {"MANIFEST-000004", 300, {}}, {"CURRENT", 16, {}}}).size() == 160);  // the example of docs/formats.md
  CHECK(accepted({"000005.sst", "000012.sst", "MANIFEST-000004", "CURRENT"}));
  CHECK(accepted({"MANIFEST-000004", "CURRENT"}));
  CHECK_FALSE(accepted({}));
  CHECK_FALSE(accepted({"000005.sst", "MANIFEST-000004"}));
  CHECK_FALSE(accepted({"000005.sst", "CURRENT"}));
  CHECK_FALSE(accepted({"000012.sst", "000005.sst", "MANIFEST-000004", "CURRENT"}));
  CHECK_FALSE(accepted({"000005.sst", "000005.sst", "MANIFEST-000004", "CURRENT"}));
  CHECK_FALSE(accepted({"CURRENT", "MANIFEST-000004"}));
  CHECK_FALSE(accepted({"MANIFEST-000004", "MANIFEST-000006", "CURRENT"}));
  for (const std::string name : {"../000005.sst", "/000005.sst", "a/000005.sst", "..", ".", "", "LOCK", "OPTIONS-000004", "000005.log", "000005.sst/", "00000a.sst",
                                 "000005.SST", "5.sst", ".sst", "000005", "00000000000000000005.sst", "MANIFEST-", "MANIFEST-../000004", "current"}) {
    INFO(name);
    CHECK_FALSE(is_snapshot_file(name));
    CHECK_FALSE(accepted({name, "MANIFEST-000004", "CURRENT"}));
    CHECK_FALSE(accepted({"000005.sst", "MANIFEST-000004", name}));
  }
  CHECK_FALSE(is_snapshot_file(std::string("000005.sst\0x", 12)));
}

TEST_CASE("sizes in a list that do not add up are refused") {
  const auto refused = [](SnapshotManifest manifest, std::string_view list) { return !decode_list(list, manifest); };
  auto [manifest, list] = list_of({"000005.sst", "MANIFEST-000004", "CURRENT"});
  REQUIRE_FALSE(refused(manifest, list));
  ++manifest.size;
  CHECK(refused(manifest, list));
  manifest.size -= 2;
  CHECK(refused(manifest, list));
  const auto [empty, empty_list] = list_of({"000005.sst", "MANIFEST-000004", "CURRENT"}, 0);
  CHECK(refused(empty, empty_list));
  // Three sizes whose sum wraps around to what the manifest says.
  auto [wrapped, wrapped_list] = list_of({"000005.sst", "MANIFEST-000004", "CURRENT"}, std::uint64_t{1} << 63);
  CHECK(refused(wrapped, wrapped_list));
  // A count that promises more than there is.
  std::string promising = list;
  promising[1] = '\x7f';
  manifest.list_digest = ledger::sha256(promising);
  CHECK(refused(manifest, promising));
}

TEST_CASE("a list with ways out of the folder writes nothing anywhere") {
  Follower follower;
  const auto [manifest, list] = list_of({"../../evil.sst", "MANIFEST-000004", "CURRENT"});
  const auto error = refusal(*follower.store, encode_manifest(manifest), list + "xxx");
  REQUIRE(error);
  CHECK(error->kind == Kind::corruption);
  for (const auto& file : fs::recursive_directory_iterator(follower.folder.path())) CHECK(file.path().string().find("evil") == std::string::npos);
  untouched(follower);
}

TEST_CASE("files that do not make the database, though each is as listed, are refused") {
  // One for all sections: RocksDB compacts when it likes, and which sections there are follows from how many tables there are.
  static Sender sender;
  static const auto source = sender.store->checkpoint();
  const TakenApart whole(**source);
  Follower follower;
  TakenApart parts = whole;
  const std::size_t tables = parts.files.size() - 2;
  const auto remove = [&](std::size_t i) {
    parts.files.erase(parts.files.begin() + static_cast<std::ptrdiff_t>(i));
    parts.contents.erase(parts.contents.begin() + static_cast<std::ptrdiff_t>(i));
  };
  bool unchanged = false;
  SECTION("nothing changed: accepted") { unchanged = true; }
  for (std::size_t i = 0; i < tables; ++i) {
    DYNAMIC_SECTION("without table " << i) { remove(i); }
    DYNAMIC_SECTION("with a flipped bit in table " << i << ", as of a rotten disk of the leader") {
      parts.contents[i] = flipped(parts.contents[i], parts.contents[i].size() / 5);
    }
  }
  SECTION("with a table too many") {
    parts.files.insert(parts.files.begin() + static_cast<std::ptrdiff_t>(tables), {"999999.sst", 0, {}});
    parts.contents.insert(parts.contents.begin() + static_cast<std::ptrdiff_t>(tables), parts.contents[0]);
  }
  SECTION("with two tables' contents exchanged") { std::swap(parts.contents[0], parts.contents[1]); }
  SECTION("with a MANIFEST of nothing") { parts.contents[tables] = "nothing"; }
  SECTION("with half a MANIFEST") { parts.contents[tables].resize(parts.contents[tables].size() / 2); }
  SECTION("with CURRENT naming another MANIFEST") { parts.contents.back() = "MANIFEST-999999\n"; }
  SECTION("with CURRENT naming a file elsewhere") { parts.contents.back() = "../1/" + parts.files[tables].name + "\n"; }
  const std::string bytes = parts.put_together();
  const auto error = refusal(*follower.store, encode_manifest(parts.manifest), bytes);
  if (unchanged) {
    CHECK(encode_manifest(parts.manifest) == (*source)->manifest());
    CHECK_FALSE(error);
    return;
  }
  REQUIRE(error);
  INFO(error->text());
  CHECK(error->kind == Kind::corruption);
  CHECK(receiving(*follower.store, encode_manifest(parts.manifest))->stored() == 0);
  untouched(follower);
}

TEST_CASE("a newest certificate that is not one of the received tree is refused") {
  Sender sender;
  Follower follower;
  Model& model = sender.model;
  const std::uint64_t size = model.mark.entries;
  std::string expected;
  SECTION("none of another root") {
    Model other = model;
    other.roots.back().root = ledger::sha256("another");
    REQUIRE(sender.store->put_certificate(size, note_of(other, model.mark.height)));
    expected = "another root";
  }
  SECTION("none of another size") {
    REQUIRE(sender.store->put_certificate(size, note_of(model, model.mark.height - 3)));
    expected = "not one of its tree";
  }
  SECTION("none of a tree that is larger") {
    Model other = model;
    other.roots.back().size += 1;
    REQUIRE(sender.store->put_certificate(size + 1, note_of(other, model.mark.height)));
    expected = "not one of its tree";
  }
  SECTION("nothing but a note") {
    REQUIRE(sender.store->put_certificate(size, "certificate"));
    expected = "not one of its tree";
  }
  auto source = sender.store->checkpoint();
  REQUIRE(source);
  const auto error = refusal(*follower.store, (*source)->manifest(), all_bytes(**source));
  REQUIRE(error);
  CHECK(error->kind == Kind::corruption);
  CHECK(error->detail.find(expected) != std::string::npos);
  untouched(follower);
}

TEST_CASE("roots of any size up to the tree's are those of its leaves") {
  // The certificate's root is computed from tiles: over sizes around the borders of tiles, by certificates of each.
  const Place place;
  const auto store = opened(place.options, place.env.get());
  initialise(*store);
  Model model = genesis_model();
  std::mt19937_64 random(4);
  for (const std::size_t entries : {1, 5, 255, 257, 515, 1030}) {
    grow(*store, model, random, entries);
    put_note(*store, model, model.mark.height);
    grow(*store, model, random, model.entries.size() + 1);
    auto source = store->checkpoint();
    Follower follower;
    const auto error = refusal(*follower.store, (*source)->manifest(), all_bytes(**source));
    INFO((error ? error->text() : std::string()));
    CHECK_FALSE(error);
  }
}
