#include "contracts/governance/classification.h"

#include <algorithm>
#include <set>

#include "contracts/governance/words.h"
#include "contracts/state_keys.h"
#include "ledger/calendar.h"
#include "ledger/ids.h"

namespace daftar::contracts::governance {

using ledger::RejectionCode;

namespace {

constexpr std::size_t code_title_bytes_max = 300;

Unexpected<ledger::Rejection> refused_row(const std::string& list, const std::string& code, const std::string& why) {
  return refuse(RejectionCode::classification_refused, list + " " + code + ": " + why);
}

Expected<void, ledger::Rejection> judge_place(const std::string& list, const std::string& code, const std::string& maps_to) {
  if (!is_classification_list(list)) return refuse(RejectionCode::field_invalid, "list: cofog, gfsm, national_function or national_economic");
  if (!ledger::is_code(code)) return refuse(RejectionCode::field_invalid, "code: letters, digits, _ . -");
  if (maps_to.empty()) return {};
  if (international_list(list).empty()) return refuse(RejectionCode::field_invalid, "maps_to: only of a national code");
  if (!ledger::is_code(maps_to)) return refuse(RejectionCode::field_invalid, "maps_to: letters, digits, _ . -");
  return {};
}

/// Codes as this change has left them so far.
class Workspace {
 public:
  explicit Workspace(const FindCode& find) : find_(find) {}
  ClassificationCode* at(const std::string& list, const std::string& code) {
    const auto place = std::pair(list, code);
    if (const auto known = codes_.find(place); known != codes_.end()) return &known->second;
    auto found = find_(list, code);
    return found ? &codes_.emplace(place, std::move(*found)).first->second : nullptr;
  }
  ClassificationCode& made(const std::string& list, const std::string& code) {
    if (ClassificationCode* known = at(list, code)) return *known;
    return codes_.emplace(std::pair(list, code), ClassificationCode{list, code, {}, {}}).first->second;
  }
  void touch(const ClassificationCode& code) { touched_.emplace(code.list, code.code); }
  std::vector<ClassificationCode> touched() const {
    std::vector<ClassificationCode> out;
    for (const auto& place : touched_) out.push_back(codes_.at(place));
    return out;
  }

