// Compaction and restart of the Raft log: against a model, over reopenings and power cuts; and the log is judged as strictly afterwards.
#include <catch2/catch.hpp>

#include <rocksdb/db.h>

#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "storage/keys.h"
#include "storage/record_frame.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/forgetful_file_system.h"
#include "tests/storage/raft_log_model.h"

using namespace daftar;
using namespace daftar::storage;
using namespace daftar::storage::test;
namespace fs = std::filesystem;

namespace {

LogRecord record(std::uint64_t index, std::uint64_t term, std::size_t size) {
  return {.index = index, .term = term, .kind = 1, .payload = std::make_shared<const std::string>(std::string(size, 'p') + std::to_string(index))};
}

struct Step {
  enum Kind { append, compact, restart } kind = append;
  StoredHardState hard_state;
  std::vector<LogRecord> records;
  LogPlace place;
  Expected<void, StorageError> on(RaftLog& log) const {
    if (kind == compact) return log.compact(place);
    if (kind == restart) return log.restart(place);
    return log.write(hard_state, records);
  }
  void on(LogModel& model) const {
    if (kind == compact) return model.compact(place);
    if (kind == restart) return model.restart(place);
    model.write(hard_state, records);
  }
};

Step random_step(std::mt19937_64& random, const LogModel& model) {
  Step step;
  step.hard_state = model.hard_state;
  if (random() % 10 == 0 && !model.records.empty()) {
    step.kind = Step::compact;
    step.place.index = model.compacted.index + 1 + random() % model.records.size();
    step.place.term = model.term_at(step.place.index);
  } else if (random() % 25 == 0 && model.hard_state.term > 0) {
    step.kind = Step::restart;  // ahead of the log, or within it after a conflict
    step.place = {model.compacted.index + 1 + random() % 60, model.hard_state.term};
  } else {
    step.hard_state.term += random() % 6 == 0;
    step.hard_state.voted_for = random() % 4;
    const std::uint64_t last = model.last(), held = model.records.size();
    std::uint64_t index = random() % 5 == 0 && held > 0 ? last - random() % std::min<std::uint64_t>(held, 10) : last + 1;
    const std::uint64_t term = std::max<std::uint64_t>(step.hard_state.term, 1);
    step.hard_state.term = term;
    for (std::size_t i = random() % 7; i > 0; --i) step.records.push_back(record(index++, term, random() % 15 == 0 ? random() % 30'000 : random() % 300));
  }
  return step;
}

std::uint64_t table_bytes(const std::string& path) {
  std::uint64_t out = 0;
  for (const auto& file : fs::directory_iterator(path))
    if (file.path().extension() == ".sst") out += file.file_size();
  return out;
}

/// The database changed behind the log's back.
void change_rows(const std::string& path, const std::function<void(rocksdb::DB&)>& change) {
  rocksdb::DB* raw = nullptr;
  REQUIRE(rocksdb::DB::Open({}, path, &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  change(*db);
}

std::string meta_key(std::uint64_t last) { return number_key(last) + 'm'; }

/// Ten records of terms 1 (1 to 5) and 2 (6 to 10), compacted through 6.
LogModel compacted_log(const RaftLogOptions& options) {
  const auto log = opened(options);
  std::vector<LogRecord> records;
  for (std::uint64_t i = 1; i <= 10; ++i) records.push_back(record(i, i <= 5 ? 1 : 2, 100));
  REQUIRE(log->write(StoredHardState{2, 1, 0}, records));
  REQUIRE(log->compact({6, 2}));
  LogModel model;
  model.write(StoredHardState{2, 1, 0}, records);
  model.compact({6, 2});
  REQUIRE(difference(*log, model) == "");
  return model;
}

}  // namespace

TEST_CASE("a compacted log forgets, keeps the term before its first record, and goes on") {
  const TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "raft"};
  LogModel model = compacted_log(options);
  const auto log = opened(options);
  CHECK(difference(*log, model) == "");
  CHECK(log->first() == 7);
  CHECK(log->compacted() == LogPlace{6, 2});
  CHECK(log->read(6, 8, 1000).error().kind == StorageError::Kind::not_found);
  const auto syncs = log->sync_count();
  REQUIRE(log->compact({6, 2}));
  REQUIRE(log->compact({3, 1}));  // long forgotten
  CHECK(log->sync_count() == syncs);
  SECTION("to its end") {
    REQUIRE(log->compact({10, 2}));
    model.compact({10, 2});
    CHECK(log->first() == 11);
    CHECK(log->last() == 10);
    CHECK(difference(*log, model) == "");
  }
  const std::vector<LogRecord> next{record(11, 3, 10)};
  REQUIRE(log->write(StoredHardState{3, 2, 0}, next));
  model.write(StoredHardState{3, 2, 0}, next);
  CHECK(difference(*log, model) == "");
}

TEST_CASE("a restarted log is empty and goes on after its new place, with the hard state it had") {
  const TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "raft"};
  LogModel model = compacted_log(options);
  const std::uint64_t index = GENERATE(1000, 10, 8, 7);  // beyond the log, at its end, within it
  {
    const auto log = opened(options);
    REQUIRE(log->restart({index, 2}));
    model.restart({index, 2});
    CHECK(difference(*log, model) == "");
  }
  const auto log = opened(options);
  CHECK(log->last() == index);
  CHECK(log->hard_state().voted_for == 1);
  CHECK(difference(*log, model) == "");
  const std::vector<LogRecord> next{record(index + 1, 2, 10), record(index + 2, 2, 10)};
  REQUIRE(log->write(std::nullopt, next));
  model.write(StoredHardState{2, 1, 0}, next);
  CHECK(difference(*log, model) == "");
}

TEST_CASE("random writes, compactions, restarts and reopenings agree with a model") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "raft", .cache_bytes = 2000, .memtable_bytes = 64u << 10};
  LogModel model;
  for (int round = 0; round < 10; ++round) {
    const auto log = opened(options);
    REQUIRE(difference(*log, model) == "");
    for (int i = 0; i < 60; ++i) {
      const Step step = random_step(random, model);
      REQUIRE(step.on(*log));
      step.on(model);
      REQUIRE(difference(*log, model) == "");
    }
  }
}

