// The Raft log over RocksDB: what a caller sees, and that nothing acknowledged is ever missing after a reopening.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "storage/record_frame.h"
#include "tests/storage/forgetful_file_system.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/raft_log_model.h"

using namespace daftar;
using namespace daftar::storage;
using namespace daftar::storage::test;

namespace {

LogRecord record(std::uint64_t index, std::uint64_t term, std::string payload) {
  return {.index = index, .term = term, .kind = static_cast<std::uint8_t>(index % 3), .payload = std::make_shared<const std::string>(std::move(payload))};
}

std::vector<LogRecord> run(std::uint64_t from, std::uint64_t to, std::uint64_t term, std::size_t size = 20) {
  std::vector<LogRecord> out;
  for (std::uint64_t i = from; i <= to; ++i) out.push_back(record(i, term, std::string(size, static_cast<char>('a' + i % 26)) + std::to_string(i)));
  return out;
}

struct RandomWrite {
  std::optional<StoredHardState> hard_state;
  std::vector<LogRecord> records;
};

RandomWrite random_write(std::mt19937_64& random, const LogModel& model) {
  RandomWrite out;
  const std::uint64_t term = model.hard_state.term + (random() % 8 == 0);
  if (random() % 3 == 0 || term != model.hard_state.term) out.hard_state = StoredHardState{term, random() % 5, model.last()};
  if (random() % 8 == 0 && out.hard_state) return out;
  const std::uint64_t last = model.last();
  const std::uint64_t from = random() % 5 == 0 && last > 0 ? last - random() % std::min<std::uint64_t>(last, 10) : last + 1;
  const std::size_t count = 1 + random() % 6;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = random() % 20 == 0 ? random() % 90'000 : random() % 300;
    out.records.push_back(record(from + i, term, std::string(size, static_cast<char>(random()))));
  }
  return out;
}

}  // namespace

TEST_CASE("a new log is empty and begins at 1") {
  const TemporaryFolder folder;
  const auto log = opened({.path = folder / "deep/down/raft"});
  CHECK(log->first() == 1);
  CHECK(log->last() == 0);
  CHECK(log->hard_state().term == 0);
  CHECK(log->read(1, 1, 100).error().kind == StorageError::Kind::not_found);
}

TEST_CASE("records, bounds and hard state come back after a reopening") {
  const TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "raft"};
  {
    const auto log = opened(options);
    REQUIRE(log->write(StoredHardState{3, 2, 0}, {}));
    REQUIRE(log->write(std::nullopt, run(1, 10, 3)));
    REQUIRE(log->write(StoredHardState{3, 2, 9}, run(11, 12, 3)));
    CHECK(log->sync_count() == 3);
  }
  const auto log = opened(options);
  CHECK(log->sync_count() == 0);
  CHECK(log->first() == 1);
  CHECK(log->last() == 12);
  CHECK(log->hard_state().term == 3);
  CHECK(log->hard_state().voted_for == 2);
  CHECK(log->hard_state().commit == 9);
  const auto read = log->read(5, 12, 1'000'000);
  REQUIRE(read);
  REQUIRE(read->size() == 8);
  CHECK(read->front().index == 5);
  CHECK(*read->back().payload == *run(12, 12, 3)[0].payload);
}

TEST_CASE("a null payload is an empty one") {
  const TemporaryFolder folder;
  {
    const auto log = opened({.path = folder / "raft"});
    const LogRecord empty{.index = 1, .term = 1, .kind = 7, .payload = nullptr};
    REQUIRE(log->write(std::nullopt, {&empty, 1}));
  }
  const auto read = opened({.path = folder / "raft"})->read(1, 1, 0);
  REQUIRE(read);
  CHECK(read->at(0).kind == 7);
  CHECK(read->at(0).payload->empty());
}

