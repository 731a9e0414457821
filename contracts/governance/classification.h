// Classifications of public money, as data: lists of codes, each with the time in which it is in force, and where national codes belong internationally. The genesis brings
// the first; governed changes add and end codes and mappings. A budget line names codes that are in force in its year, of an international list or a national one; where the
// ledger has no list of a kind (of functions, or economic), it checks nothing of that kind.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/context.h"
#include "contracts/record_codec.h"

namespace daftar::contracts::governance {

inline constexpr int classification_rows_max = 200;       // of one change
inline constexpr std::size_t periods_max = 64;            // of one code, and mappings

/// From `from_ms` to `to_ms` (exclusive; 0: open).
struct CodePeriod {
  std::string text;   // the title; of a mapping: the international code
  std::uint64_t from_ms = 0, to_ms = 0;
  bool overlaps(std::uint64_t begin_ms, std::uint64_t end_ms) const { return (end_ms == 0 || from_ms < end_ms) && (to_ms == 0 || to_ms > begin_ms); }
};
template <class A, RecordOf<CodePeriod> R>
void fields(A& a, R& r) {
  a(r.text, r.from_ms, r.to_ms);
}
/// One code of one list. Periods do not overlap, nor do mappings: a national code belongs to one international code at a time.
struct ClassificationCode {
  std::string list, code;
  std::vector<CodePeriod> periods, mappings;   // in order of addition
};
template <class A, RecordOf<ClassificationCode> R>
void fields(A& a, R& r) {
  a(r.list, r.code, r.periods, r.mappings);
}

struct ClassificationRow {
  std::string list, code, title, maps_to;   // either of the last two
  std::uint64_t from_ms = 0, to_ms = 0;
};
template <class A, RecordOf<ClassificationRow> R>
void fields(A& a, R& r) {
  a(r.list, r.code, r.title, r.maps_to, r.from_ms, r.to_ms);
}
struct ClassificationEnd {
  std::string list, code, maps_to;
  std::uint64_t to_ms = 0;
};
template <class A, RecordOf<ClassificationEnd> R>
void fields(A& a, R& r) {
  a(r.list, r.code, r.maps_to, r.to_ms);
}
/// Content of a change of the kind `classification`.
struct ClassificationSetting {
  std::vector<ClassificationRow> add;
  std::vector<ClassificationEnd> end;
};
template <class A, RecordOf<ClassificationSetting> R>
void fields(A& a, R& r) {
  a(r.add, r.end);
}

inline constexpr std::string_view classification_lists[] = {"cofog", "gfsm", "national_economic", "national_function"};
bool is_classification_list(std::string_view text);
/// The international list to which codes of a national one belong; empty for the others.
std::string_view international_list(std::string_view list);

/// The shape, judged without a state.
Expected<ClassificationRow, ledger::Rejection> read_row(const ledger::proto::ClassificationRow& from);
Expected<ClassificationSetting, ledger::Rejection> read_classification(const ledger::proto::ClassificationChange& from);

using FindCode = std::function<std::optional<ClassificationCode>(const std::string& list, const std::string& code)>;
/// The codes that are another afterwards. classification_refused, code_not_in_force; effect_in_the_past: an end not after `at_ms`.
Expected<std::vector<ClassificationCode>, ledger::Rejection> codes_after(const FindCode& find, const ClassificationSetting& setting, std::uint64_t at_ms);

/// The codes of a budget line against those in force in its year. code_not_in_force.
Outcome judge_line_codes(const Context& c, const ledger::proto::ApproveBudgetLine& operation);

/// "cofog 07.3: Hospital services, from 2020-01-01 00:00 UTC", and for ends
std::string row_in_words(const ClassificationRow& row);
std::string end_in_words(const ClassificationEnd& end);

}  // namespace daftar::contracts::governance
