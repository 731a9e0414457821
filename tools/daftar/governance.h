// The parts of `daftar governance`: proposing is the same for all kinds of changes.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/daftar/commands.h"

namespace daftar::tools {

struct GovernanceArguments {
  std::string file, code, on, id, reason, until, stage, name, tax_id, country, tax_status, kind, delay, share;
  std::vector<std::string> give, take, keys, settings, proposers, approvers;
  std::uint32_t version = 0, approvals = 0, signatures_required = 1;
  bool keep_signing_rules = false, no_limit = false, proposer_approves = false;
};

/// Shows the change, asks, sends it; tells the proposal's id.
Result<Report> propose(Session& session, const GovernanceArguments& a, ledger::proto::ProposeChange change);

using Made = Result<Report> (*)(Session&, const GovernanceArguments&);
void add_proposing_command(Command governance, Session& session, const std::shared_ptr<GovernanceArguments>& a, const char* name, const char* help, const char* footer, Made made,
                           const std::function<void(Command&)>& options);

/// Of members and keys; of limits, policies, the protocol version and classifications, with what is in force of them.
void add_member_change_commands(Command governance, Session& session, const std::shared_ptr<GovernanceArguments>& a);
void add_setting_commands(Command governance, Session& session, const std::shared_ptr<GovernanceArguments>& a);

}  // namespace daftar::tools
