// Damage to the files of a Raft log: what may be cut off, and what must be refused. The folder is copied while the log is open: that is the
// disk after the process was killed.
#include <catch2/catch.hpp>

#include <filesystem>
#include <random>

#include "storage/record_frame.h"
#include "storage/rocks_options.h"
#include "storage/wal_tail.h"
#include "tests/storage/file_bytes.h"

using namespace daftar;
using namespace daftar::storage;
using namespace daftar::storage::test;
namespace fs = std::filesystem;

namespace {

void write_records(RaftLog& log, std::uint64_t from, std::uint64_t to, std::size_t size = 200) {
  for (std::uint64_t i = from; i <= to; ++i) {
    const LogRecord record{.index = i, .term = 1, .kind = 1, .payload = std::make_shared<const std::string>(size, static_cast<char>('a' + i % 26))};
    REQUIRE(log.write(std::nullopt, {&record, 1}));
  }
}

/// A log killed after 50 acknowledged writes of one record; `early` is its mark after 10 of them.
struct Killed {
  TemporaryFolder folder;
  std::string path = folder / "killed";
  std::string early_mark;

  explicit Killed(std::size_t record_size = 200) {
    const std::string live = folder / "live";
    auto log = open_rocks_raft_log(RaftLogOptions{.path = live});
    REQUIRE(log);
    write_records(**log, 1, 10, record_size);
    early_mark = read_file(live + ".synced");
    write_records(**log, 11, 50, record_size);
    fs::copy(live, path, fs::copy_options::recursive);
    fs::copy_file(live + ".synced", path + ".synced");
    log->reset();
  }
  std::string file(const std::string& extension) const {
    std::string newest;
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.path().extension() == extension && entry.file_size() > 0 && entry.path().string() > newest) newest = entry.path().string();
    REQUIRE(newest != "");
    return newest;
  }
  void flip(const std::string& name, std::size_t offset) const {
    std::string content = read_file(name);
    REQUIRE(offset < content.size());
    content[offset] = static_cast<char>(content[offset] ^ 0x10);
    write_file(name, content);
  }
  void use_early_mark() const { write_file(path + ".synced", early_mark); }
  Expected<std::unique_ptr<RaftLog>, StorageError> open() const { return open_rocks_raft_log(RaftLogOptions{.path = path}); }
  /// Refused, and refused again: looking does not cut anything off.
  void refused_for_good() const {
    for (int i = 0; i < 2; ++i) {
      const auto log = open();
      REQUIRE_FALSE(log);
      INFO(log.error().text());
      CHECK(log.error().kind == StorageError::Kind::corruption);
    }
  }
};

}  // namespace

TEST_CASE("a killed log comes back whole") {
  const Killed killed;
  const auto log = killed.open();
  REQUIRE(log);
  CHECK((*log)->last() == 50);
}

TEST_CASE("a flipped bit anywhere in the write-ahead log is refused") {
  const Killed killed;
  const std::string wal = killed.file(".log");
  const std::string whole = read_file(wal);
  for (std::size_t offset = 3; offset < whole.size(); offset += whole.size() / 25) {
    INFO("offset " << offset << " of " << whole.size());
    killed.flip(wal, offset);
    killed.refused_for_good();
    write_file(wal, whole);
  }
  CHECK(killed.open());
}

TEST_CASE("a flipped bit before the last write is refused even when the mark lags") {
  const Killed killed(3000);  // over several blocks of the write-ahead log, with writes cut into fragments
  killed.use_early_mark();
  const std::string wal = killed.file(".log");
  const std::string whole = read_file(wal);
  for (std::size_t offset = 3; offset + 3300 < whole.size(); offset += whole.size() / 25) {
    INFO("offset " << offset << " of " << whole.size());
    killed.flip(wal, offset);
    killed.refused_for_good();
    write_file(wal, whole);
  }
}

TEST_CASE("a last write that the mark does not vouch for is cut off when it is broken") {
  const Killed killed;
  killed.use_early_mark();
  const std::string wal = killed.file(".log");
  const std::size_t size = fs::file_size(wal);
  SECTION("torn") { fs::resize_file(wal, size - 5); }
  SECTION("torn within its header") { fs::resize_file(wal, size - 200 - 100); }
  SECTION("damaged") { killed.flip(wal, size - 5); }
  SECTION("followed by zeros of blocks reserved ahead") { fs::resize_file(wal, size + 5000); }
  SECTION("followed by a part of a next one") { write_file(wal, read_file(wal) + "half a header"); }
  {
    const auto log = killed.open();
    INFO((log ? std::string() : log.error().text()));
    REQUIRE(log);
    CHECK((*log)->last() >= 48);
    const auto last = (*log)->last();
    CHECK((*log)->read(1, last, 1 << 20)->size() == last);
    write_records(**log, last + 1, last + 3);
  }
  CHECK(killed.open());
}

