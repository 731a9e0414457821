// Snapshots of the state store: taken while commits go on, carried over cuts and reopenings, put in the place of another state.
#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <thread>

#include "tests/storage/snapshot_harness.h"

using namespace daftar;
using namespace daftar::storage;
using namespace daftar::storage::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(path)) out.push_back(entry.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_CASE("a snapshot taken while commits go on becomes the state of another store") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  const TemporaryFolder folder;
  const StateStoreOptions options{.path = folder / "state", .memtable_bytes = 256u << 10};
  const auto store = opened(options);
  initialise(*store);
  std::mutex mutex;
  std::map<std::uint64_t, Model> history{{0, genesis_model()}};
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::atomic<std::uint64_t> height{0};
  std::thread committing([&] {
    std::mt19937_64 random(seed);
    Model model = genesis_model();
    while (!done) {
      const auto block = random_block(random, model, 6, 1000);
      {
        const std::lock_guard lock(mutex);
        history[model.mark.height] = model;
      }
      if (!store->commit(block)) ++wrong;
      height = model.mark.height;
    }
  });
  std::vector<std::shared_ptr<const SnapshotSource>> sources;
  std::uint64_t commits_meanwhile = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t before = height;
    const auto source = store->checkpoint();
    if (!source) {
      ++wrong;
      break;
    }
    commits_meanwhile += height - before;
    const auto flushed = store->flushed_mark();
    if (!flushed || flushed->height < (*source)->mark().height || (*source)->mark().height < before) ++wrong;
    sources.push_back(*source);
  }
  done = true;
  committing.join();
  REQUIRE(wrong == 0);
  CHECK(commits_meanwhile > 0);
  for (const auto& source : sources) {
    Follower follower;
    const Model& model = history.at(source->mark().height);
    REQUIRE(source->mark() == model.mark);
    auto sink = receiving(*follower.store, source->manifest());
    REQUIRE_FALSE(hand_over(*sink, all_bytes(*source)));
    const auto received = sink->finish();
    INFO((received ? std::string() : received.error().text()));
    REQUIRE(received);
    CHECK(received->mark == model.mark);
    CHECK_FALSE(received->certificate);
    REQUIRE(follower.store->replace(std::move(sink)));
    CHECK(difference(*follower.store->snapshot(), model) == "");
  }
}

TEST_CASE("after the replacement everything speaks of the new state, and it goes on from there") {
  Sender sender;
  Follower follower;
  std::mt19937_64 random(7);
  Model own = genesis_model();
  for (int i = 0; i < 5; ++i) REQUIRE(follower.store->commit(random_block(random, own)));
  for (int i = 0; i < 60; ++i) static_cast<void>(follower.store->latest().get("k" + std::to_string(i)));  // into the cache of values
  const ledger::StateView& latest = follower.store->latest();
  auto old = follower.store->snapshot();
  const auto flushes = follower.store->flush_count();

  auto source = sender.store->checkpoint();
  REQUIRE(source);
  auto sink = receiving(*follower.store, (*source)->manifest());
  REQUIRE_FALSE(hand_over(*sink, all_bytes(**source)));
  const auto received = sink->finish();
  INFO((received ? std::string() : received.error().text()));
  REQUIRE(received);
  CHECK(received->certificate == sender.model.certificate);
  CHECK(difference(*follower.store->snapshot(), own) == "");  // nothing has happened yet
  CHECK_FALSE(follower.store->install_pending());
  REQUIRE(follower.store->replace(std::move(sink)));
  Model model = sender.model;
  CHECK(follower.store->install_pending());
  CHECK(follower.store->mark() == model.mark);
  CHECK(*follower.store->flushed_mark() == model.mark);
  CHECK(follower.store->flush_count() >= flushes);
  CHECK(&follower.store->latest() == &latest);
  CHECK(scanned(latest) == model.state);
  for (int i = 0; i < 60; ++i) {
    const std::string key = "k" + std::to_string(i);
    CHECK(latest.get(key) == (model.state.contains(key) ? std::optional(model.state.at(key)) : std::nullopt));
  }
  CHECK(difference(*follower.store->snapshot(), model) == "");

  follower.store.reset();
  CHECK(open_rocks_state_store(follower.options, follower.env.get()).error().kind == StorageError::Kind::locked);  // while the old database is in use
  CHECK(difference(*old, own) == "");
  old.reset();
  follower.reopen();
  CHECK(follower.store->install_pending());
  CHECK(difference(*follower.store->snapshot(), model) == "");
  REQUIRE(follower.store->finish_install());
  CHECK_FALSE(follower.store->install_pending());
  for (int i = 0; i < 5; ++i) REQUIRE(follower.store->commit(random_block(random, model)));
  CHECK(difference(*follower.store->snapshot(), model) == "");
  follower.reopen();
  CHECK_FALSE(follower.store->install_pending());
  CHECK(difference(*follower.store->snapshot(), model) == "");
}