TEST_CASE("a new suffix replaces the old one, also when it is shorter, and stays so after a reopening") {
  const TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "raft"};
  LogModel model;
  {
    const auto log = opened(options);
    const auto old_records = run(1, 20, 1), new_records = run(15, 16, 2);
    REQUIRE(log->write(std::nullopt, old_records));
    REQUIRE(log->write(std::nullopt, new_records));
    model.write({}, old_records);
    model.write({}, new_records);
    CHECK(log->last() == 16);
    CHECK(difference(*log, model) == "");
    CHECK(log->read(16, 17, 100).error().kind == StorageError::Kind::not_found);
  }
  const auto log = opened(options);
  CHECK(log->last() == 16);
  CHECK(difference(*log, model) == "");
}

TEST_CASE("reading stops once bytes_max is passed, but gives at least one record") {
  const TemporaryFolder folder;
  for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20}) {
    const auto log = opened({.path = folder / ("raft" + std::to_string(cache)), .cache_bytes = cache});
    REQUIRE(log->write(std::nullopt, run(1, 10, 1, 98)));
    CHECK(log->read(1, 10, 0)->size() == 1);
    CHECK(log->read(1, 10, 250)->size() == 3);
    CHECK(log->read(3, 4, 1'000'000)->size() == 2);
    CHECK(log->read(0, 4, 100).error().kind == StorageError::Kind::not_found);
    CHECK(log->read(4, 3, 100).error().kind == StorageError::Kind::not_found);
  }
}

TEST_CASE("random writes and reopenings agree with a model") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "raft", .cache_bytes = 2000, .memtable_bytes = 64u << 10};  // so that tables are written too
  LogModel model;
  for (int round = 0; round < 8; ++round) {
    const auto log = opened(options);
    REQUIRE(difference(*log, model) == "");
    for (int i = 0; i < 40; ++i) {
      const auto write = random_write(random, model);
      REQUIRE(log->write(write.hard_state, write.records));
      model.write(write.hard_state, write.records);
    }
    REQUIRE(difference(*log, model) == "");
  }
}

TEST_CASE("a power cut loses nothing acknowledged, and an unfinished write is there wholly or not at all") {
  const unsigned seed = std::random_device{}();
  std::mt19937_64 random(seed);
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(seed);
  const auto env = environment(files);
  const RaftLogOptions options{.path = folder / "raft", .cache_bytes = 2000, .memtable_bytes = 64u << 10};
  LogModel model;
  unsigned cuts_in_a_write = 0;
  for (int round = 0; round < 60; ++round) {
    INFO("seed " << seed << " round " << round);
    files->restore_power();
    auto log = opened(options, env.get());
    REQUIRE(difference(*log, model) == "");
    files->cut_power_after(static_cast<unsigned>(random() % 60));
    for (int i = 0; i < 40; ++i) {
      const auto write = random_write(random, model);
      const auto done = log->write(write.hard_state, write.records);
      if (done) {
        model.write(write.hard_state, write.records);
        continue;
      }
      ++cuts_in_a_write;
      REQUIRE_FALSE(log->write(StoredHardState{99, 1, 0}, {}));
      log.reset();
      files->restore_power();
      log = opened(options, env.get());
      LogModel with = model;
      with.write(write.hard_state, write.records);
      const std::string without = difference(*log, model);
      if (!without.empty()) {
        REQUIRE(difference(*log, with) == "");
        model = with;
      }
      break;
    }
    files->cut_power();
    log.reset();
  }
  CHECK(cuts_in_a_write > 5);
}

TEST_CASE("power that goes while a log is being opened does no harm") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(seed);
  const auto env = environment(files);
  const RaftLogOptions options{.path = folder / "raft"};
  LogModel model;
  for (unsigned changes = 0; changes < 45; ++changes) {
    INFO("after " << changes << " changes");
    files->cut_power_after(changes);
    {
      const auto cut = open_rocks_raft_log(options, env.get());
      if (cut) REQUIRE(difference(**cut, model) == "");
    }
    files->cut_power();
    files->restore_power();
    const auto log = opened(options, env.get());
    REQUIRE(difference(*log, model) == "");
    const auto more = run(model.last() + 1, model.last() + 2, 1);
    REQUIRE(log->write(std::nullopt, more));
    model.write({}, more);
  }
}

