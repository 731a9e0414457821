// The state store over RocksDB: every table against a model, reopenings, power cuts, failing disks, tiles against a tree computed directly.
#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <random>
#include <thread>

#include "tests/storage/forgetful_file_system.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/store_model.h"

using namespace daftar;
using namespace daftar::storage;
using namespace daftar::storage::test;
using ledger::ChangeSet;
using ledger::Digest;
using ledger::Entry;

TEST_CASE("a fresh store is initialised once, durably, and knows its ledger afterwards") {
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(1);
  const auto env = environment(files);
  StateStoreOptions options{.path = folder / "deep/state"};
  {
    const auto store = opened(options, env.get());
    initialise(*store);
    CHECK_FALSE(store->fresh());
    CHECK(store->latest().get("genesis") == "here");
    files->cut_power();
  }
  files->restore_power();
  {
    const auto store = opened(options, env.get());
    CHECK_FALSE(store->fresh());
    CHECK(store->ledger_id() == this_ledger);
    CHECK(difference(*store->snapshot(), genesis_model()) == "");
  }
  options.ledger_id = this_ledger;
  CHECK(open_rocks_state_store(options, env.get()));
  options.ledger_id = std::string(32, 'M');
  const auto refused = open_rocks_state_store(options, env.get());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == StorageError::Kind::foreign);
}

TEST_CASE("random blocks and reopenings agree with a model") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const TemporaryFolder folder;
  const StateStoreOptions options{.path = folder / "state", .memtable_bytes = 128u << 10, .block_cache_bytes = 1u << 20};
  Model model = genesis_model();
  initialise(*opened(options));
  std::uint64_t flushes = 0;
  for (int round = 0; round < 5; ++round) {
    const auto store = opened(options);
    REQUIRE(store->mark() == model.mark);
    REQUIRE(difference(*store->snapshot(), model) == "");
    for (int i = 0; i < 40; ++i) {
      REQUIRE(store->commit(random_block(random, model, 12, 1000)));
      REQUIRE(scanned(store->latest()) == model.state);
    }
    REQUIRE(difference(*store->snapshot(), model) == "");
    flushes += store->flush_count();
    CHECK_FALSE(store->background_error());
  }
  CHECK(flushes > 0);  // by themselves: the memtables are small
}

TEST_CASE("rows are paged in both directions and kept apart by kind and id") {
  const TemporaryFolder folder;
  const auto store = opened({.path = folder / "state"});
  initialise(*store);
  Model model = genesis_model();
  std::mt19937_64 random(1);
  BlockCommit block;
  do {
    Model next = model;
    block = random_block(random, next, 10);
    if (block.entries.size() == 10) break;
  } while (true);
  block.index_rows.clear();
  for (std::uint64_t i = 0; i < 10; ++i) block.index_rows.push_back({1, "ab", i});
  block.index_rows.push_back({1, "a", 3});
  block.index_rows.push_back({1, "abc", 4});
  block.index_rows.push_back({2, "ab", 5});
  REQUIRE(store->commit(block));
  const auto seen = store->snapshot();
  using Indexes = std::vector<std::uint64_t>;
  CHECK(seen->find_rows(1, "ab", 0, 3) == Indexes{0, 1, 2});
  CHECK(seen->find_rows(1, "ab", 3, 3) == Indexes{3, 4, 5});
  CHECK(seen->find_rows(1, "ab", 8, 1000) == Indexes{8, 9});
  CHECK(seen->find_rows(1, "ab", 10, 5).empty());
  CHECK(seen->find_rows_reverse(1, "ab", UINT64_MAX, 3) == Indexes{9, 8, 7});
  CHECK(seen->find_rows_reverse(1, "ab", 7, 3) == Indexes{6, 5, 4});
  CHECK(seen->find_rows_reverse(1, "ab", 2, 1000) == Indexes{1, 0});
  CHECK(seen->find_rows_reverse(1, "ab", 0, 5).empty());
  CHECK(seen->find_rows(1, "a", 0, 1000) == Indexes{3});
  CHECK(seen->find_rows_reverse(1, "abc", UINT64_MAX, 1000) == Indexes{4});
  CHECK(seen->find_rows(2, "ab", 0, 1000) == Indexes{5});
  CHECK(seen->find_rows(3, "ab", 0, 1000).empty());
}

