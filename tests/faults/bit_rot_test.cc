// One bit of one file of a stopped node is flipped. Whatever the node then does, it never shows a wrong root and never dies without a sentence:
// it refuses, or it repairs, or the bit meant nothing. Nothing of what it does may harm the others. Likewise for a file cut in half.
#include <iostream>
#include <random>

#include "tests/end_to_end/payment_load.h"
#include "tests/faults/last_words.h"
#include "tests/faults/leaders.h"
#include "tests/harness/file_damage.h"

using namespace daftar;
using namespace daftar::tests;
namespace fs = std::filesystem;

namespace {

enum class Outcome { refused, died, runs };  // died: of a read, and runs when it is started again
enum class Harm { flip, cut };

struct Damage {
  std::string what;
  std::string folder, begin, end;  // relative to the node's folder
  Outcome promised;                // docs/faults.md
  std::string evidence;            // what is set aside in data/, and kept; empty: nothing
  Harm harm = Harm::flip;
  std::string text = {};           // in the file
};

/// How many things in `folder` have names that begin so.
std::size_t count(const fs::path& folder, const std::string& begin) {
  std::size_t found = 0;
  for (const auto& entry : fs::directory_iterator(folder)) found += entry.path().filename().string().starts_with(begin) && entry.is_directory();
  return found;
}

const std::vector<Damage> damages = {
    {"a Raft log's write-ahead log", "data/raft-log", "", ".log", Outcome::runs, "raft-log.damaged-"},
    {"a Raft log's table", "data/raft-log", "", ".sst", Outcome::runs, "raft-log.damaged-"},
    {"a Raft log's MANIFEST", "data/raft-log", "MANIFEST", "", Outcome::runs, "raft-log.damaged-"},
    {"a Raft log's CURRENT", "data/raft-log", "CURRENT", "", Outcome::runs, "raft-log.damaged-"},
    {"the synced-up-to mark", "data", "raft-log.synced", "", Outcome::runs, ""},   // its other slot says the same
    {"half a write-ahead log of the Raft log", "data/raft-log", "", ".log", Outcome::runs, "raft-log.damaged-", Harm::cut},
    // In RocksDB's properties of a table stands which rows it holds: all of these are read.
    {"a table of the state", "data/state/1", "", ".sst", Outcome::died, "state.damaged-", Harm::flip, "nameentries"},
    {"half a table of the state", "data/state/1", "", ".sst", Outcome::runs, "state.damaged-", Harm::cut},
    {"the state's MANIFEST", "data/state/1", "MANIFEST", "", Outcome::runs, "state.damaged-"},
    {"the state's CURRENT", "data/state/1", "CURRENT", "", Outcome::runs, "state.damaged-"},
    {"the pointer to the state", "data/state", "current", "", Outcome::runs, "state.damaged-"},
    {"the link key", "", "link.key", "", Outcome::refused, ""},
    {"the checkpoint key", "", "checkpoint.key", "", Outcome::refused, ""},
};

/// Reads all that the node would show of its history, so that it meets what is damaged, and holds it against what `sound` shows. It may die of it;
/// what it shows before is right.
void read_everything(TestNetwork& network, unsigned node, unsigned sound) {
  auto client = network.client_of(node), reference = network.client_of(sound);
  std::uint64_t from = 0;
  for (int page = 0; page < 100; ++page) {
    const std::string list = "/v1/entries?kind=account&id=acme-build%2FUZS&limit=500&from=" + std::to_string(from);
    const auto shown = client.get(list), right = reference.get(list);
    if (!shown && shown.error().exit == tools::Exit::unreachable) return;
    REQUIRE(shown);
    REQUIRE(right);
    const auto& entries = shown->at("entries");
    REQUIRE(entries.size() <= right->at("entries").size());   // there may be more of them by now
    for (std::size_t i = 0; i < entries.size(); ++i) REQUIRE(entries[i] == right->at("entries")[i]);
    if (shown->at("next").is_null()) return;
    from = shown->at("next").get<std::uint64_t>();
  }
}

/// Starts `node` with its damage: does it refuse, become ready and die of it later, or run and hold the same ledger as the others?
/// Refusal and death need a sentence.
Outcome start_damaged(TestNetwork& network, unsigned node, const std::string& what) {
  LastWords words(network.network(), node);
  REQUIRE(network.network().start_node(node));
  bool was_ready = false;
  const auto ended = [&](std::chrono::milliseconds patience) {
    const auto status = words.wait_for_end(patience);
    if (!status) return false;
    INFO("it said:\n" << words.all());
    std::cout << what << ": status " << *status << (was_ready ? " when it was read: " : ": ") << words.all() << std::flush;
    CHECK(*status == (was_ready ? Exit::stopped_by_disk : Exit::wrong_configuration));
    CHECK(words.sentences().size() == 1);
    return true;
  };
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(120);  // a repair executes all there is anew, under a sanitizer too
  while (!was_ready) {
    if (ended(std::chrono::milliseconds(20))) return Outcome::refused;
    const auto answer = network.network().node_status(node);
    was_ready = answer && answer->at("ready") == true;
    REQUIRE(std::chrono::steady_clock::now() < give_up);  // it neither refuses nor becomes ready
  }
  read_everything(network, node, *others(node).begin());
  if (ended(std::chrono::milliseconds(200))) return Outcome::died;
  require_roots_of_others(network, node);
  std::cout << what << ": runs, and holds what the others hold" << std::endl;
  return Outcome::runs;
}

}  // namespace

