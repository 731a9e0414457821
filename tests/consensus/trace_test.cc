// The trace of whole clusters under faults against figure 3.1 (trace_check.h), and that the checker would see each kind of mistake.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "tests/consensus/cluster.h"
#include "tests/consensus/trace_check.h"

using namespace daftar::consensus;
using namespace daftar::consensus::test;
using nlohmann::json;

namespace {

/// Changes a line; returns whether that was all.
using Mistake = std::function<bool(json& line)>;

struct Run {
  std::uint64_t seed;
  Sabotage sabotage = Sabotage::none;
  bool churn = false;  ///< members come and go, logs are compacted, snapshots sent
  OldDisks old_disks = OldDisks::no;
  std::uint64_t voters = 0;  // 0: 3 or 5
};

/// The first line that the checker does not allow, of a run whose lines are shown to `mistake` until it has made its change.
std::optional<std::string> first_not_allowed(const Run& run, const Mistake& mistake, std::size_t* lines = nullptr) {
  TraceCheck checker;
  std::optional<std::string> refused;
  bool changed = !mistake;
  struct Answered {};
  auto sink = [&](const std::string& line) {
    if (changed) {
      refused = checker.check(line);
    } else {
      json edited = json::parse(line);
      changed = mistake(edited);
      refused = checker.check(edited.dump());
    }
    if (refused) throw Answered{};   // the rest of the run is no answer to anything
  };
  try {
    const std::uint64_t seed = run.seed, learners = seed % 4 == 0 && run.voters == 0 ? 1 : 0;
    Cluster cluster(seed, run.voters != 0 ? run.voters : seed % 3 == 0 && !run.churn ? 5 : 3, learners, run.sabotage, run.churn ? 1 + seed % 3 : 0, sink, run.old_disks);
    cluster.run(600);
    if (run.sabotage == Sabotage::none) cluster.converge(600);
  } catch (const Answered&) {
  } catch (const Broken&) {
    // The cluster's own checks stopped it; the question here is what the trace says.
  }
  if (lines) *lines += checker.lines();
  return refused;
}

bool is(const json& line, const char* event) { return line.at("event") == event; }

/// What mistakes remember of a run.
struct Seen {
  std::uint64_t committed_term = 0;
  std::map<std::uint64_t, json> last_after;   // by node
};

bool leads(const json& line) { return line.at("after").at("role") == "leader"; }
std::uint64_t number(const json& value) { return value.get<std::uint64_t>(); }
bool sends(json& line, const char* type, const std::function<bool(json& message)>& edit) {
  if (!is(line, "output")) return false;
  for (json& message : line["send_now"])
    if (message["type"] == type && edit(message)) return true;
  return false;
}

/// What the checker says of a mistake, whether members change in the runs, the mistake: found within 40 runs, and for that reason.
using Mistakes = std::vector<std::tuple<std::string, bool, Mistake>>;
void check_found(const Mistakes& mistakes, Seen& seen) {
  for (const auto& [reason, churn, mistake] : mistakes) {
    std::optional<std::string> refused;
    for (std::uint64_t seed = 1; seed <= 40 && !refused; ++seed) {
      seen = {};
      refused = first_not_allowed({seed, Sabotage::none, churn}, mistake);
    }
    INFO("expected: " << reason << "; got: " << refused.value_or("nothing"));
    CHECK((refused && refused->find(reason) != std::string::npos));
  }
}

/// Is a node, while the membership changes, only among those who go, or only among those who come?
bool is_only(const json& membership, const char* list, const json& node) {
  const char* other = std::string(list) == "voters" ? "outgoing" : "voters";
  const auto in = [&](const char* name) { return std::find(membership[name].begin(), membership[name].end(), node) != membership[name].end(); };
  return !membership["outgoing"].empty() && in(list) && !in(other);
}
bool goes(const json& membership, const json& node) { return is_only(membership, "outgoing", node); }
bool comes(const json& membership, const json& node) { return is_only(membership, "voters", node); }

/// Replies of these nodes are taken out of the run.
Mistake unheard(const char* type, const std::function<bool(const json& membership, const json& from)>& whose) {
  return [=](json& line) {
    // Reads would miss these replies first.
    if (is(line, "read")) line["taken"] = false;
    if (is(line, "output")) line["reads"] = line["reads_aborted"] = json::array();
    if (!is(line, "step") || line["message"]["type"] != type || line["message"].value("pre", false)) return false;
    if (line["message"]["term"] == line["after"]["term"] && whose(line["after"]["membership"], line["message"]["from"])) line["event"] = "tick";
    return false;
  };
}

/// Node 1 believes in another membership, all along.
Mistake believes(const std::function<void(json& membership)>& belief) {
  return [=](json& line) {
    if (line.at("node") != 1) return false;
    if (is(line, "restore")) belief(line["membership"]);
    belief(line["after"]["membership"]);
    return false;
  };
}

}  // namespace

