// Stores with a history, and the carrying of a snapshot from one to another, for the tests of snapshots.
#pragma once
#include <functional>

#include "ledger/checkpoint.h"
#include "storage/snapshot_files.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/forgetful_file_system.h"
#include "tests/storage/store_model.h"

namespace daftar::storage::test {

/// A note as a validator would sign it, of the model's tree at `height`.
inline std::string note_of(const Model& model, std::uint64_t height) {
  static const auto key = *ledger::SigningKey::from_seed(std::string(32, 's'));
  const ledger::Checkpoint checkpoint{ledger::log_origin("test", *ledger::Digest::from_bytes(this_ledger), 0), model.roots.at(height).size, model.roots.at(height).root};
  return ledger::signed_note(checkpoint, {{key.public_key(), ledger::sign_checkpoint(checkpoint, key)}});
}

inline void put_note(StateStore& store, Model& model, std::uint64_t height) {
  model.certificate = note_of(model, height);
  REQUIRE(store.put_certificate(model.roots.at(height).size, model.certificate));
}

/// Commits blocks until the tree has at least `entries` leaves; every twenty a flush, so that there are several tables.
inline void grow(StateStore& store, Model& model, std::mt19937_64& random, std::size_t entries, std::size_t ballast = 0) {
  while (model.entries.size() < entries) {
    REQUIRE(store.commit(random_block(random, model, 12, ballast)));
    if (model.mark.height % 20 == 0) REQUIRE(store.flush());
  }
}

/// A folder whose files are never really synced: quicker, where no power cut is in question.
struct Place {
  TemporaryFolder folder;
  std::shared_ptr<ForgetfulFileSystem> files = std::make_shared<ForgetfulFileSystem>(1);
  std::unique_ptr<rocksdb::Env> env = environment(files);
  StateStoreOptions options{.path = folder / "state"};
};

/// A store with a history and a certificate of a tree before its newest.
struct Sender : Place {
  Model model = genesis_model();
  std::unique_ptr<StateStore> store;
  explicit Sender(std::size_t entries = 300, unsigned seed = 1) {
    store = opened(options, env.get());
    initialise(*store);
    std::mt19937_64 random(seed);
    grow(*store, model, random, entries);
    put_note(*store, model, model.mark.height - 3);
  }
};

/// A store that has only the genesis.
struct Follower : Place {
  std::unique_ptr<StateStore> store;
  Follower() {
    store = opened(options, env.get());
    initialise(*store);
  }
  void reopen() {
    store.reset();
    store = opened(options, env.get());
  }
};

inline std::string all_bytes(const SnapshotSource& source) {
  std::string out;
  while (out.size() < source.size()) {
    const auto piece = source.read(out.size(), 100'000);
    REQUIRE(piece);
    REQUIRE(!piece->empty());
    REQUIRE(piece->size() <= 100'000);
    out += *piece;
  }
  return out;
}

/// Hands over what the sink lacks; nothing, or the error of the first piece refused.
inline std::optional<StorageError> hand_over(SnapshotSink& sink, std::string_view bytes, std::size_t piece = 50'000) {
  while (sink.stored() < bytes.size()) {
    const auto before = sink.stored();
    if (auto taken = sink.append(before, bytes.substr(before, piece)); !taken) return taken.error();
    REQUIRE(sink.stored() > before);
  }
  return std::nullopt;
}

inline std::unique_ptr<SnapshotSink> receiving(StateStore& store, const std::string& manifest) {
  auto sink = store.receive(manifest);
  INFO((sink ? std::string() : sink.error().text()));
  REQUIRE(sink);
  return std::move(*sink);
}

/// The files of a snapshot, to be changed and put together again.
struct TakenApart {
  SnapshotManifest manifest;
  std::vector<SnapshotFile> files;
  std::vector<std::string> contents;
  TakenApart(const SnapshotSource& source) : manifest(*decode_manifest(source.manifest())) {
    const std::string bytes = all_bytes(source);
    files = *decode_list(std::string_view(bytes).substr(0, manifest.list_size), manifest);
    std::size_t at = manifest.list_size;
    for (const auto& file : files) {
      contents.push_back(bytes.substr(at, file.size));
      at += file.size;
    }
  }
  std::string list() const { return encode_list(files); }
  /// With a list and manifest that fit what there is now; `digests`: also the digests of the files.
  std::string put_together(bool digests = true) {
    std::string all;
    for (std::size_t i = 0; i < files.size(); ++i) {
      files[i].size = contents[i].size();
      if (digests) files[i].digest = ledger::sha256(contents[i]);
      all += contents[i];
    }
    const std::string front = list();
    manifest.list_size = static_cast<std::uint32_t>(front.size());
    manifest.list_digest = ledger::sha256(front);
    manifest.size = front.size() + all.size();
    return front + all;
  }
  /// Where file `i` begins in the bytes.
  std::uint64_t begin(std::size_t i) const {
    std::uint64_t at = manifest.list_size;
    for (std::size_t file = 0; file < i; ++file) at += files[file].size;
    return at;
  }
};

}  // namespace daftar::storage::test
