// Replays a trace (trace.h) against a naive transcription of the thesis' figure 3.1: a plain vector for a log, sets for votes, counting by
// loops, no windows, no flow control, nothing shared with consensus/. Stops at the first line that the rules do not allow.
//
// Left out: reads (6.4) and the timing of elections (pre-vote, 4.2.3, 6.2): the figure does not say when a node may campaign.
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
  struct Node {
    Number id = 0;
    std::set<Number> voters;
    std::string role = "follower";
    Number term = 0;
    Number vote = 0;
    std::vector<Entry> log;  // log[i] has index i + 1
    Number commit = 0;
    std::set<Number> votes;           // a candidate's
    std::map<Number, Number> match;   // a leader's
    // For promises that leave later than they were made.
    std::map<Number, Number> voted;      // term -> candidate
    std::map<Number, Json> campaigns;    // term -> last position
    std::map<Number, Number> verified;   // term -> how far the log was seen to agree with its leader's
    std::set<Number> led;
    Disk disk;
    std::vector<Entry> issued_log;       // as outputs have asked to write it
    Number issued_term = 0, issued_vote = 0;
    std::deque<Write> writes;
    Number handed_out = 0;
  };

  void restore(Node& node, const Json& line);
  void input(Node& node, const Json& line);
  void output(Node& node, const Json& line);
  void change_term(Node& node, const Json& line);
  void receive(Node& node, const Json& message, const Json& after);
  void append_entries(Node& node, const Json& message, const Json& after);
  void change_role(Node& node, const std::string& role);
  void advance_leader_commit(Node& node, Number commit);
  void send(const Node& node, const Json& message, bool promised_on_disk);

  static Entry entry(const Json& json) { return {json[0], json[2], json[3]}; }
  static Json last(const Node& node) { return Json::array({node.log.empty() ? 0 : node.log.back().term, node.log.size()}); }
  static bool majority(const Node& node, const std::set<Number>& of);
  static bool disk_holds(const Node& node, Number index);
  static void write(Disk& disk, const Json& output);

  std::size_t lines_ = 0;
  std::map<Number, Node> nodes_;
  std::map<Number, Number> leaders_;   // term -> node
  std::set<std::string> released_;     // messages that were free to leave
};

}  // namespace daftar::consensus::test
