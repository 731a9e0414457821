// A public contract over several years (DOMAIN §6.5). Its party names a budget line, and lines of later years. Each entry of a list with money of that party is
// paid from the line of the calendar year (UTC) of its `due`, a date that the terms give; one that is due before the first line's year, and money of no entry, is
// paid from the first. So registration commits each year's line with that year's part: on a line that is a ceiling as yet it binds forward (budget/ceiling.h).
// When a line is closed, the line that takes over keeps its place for that year (carry_over.h).
#pragma once
#include "contracts/agreements/open_agreement.h"

namespace daftar::contracts::agreements {

inline constexpr std::size_t later_lines_max = 9;

/// The line of a public party's money: of held term `held`, entry from 0.
const std::string& line_of(const language::Program& program, const language::Instance& instance, const AgreementParty& party, std::uint16_t held, std::uint32_t entry);

/// When drafted: fills the years of the party's later lines. They are of the same owner, currency and treasury as the first, open, and of later years, ascending;
/// every list with money of the party has a `due`, and there is a line for every year of one. Refusals: budget_line_unknown, not_line_owner, currency_mismatch,
/// line_closed, no_line_of_year, field_invalid.
Outcome judge_later_lines(const Context& c, Open& open, std::uint16_t party);

}  // namespace daftar::contracts::agreements