TEST_CASE("a scan of the state keeps to its bounds and stops when told") {
  const TemporaryFolder folder;
  const auto store = opened({.path = folder / "state"});
  ChangeSet changes;
  for (const char* key : {"a", "b", "b\x01", "c"}) changes.put(key, key);
  REQUIRE(store->initialise(this_ledger, changes, genesis_model().mark));
  const auto keys = [&](std::string_view from, std::string_view to, std::size_t stop_after) {
    std::vector<std::string> out;
    store->latest().scan(from, to, [&](std::string_view key, std::string_view) { return out.emplace_back(key), out.size() < stop_after; });
    return out;
  };
  CHECK(keys("a", "c", 9) == std::vector<std::string>{"a", "b", "b\x01"});
  CHECK(keys("b", "c", 1) == std::vector<std::string>{"b"});
  CHECK(keys("c", "c", 9).empty());
  CHECK(keys("d", "a", 9).empty());
}

TEST_CASE("a snapshot stays as it was, also after its store is gone") {
  const TemporaryFolder folder;
  std::mt19937_64 random(3);
  Model model = genesis_model();
  std::shared_ptr<const StateSnapshot> old;
  {
    const auto store = opened({.path = folder / "state"});
    initialise(*store);
    for (int i = 0; i < 5; ++i) REQUIRE(store->commit(random_block(random, model)));
    old = store->snapshot();
    Model later = model;
    for (int i = 0; i < 5; ++i) REQUIRE(store->commit(random_block(random, later)));
    REQUIRE(store->flush());
    CHECK(difference(*store->snapshot(), later) == "");
    CHECK(difference(*old, model) == "");
  }
  CHECK(difference(*old, model) == "");
}

TEST_CASE("readers of other threads always see mark and state of one height") {
  const TemporaryFolder folder;
  const auto store = opened({.path = folder / "state", .memtable_bytes = 512u << 10});
  initialise(*store);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0}, seen_heights{0};
  std::thread reader([&] {
    std::uint64_t last = 0;
    while (!done) {
      const auto seen = store->snapshot();
      if (seen->mark().height < last) ++wrong;
      if (seen->mark().height > last) ++seen_heights;
      last = seen->mark().height;
      if (last > 0 && seen->get("height") != std::to_string(last)) ++wrong;
      if (!seen->root_at(last) || seen->root_at(last + 1)) ++wrong;
    }
  });
  std::thread certifier([&] {
    for (std::uint64_t size = 1; !done; ++size)
      if (!store->put_certificate(size, "note " + std::to_string(size)) || store->snapshot()->latest_certificate() != "note " + std::to_string(size)) ++wrong;
  });
  std::mt19937_64 random(5);
  Model model = genesis_model();
  for (int i = 0; i < 300; ++i) {
    BlockCommit block = random_block(random, model, 3);
    block.changes.put("height", std::to_string(block.mark.height));
    if (!store->commit(block)) ++wrong;
  }
  done = true;
  reader.join();
  certifier.join();
  CHECK(wrong == 0);
  CHECK(seen_heights > 0);
}

TEST_CASE("certificates: the newest, and the smallest that covers an entry") {
  const TemporaryFolder folder;
  const auto store = opened({.path = folder / "state"});
  initialise(*store);
  CHECK_FALSE(store->snapshot()->latest_certificate());
  CHECK_FALSE(store->snapshot()->certificate_covering(0));
  const auto before = store->snapshot();
  for (const std::uint64_t size : {300, 10, 70000}) REQUIRE(store->put_certificate(size, "size " + std::to_string(size)));
  const auto seen = store->snapshot();
  CHECK(seen->latest_certificate() == "size 70000");
  CHECK(seen->certificate_covering(0) == "size 10");
  CHECK(seen->certificate_covering(9) == "size 10");
  CHECK(seen->certificate_covering(10) == "size 300");
  CHECK(seen->certificate_covering(69999) == "size 70000");
  CHECK_FALSE(seen->certificate_covering(70000));
  CHECK_FALSE(seen->certificate_covering(UINT64_MAX));
  CHECK_FALSE(before->latest_certificate());
}