TEST_CASE("a snapshot of a received state can be sent on, and another be received") {
  Sender sender;
  Follower first, second;
  std::mt19937_64 random(3);
  for (int i = 0; i < 3; ++i) {
    auto source = sender.store->checkpoint();
    REQUIRE(source);
    auto sink = receiving(*first.store, (*source)->manifest());
    REQUIRE_FALSE(hand_over(*sink, all_bytes(**source)));
    REQUIRE(sink->finish());
    REQUIRE(first.store->replace(std::move(sink)));
    REQUIRE(first.store->finish_install());
    CHECK(difference(*first.store->snapshot(), sender.model) == "");
    auto onward = first.store->checkpoint();
    REQUIRE(onward);
    sink = receiving(*second.store, (*onward)->manifest());
    REQUIRE_FALSE(hand_over(*sink, all_bytes(**onward)));
    REQUIRE(sink->finish());
    REQUIRE(second.store->replace(std::move(sink)));
    REQUIRE(second.store->finish_install());
    CHECK(difference(*second.store->snapshot(), sender.model) == "");
    grow(*sender.store, sender.model, random, sender.model.entries.size() + 50);
    put_note(*sender.store, sender.model, sender.model.mark.height);
  }
}

TEST_CASE("snapshots taken before a replacement stay readable, and the old database goes with the last of them") {
  Sender sender;
  Follower follower;
  std::mt19937_64 random(7);
  Model own = genesis_model();
  for (int i = 0; i < 5; ++i) REQUIRE(follower.store->commit(random_block(random, own)));
  auto old = follower.store->snapshot();
  auto source = sender.store->checkpoint();
  auto sink = receiving(*follower.store, (*source)->manifest());
  REQUIRE_FALSE(hand_over(*sink, all_bytes(**source)));
  REQUIRE(sink->finish());
  REQUIRE(follower.store->replace(std::move(sink)));
  REQUIRE(follower.store->finish_install());
  REQUIRE(follower.store->commit(random_block(random, sender.model)));
  CHECK(difference(*old, own) == "");
  CHECK(fs::exists(follower.options.path + "/1"));
  old.reset();
  CHECK(names_in(follower.options.path) == std::vector<std::string>{"2", "LOCK", "current"});
}

TEST_CASE("the files of a snapshot go with the last use of it, and do not change with the store") {
  Sender sender;
  auto source = sender.store->checkpoint();
  REQUIRE(source);
  const std::string before = all_bytes(**source);
  Model model = sender.model;
  std::mt19937_64 random(5);
  grow(*sender.store, sender.model, random, 800);
  REQUIRE(sender.store->flush());
  CHECK(all_bytes(**source) == before);
  auto second = sender.store->checkpoint();
  REQUIRE(second);
  CHECK((*second)->manifest() != (*source)->manifest());
  CHECK(names_in(sender.options.path) == std::vector<std::string>{"1", "LOCK", "checkpoint.1", "checkpoint.2", "current"});
  source = second;
  CHECK(names_in(sender.options.path) == std::vector<std::string>{"1", "LOCK", "checkpoint.2", "current"});
  Follower follower;
  auto sink = receiving(*follower.store, (*second)->manifest());
  REQUIRE_FALSE(hand_over(*sink, all_bytes(**second)));  // its tables' digests are partly those remembered from the first
  REQUIRE(sink->finish());
}

