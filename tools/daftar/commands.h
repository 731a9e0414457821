// The commands of `daftar`, by subject. Each adds its subcommands; parsing one sets session.action.
#pragma once
#include <CLI/CLI.hpp>

#include "tools/daftar/session.h"

namespace daftar::tools {

void add_key_commands(CLI::App& app, Session& session);
void add_network_commands(CLI::App& app, Session& session);
/// The part of `daftar network` that is about the nodes of a running ledger.
void add_node_commands(CLI::App& network, Session& session);
void add_member_commands(CLI::App& app, Session& session);
void add_money_commands(CLI::App& app, Session& session);
void add_contract_commands(CLI::App& app, Session& session);
void add_budget_commands(CLI::App& app, Session& session);
void add_tax_commands(CLI::App& app, Session& session);
void add_transaction_commands(CLI::App& app, Session& session);
void add_receipt_commands(CLI::App& app, Session& session);
void add_import_commands(CLI::App& app, Session& session);

/// Options live as long as the parsed command line; CLI11 keeps references to them.
template <class T>
std::shared_ptr<T> arguments() {
  return std::make_shared<T>();
}

}  // namespace daftar::tools