TEST_CASE("proofs read from the tiles verify, over three levels of tiles and a reopening") {
  const TemporaryFolder folder;
  const StateStoreOptions options{.path = folder / "state"};
  initialise(*opened(options));
  std::vector<Digest> leaves;
  ledger::MerkleFrontier frontier;
  AppliedMark mark = genesis_model().mark;
  for (const std::size_t end : {1, 255, 256, 257, 40'000, 65'535, 65'536, 66'100}) {
    const auto store = opened(options);
    BlockCommit block;
    for (std::size_t i = leaves.size(); i < end; ++i) {
      Entry entry;
      entry.index = i;
      entry.id = ledger::sha256(std::to_string(i));
      entry.nonce = std::string(16, 'n');
      leaves.push_back(ledger::leaf_hash(ledger::leaf_record(entry)));
      frontier.append(leaves.back());
      block.entries.push_back(std::move(entry));
      block.leaf_hashes.emplace_back(leaves.back().view());
    }
    ++mark.height;
    mark.entries = end;
    mark.frontier = frontier.subtrees();
    block.mark = mark;
    REQUIRE(store->commit(block));
    const auto seen = store->snapshot();
    const Digest root = ledger::root_of(leaves);
    REQUIRE(seen->root_at(mark.height)->root == root);
    const auto read = ledger::subtrees_from_tiles([&](unsigned level, std::uint64_t index) { return seen->tile(level, index); });
    for (const std::size_t index : {std::size_t{0}, end / 3, end / 2, end - 1})
      CHECK(ledger::verify_inclusion(index, end, leaves[index], ledger::inclusion_proof(index, end, read), root));
    for (const std::size_t size : {std::size_t{1}, end / 2 + 1, end})
      CHECK(ledger::verify_consistency(size, end, ledger::root_of({leaves.begin(), leaves.begin() + static_cast<long>(size)}), root,
                                       ledger::consistency_proof(size, end, read)));
  }
}

TEST_CASE("a power cut leaves the whole of some committed height, not below the last flush") {
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << std::endl;  // now: an assertion of RocksDB would leave no time for it
  std::mt19937_64 random(seed);
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(seed);
  const auto env = environment(files);
  const StateStoreOptions options{.path = folder / "state", .memtable_bytes = 256u << 10, .block_cache_bytes = 1u << 20};
  std::map<std::uint64_t, Model> history{{0, genesis_model()}};
  initialise(*opened(options, env.get()));
  std::uint64_t durable = 0;
  unsigned lost_blocks = 0, advanced = 0;
  for (int round = 0; round < 40; ++round) {
    INFO("seed " << seed << " round " << round);
    auto store = opened(options, env.get());
    const std::uint64_t height = store->mark().height;
    REQUIRE(height >= durable);
    REQUIRE(history.contains(height));
    REQUIRE(difference(*store->snapshot(), history.at(height)) == "");
    lost_blocks += history.rbegin()->first > height;
    advanced += height > durable;
    durable = height;
    history.erase(history.upper_bound(height), history.end());  // executed again, here with other contents
    Model model = history.at(height);
    files->cut_power_after(static_cast<unsigned>(random() % 150));
    for (std::size_t i = random() % 30; i > 0; --i) {
      if (!store->commit(random_block(random, model, 6, 4000))) break;
      history[model.mark.height] = model;
      static_cast<void>(store->put_certificate(model.mark.entries, "certificate"));
      if (random() % 15 == 0 && store->flush()) durable = model.mark.height;
    }
    files->cut_power();
    store.reset();
    files->restore_power();
  }
  CHECK(lost_blocks > 0);
  CHECK(advanced > 0);
}