TEST_CASE("every step of a cluster under faults is one that the thesis allows") {
  const char* first = std::getenv("DAFTAR_SEED");
  const char* count = std::getenv("DAFTAR_SEEDS");
  const std::uint64_t from = first ? std::strtoull(first, nullptr, 10) : 1;
  const std::uint64_t seeds = count ? std::strtoull(count, nullptr, 10) : 12;
  for (const bool churn : {false, true}) {
    std::cout << "consensus traces" << (churn ? ", changing" : "") << ": seeds " << from << ".." << from + seeds - 1 << " (DAFTAR_SEED, DAFTAR_SEEDS)\n";
    std::size_t lines = 0;
    for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
      const auto refused = first_not_allowed({seed, Sabotage::none, churn}, nullptr, &lines);
      INFO("seed " << seed << (churn ? ", changing, " : ", ") << refused.value_or(""));
      REQUIRE_FALSE(refused);
    }
    CHECK(lines > 2000 * seeds);
    std::cout << "consensus traces: " << lines << " lines checked\n";
  }
}

TEST_CASE("every step of a cluster whose disks go back is one that the thesis, or the rules for old disks, allow") {
  std::size_t lines = 0;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 84, 176, 197, 225}) {  // from 84 on: nobody has what one held
    const auto refused = first_not_allowed({seed, Sabotage::none, false, OldDisks::yes}, nullptr, &lines);
    INFO("seed " << seed << ", " << refused.value_or(""));
    REQUIRE_FALSE(refused);
  }
  for (const std::uint64_t seed : {975, 1277, 1498}) {
    const auto refused = first_not_allowed({seed, Sabotage::none, false, OldDisks::yes, 2}, nullptr, &lines);
    INFO("two voters, seed " << seed << ", " << refused.value_or(""));
    REQUIRE_FALSE(refused);
  }
  CHECK(lines > 12 * 2000);
}

TEST_CASE("a trace shows a caller's mistakes: a forgotten vote, a disk that lies") {
  for (const Sabotage sabotage : {Sabotage::forgotten_vote, Sabotage::lying_disk}) {
    std::uint64_t seed = 1;
    while (seed <= 20 && !first_not_allowed({seed, sabotage}, nullptr)) ++seed;
    CAPTURE(static_cast<int>(sabotage));
    CHECK(seed <= 20);
  }
}