TEST_CASE("an acknowledged last write that is broken is refused: the mark vouches for it") {
  const Killed killed;
  const std::string wal = killed.file(".log");
  SECTION("torn") { fs::resize_file(wal, fs::file_size(wal) - 5); }
  SECTION("damaged") { killed.flip(wal, fs::file_size(wal) - 5); }
  killed.refused_for_good();
}

TEST_CASE("a log cut at a whole record, below the mark, is refused") {
  const Killed killed;
  const std::string wal = killed.file(".log");
  const std::string whole = read_file(wal);
  // Find the end of a whole record by growing the file until nothing is broken.
  std::size_t cut = whole.size() / 2;
  while (read_wal(std::string_view(whole).substr(0, cut)).damaged) ++cut;
  REQUIRE(cut < whole.size());
  fs::resize_file(wal, cut);
  killed.refused_for_good();
  SECTION("but not when the mark lags behind the cut: RocksDB alone sees nothing wrong") {
    killed.use_early_mark();
    const auto log = killed.open();
    REQUIRE(log);
    CHECK((*log)->last() < 50);
  }
}

TEST_CASE("a lost log, or a lost mark, is refused") {
  const Killed killed;
  SECTION("folder gone") { fs::remove_all(killed.path); }
  SECTION("folder emptied") {
    fs::remove_all(killed.path);
    fs::create_directory(killed.path);
  }
  SECTION("mark gone") { fs::remove(killed.path + ".synced"); }
  SECTION("mark scribbled over") { write_file(killed.path + ".synced", std::string(8192, 'x')); }
  SECTION("mark emptied") { write_file(killed.path + ".synced", ""); }
  SECTION("write-ahead log gone") { fs::remove(killed.file(".log")); }
  killed.refused_for_good();
}

TEST_CASE("an old copy of the log beside its newer mark is refused") {
  const Killed killed;
  const std::string old = killed.folder / "old";
  fs::copy(killed.path, old, fs::copy_options::recursive);
  {
    auto log = killed.open();
    REQUIRE(log);
    REQUIRE((*log)->write(StoredHardState{2, 3, 0}, {}));  // a vote: no record, and yet a promise
  }
  fs::remove_all(killed.path);
  fs::rename(old, killed.path);
  killed.refused_for_good();
}

TEST_CASE("one torn slot of the mark does not matter") {
  const Killed killed;
  const std::size_t slot = GENERATE(0, 4096);
  killed.flip(killed.path + ".synced", slot + 9);
  const auto log = killed.open();
  INFO((log ? std::string() : log.error().text()));
  REQUIRE(log);
  CHECK((*log)->last() == 50);
}

TEST_CASE("a flipped bit in a table file is refused") {
  const Killed killed;
  killed.open()->reset();  // recovery writes the write-ahead log into tables
  std::string table;       // the larger one holds the records
  for (const auto& entry : fs::directory_iterator(killed.path))
    if (entry.path().extension() == ".sst" && (table.empty() || entry.file_size() > fs::file_size(table))) table = entry.path().string();
  REQUIRE(fs::file_size(table) > 5000);
  const std::size_t offset = GENERATE(100, 2500, 5000);
  killed.flip(table, offset);
  killed.refused_for_good();
}

TEST_CASE("reading any bytes as a write-ahead log ends with a verdict") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  CHECK_FALSE(read_wal("").damaged);
  for (int i = 0; i < 200; ++i) {
    std::string bytes(1 + random() % 100'000, '\0');
    for (std::size_t at = 0; at < bytes.size(); at += 1 + random() % 50) bytes[at] = static_cast<char>(random() % 5);
    CHECK(read_wal(bytes).damaged);
  }
}

TEST_CASE("a framed record survives the round trip, and no other bytes pass for one") {
  const LogRecord record{.index = 77, .term = 5, .kind = 9, .payload = std::make_shared<const std::string>("four thousand sum")};
  const std::string framed = record_header(record) + *record.payload;
  const auto back = decode_record(framed);
  REQUIRE(back);
  CHECK(back->index == 77);
  CHECK(back->term == 5);
  CHECK(back->kind == 9);
  CHECK(*back->payload == *record.payload);
  for (std::size_t bit = 0; bit < framed.size() * 8; ++bit) {
    std::string broken = framed;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ 1 << bit % 8);
    CHECK_FALSE(decode_record(broken));
  }
  for (std::size_t length = 0; length < framed.size(); ++length) CHECK_FALSE(decode_record(framed.substr(0, length)));
  CHECK_FALSE(decode_record(framed + "x"));
}

TEST_CASE("the checksum of frames is CRC32C") {
  CHECK(crc32c({"1234", "56789"}) == 0xe3069283u);             // the check value of the catalogue of CRCs
  CHECK(crc32c({std::string(32, '\0')}) == 0x8a9136aau);       // RFC 3720 B.4
}
