// The code of a program while it is written: instructions, constants, jumps whose target comes later, and how deep the stack gets.
#pragma once
#include <map>

#include "contracts/language/names.h"
#include "contracts/language/program.h"

namespace daftar::contracts::language {

/// Numbers of the names in a template's tables.
class Numbers {
 public:
  explicit Numbers(const Template& text);
  const Template& text() const { return text_; }
  const Pots& pots() const { return pots_; }
  std::uint16_t party(std::string_view name) const;       // treasury_number for the treasury, entrant_number for the entrant
  std::uint16_t phase(std::string_view name) const;
  std::uint16_t stage(std::string_view name) const;
  std::uint16_t list(std::string_view name) const { return among_terms(name, true); }
  std::uint16_t term(std::string_view name) const { return among_terms(name, false); }
  std::uint16_t field(std::string_view list, std::string_view name) const;
  std::uint16_t pot(const Pot& pot) const;
  StepSet phases(const std::vector<std::string>& names) const;
  /// Empty: all of them.
  StepSet stages(const std::vector<std::string>& names) const;
  StepSet ended_stages() const;

 private:
  std::uint16_t among_terms(std::string_view name, bool lists) const;

  const Template& text_;
  const Pots pots_;
  const std::vector<Step>* stages_ = nullptr;
};

class CodeWriter {
 public:
  explicit CodeWriter(const Numbers& numbers) : numbers_(numbers) {}

  // One piece of code after another: begin(), what it knows, what it does, end().
  std::uint32_t begin();
  void end();
  void know_entry(const Entry& entry, std::uint8_t at);
  void know_parameter(const Field& parameter);

  void expression(const Expression& e);                    // leaves its value
  void body(const std::vector<Statement>& body);

  std::vector<Instruction> take_code() { return std::move(code_); }
  std::vector<std::int64_t> take_constants() { return std::move(constants_); }
  std::vector<Program::Payment> take_payments() { return std::move(payments_); }
  std::vector<Program::Sealed> take_sealed() { return std::move(sealed_); }
  std::vector<Program::Ranking> take_rankings() { return std::move(rankings_); }
  std::size_t deepest() const { return deepest_; }

 private:
  void put(Op op, int change, std::uint8_t a = 0, std::uint16_t b = 0, std::uint32_t c = 0);
  /// A jump whose target is set by land().
  std::size_t leap(Op op, int change);
  void land(std::size_t leap) { code_[leap].c = static_cast<std::uint32_t>(code_.size()); }
  std::uint32_t constant(std::int64_t value);
  std::uint8_t register_of(const Expression& place) const;
  std::uint16_t slot_of(const Expression& field) const;
  std::uint16_t local(const std::string& name) const;
  Source source_of(const Expression& e) const;

  void name_value(const Expression& e);
  void is_stage(const Expression& e);
  void quantified(const Expression& e);
  void given(const Expression& e);
  void seals(const Expression& e);
  void first(const Expression& e);
  void statement(const Statement& s);
  void outflow(const Statement& s);
  void set(const Statement& s);
  void if_else(const Statement& s);
  void each(const Statement& s);

  const Numbers& numbers_;
  std::vector<Instruction> code_;
  std::vector<std::int64_t> constants_;
  std::map<std::int64_t, std::uint32_t> known_constants_;
  std::vector<Program::Payment> payments_;
  std::vector<Program::Sealed> sealed_;
  std::vector<Program::Ranking> rankings_;
  std::size_t depth_ = 0, deepest_ = 0;
  std::optional<Names> names_;                              // of the piece
  std::map<std::string, std::uint8_t> registers_;           // by variable
  std::map<std::string, std::uint16_t> locals_;             // parameters and lets
};

}  // namespace daftar::contracts::language
