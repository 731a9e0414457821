// The text of a template: where something stands in it, what is wrong there, and how large a text may be. docs/template-language.md is the
// grammar and what it means. Everything in this folder is total and deterministic: any bytes give a template or faults, the same on every machine.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace daftar::contracts::language {

/// Checked before memory is taken for what they bound.
namespace limits {
inline constexpr std::size_t source_bytes = 128 * 1024;
inline constexpr std::size_t name_bytes = 48;
inline constexpr unsigned nesting = 24;             // of blocks, and of brackets in an expression
inline constexpr unsigned chain = 32;               // operators in a row: a + b + c
inline constexpr std::size_t declarations = 400;
inline constexpr std::size_t names_in_list = 64;    // phases, stages, parties in one list
inline constexpr std::uint32_t list_entries = 256;  // of a list term
inline constexpr std::size_t faults = 20;           // reported of one text
inline constexpr std::uint64_t action_cost = 200'000;
}  // namespace limits

inline constexpr std::int64_t hour_ms = 3'600'000, day_ms = 24 * hour_ms;

/// Both count from 1; columns count code points.
struct Place {
  std::uint32_t line = 1, column = 1;
  auto operator<=>(const Place&) const = default;
};

struct Fault {
  Place place;
  std::string sentence;   // what is wrong, and what was expected
};

}  // namespace daftar::contracts::language