TEST_CASE("a reception goes on where it was cut, also after a reopening") {
  Sender sender;
  Follower follower;
  auto source = sender.store->checkpoint();
  const std::string bytes = all_bytes(**source);
  const std::string manifest = (*source)->manifest();
  const std::uint64_t list_size = decode_manifest(manifest)->list_size;
  std::uint64_t stored = 0;
  for (const std::uint64_t until : {list_size / 2, list_size, list_size + 100, bytes.size() / 2, bytes.size() - 5, bytes.size()}) {
    {
      auto sink = receiving(*follower.store, manifest);
      CHECK(sink->stored() == stored);
      REQUIRE_FALSE(hand_over(*sink, std::string_view(bytes).substr(0, until), 3000));
      stored = until;
    }
    CHECK(receiving(*follower.store, manifest)->stored() == stored);  // in the same process
    follower.reopen();
  }
  auto sink = receiving(*follower.store, manifest);
  REQUIRE(sink->finish());
  CHECK(sink->finished());
  sink.reset();
  follower.reopen();  // finished, and then killed before the replacement
  sink = receiving(*follower.store, manifest);
  CHECK(sink->stored() == bytes.size());
  CHECK_FALSE(sink->finished());
  REQUIRE(sink->finish());
  REQUIRE(follower.store->replace(std::move(sink)));
  CHECK(difference(*follower.store->snapshot(), sender.model) == "");
}

TEST_CASE("pieces that overlap or leave a gap do no harm") {
  Sender sender;
  Follower follower;
  auto source = sender.store->checkpoint();
  const std::string bytes = all_bytes(**source);
  auto sink = receiving(*follower.store, (*source)->manifest());
  std::mt19937_64 random(3);
  while (sink->stored() < bytes.size()) {
    const std::uint64_t stored = sink->stored(), offset = random() % std::min<std::uint64_t>(bytes.size(), stored + 5000), size = random() % 20'000;
    REQUIRE(sink->append(offset, std::string_view(bytes).substr(offset, size)));
    const std::uint64_t end = std::min<std::uint64_t>(offset + size, bytes.size());
    REQUIRE(sink->stored() == (offset <= stored && end > stored ? end : stored));
  }
  REQUIRE(sink->finish());
}

TEST_CASE("another manifest begins anew, and what was kept of the first is deleted") {
  Sender sender;
  Follower follower;
  auto first = sender.store->checkpoint();
  std::mt19937_64 random(5);
  grow(*sender.store, sender.model, random, 500);
  put_note(*sender.store, sender.model, sender.model.mark.height);
  auto second = sender.store->checkpoint();
  const std::string bytes = all_bytes(**first);
  {
    auto sink = receiving(*follower.store, (*first)->manifest());
    REQUIRE_FALSE(hand_over(*sink, std::string_view(bytes).substr(0, bytes.size() - 100)));
  }
  auto sink = receiving(*follower.store, (*second)->manifest());
  CHECK(sink->stored() == 0);
  CHECK(names_in(follower.options.path + "/2").empty());
  REQUIRE_FALSE(hand_over(*sink, all_bytes(**second)));
  REQUIRE(sink->finish());
  REQUIRE(follower.store->replace(std::move(sink)));
  CHECK(difference(*follower.store->snapshot(), sender.model) == "");
}

TEST_CASE("the flushed mark is what a power cut would leave") {
  const TemporaryFolder folder;
  const StateStoreOptions options{.path = folder / "state"};
  const auto store = opened(options);
  CHECK(store->flushed_mark().error().kind == StorageError::Kind::not_found);
  initialise(*store);
  CHECK(*store->flushed_mark() == genesis_model().mark);
  std::mt19937_64 random(1);
  Model model = genesis_model();
  for (int round = 0; round < 3; ++round) {
    const AppliedMark before = *store->flushed_mark();
    for (int i = 0; i < 5; ++i) REQUIRE(store->commit(random_block(random, model)));
    CHECK(*store->flushed_mark() == before);
    REQUIRE(store->flush());
    CHECK(*store->flushed_mark() == model.mark);
  }
}

