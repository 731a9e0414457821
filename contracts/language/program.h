// A template compiled: tables, and code for a small stack machine. What governance activates is the digest of these bytes beside that of the source; a node
// never runs code that it was sent: it compiles the source itself (compiler.h) and compares. The interpreter (interpreter.h) runs it.
//
// Values on the stack are 64-bit numbers: minor units, milliseconds, parts per million, the number of a choice, 0 and 1 for conditions. Texts, digests and
// categories are only moved, never reckoned with, so they do not stand on it.
#pragma once
#include <array>

#include "contracts/language/tree.h"
#include "ledger/hash.h"

namespace daftar::contracts::language {

/// Numbers are hashed: never renumber. What stands behind a name: operands a, b, c; ( stack before → after ).
enum class Op : std::uint8_t {
  stop = 0,
  // values
  push = 1,            // c: constant                             ( → value )
  now = 2,             //                                         ( → date )
  term = 3,            // b: slot                                 ( → value )
  field = 4,           // a: register of the entry, b: slot       ( → value )
  local = 5,           // b: parameter or let                     ( → value )
  rest = 6,            // a: register, b: pot                     ( → amount )
  add = 10, subtract = 11,             //                         ( left right → value ); overflow is a refusal
  share = 12,          //                                         ( rate amount → amount )
  daily = 13,          //                                         ( rate amount from to cap → amount )
  later = 14, earlier = 15,            // the one of two dates    ( date date → date )
  // conditions
  less = 20, at_most = 21, more = 22, at_least = 23, equal = 24, differs = 25,   // ( left right → condition )
  negate = 26,         //                                         ( condition → condition )
  and_then = 27, or_else = 28,         // c: target, taken with the condition still there when it settles the whole; else it is dropped
  party_given = 29,    // b: party                                ( → condition )
  term_given = 30,     // b: slot                                 ( → condition )
  is_public = 31,      //                                         ( → condition )
  in_stages = 32,      // a: register, c: constant, a set of stages ( → condition )
  all_in = 33, none_in = 34, any_in = 35,   // c: constant, a set of stages; of the list with stages ( → condition )
  seals = 36,          // a: register, b: slot of the digest, c: Program::Sealed ( → condition )
  is_first = 37,       // a: register, c: Program::Ranking        ( → condition )
  // statements
  jump = 40,           // c: target
  unless = 41,         // c: target, taken when the condition does not hold ( condition → )
  let = 42,            // b: local                                ( value → )
  set_term = 43,       // b: slot                                 ( value → )
  set_field = 44,      // a: register, b: slot                    ( value → )
  copy_to_term = 45,   // b: slot, c: what is copied (Source)
  copy_to_field = 46,  // a: register, b: slot, c: what is copied (Source)
  become = 47,         // b: phase
  entry_becomes = 48,  // a: register, b: stage
  hold = 49,           // a: register, b: pot                     ( amount → )
  pay = 50,            // a: register, b: pot, c: payment         ( amount → )
  give_back = 51,      // a: register, b: pot                     ( amount → ): `refund` and `release`
  first = 52,          // a: register, b: list, c: target when it is empty
  next = 53,           // a: register, c: target when there is another
};

struct Instruction {
  Op op = Op::stop;
  std::uint8_t a = 0;
  std::uint16_t b = 0;
  std::uint32_t c = 0;
};

/// Registers hold an entry: of `on`, of `each`; whole: none, the contract's own.
namespace entry_register {
inline constexpr std::uint8_t on = 0, each = 1, whole = 0xff;
}
inline constexpr std::uint32_t no_code = 0xffffffff;
inline constexpr std::uint16_t no_list = 0xffff, no_slot = 0xffff, treasury_number = 0xffff;
/// Parties have numbers from 0. The entrant of entry i of the open list (from 0) has entrant_number + i; in a program entrant_number is the entrant of the entry
/// spoken of. Who has no entry yet is newcomer_number.
inline constexpr std::uint16_t entrant_number = 0x4000, newcomer_number = 0x3fff;
inline bool is_entrant(std::uint16_t party) { return party >= entrant_number && party < entrant_number + limits::list_entries; }
/// Of values that wait: enough for any expression within limits::nesting (five parts at each depth).
inline constexpr std::size_t stack_size = 5 * (limits::nesting + 2);

using StepSet = std::uint64_t;   // of phases or stages; limits::names_in_list of them
static_assert(limits::names_in_list <= 64);
inline bool contains(StepSet set, std::size_t step) { return (set >> step & 1) != 0; }

struct Program {
  struct Slot {                  // a term, field or parameter
    std::string name;
    Type type;                   // without `up_to`: that is code
    std::uint32_t bound = no_code;
    std::uint16_t copied = no_slot;  // of a field of an open list: the term that it is a copy of
  };
  struct List {
    std::string name;
    std::uint32_t least = 0, most = 0;
    bool open = false;             // acts make its entries
    std::vector<Slot> fields;
  };
  struct Funding {
    std::uint16_t party = 0;
    bool account = false, budget_line = false;
  };
  struct HeldTerm {
    std::uint16_t list = no_list, slot = 0, party = 0;
  };
  struct Payment {
    std::uint16_t to = 0;        // party
    std::string category;        // of the tax rules; empty: what the term or parameter says
    std::uint32_t source = 0;    // Source
  };
  struct Needed {
    std::uint32_t code = no_code;
    std::uint16_t list = no_list;
    std::string because;
  };
  /// Where it happens; `list` when it happens on an entry.
  struct Place {
    StepSet phases = 0, stages = 0;
    std::uint16_t list = no_list;
    std::uint32_t when = no_code;
  };
  /// What a seal is made of, in this order: parameters of the act.
  struct Sealed {
    std::vector<std::uint16_t> locals;
    std::vector<std::string> names;
  };
  /// Smallest first, by each of these fields in turn; then the earlier entry.
  struct Ranking {
    std::vector<std::uint16_t> fields;
    StepSet stages = 0;
  };
  struct Award {
    std::uint16_t buyer = 0, price = 0;  // party; field of the entry
  };
  struct Act {
    std::string name;
    std::vector<Slot> parameters;
    std::vector<std::uint16_t> actors;   // parties; treasury_number
    bool jointly = false;
    bool joins = false;                  // makes the entry that it happens on
    std::optional<Award> award;          // done by a contract that comes into force, sent by nobody: no actors
    Place place;
    std::uint32_t body = no_code;
    std::uint64_t cost = 0;              // at most, with its condition and the conclusions
  };
  struct Deadline {
    std::string name;
    std::uint32_t at = no_code;
    std::vector<std::uint16_t> needs;    // slots of optional terms: without one of them it does not exist
    Place place;
    std::uint32_t body = no_code;
    std::uint64_t cost = 0;
  };
  struct Conclusion {
    std::uint16_t from = 0, to = 0;
    std::uint32_t when = no_code;
  };