TEST_CASE("a power cut at any change during a compaction or a restart leaves the log before it or after it") {
  const auto kind = GENERATE(Step::compact, Step::restart);
  unsigned before = 0, after = 0;
  bool done = false;
  for (unsigned changes = 0; !done; ++changes) {
    INFO((kind == Step::compact ? "compaction" : "restart") << ", after " << changes << " changes");
    REQUIRE(changes < 100);
    const TemporaryFolder folder;
    const auto files = std::make_shared<ForgetfulFileSystem>(changes);
    const auto env = environment(files);
    const RaftLogOptions options{.path = folder / "raft", .cache_bytes = 0, .memtable_bytes = 64u << 10};
    LogModel model;
    auto log = opened(options, env.get());
    for (std::uint64_t i = 1; i <= 60; ++i) {  // several files
      const std::vector<LogRecord> records{record(i, 1, 8000)};
      REQUIRE(log->write(StoredHardState{1, 1, 0}, records));
      model.write(StoredHardState{1, 1, 0}, records);
    }
    Step step;
    step.kind = kind;
    step.place = kind == Step::compact ? LogPlace{50, 1} : LogPlace{70, 1};
    LogModel changed = model;
    step.on(changed);
    files->cut_power_after(changes);
    done = step.on(*log).has_value() && !files->power_is_cut();
    files->cut_power();
    log.reset();
    files->restore_power();
    log = opened(options, env.get());
    const bool is_after = difference(*log, changed).empty();
    if (done) REQUIRE(is_after);
    if (!is_after) REQUIRE(difference(*log, model) == "");
    ++(is_after ? after : before);
  }
  CHECK(before > 0);
  CHECK(after > 0);
}

TEST_CASE("power cuts anywhere in random writes, compactions and restarts lose nothing acknowledged") {
  const unsigned seed = std::random_device{}();
  std::mt19937_64 random(seed);
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(seed);
  const auto env = environment(files);
  const RaftLogOptions options{.path = folder / "raft", .cache_bytes = 2000, .memtable_bytes = 64u << 10};
  LogModel model;
  unsigned cuts_in_a_step = 0;
  for (int round = 0; round < 60; ++round) {
    INFO("seed " << seed << " round " << round);
    auto log = opened(options, env.get());
    REQUIRE(difference(*log, model) == "");
    files->cut_power_after(static_cast<unsigned>(random() % 80));
    for (int i = 0; i < 60; ++i) {
      const Step step = random_step(random, model);
      if (step.on(*log)) {
        step.on(model);
        continue;
      }
      ++cuts_in_a_step;
      log.reset();
      files->restore_power();
      log = opened(options, env.get());
      LogModel with = model;
      step.on(with);
      if (difference(*log, model) != "") {
        REQUIRE(difference(*log, with) == "");
        model = with;
      }
      break;
    }
    files->cut_power();
    log.reset();
    files->restore_power();
  }
  CHECK(cuts_in_a_step > 5);
}

TEST_CASE("compaction gives the space back") {
  const TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "raft", .cache_bytes = 0, .memtable_bytes = 64u << 10};
  auto log = opened(options);
  std::uint64_t most = 0;
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    const LogRecord next = record(i, 1, 4000);
    REQUIRE(log->write(std::nullopt, {&next, 1}));
    if (i % 50 == 0) {
      REQUIRE(log->compact({i - 20, 1}));
      most = std::max(most, table_bytes(options.path));
    }
  }
  INFO("at most " << most << " bytes in tables, of " << 2000 * 4000 << " written");
  CHECK(most > 0);
  CHECK(most < 2'000'000);
}

