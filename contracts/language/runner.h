// One run of a piece of a program's code over an instance: the interpreter's inside.
#pragma once
#include <array>

#include "contracts/language/interpreter.h"

namespace daftar::contracts::language {

inline auto refusal(ledger::RejectionCode code, std::string detail) { return Unexpected<ledger::Rejection>(ledger::Rejection{code, std::move(detail)}); }

inline constexpr std::int64_t parts_per_whole = 1'000'000;

/// Of its kind and in its range? The sentence says what is.
Expected<void, std::string> judge_value(const Type& type, const Value& value, std::int64_t now);

class Runner {
 public:
  /// `list`: of the entry that it happens on; no_list: on none. More than `units_max` of cost is a refusal.
  Runner(const Program& program, const Instance& instance, Moment moment, std::uint16_t list, std::uint64_t units_max)
      : program_(program), instance_(instance), now_(moment.now), units_max_(units_max), contract_(moment.contract), entries_{moment.entry, 0}, lists_{list, no_list} {}

  void give(std::vector<Value> parameters) { locals_ = std::move(parameters); }

  /// What an expression comes to.
  Expected<std::int64_t, ledger::Rejection> value(std::uint32_t at);
  /// `instance` is the one that is read, to be changed.
  Result run(std::uint32_t at, Instance& instance, Verbs& verbs);
  std::uint64_t units() const { return units_; }
  /// A seal was looked at, and what was handed over is not what it was made of.
  bool seal_broken() const { return seal_broken_; }

 private:
  Result execute(std::uint32_t at, Verbs* verbs);
  std::uint32_t control(const Instruction& i, std::uint32_t at);   // where it goes on
  Result reckon(const Instruction& i);
  Result daily();
  void quantify(const Instruction& i);
  Result open_seal(const Instruction& i);
  Result rank(const Instruction& i);
  Result read(const Value& value, const std::string& name);
  Result statement(const Instruction& i, Verbs& verbs);
  Result copy(Value& to, Source from);
  Result hold(const Instruction& i, Verbs& verbs);
  Result let_out(const Instruction& i, Verbs& verbs);
  Expected<std::string_view, ledger::Rejection> bytes_of(Source source);

  const EntryState& entry(std::uint8_t number) const { return instance_.lists[lists_[number]][entries_[number]]; }
  EntryState& changed_entry(std::uint8_t number) { return changed_->lists[lists_[number]][entries_[number]]; }
  /// In a program the entrant of the entry spoken of; here the one of this entry.
  std::uint16_t party(std::uint16_t number, std::size_t entry) const { return static_cast<std::uint16_t>(number == entrant_number ? number + entry : number); }
  std::size_t place_of(const Instruction& i) const { return i.a == entry_register::whole ? 0 : entries_[i.a]; }
  void push(std::int64_t value) { stack_[depth_++] = value; }
  std::int64_t pop() { return stack_[--depth_]; }

  const Program& program_;
  const Instance& instance_;
  Instance* changed_ = nullptr;                // the same, while statements run
  const std::int64_t now_;
  const std::uint64_t units_max_;
  std::uint64_t units_ = 0;
  const std::string_view contract_;            // its id
  bool seal_broken_ = false;
  std::array<std::uint32_t, 2> entries_;       // by register
  std::array<std::uint16_t, 2> lists_;
  std::vector<Value> locals_;                  // parameters, then lets
  std::array<std::int64_t, stack_size> stack_;
  std::size_t depth_ = 0;
};

/// An expression on its own, on the entry of `moment` in `list`.
inline Expected<std::int64_t, ledger::Rejection> reckoned(const Program& program, const Instance& instance, std::uint32_t code, Moment moment, std::uint16_t list) {
  return Runner(program, instance, moment, list, limits::action_cost).value(code);
}

}  // namespace daftar::contracts::language
