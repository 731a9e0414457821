// Random terms and acts for any compiled template: for tests of the ledger and for the fuzzer. What a template allows is read off its program.
#pragma once
#include <optional>

#include "contracts/language/interpreter.h"
#include "dice.h"
#include "template_run.h"

namespace daftar::contracts::test {

struct TermsWish {
  std::int64_t now = 0;
  bool is_public = false;
  std::int64_t amount_most = 1'000'000'000'000;   // of one money term; small ones come as often
  std::vector<std::string> categories = {"services"};
};

/// Terms of the right kinds and ranges, some of which meet what the template requires.
language::Instance random_terms(const language::Program& program, Dice& dice, const TermsWish& wish);
/// The same, changed here and there until the requirements are met. Nothing: that has not come about.
std::optional<language::Instance> sound_terms(const language::Program& program, Dice& dice, const TermsWish& wish);
/// The same terms for plain execution.
RunTerms plain_terms(const language::Program& program, const language::Instance& instance);

struct Attempt {
  std::uint16_t act = 0;             // in Program::acts
  std::uint16_t party = 0;           // or treasury_number, newcomer_number, entrant_number + entry
  std::uint32_t entry = language::no_entry;
  std::vector<std::pair<std::string, language::Value>> parameters;
};

inline constexpr std::uint16_t nobody = 0xfffe;

/// An act whose phase, stage and party fit, and mostly its condition, too; `silent` does nothing. Nothing: none was found, though there may be some.
/// Of what would end a contract before its time only one in `shortcuts` is chosen: else few would come far.
std::optional<Attempt> fitting_act(const language::Program& program, const language::Instance& instance, Dice& dice, std::int64_t now, std::uint16_t silent = nobody,
                                   std::int64_t shortcuts = 12, std::string_view contract = {});

/// What a member seals in a contract: always the same, so that who reveals needs no memory.
std::vector<std::pair<std::string, language::Value>> sealed_values(const language::Program& program, const language::Instance& instance, std::string_view contract, const std::string& member);
/// Puts the seal of these values, or the values themselves, in their places among the parameters of an act that seals or reveals.
void fit_seals(const language::Program& program, const language::Instance& instance, Attempt& attempt, std::string_view contract, const std::string& member);
/// The parameters for plain execution: documents by their first eight bytes, a seal that fits by what plain_seal() makes of its values.
std::map<std::string, std::int64_t> plain_parameters(const language::Program& program, const language::Instance& instance, const Attempt& attempt, std::string_view contract,
                                                     const std::string& member);
/// Any act of anybody, with any parameters.
Attempt any_act(const language::Program& program, const language::Instance& instance, Dice& dice, std::int64_t now);

}  // namespace daftar::contracts::test