TEST_CASE("a flipped bit in any file of a node leads to a refusal with a sentence or to a repair, never to a wrong root") {
  std::mt19937_64 random(test_seed());
  TestNetwork network;
  PaymentLoad load(network, 1);   // more would outrun a state that is built anew, under TSan
  REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
  constexpr unsigned node = 3;
  const fs::path home = network.network().node_dir(node), sound = network.network().dir() / "sound";
  // Stopped cleanly once, and started, so that tables of both stores and a fresh write-ahead log exist; then killed with records in that.
  network.network().stop_node(node, SIGTERM);
  REQUIRE(network.network().start_node(node));
  network.wait_ready();
  REQUIRE(load.wait_for(100, std::chrono::seconds(60)));
  network.network().stop_node(node, SIGKILL);

  for (const Damage& damage : damages) {
    INFO(damage.what);
    fs::remove_all(sound);
    fs::copy(home, sound, fs::copy_options::recursive);
    const fs::path file = largest_file(home / damage.folder, damage.begin, damage.end, damage.text);
    REQUIRE(!file.empty());
    // The mark's two slots lie at the beginning of its two pages.
    const std::uintmax_t size = fs::file_size(file), offset = damage.begin == "raft-log.synced" ? 10 : size / 2;
    REQUIRE(size > offset);
    // A key is written in hexadecimal digits: one bit of a letter is its case, and means nothing.
    const auto bit = damage.promised == Outcome::refused ? 0 : static_cast<unsigned>(random() % 8);
    if (damage.harm == Harm::cut)
      fs::resize_file(file, offset);
    else
      flip_bit(file, offset, bit);
    const std::size_t aside = damage.evidence.empty() ? 0 : count(home / "data", damage.evidence);
    const Outcome outcome = start_damaged(network, node, damage.what);
    CHECK(outcome == damage.promised);
    if (outcome == Outcome::died) CHECK(start_damaged(network, node, damage.what + ", the second start") == Outcome::runs);
    network.network().stop_node(node, SIGTERM);  // so that tables hold what was repaired
    if (!damage.evidence.empty()) CHECK(count(home / "data", damage.evidence) == aside + 1);
    CHECK(load.wait_for(5, std::chrono::seconds(30)));
    if (outcome == Outcome::refused) {  // it has promised nothing since the copy was made
      for (const char* part : {"data", "link.key", "checkpoint.key"}) {
        fs::remove_all(home / part);
        fs::copy(sound / part, home / part, fs::copy_options::recursive);
      }
    } else {
      REQUIRE(network.network().start_node(node));
      network.wait_ready();
      REQUIRE(load.wait_for(20, std::chrono::seconds(30)));
      for (int i = 0; i < 5; ++i) REQUIRE(load.pay_through(network, node, std::chrono::seconds(30)));   // so its own log has records
      network.network().stop_node(node, SIGKILL);
    }
  }
  REQUIRE(network.network().start_node(node));
  network.wait_ready();
  CHECK(load.wait_for(20, std::chrono::seconds(30)));
  load.stop();
  load.require_kept(network);
}