 private:
  const FindCode& find_;
  std::map<std::pair<std::string, std::string>, ClassificationCode> codes_;
  std::set<std::pair<std::string, std::string>> touched_;
};

Outcome add_row(Workspace& work, const ClassificationRow& row) {
  const bool maps = !row.maps_to.empty();
  if (maps && work.at(row.list, row.code) == nullptr) return refuse(RejectionCode::code_not_in_force, row.list + " " + row.code);
  const std::string target(international_list(row.list));
  if (maps && work.at(target, row.maps_to) == nullptr) return refuse(RejectionCode::code_not_in_force, target + " " + row.maps_to);
  ClassificationCode& code = work.made(row.list, row.code);
  std::vector<CodePeriod>& periods = maps ? code.mappings : code.periods;
  for (const CodePeriod& other : periods)
    if (other.overlaps(row.from_ms, row.to_ms)) return refused_row(row.list, row.code, "overlaps “" + other.text + "”, from " + utc_text(other.from_ms) + " to " + utc_text(other.to_ms));
  if (periods.size() >= periods_max) return refused_row(row.list, row.code, "has had " + std::to_string(periods_max) + " already");
  periods.push_back({maps ? row.maps_to : row.title, row.from_ms, row.to_ms});
  work.touch(code);
  return {};
}

/// What ends is the latest, which must not be over.
Outcome end_row(Workspace& work, const ClassificationEnd& end, std::uint64_t at_ms) {
  ClassificationCode* code = work.at(end.list, end.code);
  if (code == nullptr) return refuse(RejectionCode::code_not_in_force, end.list + " " + end.code);
  std::vector<CodePeriod>& periods = end.maps_to.empty() ? code->periods : code->mappings;
  CodePeriod* latest = nullptr;
  for (CodePeriod& one : periods)
    if ((end.maps_to.empty() || one.text == end.maps_to) && (latest == nullptr || latest->from_ms < one.from_ms)) latest = &one;
  if (latest == nullptr || (latest->to_ms != 0 && latest->to_ms <= at_ms)) return refuse(RejectionCode::code_not_in_force, end.list + " " + end.code + (end.maps_to.empty() ? "" : " → " + end.maps_to));
  if (end.to_ms <= at_ms) return refuse(RejectionCode::effect_in_the_past, "to_ms: later than " + utc_text(at_ms));
  if (end.to_ms <= latest->from_ms) return refused_row(end.list, end.code, "begins at " + utc_text(latest->from_ms));
  if (latest->to_ms == end.to_ms) return refuse(RejectionCode::nothing_changes, end.list + " " + end.code);
  const CodePeriod changed{latest->text, latest->from_ms, end.to_ms};
  for (const CodePeriod& other : periods)
    if (&other != latest && other.overlaps(changed.from_ms, changed.to_ms)) return refused_row(end.list, end.code, "overlaps “" + other.text + "”");
  *latest = changed;
  work.touch(*code);
  return {};
}

enum class ListState : std::uint8_t { none, without_the_code, in_force };

ListState look_up(const Context& c, std::string_view list, const std::string& code, std::uint32_t year) {
  const auto found = code.empty() ? std::nullopt : c.store.load<ClassificationCode>(keys::classification(list, code));
  const bool in_force = found && std::any_of(found->periods.begin(), found->periods.end(), [&](const CodePeriod& one) {
                          return one.overlaps(ledger::year_begins_ms(year), ledger::year_begins_ms(year + 1));
                        });
  if (in_force) return ListState::in_force;
  const std::string all = keys::classification_list(list);
  return found || c.store.first_key(all, keys::after_prefix(all)) ? ListState::without_the_code : ListState::none;
}

Outcome judge_code(const Context& c, std::initializer_list<std::string_view> lists, const std::string& field, const std::string& code, std::uint32_t year) {
  bool any_list = false;
  for (const std::string_view list : lists) {
    const ListState state = look_up(c, list, code, year);
    if (state == ListState::in_force) return {};
    any_list = any_list || state != ListState::none;
  }
  if (!any_list) return {};
  return refuse(RejectionCode::code_not_in_force, field + ": " + (code.empty() ? "(none)" : code) + " in " + std::to_string(year));
}

}  // namespace

bool is_classification_list(std::string_view text) { return std::find(std::begin(classification_lists), std::end(classification_lists), text) != std::end(classification_lists); }

std::string_view international_list(std::string_view list) { return list == "national_function" ? "cofog" : list == "national_economic" ? "gfsm" : ""; }

Expected<ClassificationRow, ledger::Rejection> read_row(const ledger::proto::ClassificationRow& from) {
  if (auto judged = judge_place(from.list(), from.code(), from.maps_to()); !judged) return Unexpected<ledger::Rejection>(judged.error());
  if (from.title().empty() == from.maps_to().empty()) return refuse(RejectionCode::field_invalid, "title: of a code; maps_to: of a mapping; not both");
  if (!from.title().empty() && !ledger::is_plain_text(from.title(), code_title_bytes_max)) return refuse(RejectionCode::field_invalid, "title: plain text of at most 300 bytes");
  if (from.to_ms() != 0 && from.to_ms() <= from.from_ms()) return refuse(RejectionCode::field_invalid, "to_ms: after from_ms");
  if (from.from_ms() >= ledger::year_10000_ms || from.to_ms() >= ledger::year_10000_ms) return refuse(RejectionCode::field_invalid, "from_ms, to_ms: at the latest in the year 9999");
  return ClassificationRow{from.list(), from.code(), from.title(), from.maps_to(), from.from_ms(), from.to_ms()};
}

Expected<ClassificationSetting, ledger::Rejection> read_classification(const ledger::proto::ClassificationChange& from) {
  if (from.add_size() + from.end_size() == 0 || from.add_size() + from.end_size() > classification_rows_max) return refuse(RejectionCode::field_invalid, "add, end: 1 to 200 rows");
  ClassificationSetting setting;
  for (const auto& one : from.add()) {
    auto row = read_row(one);
    if (!row) return Unexpected<ledger::Rejection>(row.error());
    setting.add.push_back(std::move(*row));
  }
  for (const auto& one : from.end()) {
    if (auto judged = judge_place(one.list(), one.code(), one.maps_to()); !judged) return Unexpected<ledger::Rejection>(judged.error());
    if (one.to_ms() == 0 || one.to_ms() >= ledger::year_10000_ms) return refuse(RejectionCode::field_invalid, "to_ms: a moment up to the year 9999");
    setting.end.push_back({one.list(), one.code(), one.maps_to(), one.to_ms()});
  }
  return setting;
}

Expected<std::vector<ClassificationCode>, ledger::Rejection> codes_after(const FindCode& find, const ClassificationSetting& setting, std::uint64_t at_ms) {
  Workspace work(find);
  // Ends first, so that a code can end where its next title begins.
  for (const ClassificationEnd& end : setting.end)
    if (auto done = end_row(work, end, at_ms); !done) return Unexpected<ledger::Rejection>(done.error());
  for (const ClassificationRow& row : setting.add)
    if (auto done = add_row(work, row); !done) return Unexpected<ledger::Rejection>(done.error());
  return work.touched();
}

Outcome judge_line_codes(const Context& c, const ledger::proto::ApproveBudgetLine& o) {
  if (auto function = judge_code(c, {"national_function", "cofog"}, "function_code", o.function_code(), o.year()); !function) return function;
  return judge_code(c, {"national_economic", "gfsm"}, "economic_code", o.economic_code(), o.year());
}

std::string row_in_words(const ClassificationRow& row) {
  std::string line = row.list + " " + row.code + (row.maps_to.empty() ? ": " + row.title : " belongs to " + std::string(international_list(row.list)) + " " + row.maps_to);
  line += row.from_ms == 0 ? ", always" : ", from " + utc_text(row.from_ms);
  if (row.to_ms != 0) line += ", to " + utc_text(row.to_ms);
  return line;
}

std::string end_in_words(const ClassificationEnd& end) {
  return end.list + " " + end.code + (end.maps_to.empty() ? "" : " → " + end.maps_to) + " ends at " + utc_text(end.to_ms);
}

}  // namespace daftar::contracts::governance
