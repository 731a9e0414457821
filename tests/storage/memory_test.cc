// What a node remembers of its peers, beside the Raft log: what survives the death of the process, a power cut, and damage to the database.
#include <catch2/catch.hpp>

#include <filesystem>

#include "storage/rocks_options.h"
#include "storage/synced_mark.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/forgetful_file_system.h"

using namespace daftar;
using namespace daftar::storage;
using namespace daftar::storage::test;
namespace fs = std::filesystem;

namespace {

std::vector<StoredRecollection> memory_of(std::uint64_t number) { return {{2, number, 1, number, 1, number + 1}, {3, number, 0, 0, 0, 0}}; }

void write_record(RaftLog& log, std::uint64_t index) {
  const LogRecord record{.index = index, .term = 1, .kind = 1, .payload = std::make_shared<const std::string>(100, 'x')};
  REQUIRE(log.write(StoredHardState{1, 2, 0}, {&record, 1}));
}

}  // namespace

TEST_CASE("what is remembered of peers is there again, whatever comes later and however often it is opened") {
  TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "log"};
  CHECK((*open_rocks_raft_log(options))->memory().empty());
  for (std::uint64_t round = 1; round <= 5; ++round) {
    auto log = open_rocks_raft_log(options);
    REQUIRE(log);
    CHECK((*log)->memory() == (round == 1 ? std::vector<StoredRecollection>() : memory_of(round - 1)));
    for (std::uint64_t i = 0; i < round; ++i) REQUIRE((*log)->write_memory(memory_of(round)));
    CHECK((*log)->memory() == memory_of(round));
    write_record(**log, round);
  }
}

TEST_CASE("the death of the process loses nothing of what is remembered") {
  TemporaryFolder folder;
  const std::string path = folder / "log", copy = folder / "copy";
  auto log = open_rocks_raft_log(RaftLogOptions{.path = path});
  REQUIRE(log);
  write_record(**log, 1);
  REQUIRE((*log)->write_memory(memory_of(1)));
  REQUIRE((*log)->write_memory(memory_of(2)));
  fs::copy(path, copy, fs::copy_options::recursive);
  fs::copy_file(path + ".synced", copy + ".synced");
  CHECK((*open_rocks_raft_log(RaftLogOptions{.path = copy}))->memory() == memory_of(2));
}

TEST_CASE("a power cut loses what is remembered at most back to the last settling") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    TemporaryFolder folder;
    const auto files = std::make_shared<ForgetfulFileSystem>(seed);
    const auto env = environment(files);
    const RaftLogOptions options{.path = folder / "log"};
    std::uint64_t settled = 0;
    {
      auto log = open_rocks_raft_log(options, env.get());
      REQUIRE(log);
      for (std::uint64_t i = 1; i <= 20; ++i) {
        REQUIRE((*log)->write_memory(memory_of(i)));
        if (i % 3 == 0) write_record(**log, i / 3);
        if (i % 7 == seed % 7) {
          REQUIRE((*log)->settle());
          settled = i;
        }
      }
      files->cut_power();
    }
    files->restore_power();
    auto log = open_rocks_raft_log(options, env.get());
    REQUIRE(log);
    const auto memory = (*log)->memory();
    INFO("seed " << seed);
    const std::uint64_t found = memory.empty() ? 0 : memory[0].term;
    CHECK(found >= settled);
    CHECK((found == 0 || memory == memory_of(found)));
  }
}

TEST_CASE("what is remembered costs no sync while the log is written to") {
  TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(1);
  const auto env = environment(files);
  unsigned syncs = 0;
  auto log = open_rocks_raft_log(RaftLogOptions{.path = folder / "log"}, env.get());
  REQUIRE(log);
  files->set_fault([&](const std::string&, const std::string& operation) {
    syncs += operation == "sync";
    return rocksdb::IOStatus::OK();
  });
  const auto syncs_of_writes = [&](bool with_memory) {
    syncs = 0;
    static std::uint64_t index = 0;
    for (int i = 0; i < 60; ++i) {
      write_record(**log, ++index);
      if (with_memory) REQUIRE((*log)->write_memory(memory_of(index)));
    }
    return syncs;
  };
  const unsigned without = syncs_of_writes(false), with = syncs_of_writes(true);
  CHECK(with <= without + 3);  // the mark is synced every 64 writes or 100 ms
}

TEST_CASE("a torn or damaged slot leaves the one before") {
  TemporaryFolder folder;
  const std::string path = folder / "mark";
  auto* const env = rocksdb::Env::Default();
  {
    auto mark = SyncedMark::open(env, path, {1, 1, 1});
    REQUIRE(mark);
    REQUIRE((*mark)->remember(memory_of(1)));
    REQUIRE((*mark)->sync());
    REQUIRE((*mark)->remember(memory_of(2)));
    REQUIRE((*mark)->sync());
  }
  REQUIRE(*SyncedMark::read_memory(env, path) == memory_of(2));
  const std::string good = read_file(path);
  const std::size_t newest = good.rfind("DMM1");
  for (std::size_t at = 0; at < 16 + 2 * 48 + 4; ++at) {
    for (const std::size_t slot : {good.find("DMM1"), newest}) {
      std::string bad = good;
      bad[slot + at] = static_cast<char>(bad[slot + at] ^ 1);
      write_file(path, bad);
      const auto memory = *SyncedMark::read_memory(env, path);
      CHECK((memory == memory_of(1) || memory == memory_of(2)));
    }
  }
  CHECK((*SyncedMark::read(env, path))->write_number == 1);  // the mark itself is none the worse
}

TEST_CASE("damage to the database leaves what is remembered, and the term and vote where nothing can lie behind them") {
  TemporaryFolder folder;
  const std::string live = folder / "live", path = folder / "log";
  auto log = open_rocks_raft_log(RaftLogOptions{.path = live});
  REQUIRE(log);
  for (std::uint64_t i = 1; i <= 30; ++i) write_record(**log, i);
  REQUIRE((*log)->write_memory(memory_of(9)));
  fs::copy(live, path, fs::copy_options::recursive);
  fs::copy_file(live + ".synced", path + ".synced");
  const RaftLogOptions options{.path = path};
  SECTION("undamaged") {
    const auto salvage = salvage_rocks_raft_log(options);
    REQUIRE(salvage.hard_state);
    CHECK(salvage.hard_state->term == 1);
    CHECK(salvage.hard_state->voted_for == 2);
    CHECK(salvage.memory == memory_of(9));
  }
  SECTION("a bit in the middle of the write-ahead log") {
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.path().extension() != ".log") continue;
      std::string content = read_file(entry.path());
      content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 4);
      write_file(entry.path(), content);
    }
    CHECK_FALSE(open_rocks_raft_log(options));
    const auto salvage = salvage_rocks_raft_log(options);
    CHECK_FALSE(salvage.hard_state);
    CHECK(salvage.memory == memory_of(9));
  }
  SECTION("without the mark nothing is certain") {
    fs::remove(path + ".synced");
    const auto salvage = salvage_rocks_raft_log(options);
    CHECK_FALSE(salvage.hard_state);
    CHECK(salvage.memory.empty());
  }
  SECTION("the database is gone") {
    fs::remove_all(path);
    const auto salvage = salvage_rocks_raft_log(options);
    CHECK_FALSE(salvage.hard_state);
    CHECK(salvage.memory == memory_of(9));
  }
}
