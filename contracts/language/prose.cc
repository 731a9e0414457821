#include "contracts/language/prose.h"

#include <algorithm>
#include <chrono>

#include "ledger/money.h"

namespace daftar::contracts::language {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::string_view not_given = "—";

std::string two_digits(std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// By the standard library's calendar, which knows neither clock nor locale. A term's date lies within ten years of its draft.
std::string date_of(std::int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return std::to_string(static_cast<int>(date.year())) + "-" + two_digits(static_cast<unsigned>(date.month())) + "-" + two_digits(static_cast<unsigned>(date.day()));
}

std::string moment_of(std::int64_t ms) {
  const std::int64_t rest = ms % day_ms;
  return date_of(ms / day_ms) + (rest == 0 ? "" : " " + two_digits(rest / hour_ms) + ":" + two_digits(rest % hour_ms / minute_ms) + " UTC");
}

/// Units of time without plural forms, where a language has a word that serves for all numbers.
std::string duration_of(std::int64_t ms, std::string_view language) {
  const bool days = ms % day_ms == 0;
  const std::string number = std::to_string(days ? ms / day_ms : ms / hour_ms) + " ";
  if (language == "uz") return number + (days ? "kun" : "soat");
  if (language == "ru") return number + (days ? "дн." : "ч.");
  return number + (days ? "days" : "hours");
}

class Writing {
 public:
  Writing(const Program& program, const Instance& instance, const Filling& filling, std::string_view language)
      : program_(program), instance_(instance), filling_(filling), language_(language) {}

  std::vector<Paragraph> run() {
    std::vector<Paragraph> out;
    for (const Clause& clause : program_.clauses) {
      const auto wording = std::find_if(clause.wordings.begin(), clause.wordings.end(), [&](const Wording& one) { return one.language == language_; });
      if (wording == clause.wordings.end()) continue;
      if (!clause.each) {
        out.push_back({clause.name, filled(wording->text, nullptr, nullptr, {})});
        continue;
      }
      const std::size_t list = list_named(clause.each->list);
      for (const EntryState& entry : instance_.lists[list])
        out.push_back({clause.name, filled(wording->text, &program_.lists[list], &entry, clause.each->variable)});
    }
    return out;
  }

 private:
  std::size_t list_named(const std::string& name) const {
    const auto found = std::find_if(program_.lists.begin(), program_.lists.end(), [&](const Program::List& one) { return one.name == name; });
    return static_cast<std::size_t>(found - program_.lists.begin());
  }

  std::string filled(const std::string& text, const Program::List* list, const EntryState* entry, const std::string& variable) const {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] != '{') {
        out.push_back(text[at++]);
      } else if (text.compare(at, 2, "{{") == 0) {
        out.push_back('{');
        at += 2;
      } else {
        const std::size_t close = text.find('}', at);   // there is one: the type checker has looked
        out += blank(text.substr(at + 1, close - at - 1), list, entry, variable);
        at = close + 1;
      }
    }
    return out;
  }

  std::string blank(const std::string& name, const Program::List* list, const EntryState* entry, const std::string& variable) const {
    if (entry != nullptr && name.starts_with(variable + ".")) return value_in(list->fields, entry->fields, name.substr(variable.size() + 1));
    for (std::size_t i = 0; i < program_.parties.size(); ++i)
      if (program_.parties[i].name == name) return filling_.parties[i].empty() ? std::string(not_given) : filling_.parties[i];
    return value_in(program_.terms, instance_.terms, name);
  }

  std::string value_in(const std::vector<Program::Slot>& slots, const std::vector<Value>& values, std::string_view name) const {
    for (std::size_t i = 0; i < slots.size(); ++i)
      if (slots[i].name == name) return in_words(slots[i].type, values[i], filling_, language_);
    return std::string(not_given);
  }

  const Program& program_;
  const Instance& instance_;
  const Filling& filling_;
  const std::string_view language_;
};

}  // namespace

std::string in_words(const Type& type, const Value& value, const Filling& filling, std::string_view language) {
  if (!value.given()) return std::string(not_given);
  switch (type.kind) {
    case TypeKind::money: return ledger::format_decimal(value.number, filling.decimals, true) + " " + filling.currency;
    case TypeKind::rate: return rate_written(value.number);
    case TypeKind::date: return moment_of(value.number);
    case TypeKind::duration: return duration_of(value.number, language);
    case TypeKind::choice: return type.choices[static_cast<std::size_t>(value.number)];
    case TypeKind::digest: return ledger::to_hex(value.bytes);
    default: return value.bytes;
  }
}

std::vector<Paragraph> render(const Program& program, const Instance& instance, const Filling& filling, std::string_view language) {
  return Writing(program, instance, filling, language).run();
}

}  // namespace daftar::contracts::language
