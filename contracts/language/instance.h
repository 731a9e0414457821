// One contract of a template: its terms and where it stands. Plain data; the interpreter changes it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "contracts/language/program.h"
#include "ledger/money.h"

namespace daftar::contracts::language {

/// Of a term, field or parameter: nothing yet, a number (Program's values), or bytes (text, digest, category).
struct Value {
  enum class Form : std::uint8_t { nothing = 0, number = 1, bytes = 2 };
  Form form = Form::nothing;
  std::int64_t number = 0;
  std::string bytes;

  static Value of(std::int64_t number) { return {Form::number, number, {}}; }
  static Value of(std::string bytes) { return {Form::bytes, 0, std::move(bytes)}; }
  bool given() const { return form != Form::nothing; }
  bool operator==(const Value&) const = default;
};

/// An entry of a list.
struct EntryState {
  std::uint8_t stage = 0;
  std::vector<Value> fields;
  std::string member;            // who made it, in an open list; else empty
  bool operator==(const EntryState&) const = default;
};

/// A party has sent an act that needs others, too.
struct Consent {
  std::uint16_t act = 0, party = 0;
  std::uint32_t entry = 0;
  bool operator==(const Consent&) const = default;
};

/// A deadline that was refused falls due again then.
struct Postponed {
  std::uint16_t deadline = 0;
  std::uint32_t entry = 0;
  std::int64_t until = 0;
  bool operator==(const Postponed&) const = default;
};

struct Instance {
  std::uint16_t phase = 0;
  bool is_public = false;
  std::vector<bool> parties;                               // given or not, in the order of the program
  std::vector<Value> terms;
  std::vector<std::vector<EntryState>> lists;
  std::vector<std::vector<ledger::MinorUnits>> held;       // by Program::held; of the contract's own terms one amount, of a list's one for each entry
  std::vector<Consent> consents;
  std::vector<Postponed> postponed;
  bool operator==(const Instance&) const = default;
};

/// Where nothing has happened yet. `terms` and `lists` as the program has them: judge_terms() says whether they are.
Instance begin(const Program& program, bool is_public, std::vector<bool> parties, std::vector<Value> terms, std::vector<std::vector<EntryState>> lists);

/// A new entry of the open list, in its first stage, with copies of the terms that its fields are copies of. Its number, from 0.
std::uint32_t join(const Program& program, Instance& instance, std::string member);
/// The entry that this member made; nothing: none.
std::optional<std::uint32_t> entry_of(const Program& program, const Instance& instance, std::string_view member);

std::string encode(const Instance& instance);
/// Nothing: not bytes that encode() made.
std::optional<Instance> decode_instance(std::string_view bytes);

}  // namespace daftar::contracts::language
