// The commands of `daftar`, by subject. Each adds its subcommands; parsing one sets session.action.
#pragma once
#include <memory>

#include "tools/daftar/command.h"
#include "tools/daftar/session.h"

namespace daftar::tools {

void add_key_commands(Command app, Session& session);
void add_network_commands(Command app, Session& session);
/// The part of `daftar network` that is about the nodes of a running ledger.
void add_node_commands(Command network, Session& session);
void add_member_commands(Command app, Session& session);
void add_money_commands(Command app, Session& session);
void add_contract_commands(Command app, Session& session);
void add_tender_commands(Command app, Session& session);
void add_governance_commands(Command app, Session& session);
void add_budget_commands(Command app, Session& session);
/// The parts of `daftar budget` that follow money from top to bottom, that end a year, and that are about revenue and rules.
void add_trace_command(Command budget, Session& session);
void add_year_end_commands(Command budget, Session& session);
void add_revenue_commands(Command budget, Session& session);
void add_tax_commands(Command app, Session& session);
/// The part of `daftar tax` that makes certificates of withholding.
void add_withholding_commands(Command tax, Session& session);
void add_transaction_commands(Command app, Session& session);
void add_receipt_commands(Command app, Session& session);
void add_audit_commands(Command app, Session& session);
void add_import_commands(Command app, Session& session);
void add_import_budget_command(Command import_command, Session& session);
void add_template_commands(Command app, Session& session);

/// Options live as long as the parsed command line, which keeps references to them.
template <class T>
std::shared_ptr<T> arguments() {
  return std::make_shared<T>();
}

}  // namespace daftar::tools
