// The nodes of a scenario, the network between them, and what there is to do. Commands call it; it says what happened.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/consensus/scenario_runner/arguments.h"
#include "tests/consensus/scenario_runner/node.h"
#include "tests/consensus/scenario_runner/safety.h"

namespace daftar::consensus::scenario {

/// An `expect` or `converge` was not met.
struct Unmet : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class World {
 public:
  Network network;
  Safety safety;
  bool trace = false;  ///< details are told of everything, not only by the commands that show one step

  // The nodes.

  Node& add(Options options, Disk disk, Index applied);
  NodeId next_id() const { return NodeId{nodes_.size() + 1}; }
  bool has(NodeId id) const { return id && id.value <= nodes_.size(); }
  /// Throw Mistake where the name stands: no such node, or it is down.
  Node& node(NodeName name);
  Node& running(NodeName name);
  std::vector<Node*> nodes(const NodeNames& names);
  std::vector<Node*> running(const NodeNames& names);  ///< `all`: those that are up
  std::vector<Node*> all_running() { return running(NodeNames{{}, true, {}}); }

  /// Whether leaders leave joint configurations by themselves, from now on, nodes to come included.
  void hold_joint(bool hold);
  /// The leader of the highest term; null if nobody leads.
  Node* latest_leader();

  // What they do.

  void tick(Node& node);
  /// One output of the core: carried out as far as the node does so at once. False: there is none.
  bool process(Node& node);
  /// Without `told` the core hears of it only by tell(), or by a later write that it is told of.
  void persist(Node& node, std::size_t batches, bool told = true);
  void apply(Node& node, std::size_t entries, bool told = true);
  void tell(Node& node);
  /// Answers the oldest request for log entries with at most so many of them.
  void answer_log_read(Node& node, std::size_t entries_max);
  /// Answers the oldest piece of a snapshot that arrived: stores it, and installs the whole when it is complete; or says that it is no good.
  void answer_arrival(Node& node, bool fail);
  void deliver(const std::vector<Envelope>& envelopes);
  /// A message that the text sends in a node's name.
  void send_out_of_turn(const Envelope& envelope) { send(*nodes_[envelope.from.value - 1], {envelope}); }
  /// Lets these nodes process and receive until nothing is left to do. Throws Unmet if that takes too long.
  void stabilize(const std::vector<Node*>& nodes);
  /// All that run agree: one leads, every log is the leader's, all of it committed and applied.
  bool in_sync();

  // What is told.

  void say(const std::string& line) { output_ += line + "\n"; }
  void detail(const std::string& line);
  std::string take_output() { return std::exchange(output_, {}); }

  /// Details are told while it lives.
  class Detailed {
   public:
    explicit Detailed(World& world) : world_(world) { ++world_.detailed_; }
    ~Detailed() { --world_.detailed_; }
    Detailed(const Detailed&) = delete;
    Detailed& operator=(const Detailed&) = delete;

   private:
    World& world_;
  };

 private:
  void send(const Node& from, const Promise& promise);
  Promise promise(const Node& node, const Envelope& envelope) const;
  void check_refusals(Node& node, std::uint64_t before);
  void check_commit(Node& node) { safety.commit_moved(node, nodes(NodeNames{{}, true, {}})); }
  void leader_may_have_committed(Node& node);

  std::vector<std::unique_ptr<Node>> nodes_;  // the i-th has id i + 1
  bool joint_held_ = false;
  std::string output_;
  int detailed_ = 0;
};

// Text of things, for every command alike.
std::string text(NodeId node);
std::string text(const Entry& entry);
std::string text(const std::vector<Entry>& entries);
std::string status_line(const Node& node);

}  // namespace daftar::consensus::scenario
