#include "node/disks.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "node/executor.h"

namespace daftar::node {
namespace {

namespace fs = std::filesystem;
using storage::StorageError;

constexpr std::string_view note_text =
    "The Raft log of this node lacks entries that it once held. While this file is here the node votes for nobody who might lack them.\n";

Unexpected<std::string> failed(const std::string& doing, const fs::path& path) {
  return Unexpected<std::string>("cannot " + doing + " " + path.string() + ": " + std::strerror(errno));
}

Expected<void, std::string> sync_folder(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("open", path);
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  if (!synced) return failed("sync", path);
  return {};
}

class DataDirectory {
 public:
  explicit DataDirectory(fs::path path) : path_(std::move(path)) {}

  fs::path log() const { return path_ / "raft-log"; }
  fs::path state() const { return path_ / "state"; }
  bool repair_noted() const { return fs::exists(note()); }

  /// Durable before anything is moved.
  Expected<void, std::string> note_repair() const;
  /// A repair that was cut off is gone on with, or begun again.
  Expected<void, std::string> finish_moves() const;
  /// An empty log that goes on after `mark`, in the place of the present one, which is set aside.
  Expected<void, std::string> begin_log_anew(const storage::AppliedMark& mark, const storage::RaftLogSalvage& salvage) const;
  Expected<void, std::string> set_state_aside() const;

 private:
  fs::path note() const { return path_ / "raft-log.repair"; }
  fs::path fresh_log() const { return path_ / "raft-log.new"; }
  static fs::path synced(fs::path log) { return log += ".synced"; }
  fs::path aside(const fs::path& what) const;
  Expected<void, std::string> move_into_place() const;
  static Expected<void, std::string> move(const fs::path& from, const fs::path& to);