TEST_CASE("a clean stop leaves nothing to execute again") {
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(1);
  const auto env = environment(files);
  const StateStoreOptions options{.path = folder / "state"};
  Model model = genesis_model();
  std::mt19937_64 random(2);
  {
    const auto store = opened(options, env.get());
    initialise(*store);
    for (int i = 0; i < 10; ++i) REQUIRE(store->commit(random_block(random, model)));
  }
  files->cut_power();
  files->restore_power();
  CHECK(difference(*opened(options, env.get())->snapshot(), model) == "");
}

TEST_CASE("after a failed flush the store says so, commits nothing more, and stands at a whole height again when reopened") {
  const auto [status, kind] = GENERATE(table<rocksdb::IOStatus, StorageError::Kind>({
      {rocksdb::IOStatus::IOError("injected"), StorageError::Kind::io},
      {rocksdb::IOStatus::NoSpace("injected"), StorageError::Kind::full},
  }));
  const std::string file = GENERATE(".sst", "MANIFEST");
  INFO(status.ToString() << " at " << file);
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(1);
  const auto env = environment(files);
  const StateStoreOptions options{.path = folder / "state"};
  Model model = genesis_model();
  std::mt19937_64 random(2);
  auto store = opened(options, env.get());
  initialise(*store);
  REQUIRE(store->commit(random_block(random, model)));
  REQUIRE(store->flush());
  const Model flushed = model;
  REQUIRE(store->commit(random_block(random, model)));
  const rocksdb::IOStatus injected = status;
  files->set_fault([injected, file](const std::string& path, const std::string&) {
    return path.find(file) != std::string::npos ? injected : rocksdb::IOStatus::OK();
  });
  const auto failed = store->flush();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == kind);
  files->set_fault(nullptr);  // the disk "recovers": too late
  REQUIRE(store->background_error());
  CHECK(store->background_error()->kind == kind);
  Model unwritten = model;
  CHECK_FALSE(store->commit(random_block(random, unwritten)));
  CHECK_FALSE(store->put_certificate(1, "note"));
  CHECK_FALSE(store->flush());
  CHECK(difference(*store->snapshot(), model) == "");
  store.reset();
  store = opened(options, env.get());
  const bool at_flushed = difference(*store->snapshot(), flushed).empty();
  CHECK((at_flushed || difference(*store->snapshot(), model).empty()));
}

TEST_CASE("a failing background flush is reported and stops the commits") {
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(1);
  const auto env = environment(files);
  const auto store = opened({.path = folder / "state", .memtable_bytes = 256u << 10}, env.get());
  initialise(*store);
  files->set_fault([](const std::string& path, const std::string&) {
    return path.ends_with(".sst") ? rocksdb::IOStatus::NoSpace("injected") : rocksdb::IOStatus::OK();
  });
  Model model = genesis_model();
  std::mt19937_64 random(2);
  bool refused = false;
  for (int i = 0; i < 1000 && !refused; ++i) refused = !store->commit(random_block(random, model, 6, 4000));
  REQUIRE(refused);
  REQUIRE(store->background_error());
  CHECK(store->background_error()->kind == StorageError::Kind::full);
}

TEST_CASE("a store open elsewhere is locked") {
  const TemporaryFolder folder;
  const StateStoreOptions options{.path = folder / "state"};
  const auto store = opened(options);
  CHECK(open_rocks_state_store(options).error().kind == StorageError::Kind::locked);
}

