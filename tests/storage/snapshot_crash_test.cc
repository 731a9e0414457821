// Power cuts while a snapshot is received and put in the place of a state: one of the two states is there afterwards, whole, and what the Raft
// log has to be done to is known. As a node does it: state first, then the log, then the end of the installation.
#include <catch2/catch.hpp>

#include <filesystem>

#include "storage/raft_log.h"
#include "tests/storage/forgetful_file_system.h"
#include "tests/storage/snapshot_harness.h"

using namespace daftar;
using namespace daftar::storage;
using namespace daftar::storage::test;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<RaftLog> opened_log(const std::string& path, rocksdb::Env* env) {
  auto log = open_rocks_raft_log(RaftLogOptions{.path = path}, env);
  INFO((log ? std::string() : log.error().text()));
  REQUIRE(log);
  return std::move(*log);
}

/// A follower's folder with a state and a Raft log of its own, and a snapshot complete but not yet checked.
struct Prepared {
  Sender sender;
  std::shared_ptr<const SnapshotSource> source = *sender.store->checkpoint();
  std::string bytes = all_bytes(*source);
  TemporaryFolder folder;
  Model own = genesis_model();

  Prepared() {
    const auto store = opened({.path = folder / "state"});
    initialise(*store);
    std::mt19937_64 random(9);
    for (int i = 0; i < 5; ++i) REQUIRE(store->commit(random_block(random, own)));
    const auto log = opened_log(folder / "raft", nullptr);
    std::vector<LogRecord> records;
    for (std::uint64_t i = 1; i <= own.mark.raft_index + 3; ++i) records.push_back({.index = i, .term = 1, .kind = 1, .payload = nullptr});
    REQUIRE(log->write(StoredHardState{5, 2, own.mark.raft_index}, records));
    auto sink = receiving(*store, source->manifest());
    REQUIRE_FALSE(hand_over(*sink, bytes));
  }
  const AppliedMark& mark() const { return source->mark(); }
};

/// What a node does with a complete snapshot. False as soon as something fails.
bool install(StateStore& store, RaftLog& log, const std::string& manifest) {
  auto sink = store.receive(manifest);
  if (!sink || !(*sink)->finish() || !store.replace(std::move(*sink))) return false;
  return log.restart({store.mark().raft_index, store.mark().raft_term}) && store.finish_install();
}

}  // namespace

TEST_CASE("a power cut at any change of an installation leaves the old state or the new, and never one of them beside the other's log") {
  const Prepared prepared;
  unsigned old_states = 0, pending = 0, installed = 0;
  bool done = false;
  for (unsigned changes = 0; !done; ++changes) {
    REQUIRE(changes < 1000);
    INFO("after " << changes << " changes");
    const TemporaryFolder folder;
    fs::copy(prepared.folder.path(), folder.path(), fs::copy_options::recursive);
    const auto files = std::make_shared<ForgetfulFileSystem>(changes);
    const auto env = environment(files);
    const StateStoreOptions options{.path = folder / "state"};
    auto store = opened(options, env.get());
    auto log = opened_log(folder / "raft", env.get());
    files->cut_power_after(changes);
    const bool finished = install(*store, *log, prepared.source->manifest());
    done = finished && !files->power_is_cut();
    files->cut_power();
    store.reset();
    log.reset();
    files->restore_power();

    store = opened(options, env.get());
    log = opened_log(folder / "raft", env.get());
    CHECK(log->hard_state().term == 5);
    CHECK(log->hard_state().voted_for == 2);
    const auto seen = store->snapshot();
    const auto at_mark = LogPlace{prepared.mark().raft_index, prepared.mark().raft_term};
    if (seen->mark() == prepared.own.mark) {
      ++old_states;
      REQUIRE_FALSE(finished);
      REQUIRE(difference(*seen, prepared.own) == "");
      CHECK_FALSE(store->install_pending());
      CHECK(log->first() == 1);  // untouched
      CHECK(log->last() == prepared.own.mark.raft_index + 3);
    } else {
      REQUIRE(difference(*seen, prepared.sender.model) == "");
      if (store->install_pending()) {
        ++pending;
        REQUIRE_FALSE(finished);
        REQUIRE(log->restart(at_mark));
        REQUIRE(store->finish_install());
      } else {
        ++installed;
      }
      CHECK(log->compacted() == at_mark);
      CHECK(log->last() == at_mark.index);
      continue;
    }
    // From the old state the installation succeeds when it is tried again, with what has to be sent again.
    auto sink = receiving(*store, prepared.source->manifest());
    REQUIRE_FALSE(hand_over(*sink, prepared.bytes));
    auto received = sink->finish();
    while (!received && received.error().kind == StorageError::Kind::corruption) {
      REQUIRE_FALSE(hand_over(*sink, prepared.bytes));
      received = sink->finish();
    }
    REQUIRE(received);
    REQUIRE(store->replace(std::move(sink)));
    CHECK(difference(*store->snapshot(), prepared.sender.model) == "");
  }
  INFO(old_states << " old states, " << pending << " pending, " << installed << " installed");
  CHECK(old_states > 0);
  CHECK(pending > 0);
  CHECK(installed > 0);
}