TEST_CASE("the trace checker stops at a step that figure 3.1 does not allow, and says why") {
  auto role = [](const json& line) { return line.at("after").at("role").get<std::string>(); };
  const std::vector<std::pair<std::string, Mistake>> mistakes = {
      {"a term rises by a campaign", [](json& line) { return is(line, "tick") && (line["after"]["term"] = line["after"]["term"].get<int>() + 1, true); }},
      {"a term never falls", [](json& line) { return line["after"]["term"] > 2 && (line["after"]["term"] = 1, true); }},
      {"a vote is given once in a term", [](json& line) { return is(line, "tick") && line["after"]["vote"] == 1 && (line["after"]["vote"] = 2, true); }},
      {"a candidacy begins with a new term", [&](json& line) { return is(line, "tick") && role(line) == "follower" && (line["after"]["role"] = "candidate", true); }},
      {"a leader has the votes of a majority", [&](json& line) { return is(line, "synced") && role(line) == "candidate" && (line["after"]["role"] = "leader", true); }},
      {"a leader commits by counting only entries of its own term",
       [&](json& line) { return role(line) == "leader" && (line["after"]["commit"] = line["after"]["last"][1].get<int>() + 1, true); }},
      {"a leader commits what a majority of disks hold",
       [&](json& line) {
         if (!is(line, "propose") || role(line) != "leader" || line["after"]["commit"] == line["after"]["last"][1]) return false;
         line["after"]["commit"] = line["after"]["last"][1];
         return true;
       }},
      {"the commit index does not follow",
       [&](json& line) { return is(line, "step") && role(line) == "follower" && (line["after"]["commit"] = line["after"]["commit"].get<int>() + 1, true); }},
      {"the log is not what the input makes of it",
       [](json& line) { return is(line, "step") && line["after"]["last"][1] > 3 && (line["after"]["last"][1] = line["after"]["last"][1].get<int>() - 1, true); }},
      {"what is written is the log",
       [](json& line) { return is(line, "output") && !line["entries"].empty() && (line["entries"][0][3] = "another", true); }},
      {"every change of term or vote is written", [](json& line) { return is(line, "output") && !line["hard_state"].is_null() && (line["hard_state"]["vote"] = 77, true); }},
      {"a follower acknowledges what it did not check",
       [](json& line) {
         if (!is(line, "output")) return false;
         for (json& message : line["send_after_sync"])
           if (message["type"] == "append_reply" && message["success"] == true) return message["match"] = message["match"].get<int>() + 9, true;
         return false;
       }},
      {"a promise leaves before its sync",
       [](json& line) {
         if (!is(line, "output")) return false;
         for (json& message : line["send_after_sync"])
           if (message["type"] == "vote_reply" && message["granted"] == true && message["pre"] == false) return line["send_now"].push_back(message), true;
         return false;
       }},
      {"a message arrives that its sender was not free to send",
       [](json& line) { return is(line, "step") && (line["message"]["from"] = 99, true); }},
      {"a message arrives that its sender was not free to send",  // a sync that did not happen
       [&](json& line) { return is(line, "synced") && role(line) == "follower" && (line["event"] = "tick", true); }},
      {"entries are applied in order", [](json& line) { return is(line, "output") && line["committed"].size() > 1 && (line["committed"].erase(0), true); }},
      {"a node restarts with the term, vote and log", [](json& line) { return is(line, "restore") && line["tail"].size() > 1 && (line["tail"].erase(line["tail"].size() - 1), true); }},
      {"cannot be read", [](json& line) { return line.erase("after") == 1; }},
  };
  for (const auto& [reason, mistake] : mistakes) {
    const auto refused = first_not_allowed({3}, mistake);
    INFO("expected: " << reason << "; got: " << refused.value_or("nothing"));
    CHECK((refused && refused->find(reason) != std::string::npos));
  }
}