TEST_CASE("a damaged table file is refused or noticed, never read as something else") {
  const TemporaryFolder folder;
  const StateStoreOptions options{.path = folder / "state"};
  Model model = genesis_model();
  std::mt19937_64 random(2);
  {
    const auto store = opened(options);
    initialise(*store);
    for (int i = 0; i < 20; ++i) REQUIRE(store->commit(random_block(random, model)));
  }
  // The table that holds the mark: it is read on opening.
  std::string damaged;
  for (const auto& file : std::filesystem::directory_iterator(folder / "state/1")) {
    if (file.path().extension() != ".sst") continue;
    std::string content = read_file(file.path().string());
    const auto at = content.find(model.mark.block_hash);
    if (at == std::string::npos) continue;
    content[at] = static_cast<char>(content[at] ^ 1);
    write_file(damaged = file.path().string(), content);
  }
  REQUIRE(damaged != "");
  const auto store = open_rocks_state_store(options);
  REQUIRE_FALSE(store);
  CHECK(store.error().kind == StorageError::Kind::corruption);
}

TEST_CASE("a read that meets damage stops the process instead of finding nothing") {
  const TemporaryFolder folder;
  const StateStoreOptions options{.path = folder / "state"};
  std::mt19937_64 random(9);
  std::string value;
  for (int i = 0; i < 1000; ++i) value.push_back(static_cast<char>(random()));  // does not compress: can be found in the file
  ChangeSet changes;
  changes.put("balance", value);
  REQUIRE(opened(options)->initialise(this_ledger, changes, genesis_model().mark));
  bool damaged = false;
  for (const auto& file : std::filesystem::directory_iterator(folder / "state/1")) {
    if (file.path().extension() != ".sst") continue;
    std::string content = read_file(file.path().string());
    const auto at = content.find(value.substr(0, 100));
    if (at == std::string::npos) continue;
    content[at + 500] = static_cast<char>(content[at + 500] ^ 1);
    write_file(file.path().string(), content);
    damaged = true;
  }
  REQUIRE(damaged);
  auto store = opened(options);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const bool found = store->latest().get("balance").has_value();
    ::_exit(found ? 1 : 0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == disk_exit_status));

  store.reset();  // what was met is known at the next opening, which would not have met it
  const auto again = open_rocks_state_store(options);
  REQUIRE(!again);
  CHECK(again.error().kind == StorageError::Kind::corruption);
  // Meanwhile this process had the store open, too, and its compaction may have come upon the same block.
  CHECK_THAT(again.error().text(), Catch::Contains("met earlier, while reading from state") || Catch::Contains("met earlier, while compacting"));
}

// Not a check: `storage_tests "[bench]"` prints how fast blocks of 200 transactions with 6 state writes each are committed.
TEST_CASE("commits per second", "[.][bench]") {
  const TemporaryFolder folder;
  const auto store = opened({.path = folder / "state"});
  initialise(*store);
  std::mt19937_64 random(1);
  Model model = genesis_model();
  ledger::MerkleFrontier frontier;
  AppliedMark mark = model.mark;
  const int blocks = 500, per_block = 200;
  std::chrono::steady_clock::duration spent{};
  for (int b = 0; b < blocks; ++b) {
    BlockCommit block;
    for (int i = 0; i < per_block; ++i) {
      Entry entry = entry_of(random, model, frontier.size());
      entry.envelope = std::string(400, 'e');
      const Digest leaf = ledger::leaf_hash(ledger::leaf_record(entry));
      frontier.append(leaf);
      block.leaf_hashes.emplace_back(leaf.view());
      for (int w = 0; w < 6; ++w) block.changes.put("a/account-" + std::to_string(random() % 100'000), std::string(60, 'v'));
      for (std::uint8_t kind = 0; kind < 4; ++kind) block.index_rows.push_back({kind, "member-" + std::to_string(random() % 1000), entry.index});
      block.entries.push_back(std::move(entry));
    }
    mark.height++;
    mark.raft_index++;
    mark.entries = frontier.size();
    mark.frontier = frontier.subtrees();
    block.mark = mark;
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(store->commit(block));
    spent += std::chrono::steady_clock::now() - begin;
  }
  const double seconds = std::chrono::duration<double>(spent).count();
  std::cout << blocks * per_block / seconds << " transactions/s committed, " << seconds / blocks * 1000 << " ms per block, " << store->flush_count() << " flushes\n";
}