TEST_CASE("power cuts during a reception lose at most what was received, and it ends well") {
  Sender sender;
  auto source = sender.store->checkpoint();
  const std::string bytes = all_bytes(**source);
  const unsigned seed = std::random_device{}();
  std::mt19937_64 random(seed);
  unsigned resumed = 0;
  for (int round = 0; round < 12; ++round) {
    INFO("seed " << seed << " round " << round);
    const TemporaryFolder folder;
    const auto files = std::make_shared<ForgetfulFileSystem>(seed + static_cast<unsigned>(round));
    const auto env = environment(files);
    const StateStoreOptions options{.path = folder / "state"};
    auto store = opened(options, env.get());
    initialise(*store);
    bool complete = false;
    for (int cuts = 0; !complete; ++cuts) {
      REQUIRE(cuts < 200);
      files->cut_power_after(static_cast<unsigned>(cuts < 12 ? random() % 30 : 100'000));
      if (auto sink = store->receive((*source)->manifest())) {
        resumed += (*sink)->stored() > 0;
        bool alive = true;
        while (alive && (*sink)->stored() < bytes.size()) {
          const std::uint64_t at = (*sink)->stored();
          alive = (*sink)->append(at, std::string_view(bytes).substr(at, 1 + random() % 20'000)).has_value();
        }
        if (alive) complete = (*sink)->finish().has_value() && store->replace(std::move(*sink)).has_value();
      }
      const bool cut = files->power_is_cut();
      if (complete && !cut) break;
      complete = false;
      files->cut_power();
      store.reset();
      files->restore_power();
      store = opened(options, env.get());
      if (store->install_pending()) break;
      REQUIRE(difference(*store->snapshot(), genesis_model()) == "");
    }
    CHECK(difference(*store->snapshot(), sender.model) == "");
    store.reset();
    CHECK(difference(*opened(options, env.get())->snapshot(), sender.model) == "");
  }
  CHECK(resumed > 0);
}

TEST_CASE("a failing disk during the reception or the replacement is an error of its kind") {
  Sender sender;
  auto source = sender.store->checkpoint();
  const std::string bytes = all_bytes(**source);
  const std::string operation = GENERATE("append", "sync"), file = GENERATE("/2/", "receiving", "current");
  INFO(operation << " of " << file);
  const TemporaryFolder folder;
  const auto files = std::make_shared<ForgetfulFileSystem>(1);
  const auto env = environment(files);
  auto store = opened({.path = folder / "state"}, env.get());
  initialise(*store);
  files->set_fault([operation, file](const std::string& path, const std::string& what) {
    return path.find(file) != std::string::npos && what == operation ? rocksdb::IOStatus::NoSpace("injected") : rocksdb::IOStatus::OK();
  });
  std::optional<StorageError> error;
  auto sink = store->receive((*source)->manifest());
  if (!sink) {
    error = sink.error();
  } else if (error = hand_over(**sink, bytes); !error) {
    if (auto received = (*sink)->finish(); !received)
      error = received.error();
    else if (auto replaced = store->replace(std::move(*sink)); !replaced)
      error = replaced.error();
  }
  REQUIRE(error);
  CHECK(error->kind == StorageError::Kind::full);
  CHECK(difference(*store->snapshot(), genesis_model()) == "");
  if (file == "current") {
    std::mt19937_64 random(1);
    Model model = genesis_model();
    CHECK_FALSE(store->put_certificate(0, "certificate"));  // which state it has is not known any more
  }
}
