// Replays a trace (trace.h) against a naive transcription of the thesis: figure 3.1, changes of membership (4.3, figure 4.1), reads (6.4) and
// snapshots (figure 5.3), and disks that go back, by docs/consensus.md. A plain vector for a log, which nothing ever leaves but by a conflict; sets for votes and configurations; counting
// by loops, no windows, no flow control, nothing shared with consensus/. Stops at the first line that the rules do not allow.
//
// Left out: the timing of elections (pre-vote, 4.2.3, 6.2): the figure does not say when a node may campaign. The bytes of snapshots.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace daftar::consensus::test {

class TraceCheck {
 public:
  /// Why the line is not allowed; nothing if it is. After a line that is not allowed the checker is of no more use.
  std::optional<std::string> check(const std::string& line);
  std::size_t lines() const { return lines_; }

 private:
  using Json = nlohmann::json;
  using Number = std::uint64_t;
  struct Entry {
    Number term;
    Number kind;
    std::string payload;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  /// Who decides: a majority of `voters`, and one of `outgoing` while there are any (4.3).
  struct Configuration {
    std::set<Number> voters, outgoing, learners;
    bool decides(Number node) const { return voters.count(node) + outgoing.count(node) != 0; }
    bool has(Number node) const { return decides(node) || learners.count(node) != 0; }
    friend bool operator==(const Configuration&, const Configuration&) = default;
  };
  /// What a restart finds.
  struct Disk {
    Number term = 0;
    Number vote = 0;
    std::vector<Entry> log;
    friend bool operator==(const Disk&, const Disk&) = default;
  };
  struct Write {
    Number batch;
    Json output;
  };
  struct Read {
    Number term;
    Number least;             // the lowest index at which it sees all that it must
    Number context;           // the newest round begun before it was asked for
    bool confirmed = false;
  };
  struct Arrival {
    Json message;
    bool done;
  };
  struct Node {
    Number id = 0;
    Configuration first;         // in force where the log begins
    std::string role = "follower";
    Number term = 0;
    Number vote = 0;
    std::vector<Entry> log;  // log[i] has index i + 1
    Number commit = 0;
    std::set<Number> votes;           // a candidate's
    std::map<Number, Number> match;   // a leader's
    std::map<Number, Number> heard;   // a leader's: the newest round that each has answered
    Number context = 0;               // a leader's: the newest round that it has sent
    std::map<Number, Read> reads;     // not answered yet
    // For promises that leave later than they were made.
    std::map<Number, Number> voted;      // term -> candidate
    std::map<Number, std::pair<Json, Configuration>> campaigns;  // term -> last position, and what was in force
    std::map<Number, Number> rounds;     // term -> the newest round that its leader was heard of
    std::map<Number, Number> verified;   // term -> how far the log was seen to agree with its leader's
    std::set<Number> led;
    Disk disk;
    std::vector<Entry> issued_log;       // as outputs have asked to write it
    Number issued_term = 0, issued_vote = 0;
    std::deque<Write> writes;
    Number handed_out = 0;
    Number applied = 0;
    Number compacted = 0;
    std::optional<Arrival> arrival;      // the piece of a snapshot that the caller has
    // Old disks (docs/consensus.md, "Old, empty and damaged disks").
    bool withheld = false;               // nothing is promised before the others were asked
    std::optional<Json> doubt;           // until the log on disk reaches this position, at least
    bool certain = false;                // something is lost, not only perhaps
    std::set<Number> told_by;            // voters that have answered,
    Number told_term = 0;                // the highest term they named,
    Json others_end = Json::array({0, 0});  // and where the longest of their logs ends
    Number round = 0;                    // of questions asked of all anew, when all had answered
    std::set<Number> asked, round_told_by;
    Json round_end = Json::array({0, 0});
    Json remembered = Json::array({0, 0});  // the latest position told of as held or offered; up to which that says nothing any more
    Json settled = Json::array({0, 0});
  };
  /// A copy of a disk, with the writes under way of which any number of the first ones may be in it.
  struct Copy {
    Disk disk;
    std::deque<Write> writes;
    Number compacted = 0;
  };

  void restore(Node& node, const Json& line);
  void input(Node& node, const Json& line);
  void output(Node& node, const Json& line);
  void change_term(Node& node, const Json& line);
  void receive(Node& node, const Json& message, const Json& after);
  void append_entries(Node& node, const Json& message, const Json& after);
  void change_role(Node& node, const std::string& role);
  void advance_leader_commit(Node& node, Number commit);
  void hand_out(Node& node, const Json& committed);
  void send(Node& node, const Json& message, bool promised_on_disk);
  void send_append(Node& node, const Json& message);

  // trace_check_membership.cc
  static Configuration configuration(const Json& json);
  static std::string text(const Configuration& configuration);
  static Number configuration_place(const Node& node, Number through);
  static Configuration in_force(const Node& node, Number through);
  static Configuration in_force(const Node& node) { return in_force(node, node.log.size()); }
  static Number last_for(const Node& node, Number peer);
  static bool may_campaign(const Node& node);
  static void change(Node& node, const Json& steps);
  static void end_joint(Node& node);
  static bool has_left(const Node& node);
  static void say_removed(const Node& node);

  // trace_check_reads.cc: reads, snapshots, compaction
  static void ask_read(Node& node, const Json& line);
  static void confirm_reads(Node& node);
  static void answer_reads(Node& node, const Json& line);
  static void receive_snapshot(Node& node, const Json& message);
  void install_snapshot(Node& node);
  void send_snapshot(const Node& node, const Json& message) const;
  static void compact(Node& node, const Json& mark);

  // trace_check_doubt.cc
  void disk_event(Node& node, const Json& line);
  static void recalled(Node& node, const Json& line);
  static bool all_others(const Node& node, const std::set<Number>& answered);
  static bool heard_enough(const Node& node);
  static void take_round(Node& node, const Json& line);
  static bool spends_votes(const Node& node);
  static void vote_in_doubt(const Node& node, const Json& candidates_last);
  static void change_doubt(Node& node, const Json& after);

  static Entry entry(const Json& json) { return {json[0], json[2], json[2] == 2 ? json[3].dump() : json[3].get<std::string>()}; }
  static Json last(const Node& node) { return Json::array({node.log.empty() ? 0 : node.log.back().term, node.log.size()}); }
  static bool majority(const Configuration& configuration, const std::set<Number>& of);
  static bool disk_holds(const Node& node, Number index);
  static void write(Disk& disk, const Json& output);

  std::size_t lines_ = 0;
  std::map<Number, Node> nodes_;
  std::map<Number, Number> leaders_;   // term -> node
  std::map<std::pair<Number, Number>, Copy> copies_;   // (node, number) -> what was copied
  std::set<std::string> released_;     // messages that were free to leave
  std::vector<Entry> history_;         // all that was ever handed out as committed
};

}  // namespace daftar::consensus::test
