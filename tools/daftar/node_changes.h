// Leads a change of the nodes through: plan, proposal, approvals, and then watching until consensus has followed. Every step can be taken up
// again by the same command: what has been done already is found on the ledger.
#pragma once
#include <chrono>

#include "tools/daftar/session.h"
#include "tools/node_change.h"
#include "tools/nodes_inquiry.h"

namespace daftar::tools {

struct FollowOptions {
  std::vector<std::string> approve_as;       // operators who approve here besides the sender
  std::chrono::seconds within{120};          // for each thing waited for
};

class NodeChanges {
 public:
  NodeChanges(Session& session, FollowOptions options) : session_(session), options_(std::move(options)) {}

  /// A proposal of its own: steps that come into force together, and what they are called.
  struct Decision {
    std::vector<ledger::proto::NodeChange> steps;
    std::string words;
  };

  /// The leader's view, or the newest there is when the leader cannot be asked. Fails when no node answers.
  Result<NetworkFacts> facts();
  /// What the change would do, and which approvals its decisions need and have.
  Result<Report> plan(const VoterChange& change, const std::vector<Decision>& decisions);

  Result<Report> add(const NodeFile& node, bool observer);
  Result<Report> promote(std::uint32_t node);
  Result<Report> demote(std::uint32_t node);
  Result<Report> remove(std::uint32_t node);
  Result<Report> replace(std::uint32_t node, const NodeFile& by);
  /// One operator's word on a proposal, or its withdrawal.
  Result<Report> approve(const std::string& proposal);
  Result<Report> withdraw(const std::string& proposal);

 private:
  using Done = Result<void>;
  /// Shows the plan, and fails when it must not be.
  Done check(const VoterChange& change);
  /// Adds the node as an observer unless the registry has it, and waits until it has caught up.
  Done bring_in(const NodeFile& node);
  /// Proposes the steps (or takes up the open proposal of the same), approves, and waits until they are in force.
  Done decide(const Decision& decision);
  Done send(const std::string& member, const ledger::proto::Operation& operation, const std::string& words, std::string* id = nullptr);
  /// The open proposal of exactly these steps, as the API shows it; {}: there is none.
  Result<nlohmann::json> open_proposal(const std::vector<ledger::proto::NodeChange>& steps);
  Done wait_until(const std::string& what, const std::function<bool(const NetworkFacts&)>& reached, const std::function<std::string(const NetworkFacts&)>& progress);
  void say(const std::string& line);
  Result<Report> finish(const std::string& line);

  Session& session_;
  FollowOptions options_;
  std::optional<NodesInquiry> nodes_;   // once they have been asked
  Report report_;
};

// What the commands decide, each in one proposal.
NodeChanges::Decision decision_to_add(const NodeFile& node);   // as observer
NodeChanges::Decision decision_to_promote(std::uint32_t node);
NodeChanges::Decision decision_to_demote(std::uint32_t node);
NodeChanges::Decision decision_to_remove(std::uint32_t node);
NodeChanges::Decision decision_to_replace(std::uint32_t node, std::uint32_t by);

}  // namespace daftar::tools
