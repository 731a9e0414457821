// Contracts of every shipped template on the real ledger, each with the plain execution of its text beside it: what random_trade.h trades with.
#pragma once
#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <filesystem>

#include "agreements.h"
#include "contracts/language/parser.h"
#include "template_run.h"

namespace daftar::contracts::test {

struct Shipped {
  const agreements::Library::Known* known = nullptr;
  language::Template text;
  const language::Program& program() const { return known->program; }
};

inline const std::deque<Shipped>& all_shipped() {
  static const std::deque<Shipped> all = [] {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(DAFTAR_SOURCE_DIR) / "contracts/templates")) names.push_back(file.path().stem().string());
    std::sort(names.begin(), names.end());   // a seed repeats a run wherever the files lie
    std::deque<Shipped> found;
    for (const std::string& name : names) {
      const auto& known = shipped_template(name);
      found.push_back({&known, std::move(language::parse(known.source)->tree)});
    }
    return found;
  }();
  return all;
}

/// Members enough for every role, so that most acts find several who may send them.
inline World trading_world() {
  return World(
      [](proto::Genesis& genesis) {
        *genesis.add_members() = member("books", "company", "UZ", "none", {"auditor"});
        *genesis.add_members() = member("chorsu", "company", "UZ", "vat_payer", {"enterprise"});
        *genesis.add_members() = member("dilnoza", "individual", "UZ", "individual", {"citizen"});
        for (auto& rule : *genesis.mutable_tax_rules()) {
          if (rule.kind() == "vat") rule.add_categories("rent");
          if (rule.code() != "income-12") continue;
          rule.set_remittance("month");   // held by who pays, and reckoned of the year's sum
          rule.set_remittance_day(15);
          rule.set_accumulate("year");
          rule.set_accumulate_by("agent_payee");
        }
        genesis.clear_templates();
        for (const Shipped& shipped : all_shipped()) add_template(genesis, *shipped.known);
      },
      Judging::on_request);
}

inline bool is_line_funded(const language::Program& program, std::size_t party) {
  return std::any_of(program.funds.begin(), program.funds.end(), [&](const auto& fund) { return fund.party == party && fund.budget_line; });
}

/// A contract on the ledger, and what the test knows of it.
struct TradedDeal {
  const Shipped* shipped = nullptr;
  AgreementDeal on_ledger;
  std::vector<std::string> members;    // by party; empty: not there
  language::Instance instance;
  TemplateRun plain;
  bool left_alone = false;             // until a deadline does something
  bool replaced = false;               // another is in its place
  bool ended() const { return replaced || shipped->program().is_end(instance.phase); }
  /// Somebody's, that is: a commitment on a budget line is nobody's.
  bool holds_money() const {
    for (std::size_t pot = 0; pot < instance.held.size(); ++pot) {
      if (instance.is_public && is_line_funded(shipped->program(), shipped->program().held[pot].party)) continue;
      if (std::any_of(instance.held[pot].begin(), instance.held[pot].end(), [](MinorUnits amount) { return amount != 0; })) return true;
    }
    return false;
  }
};

struct TradeTally {
  std::size_t actions = 0, accepted = 0, deadlines = 0, deadlines_refused = 0, contracts = 0, ended = 0, ended_by_time = 0, answered = 0, changed = 0, carried_over = 0, bound_forward = 0, by_award = 0;
  std::map<std::string, std::size_t> codes;                    // of refusals
  std::map<const void*, std::size_t> reached;                  // declarations of the texts: actions, deadlines, phases
};

}  // namespace daftar::contracts::test
