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

/// Changes a line; returns whether it was one that could be changed.
using Mistake = std::function<bool(json& line)>;

/// The first line that the checker does not allow, of a run with one changed line at most.
std::optional<std::string> first_not_allowed(std::uint64_t seed, Sabotage sabotage, const Mistake& mistake, std::size_t* lines = nullptr) {
  TraceCheck checker;
  std::optional<std::string> refused;
  bool changed = !mistake;
  auto sink = [&](const std::string& line) {
    if (refused) return;
    if (changed) {
      refused = checker.check(line);
      return;
    }
    json edited = json::parse(line);
    changed = mistake(edited);
    refused = checker.check(edited.dump());
  };
  try {
    Cluster cluster(seed, seed % 3 == 0 ? 5 : 3, seed % 4 == 0 ? 1 : 0, sabotage, 0, sink);
    cluster.run(600);
    if (sabotage == Sabotage::none) cluster.converge(400);
  } catch (const Broken&) {
    // The cluster's own checks stopped it; the question here is what the trace says.
  }
  if (lines) *lines += checker.lines();
  return refused;
}

bool is(const json& line, const char* event) { return line.at("event") == event; }

}  // namespace

TEST_CASE("every step of a cluster under faults is one that figure 3.1 allows") {
  const char* first = std::getenv("DAFTAR_SEED");
  const char* count = std::getenv("DAFTAR_SEEDS");
  const std::uint64_t from = first ? std::strtoull(first, nullptr, 10) : 1;
  const std::uint64_t seeds = count ? std::strtoull(count, nullptr, 10) : 12;
  std::cout << "consensus traces: seeds " << from << ".." << from + seeds - 1 << " (DAFTAR_SEED, DAFTAR_SEEDS)\n";
  std::size_t lines = 0;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    const auto refused = first_not_allowed(seed, Sabotage::none, nullptr, &lines);
    INFO("seed " << seed << ", " << refused.value_or(""));
    REQUIRE_FALSE(refused);
  }
  CHECK(lines > 2000 * seeds);
  std::cout << "consensus traces: " << lines << " lines checked\n";
}

TEST_CASE("a trace shows a caller's mistakes: a forgotten vote, a disk that lies") {
  for (const Sabotage sabotage : {Sabotage::forgotten_vote, Sabotage::lying_disk}) {
    std::uint64_t seed = 1;
    while (seed <= 20 && !first_not_allowed(seed, sabotage, nullptr)) ++seed;
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
       [&](json& line) { return is(line, "synced") && role(line) == "follower" && (line["event"] = "applied", true); }},
      {"entries are applied in order", [](json& line) { return is(line, "output") && line["committed"].size() > 1 && (line["committed"].erase(0), true); }},
      {"a node restarts with the term, vote and log", [](json& line) { return is(line, "restore") && line["tail"].size() > 1 && (line["tail"].erase(line["tail"].size() - 1), true); }},
      {"cannot be read", [](json& line) { return line.erase("after") == 1; }},
  };
  for (const auto& [reason, mistake] : mistakes) {
    const auto refused = first_not_allowed(3, Sabotage::none, mistake);
    INFO("expected: " << reason << "; got: " << refused.value_or("nothing"));
    CHECK((refused && refused->find(reason) != std::string::npos));
  }
}