  const fs::path path_;
};

/// The first free name.
fs::path DataDirectory::aside(const fs::path& what) const {
  for (unsigned n = 1;; ++n) {
    fs::path name = what;
    name += ".damaged-" + std::to_string(n);
    if (!fs::exists(name) && !fs::exists(synced(name))) return name;
  }
}

Expected<void, std::string> DataDirectory::move(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from);
  return {};
}

Expected<void, std::string> DataDirectory::note_repair() const {
  const int fd = ::open(note().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed("create", note());
  const bool written = ::write(fd, note_text.data(), note_text.size()) == static_cast<ssize_t>(note_text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!written) return failed("write", note());
  return sync_folder(path_);
}

Expected<void, std::string> DataDirectory::finish_moves() const {
  if (!fs::exists(fresh_log())) return {};
  if (repair_noted() && fs::exists(synced(fresh_log())) && !fs::exists(log())) return move_into_place();
  if (repair_noted() && !fs::exists(synced(fresh_log()))) return move_into_place();   // only the last step is missing
  fs::remove_all(fresh_log());   // the damaged one is still in its place: begin again
  fs::remove(synced(fresh_log()));
  return {};
}

/// The order is such that a crash in between leaves what finish_moves() can tell apart.
Expected<void, std::string> DataDirectory::move_into_place() const {
  if (fs::exists(synced(fresh_log()))) {
    if (fs::exists(log()) || fs::exists(synced(log()))) {
      const fs::path name = aside(log());
      if (fs::exists(log()))
        if (auto moved = move(log(), name); !moved) return moved;
      if (fs::exists(synced(log())))
        if (auto moved = move(synced(log()), synced(name)); !moved) return moved;
      spdlog::warn("what there was of the Raft log is kept as evidence in {}", name.string());
    }
    if (auto moved = move(synced(fresh_log()), synced(log())); !moved) return moved;
  }
  if (auto moved = move(fresh_log(), log()); !moved) return moved;
  return sync_folder(path_);
}

Expected<void, std::string> DataDirectory::begin_log_anew(const storage::AppliedMark& mark, const storage::RaftLogSalvage& salvage) const {
  if (auto noted = note_repair(); !noted) return noted;
  fs::remove_all(fresh_log());
  fs::remove(synced(fresh_log()));
  {
    auto log = storage::open_rocks_raft_log({.path = fresh_log()});
    if (!log) return Unexpected<std::string>(log.error().text());
    auto hard_state = salvage.hard_state.value_or(storage::StoredHardState{});
    if (hard_state.term < mark.raft_term) hard_state = {mark.raft_term, 0, 0};
    hard_state.commit = mark.raft_index;
    auto done = (*log)->write(hard_state, {});
    if (done && mark.raft_index > 0) done = (*log)->restart({mark.raft_index, mark.raft_term});
    if (done) done = (*log)->write_memory(salvage.memory);
    if (done) done = (*log)->settle();
    if (!done) return Unexpected<std::string>(done.error().text());
  }
  if (auto moved = move_into_place(); !moved) return moved;
  spdlog::warn("a new Raft log begins after entry {}, which the state has executed; {}; what comes after is fetched from the other nodes", mark.raft_index,
               salvage.hard_state ? "term and vote could be read" : "term and vote could not be read, so nothing is promised before the others have answered");
  return {};
}

Expected<void, std::string> DataDirectory::set_state_aside() const {
  const fs::path name = aside(state());
  if (auto moved = move(state(), name); !moved) return moved;
  spdlog::warn("the damaged state is kept as evidence in {}; it is built anew", name.string());
  return sync_folder(path_);
}

Expected<std::unique_ptr<storage::StateStore>, std::string> open_state(const DataDirectory& directory, const ledger::Genesis& genesis,
                                                                      const storage::StateStoreOptions& options) {
  auto opened = storage::open_rocks_state_store(options);
  if (!opened && opened.error().kind == StorageError::Kind::corruption) {
    spdlog::warn("the executed state is damaged: {}", opened.error().text());
    if (auto aside = directory.set_state_aside(); !aside) return Unexpected<std::string>(aside.error());
    opened = storage::open_rocks_state_store(options);
  }
  if (!opened) return Unexpected<std::string>(opened.error().text());
  if ((*opened)->fresh())
    if (auto made = initialise_store(genesis, **opened); !made) return Unexpected<std::string>(made.error());
  if ((*opened)->ledger_id() != genesis.ledger_id().view())
    return Unexpected<std::string>("the data in " + options.path + " belong to another ledger than this genesis; use another directory");
  return std::move(*opened);
}

/// Why this log cannot serve this state, though each is whole; empty: it can.
std::string mismatch(const storage::RaftLog& log, const storage::StateStore& store) {
  if (store.install_pending()) return {};   // the log is to be begun anew anyway
  const auto& mark = store.mark();
  if (log.last() < mark.raft_index)
    return "the Raft log ends at entry " + std::to_string(log.last()) + ", before entry " + std::to_string(mark.raft_index) +
           ", which the state has executed: it was removed, shortened or exchanged";
  if (log.compacted().index > mark.raft_index)
    return "the Raft log begins after entry " + std::to_string(log.compacted().index) + ", and the state has executed only up to entry " +
           std::to_string(mark.raft_index) + ": the state was removed or exchanged";
  return {};
}

/// A log whose last entry is of a later term than the one on record: what was promised is not known.
bool term_is_lost(const storage::RaftLog& log) {
  if (log.last() < log.first()) return false;
  const auto last = log.read(log.last(), log.last(), 1);
  return last && last->front().term > log.hard_state().term;
}

}  // namespace

Expected<Disks, std::string> open_disks(const std::string& data_dir, const ledger::Genesis& genesis, storage::StateStoreOptions state_options, bool alone) {
  std::error_code error;
  fs::create_directories(data_dir, error);
  if (error) return Unexpected<std::string>("cannot create " + data_dir + ": " + error.message());
  const DataDirectory directory(data_dir);
  if (auto finished = directory.finish_moves(); !finished) return Unexpected<std::string>(finished.error());
  state_options.path = directory.state();
  auto store = open_state(directory, genesis, state_options);
  if (!store) return Unexpected<std::string>(store.error());

  const storage::RaftLogOptions log_options{.path = directory.log()};
  auto log = storage::open_rocks_raft_log(log_options);
  storage::RaftLogSalvage salvage;
  std::string damage;
  if (!log) {
    if (log.error().kind != StorageError::Kind::corruption) return Unexpected<std::string>(log.error().text());
    damage = "the Raft log is damaged: " + log.error().text();
    salvage = storage::salvage_rocks_raft_log(log_options);
  } else {
    damage = mismatch(**log, **store);
    salvage = {(*log)->hard_state(), (*log)->memory()};
    if (term_is_lost(**log)) {
      damage = "the Raft log holds an entry of a later term than the one on record: what was promised is not known";
      salvage.hard_state.reset();
    }
    // An empty log beside a state that has executed something never had a say: its term is nobody's word.
    if ((*log)->last() == 0 && (*log)->hard_state().term == 0) salvage.hard_state.reset();
  }
  if (!damage.empty()) {
    if (alone) return Unexpected<std::string>(damage + "; there is no other node that could make up for it");
    spdlog::warn("{}", damage);
    if (log) log->reset();
    if (auto anew = directory.begin_log_anew((*store)->mark(), salvage); !anew) return Unexpected<std::string>(anew.error());
    log = storage::open_rocks_raft_log(log_options);
    if (!log) return Unexpected<std::string>(log.error().text());
  }
  return Disks{std::move(*log), std::move(*store), directory.repair_noted()};
}

void note_log_is_whole(const std::string& data_dir) {
  std::error_code error;
  fs::remove(fs::path(data_dir) / "raft-log.repair", error);   // left there, it costs a question at the next start
}

}  // namespace daftar::node
