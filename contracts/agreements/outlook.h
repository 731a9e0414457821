// What lies ahead of a contract, read from its state: what time does to it if nobody does anything, and what taxes its payments would meet today. Nothing is
// executed: the interpreter runs on a copy, with verbs that only write down what was asked of them.
#pragma once
#include "contracts/agreements/library.h"
#include "contracts/agreements/records.h"
#include "contracts/language/instance.h"
#include "contracts/tax/rules.h"
#include "ledger/state_view.h"

namespace daftar::contracts::agreements {

enum class MoveKind : std::uint8_t { hold, pay, give_back };

struct Move {
  MoveKind kind = MoveKind::hold;
  std::uint16_t from = 0, to = 0;     // parties of the template; `to` of a payment
  ledger::MinorUnits amount = 0;
  std::string category;               // of a payment
};

/// One deadline that nobody forestalled.
struct SilentStep {
  std::int64_t at = 0;                // ms; a step may be due already
  std::uint16_t deadline = 0;         // of the program
  std::uint32_t entry = 0;            // from 1; 0: none
  std::uint16_t phase = 0;            // after it
  std::vector<Move> moves;
};

inline constexpr std::size_t silent_steps_max = 200;

struct Silence {
  std::vector<SilentStep> steps;
  bool ends = false;                  // the contract comes to an end by itself
  bool cut_short = false;             // there are more steps than silent_steps_max
};
/// If nobody does anything from now on.
Silence if_all_are_silent(const language::Program& program, const language::Instance& instance, std::uint64_t now_ms);

/// What a party may do now, about one entry or about the contract as a whole; and what time does first about it if nobody does anything.
struct Turn {
  std::uint16_t party = 0;            // or language::treasury_number, newcomer_number, entrant_number + entry
  std::uint32_t entry = 0;            // from 1; 0: about the whole
  std::vector<std::string> acts;      // names, in the order of the template
  std::optional<std::size_t> otherwise;   // of Silence::steps
};
/// By party, those of the treasury last, then whoever may make an entry, then entrants; then by entry. None when the contract has ended.
std::vector<Turn> turns(const Agreement& agreement, const language::Program& program, const language::Instance& instance, const Silence& silence, std::uint64_t now_ms);

/// A payment that the contract can still make, as it would be taxed at `now_ms` if it were of the whole amount that is meant for it.
struct ExpectedPayment {
  std::uint16_t from = 0, to = 0;     // parties, or entrants
  std::uint32_t entry = 0;            // from 1; 0: none
  std::string category;
  ledger::MinorUnits gross = 0, net = 0;
  std::vector<tax::Computed> taxes;   // the rules live as long as the book
};
/// Of the amounts that the terms name and that are not settled yet, in the order of the template. Categories that only an act will name are left out.
std::vector<ExpectedPayment> expected_payments(const ledger::StateView& state, const tax::RuleBook& rules, const Agreement& agreement, const language::Program& program,
                                                const language::Instance& instance, std::uint64_t now_ms);

}  // namespace daftar::contracts::agreements