TEST_CASE("opening removes what a dead process left, and no more") {
  Follower follower;
  const std::string path = follower.options.path;
  Sender sender;
  auto source = sender.store->checkpoint();
  {
    auto sink = receiving(*follower.store, (*source)->manifest());
    REQUIRE_FALSE(hand_over(*sink, all_bytes(**source)));
  }
  follower.store.reset();
  for (const char* left : {"checkpoint.3", "checkpoint.4.tmp", "7"}) {
    fs::create_directory(path + "/" + left);
    write_file(path + "/" + left + "/000001.sst", "left");
  }
  write_file(path + "/current.new", "half a poin");
  follower.reopen();
  CHECK(names_in(path) == std::vector<std::string>{"1", "2", "LOCK", "current", "receiving"});
  CHECK(receiving(*follower.store, (*source)->manifest())->stored() == (*source)->size());
  follower.store.reset();
  write_file(path + "/receiving", "damaged");
  follower.reopen();
  CHECK(names_in(path) == std::vector<std::string>{"1", "LOCK", "current"});
}

TEST_CASE("a damaged or missing pointer is refused, never taken for a fresh store") {
  Follower follower;
  follower.store.reset();
  const std::string pointer = follower.options.path + "/current";
  const std::string whole = read_file(pointer);
  const auto refused = [&] {
    const auto store = open_rocks_state_store(follower.options, follower.env.get());
    return !store && store.error().kind == StorageError::Kind::corruption;
  };
  for (std::size_t bit = 0; bit < whole.size() * 8; bit += 3) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    write_file(pointer, damaged);
    CHECK(refused());
  }
  write_file(pointer, whole.substr(0, 5));
  CHECK(refused());
  fs::remove(pointer);
  CHECK(refused());
  write_file(pointer, whole);
  CHECK_FALSE(refused());
}

// RocksDB flushes by itself when its memtables are full, and asserts when a flush that was asked for meets one of those before it has begun.
TEST_CASE("flushes and snapshots asked for while the store flushes by itself end nothing, and commits go on") {
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << std::endl;  // now: an assertion of RocksDB would leave no time for it
  const TemporaryFolder folder;
  const auto store = opened({.path = folder / "state", .memtable_bytes = 64u << 10, .block_cache_bytes = 1u << 20});
  initialise(*store);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::thread asking([&] {
    while (!done) wrong += !store->flush() + !store->checkpoint();
  });
  std::mt19937_64 random(seed);
  Model model = genesis_model();
  for (int i = 0; i < 600; ++i) wrong += !store->commit(random_block(random, model, 3, 2000));
  done = true;
  asking.join();
  CHECK(wrong == 0);
  CHECK(store->flush_count() > 10);
  CHECK(difference(*store->snapshot(), model) == "");
}

// A node that fell behind would wait for it for ever.
TEST_CASE("a snapshot is taken though the store never stops flushing by itself") {
  const TemporaryFolder folder;
  const auto store = opened({.path = folder / "state", .memtable_bytes = 64u << 10, .block_cache_bytes = 1u << 20});
  initialise(*store);
  std::atomic<bool> taken{false}, late{false};
  std::atomic<int> wrong{0};
  std::thread asking([&] {
    wrong += !store->checkpoint();
    taken = true;
  });
  std::mt19937_64 random(1);
  Model model = genesis_model();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!taken && !late) {
    wrong += !store->commit(random_block(random, model, 3, 20'000));
    late = std::chrono::steady_clock::now() > end;
  }
  asking.join();
  CHECK_FALSE(late);
  CHECK(wrong == 0);
  CHECK(difference(*store->snapshot(), model) == "");
}