TEST_CASE("readers of other threads get records or hear that they are forgotten") {
  const TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "raft", .cache_bytes = 0, .memtable_bytes = 64u << 10};
  const auto log = opened(options);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0}, read_some{0};
  std::thread reader([&] {
    std::mt19937_64 random(1);
    while (!done) {
      const std::uint64_t first = log->first(), last = log->last();
      if (last < first) continue;
      const std::uint64_t from = first + random() % (last - first + 1);
      const auto read = log->read(from, last, 20'000);
      if (read ? read->front().index != from : read.error().kind != StorageError::Kind::not_found) ++wrong;
      read_some += read.has_value();
    }
  });
  for (std::uint64_t i = 1; i <= 1500; ++i) {
    const LogRecord next = record(i, 1, 2000);
    if (!log->write(StoredHardState{1, 1, 0}, {&next, 1})) ++wrong;
    if (i % 10 == 0 && !log->compact({i - 3, 1})) ++wrong;
  }
  done = true;
  reader.join();
  CHECK(wrong == 0);
  CHECK(read_some > 0);
}

TEST_CASE("a compacted log is judged as strictly as a whole one") {
  const TemporaryFolder folder;
  const RaftLogOptions options{.path = folder / "raft"};
  compacted_log(options);
  const std::string path = options.path;
  std::string expected;
  LogMeta meta{.hard_state = {2, 1, 0}, .first = 7, .compacted_term = 2, .last = 10, .last_term = 2, .write_number = 2};
  const auto put_meta = [&](rocksdb::DB& db) { REQUIRE(db.Put({}, meta_key(meta.last), encode_meta(meta)).ok()); };
  SECTION("the rows as they should be are accepted") { change_rows(path, put_meta); }
  SECTION("a hole") {
    change_rows(path, [](rocksdb::DB& db) { REQUIRE(db.Delete({}, number_key(8)).ok()); });
    expected = "record 8 is missing";
  }
  SECTION("the first record is gone") {
    change_rows(path, [](rocksdb::DB& db) { REQUIRE(db.Delete({}, number_key(7)).ok()); });
    expected = "record 7 is missing";
  }
  SECTION("the first record is gone, and what was before it too") {
    change_rows(path, [](rocksdb::DB& db) { REQUIRE(db.DeleteRange({}, db.DefaultColumnFamily(), "", number_key(8)).ok()); });
    expected = "record 7 is missing";
  }
  SECTION("a damaged record") {
    change_rows(path, [](rocksdb::DB& db) { REQUIRE(db.Put({}, number_key(9), "not framed").ok()); });
    expected = "record 9 fails its checksum";
  }
  SECTION("a first record of a term before that of the compacted part") {
    change_rows(path, [](rocksdb::DB& db) {
      const auto old = record(7, 1, 10);
      REQUIRE(db.Put({}, number_key(7), record_header(old) + *old.payload).ok());
    });
    expected = "record 7 has term 1 after term 2";
  }
  SECTION("bounds that contradict each other") {
    meta.first = 12;
    change_rows(path, put_meta);
    expected = "contradict";
  }
  SECTION("an empty log whose last term is not that of its place") {
    meta.first = 11;
    meta.compacted_term = 1;
    change_rows(path, put_meta);
    expected = "term 2 after term 1";
  }
  SECTION("fewer writes than were durable") {
    meta.write_number = 1;
    change_rows(path, put_meta);
    expected = "it has lost what this node may have promised";
  }
  const auto log = open_rocks_raft_log(options);
  if (expected.empty()) {
    REQUIRE(log);
    return;
  }
  REQUIRE_FALSE(log);
  CHECK(log.error().kind == StorageError::Kind::corruption);
  CHECK(log.error().detail.find(expected) != std::string::npos);
  INFO(log.error().text());
}

TEST_CASE("a flipped bit in the write-ahead log is refused also after a compaction and a restart") {
  const bool restarted = GENERATE(false, true);
  const TemporaryFolder folder;
  const std::string live = folder / "live", killed = folder / "killed";
  {
    const auto log = opened({.path = live});
    for (std::uint64_t i = 1; i <= 20; ++i) {
      const LogRecord next = record(i, 1, 500);
      REQUIRE(log->write(StoredHardState{1, 1, 0}, {&next, 1}));
    }
    REQUIRE((restarted ? log->restart({30, 1}) : log->compact({15, 1})));
    const LogRecord next = record(log->last() + 1, 1, 500);
    REQUIRE(log->write(std::nullopt, {&next, 1}));
    fs::copy(live, killed, fs::copy_options::recursive);
    fs::copy_file(live + ".synced", killed + ".synced");
  }
  std::string wal;
  for (const auto& entry : fs::directory_iterator(killed))
    if (entry.path().extension() == ".log") wal = entry.path().string();
  const std::string whole = read_file(wal);
  for (std::size_t offset = 3; offset < whole.size(); offset += whole.size() / 20) {
    INFO("offset " << offset << " of " << whole.size());
    std::string damaged = whole;
    damaged[offset] = static_cast<char>(damaged[offset] ^ 4);
    write_file(wal, damaged);
    const auto log = open_rocks_raft_log(RaftLogOptions{.path = killed});
    REQUIRE_FALSE(log);
    CHECK(log.error().kind == StorageError::Kind::corruption);
  }
  write_file(wal, whole);
  const auto log = open_rocks_raft_log(RaftLogOptions{.path = killed});
  REQUIRE(log);
  CHECK((*log)->first() == (restarted ? 31 : 16));
  CHECK((*log)->last() == (restarted ? 31 : 21));
}
