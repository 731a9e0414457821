// A data directory that is damaged or does not fit together is opened all the same, with a log that is known to lack something (node/disks.h).
#include <catch2/catch.hpp>

#include <filesystem>

#include "node/disks.h"
#include "tests/harness/file_damage.h"
#include "tests/harness/small_network.h"

using namespace daftar;
namespace fs = std::filesystem;

namespace {

struct Directory {
  tests::TemporaryFolder folder;
  tests::SmallNetwork network{3};
  fs::path data = folder / "data";

  node::Disks open() const {
    auto disks = node::open_disks(data, *network.genesis, {});
    if (!disks) FAIL(disks.error());
    return std::move(*disks);
  }
  fs::path operator/(const std::string& name) const { return data / name; }
  void flip_in(const std::string& extension) const { tests::flip_bit_in_largest(data / "raft-log", "", extension); }
};

void write_entries(storage::RaftLog& log, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t index = from; index <= to; ++index) {
    const storage::LogRecord record{.index = index, .term = 3, .kind = 0, .payload = std::make_shared<const std::string>(200, 'x')};
    REQUIRE(log.write(storage::StoredHardState{3, 2, index}, {&record, 1}));
  }
}

/// A state on disk that has executed the log up to there.
void execute_through(storage::StateStore& store, storage::LogPlace place) {
  storage::BlockCommit block;
  block.mark = store.mark();
  block.mark.raft_index = place.index;
  block.mark.raft_term = place.term;
  block.mark.height = 1;
  REQUIRE(store.commit(block));
  REQUIRE(store.flush());
}

const std::vector<storage::StoredRecollection> memory{{2, 3, 3, 17, 3, 18}, {3, 2, 0, 0, 0, 0}};

}  // namespace

TEST_CASE("an undamaged data directory is opened as it is") {
  Directory directory;
  {
    auto disks = directory.open();
    CHECK_FALSE(disks.log_incomplete);
    CHECK(disks.store->mark().height == 0);
    write_entries(*disks.log, 1, 5);
    REQUIRE(disks.log->write_memory(memory));
  }
  const auto again = directory.open();
  CHECK_FALSE(again.log_incomplete);
  CHECK(again.log->last() == 5);
  CHECK(again.log->memory() == memory);
}

TEST_CASE("a damaged log is set aside, term, vote and memory are taken over as far as they can be read, and the doubt lasts until it is lifted") {
  Directory directory;
  {
    auto disks = directory.open();
    write_entries(*disks.log, 1, 20);
    REQUIRE(disks.log->write_memory(memory));
  }
  directory.flip_in(".log");
  {
    const auto disks = directory.open();
    CHECK(disks.log_incomplete);
    CHECK(disks.log->last() == 0);
    CHECK(disks.log->hard_state().term == 0);  // what follows the damage in the write-ahead log is not to be had: the newest vote neither
    CHECK(disks.log->memory() == memory);
    CHECK(fs::exists(directory / "raft-log.damaged-1"));
    CHECK(fs::exists(directory / "raft-log.damaged-1.synced"));
    CHECK_FALSE(fs::exists(directory / "raft-log.new"));
  }
  {
    auto disks = directory.open();
    CHECK(disks.log_incomplete);  // nobody has said that it is whole
    CHECK_FALSE(fs::exists(directory / "raft-log.damaged-2"));
    write_entries(*disks.log, 1, 3);
  }
  node::note_log_is_whole(directory.data);
  const auto disks = directory.open();
  CHECK_FALSE(disks.log_incomplete);
  CHECK(disks.log->last() == 3);
}

TEST_CASE("a validator without others does not mend what nobody can make up for") {
  Directory directory;
  {
    auto disks = directory.open();
    write_entries(*disks.log, 1, 20);
  }
  directory.flip_in(".log");
  const auto refused = node::open_disks(directory.data, *directory.network.genesis, {}, true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().find("no other node") != std::string::npos);
  CHECK(fs::exists(directory / "raft-log"));
  CHECK_FALSE(fs::exists(directory / "raft-log.damaged-1"));
}

TEST_CASE("a log that was removed from under its state is begun anew after what the state has executed") {
  Directory directory;
  {
    auto disks = directory.open();
    write_entries(*disks.log, 1, 20);
    execute_through(*disks.store, {12, 3});
  }
  SECTION("removed") {
    fs::remove_all(directory / "raft-log");
    fs::remove(directory / "raft-log.synced");
  }
  SECTION("removed, but not its mark") { fs::remove_all(directory / "raft-log"); }
  const auto disks = directory.open();
  CHECK(disks.log_incomplete);
  CHECK(disks.log->compacted() == storage::LogPlace{12, 3});
  CHECK(disks.log->last() == 12);
  CHECK(disks.log->hard_state().term == 3);
  CHECK(disks.log->hard_state().voted_for == 0);
}

TEST_CASE("a log shorter than its state keeps its term and vote") {
  Directory directory;
  {
    auto disks = directory.open();
    write_entries(*disks.log, 1, 5);
    execute_through(*disks.store, {12, 2});
  }
  const auto disks = directory.open();
  CHECK(disks.log_incomplete);
  CHECK(disks.log->last() == 12);
  CHECK(disks.log->hard_state().term == 3);
  CHECK(disks.log->hard_state().voted_for == 2);
}

TEST_CASE("a state that was removed is built anew from a log that begins at the first entry, else from the others") {
  Directory directory;
  const bool compacted = GENERATE(false, true);
  {
    auto disks = directory.open();
    write_entries(*disks.log, 1, 20);
    if (compacted) REQUIRE(disks.log->compact({10, 3}));
  }
  fs::remove_all(directory / "state");
  const auto disks = directory.open();
  CHECK(disks.store->mark().raft_index == 0);
  CHECK(disks.log_incomplete == compacted);
  CHECK(disks.log->last() == (compacted ? 0 : 20));
  CHECK(disks.log->hard_state().term == 3);
  CHECK(disks.log->hard_state().voted_for == 2);
}

TEST_CASE("a repair that was cut off is gone on with at the next start") {
  Directory directory;
  {
    auto disks = directory.open();
    write_entries(*disks.log, 1, 20);
  }
  directory.flip_in(".log");
  static_cast<void>(directory.open());
  // As it is after each of the steps: the new log stands beside the old one, which has gone, in part or in whole.
  const auto move = [&](const std::string& from, const std::string& to) { fs::rename(directory / from, directory / to); };
  const int steps_done = GENERATE(0, 1, 2, 3);
  move("raft-log", "raft-log.new");
  if (steps_done < 3) move("raft-log.synced", "raft-log.new.synced");
  if (steps_done < 2) move("raft-log.damaged-1.synced", "raft-log.synced");
  if (steps_done < 1) move("raft-log.damaged-1", "raft-log");
  const auto disks = directory.open();
  CHECK(disks.log_incomplete);
  CHECK(disks.log->last() == 0);
  CHECK_FALSE(fs::exists(directory / "raft-log.new"));
  CHECK_FALSE(fs::exists(directory / "raft-log.new.synced"));
  CHECK(fs::exists(directory / "raft-log.damaged-1"));
}