  std::string name;
  std::uint32_t version = 0;
  ledger::Digest source;                 // of the text
  std::vector<Party> parties;
  std::optional<Entrant> entrant;        // of the staged list
  std::vector<Funding> funds;
  std::vector<Slot> terms;               // those that are no lists
  std::vector<List> lists;
  std::vector<HeldTerm> held;            // in the order of Pots
  std::vector<Step> phases, stages;
  std::uint16_t staged = no_list;        // the list with stages
  std::vector<Needed> needed;
  std::optional<Prose> prose;
  std::vector<Clause> clauses;
  std::vector<Act> acts;
  std::vector<Deadline> deadlines;
  std::vector<Conclusion> conclusions;
  std::vector<std::int64_t> constants;
  std::vector<Payment> payments;
  std::vector<Sealed> sealed;
  std::vector<Ranking> rankings;
  std::vector<Instruction> code;

  bool is_end(std::uint16_t phase) const { return phases[phase].end; }
  /// As the text calls a party: of an entrant the same name for each.
  std::string_view party_name(std::uint16_t party) const;
  /// nullptr: no contract can come about by this one.
  const Act* award() const;
};

/// Where a text, digest or category comes from. Packed into an operand: kind in the upper half, number in the lower.
struct Source {
  enum class Kind : std::uint8_t { none = 0, term = 1, on_field = 2, each_field = 3, parameter = 4 };
  Kind kind = Kind::none;
  std::uint16_t number = 0;
  std::uint32_t packed() const { return static_cast<std::uint32_t>(kind) << 16 | number; }
  static Source unpack(std::uint32_t bits) { return {static_cast<Kind>(bits >> 16), static_cast<std::uint16_t>(bits)}; }
};

/// Is a value of this kind a number on the stack? The others are bytes.
bool is_number(TypeKind kind);

/// The bytes that are hashed: everything above but places in the text. Of a program without an entrant they are those from before there were entrants.
std::string encode(const Program& program);
/// tag::template_program over encode().
ledger::Digest digest_of(const Program& program);
/// The code with names, one instruction in a line: for authors and tests.
std::string listing(const Program& program);

}  // namespace daftar::contracts::language