TEST_CASE("the trace checker knows the rules of old disks") {
  auto doubts = [](const json& line) { return line.contains("after") && line["after"]["doubt"] == true; };
  auto withheld = [](const json& line) { return line.contains("after") && line["after"]["withheld"] == true; };
  const std::vector<std::pair<std::string, Mistake>> mistakes = {
      {"a node promises nothing before it has asked the others", [&](json& line) { return is(line, "tick") && withheld(line) && (line["after"]["withheld"] = false, true); }},
      {"doubt begins when another remembers more", [&](json& line) { return is(line, "tick") && !doubts(line) && (line["after"]["doubt"] = true, true); }},
      {"doubt ends when the disk holds again", [&](json& line) { return is(line, "recalled") && doubts(line) && withheld(line) && (line["after"]["doubt"] = false, true); }},
      {"doubt ends when", [&](json& line) { return is(line, "tick") && doubts(line) && !withheld(line) && (line["after"]["doubt"] = false, true); }},
      {"doubt begins when another remembers more",   // the answer was another
       [&](json& line) { return is(line, "recalled") && doubts(line) && (line["term"] = 0, line["held"] = line["offered"] = {0, 0}, true); }},
      {"a vote is given once in a term",             // what may be forgotten is not spent
       [&](json& line) { return is(line, "recalled") && doubts(line) && line["after"]["vote"] == line["node"] && (line["after"]["vote"] = 0, true); }},
      {"only a voter that does not lead prepares a campaign", [&](json& line) { return is(line, "tick") && doubts(line) && (line["after"]["role"] = "pre_candidate", true); }},
      {"a node restarts with the term, vote and log", [](json& line) { return is(line, "old_disk") && (line["event"] = "copy", true); }},
      {"a copy is put back that nobody made", [](json& line) { return is(line, "old_disk") && (line["copy"] = 99'999, true); }},
  };
  for (const auto& [reason, mistake] : mistakes) {
    std::optional<std::string> refused;
    for (std::uint64_t seed = 1; seed <= 12 && !refused; ++seed) refused = first_not_allowed({seed, Sabotage::none, false, OldDisks::yes}, mistake);
    INFO("expected: " << reason << "; got: " << refused.value_or("nothing"));
    CHECK((refused && refused->find(reason) != std::string::npos));
  }
}

TEST_CASE("the trace checker knows what makes a node in doubt give up what it held") {
  const auto counts = [](const json& line) { return is(line, "recalled") && line["round"] > 0; };
  const std::vector<Mistake> mistakes = {   // each of all answers of a run
      [&](json& line) { return counts(line) && (line["round"] = 0, false); },                // to a question asked before all had answered
      [&](json& line) { return counts(line) && (line["whole"] = false, false); },            // of nodes that may have lost it, too
      [&](json& line) { return counts(line) && (line["own_last"] = {1000, 1000}, false); },  // of nodes that have it
  };
  for (const Mistake& mistake : mistakes) {
    const auto refused = first_not_allowed({975, Sabotage::none, false, OldDisks::yes, 2}, mistake);   // what one of two held nobody has
    INFO(refused.value_or("nothing"));
    CHECK((refused && refused->find("a node in doubt votes only for a log that has what it may have lost") != std::string::npos));
  }
}

TEST_CASE("the trace checker knows the rules of changing members") {
  Seen seen;
  check_found({
      {"only a leader changes the membership", true, [&](json& line) { return is(line, "change") && !leads(line) && (line["taken"] = true, true); }},
      {"one change of the membership at a time", true,
       [&](json& line) { return is(line, "change") && leads(line) && line["taken"] == false && !line["after"]["membership"]["outgoing"].empty() && (line["taken"] = true, true); }},
      {"a change waits for an entry of the leader's own term", true,
       [&](json& line) {
         if (is(line, "output"))
           for (const json& e : line["committed"]) seen.committed_term = std::max(seen.committed_term, number(e[0]));
         const bool early = leads(line) && number(line["after"]["term"]) > seen.committed_term && line["after"]["membership"]["outgoing"].empty();
         return is(line, "change") && early && line["taken"] == false && (line["taken"] = true, true);
       }},
      {"a change fits the membership", true, [&](json& line) { return is(line, "change") && line["taken"] == true && (line["steps"][0] = {"remove", 77}, true); }},
      {"the log is not what the input makes of it", true,  // C_new is not added
       [&](json& line) {
         const json before = std::exchange(seen.last_after[number(line["node"])], line["after"]);
         if (before.is_null() || !leads(line) || before["role"] != "leader" || before["membership"]["outgoing"].empty() || !line["after"]["membership"]["outgoing"].empty()) return false;
         return line["after"]["last"] = before["last"], true;
       }},
      {"what is written is the log", true,  // another configuration than proposed
       [&](json& line) {
         if (!is(line, "output")) return false;
         for (json& e : line["entries"])
           if (e[2] == 2) return e[3]["voters"].push_back(77), true;
         return false;
       }},
      {"the configuration in force is the newest in the log", true,
       [&](json& line) { return is(line, "step") && !line["after"]["membership"]["outgoing"].empty() && (line["after"]["membership"]["outgoing"] = json::array(), true); }},
      {"the configuration in force is the newest in the log", true,  // kept although its entry was dropped
       [&](json& line) {
         const json before = std::exchange(seen.last_after[number(line["node"])], line["after"]);
         if (before.is_null() || !is(line, "step") || line["message"]["type"] != "append" || before["membership"] == line["after"]["membership"]) return false;
         for (const json& e : line["message"]["entries"])
           if (e[2] == 2) return false;
         return line["after"]["membership"] = before["membership"], true;
       }},
      {"a node restarts with the configuration of its log", true,
       [&](json& line) { return is(line, "restore") && number(line["before_tail"][1]) > 0 && (line["membership"]["learners"] = {88}, true); }},
      {"a leader leaves by itself only when its removal is committed", true, [&](json& line) { return is(line, "output") && leads(line) && (line["after"]["role"] = "follower", true); }},
      {"a leader leaves when its removal is committed", true,
       [&](json& line) {
         const json before = std::exchange(seen.last_after[number(line["node"])], line["after"]);
         const bool left = !before.is_null() && before["role"] == "leader" && is(line, "output") && !leads(line);
         return left && (line["after"]["role"] = "leader", true);
       }},
      {"who was removed is told of its removal", true,
       [&](json& line) { return sends(line, "append", [&](json& m) { return !m["entries"].empty() && (m["to"] = 77, true); }); }},
      {"a node says that it was removed when that is committed", true, [&](json& line) { return is(line, "output") && line["removed"] == false && (line["removed"] = true, true); }},
      {"votes are asked of voters", true,
       [&](json& line) {
         if (!is(line, "output")) return false;
         for (json& m : line["send_after_sync"])
           if (m["type"] == "vote") return m["to"] = 77, true;
         return false;
       }},
      {"only a leader chooses a successor", false,
       [&](json& line) { return is(line, "output") && !leads(line) && (line["send_now"].push_back({{"type", "timeout_now"}, {"term", line["after"]["term"]}, {"from", line["node"]}, {"to", 1}}), true); }},
  }, seen);
}

TEST_CASE("the trace checker misses the replies that a commit rested on, of those who go, too, and of those who come") {
  Seen seen;
  check_found({
      {"a leader commits what a majority of disks hold", false, unheard("append_reply", [](const json&, const json& from) { return from < 4; })},
      {"a leader commits what a majority of disks hold", true, unheard("append_reply", goes)},
      {"a leader commits what a majority of disks hold", true, unheard("append_reply", comes)},
  }, seen);
}

TEST_CASE("the trace checker misses the votes that a leader rested on, of those who go, too, and of those who come") {
  Seen seen;
  check_found({
      {"a leader has the votes of a majority", true, unheard("vote_reply", goes)},
      {"a leader has the votes of a majority", true, unheard("vote_reply", comes)},
      {"a leader has the votes of a majority", false, believes([](json& m) { m["outgoing"] = {8, 9}; })},
      {"only a voter that does not lead prepares a campaign", false, believes([](json& m) { m["voters"] = {2, 3}; m["learners"] = {1}; })},
  }, seen);
}

TEST_CASE("the trace checker knows the rules of reads") {
  Seen seen;
  check_found({
      {"a read is answered that nobody asked for", false, [&](json& line) { return is(line, "output") && (line["reads"].push_back({4711, 1}), true); }},
      {"only a leader takes reads", false, [&](json& line) { return is(line, "read") && line["taken"] == false && (line["taken"] = true, line["id"] = 4711, true); }},
      {"a read waits for a majority to confirm", false,
       [&, id = std::uint64_t{0}](json& line) mutable {
         if (is(line, "read") && line["taken"] == true) id = number(line["id"]);
         else if (id != 0 && is(line, "output") && line["reads"].empty()) return line["reads"].push_back({id, line["after"]["commit"]}), true;
         else id = 0;
         return false;
       }},
      {"a read sees what was committed when it was asked for", false,
       [&](json& line) { return is(line, "output") && !line["reads"].empty() && number(line["reads"][0][1]) > 1 && (line["reads"][0][1] = number(line["reads"][0][1]) - 1, true); }},
      {"a read sees only what is committed", false,
       [&](json& line) { return is(line, "output") && !line["reads"].empty() && (line["reads"][0][1] = number(line["after"]["commit"]) + 1, true); }},
      {"a read is aborted that was not open", false, [&](json& line) { return is(line, "output") && (line["reads_aborted"].push_back(4711), true); }},
      {"a follower confirms a round that it did not hear of", false,
       [&](json& line) { return sends(line, "append_reply", [&](json& m) { return m["context"] = number(m["context"]) + 1, true; }); }},
  }, seen);
}

TEST_CASE("the trace checker knows the rules of snapshots and compaction") {
  Seen seen;
  check_found({
      {"a snapshot holds what was applied", true,
       [&](json& line) { return sends(line, "snapshot", [&](json& m) { return m["position"][1] = number(m["position"][1]) + 1000, true; }); }},
      {"a snapshot holds the configuration of its place", true,
       [&](json& line) { return sends(line, "snapshot", [&](json& m) { return m["membership"]["voters"] = {77}, true; }); }},
      {"only what is applied, and durable, leaves the log", true, [&](json& line) { return is(line, "compact") && (line["mark"][1] = line["after"]["last"][1].get<int>() + 1, true); }},
      {"a log is compacted at a place of its own", true, [&](json& line) { return is(line, "compact") && (line["mark"][0] = 77, true); }},
      {"a log begins where it was compacted", true, [&](json& line) { return is(line, "restore") && number(line["snapshot"][1]) > 0 && (line["snapshot"] = {0, 0}, true); }},
      {"a snapshot is installed when its last piece has come", true,
       [&](json& line) { return is(line, "snapshot_wants") && (line["event"] = "snapshot_installed", true); }},
      {"the log is not what the input makes of it", true, [&](json& line) { return is(line, "snapshot_installed") && (line["event"] = "snapshot_failed", true); }},
  }, seen);
}
