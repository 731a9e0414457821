#include "consensus/log.h"

#include <catch2/catch.hpp>

#include "consensus/durability.h"
#include "tests/consensus/test_node.h"

using namespace daftar::consensus;
using namespace daftar::consensus::test;

TEST_CASE("an empty log ends before index 1") {
  Log log({}, {}, {});
  CHECK(log.last() == at(0, 0));
  CHECK(log.holds(at(0, 0)));
  CHECK_FALSE(log.term_at(Index{1}));
  CHECK(log.read(Index{1}, 100).empty());
}

TEST_CASE("terms are known at 0, at the snapshot, and from the base to the end") {
  Log log(at(2, 4), at(3, 7), {entry(3, 8), entry(5, 9)});
  CHECK(log.term_at(Index{0}) == Term{0});
  CHECK_FALSE(log.term_at(Index{3}));
  CHECK(log.term_at(Index{4}) == Term{2});
  CHECK_FALSE(log.term_at(Index{6}));
  CHECK(log.term_at(Index{7}) == Term{3});
  CHECK(log.term_at(Index{9}) == Term{5});
  CHECK_FALSE(log.term_at(Index{10}));
  CHECK_FALSE(log.holds(at(4, 9)));
}

TEST_CASE("a read stops at the byte limit but returns at least one entry") {
  Log log({}, {}, log_of({1, 1, 2, 2}));
  const std::size_t one = entry(1, 1).byte_size();
  CHECK(log.read(Index{2}, 1).size() == 1);
  CHECK(log.read(Index{2}, 2 * one).size() == 2);
  CHECK(log.read(Index{2}, 100 * one).size() == 3);
  CHECK(log.read(Index{5}, 100 * one).empty());
}

TEST_CASE("entries are shared, not copied") {
  Log log({}, {}, {});
  const Payload bytes = payload("shared");
  log.append({Term{1}, Index{1}, EntryKind::payload, bytes});
  CHECK(log.read(Index{1}, 100).front().payload == bytes);
}

TEST_CASE("eviction keeps what is above the limit, and the position before the window") {
  Log log({}, {}, log_of({1, 1, 2, 2, 2}));
  const std::size_t one = entry(1, 1).byte_size();
  CHECK(log.window_bytes() == 5 * one);
  log.evict(Index{2}, one);
  CHECK(log.base_index() == Index{2});
  CHECK(log.term_at(Index{2}) == Term{1});
  CHECK_FALSE(log.term_at(Index{1}));
  CHECK(log.window_bytes() == 3 * one);
  log.evict(Index{5}, 2 * one);
  CHECK(log.base_index() == Index{3});
  CHECK(log.bytes_between(Index{0}, Index{4}) == one);
  CHECK(log.bytes_between(Index{4}, Index{9}) == one);
  CHECK(log.bytes_between(Index{5}, Index{4}) == 0);
  log.evict(Index{5}, 0);
  CHECK(log.last() == at(2, 5));
  log.append(entry(3, 6));
  CHECK(log.window_bytes() == one);
}

TEST_CASE("truncation drops the end, and sizes stay right") {
  Log log({}, {}, log_of({1, 1, 2, 2}));
  log.truncate(Index{3});
  CHECK(log.last() == at(1, 2));
  log.append(entry(3, 3));
  CHECK(log.window_bytes() == 3 * entry(1, 1).byte_size());
  log.truncate(Index{1});
  CHECK(log.last() == at(0, 0));
}

TEST_CASE("last_at_or_below steps over whole terms") {
  Log log({}, {}, log_of({1, 1, 4, 4, 4, 6}));
  CHECK(log.last_at_or_below(Index{6}, Term{6}, Index{0}) == Index{6});
  CHECK(log.last_at_or_below(Index{6}, Term{5}, Index{0}) == Index{5});
  CHECK(log.last_at_or_below(Index{6}, Term{3}, Index{0}) == Index{2});
  CHECK(log.last_at_or_below(Index{6}, Term{0}, Index{0}) == Index{0});
  CHECK(log.last_at_or_below(Index{6}, Term{0}, Index{4}) == Index{4});
  CHECK(log.last_at_or_below(Index{2}, Term{9}, Index{4}) == Index{4});
}

TEST_CASE("a synced batch vouches for its entries and its hard state") {
  Durability disk({}, Index{3});
  CHECK(disk.index() == Index{3});
  disk.issued(BatchId{1}, Index{5}, HardState{Term{2}, NodeId{1}, {}});
  CHECK(disk.index() == Index{3});
  CHECK(disk.hard_state().term == Term{0});
  CHECK_FALSE(disk.settled());
  disk.synced(BatchId{1});
  CHECK(disk.index() == Index{5});
  CHECK(disk.hard_state().voted_for == NodeId{1});
  CHECK(disk.settled());
}

TEST_CASE("acknowledging a batch acknowledges those before it, and once only") {
  Durability disk({}, Index{0});
  disk.issued(BatchId{1}, Index{2}, {});
  disk.issued(BatchId{2}, Index{4}, {});
  disk.issued(BatchId{5}, Index{0}, {});
  disk.synced(BatchId{2});
  CHECK(disk.index() == Index{4});
  disk.synced(BatchId{1});
  CHECK_FALSE(disk.settled());
  disk.synced(BatchId{5});
  CHECK(disk.index() == Index{4});
}

TEST_CASE("a batch does not vouch for entries that later batches replace, even when they come back (ABA)") {
  Durability disk({}, Index{4});
  disk.issued(BatchId{1}, Index{6}, {});  // 5/t2 6/t2
  disk.truncated(Index{5});
  disk.issued(BatchId{2}, Index{5}, {});  // 5/t3
  disk.truncated(Index{5});
  disk.issued(BatchId{3}, Index{6}, {});  // 5/t2 6/t2 again
  disk.synced(BatchId{1});
  CHECK(disk.index() == Index{4});
  disk.synced(BatchId{2});
  CHECK(disk.index() == Index{4});
  disk.synced(BatchId{3});
  CHECK(disk.index() == Index{6});
}

TEST_CASE("what was durable is not while its replacement is on its way") {
  Durability disk({}, Index{9});
  disk.truncated(Index{8});
  CHECK(disk.index() == Index{7});
  disk.issued(BatchId{1}, Index{8}, {});
  disk.synced(BatchId{1});
  CHECK(disk.index() == Index{8});
}