TEST_CASE("a failed write is an error of its kind, and nothing is written after it") {
  const auto [status, kind] = GENERATE(table<rocksdb::IOStatus, StorageError::Kind>({
      {rocksdb::IOStatus::IOError("injected"), StorageError::Kind::io},
      {rocksdb::IOStatus::NoSpace("injected"), StorageError::Kind::full},
  }));
  const std::string operation = GENERATE("append", "sync"), file = GENERATE(".log", ".synced");
  INFO(status.ToString() << " at " << operation << " of " << file);
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(1);
  const auto env = environment(files);
  const RaftLogOptions options{.path = folder / "raft"};
  auto log = opened(options, env.get());
  REQUIRE(log->write(StoredHardState{1, 1, 0}, run(1, 5, 1)));
  const rocksdb::IOStatus injected = status;
  files->set_fault([injected, operation, file](const std::string& path, const std::string& what) {
    return path.ends_with(file) && what == operation ? injected : rocksdb::IOStatus::OK();
  });
  std::optional<StorageError> error;
  for (std::uint64_t i = 6; i < 6 + 2 * 64 && !error; ++i)  // the mark is synced at the latest with the 64th write
    if (const auto done = log->write(std::nullopt, run(i, i, 1)); !done) error = done.error();
  REQUIRE(error);
  CHECK(error->kind == kind);
  CHECK(error->text().find("injected") != std::string::npos);
  files->set_fault(nullptr);  // the disk "recovers": too late
  CHECK_FALSE(log->write(StoredHardState{2, 1, 0}, {}));
  CHECK_FALSE(log->write(std::nullopt, run(6, 6, 2)));
  log.reset();
  log = opened(options, env.get());
  CHECK(log->last() >= 5);
  CHECK(log->hard_state().term == 1);
  CHECK(*log->read(5, 5, 1)->front().payload == *run(5, 5, 1)[0].payload);
}

TEST_CASE("a failed memtable flush refuses later writes") {
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(1);
  const auto env = environment(files);
  const auto log = opened({.path = folder / "raft", .memtable_bytes = 64u << 10}, env.get());
  files->set_fault([](const std::string& path, const std::string&) {
    return path.ends_with(".sst") ? rocksdb::IOStatus::IOError("injected") : rocksdb::IOStatus::OK();
  });
  bool refused = false;
  for (std::uint64_t i = 1; i < 1000 && !refused; ++i) refused = !log->write(std::nullopt, run(i, i, 1, 4000));
  CHECK(refused);
  files->set_fault(nullptr);
  CHECK_FALSE(log->write(StoredHardState{1, 1, 0}, {}));
}

TEST_CASE("a log open elsewhere is locked") {
  const TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "raft"};
  SECTION("in this process") {
    const auto log = opened(options);
    CHECK(open_rocks_raft_log(options).error().kind == StorageError::Kind::locked);
  }
  SECTION("in another process") {
    opened(options).reset();
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {  // only system calls here: other threads of the parent do not exist
      const int file = ::open((options.path + "/LOCK").c_str(), O_RDWR);
      struct flock whole {};
      whole.l_type = F_WRLCK;
      whole.l_whence = SEEK_SET;
      const char outcome = ::fcntl(file, F_SETLK, &whole) == 0 ? 'y' : 'n';
      if (::write(ready[1], &outcome, 1) != 1) ::_exit(1);
      ::pause();
      ::_exit(0);
    }
    char outcome = 0;
    REQUIRE(::read(ready[0], &outcome, 1) == 1);
    REQUIRE(outcome == 'y');
    const auto log = open_rocks_raft_log(options);
    const bool locked = !log && log.error().kind == StorageError::Kind::locked;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    CHECK(locked);
    CHECK(open_rocks_raft_log(options));
  }
}
