#include "tools/withholding.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

#include "contracts/result.h"
#include "ledger/money.h"
#include "tools/genesis_compiler.h"
#include "tools/result_json.h"

namespace daftar::tools {
using ledger::Int128;
using nlohmann::json;

namespace {

constexpr std::array amounts = {"gross", "base", "tax", "withheld"};

std::string text(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// Sums of the register are of 128 bits.
Int128 number(const json& object, const char* key) {
  Int128 value = 0;
  const std::string digits = text(object, key);
  for (const char c : digits)
    if (c >= '0' && c <= '9') value = value * 10 + (c - '0');
  return digits.starts_with('-') ? -value : value;
}

std::string digits_of(Int128 value) {
  if (value == 0) return "0";
  std::string out;
  for (Int128 rest = value < 0 ? -value : value; rest != 0; rest /= 10) out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  return (value < 0 ? "-" : "") + out;
}

struct Sum {
  std::uint64_t payments = 0;
  std::array<Int128, amounts.size()> of{};
  Int128 corrected = 0;
  bool operator==(const Sum&) const = default;
  void add(const json& line) {
    ++payments;
    for (std::size_t i = 0; i < amounts.size(); ++i) of[i] += number(line, amounts[i]);
    corrected += number(line, "corrected");
  }
  /// What the register says once corrections have taken their part.
  Sum after_corrections() const {
    Sum after = *this;
    after.of[2] -= corrected;
    after.of[3] -= corrected;
    after.corrected = 0;
    return after;
  }
};

Unexpected<ToolError> not_proved(const ledger::Entry& entry, const std::string& why) {
  return failure(Exit::refused, "not_proved", "Entry " + std::to_string(entry.index) + " does not prove what the certificate says: " + why + ".", "Ask another node; tell the operators.");
}

std::string rule_of(const json& line) { return text(line, "rule") + "/" + line.value("version", json(0)).dump(); }

}  // namespace

Result<Days> parse_days(const std::string& first, const std::string& last) {
  for (const std::string& day : {first, last}) {
    if (auto ms = utc_to_ms(day); !ms) return Unexpected<ToolError>(ms.error());
    if (day.size() != 10) return failure(Exit::usage, "date", "'" + day + "' is no day.", "Write 2026-01-31.");
  }
  if (last < first) return failure(Exit::usage, "date", "The last day, " + last + ", is before the first, " + first + ".", "Give the days of --from and --until in their order; both are included.");
  return Days{first, last};
}

Days whole_months(const Days& days) {
  namespace ch = std::chrono;
  const ch::year_month_day_last end{ch::year(std::stoi(days.last.substr(0, 4))), ch::month_day_last(ch::month(static_cast<unsigned>(std::stoi(days.last.substr(5, 2)))))};
  return {days.first.substr(0, 8) + "01", days.last.substr(0, 8) + std::to_string(static_cast<unsigned>(end.day()))};
}

Result<void> hold_against_register(const json& lines, const json& rows, const Days& months) {
  std::map<std::string, std::pair<Sum, Sum>> sums;   // of the lines, and what the register says
  const auto key = [](const json& one, const std::string& month) { return rule_of(one) + " in " + month + " (" + text(one, "currency") + ")"; };
  for (const json& line : lines) sums[key(line, text(line, "time").substr(0, 7))].first.add(line);
  for (const json& row : rows) {
    const std::string month = text(row, "period");
    if (month < months.first.substr(0, 7) || month > months.last.substr(0, 7)) continue;
    Sum& kept = sums[key(row, month)].second;
    kept.payments = row.value("payments", std::uint64_t{0});
    for (std::size_t i = 0; i < amounts.size(); ++i) kept.of[i] = number(row, amounts[i]);
  }
  for (const auto& [name, both] : sums) {
    const Sum counted = both.first.after_corrections();
    const Sum& kept = both.second;
    if (!(counted == kept))
      return failure(Exit::refused, "register_differs",
                     "The payments of " + name + " come to " + digits_of(counted.of[3]) + " withheld in " + std::to_string(counted.payments) + " payments, the register says " +
                         digits_of(kept.of[3]) + " in " + std::to_string(kept.payments) + ".",
                     "No certificate was made. Ask another node; if it says the same, tell the operators.");
  }
  return {};
}

Result<void> hold_against_entry(const json& line, const ledger::Entry& entry) {
  const auto result = contracts::decode_result(entry.result);
  if (!result) return not_proved(entry, "its result cannot be read by this program");
  if (entry.id.hex() != text(line, "payment") || entry.index != line.value("index", std::uint64_t{0}) || entry.time_ms != line.value("time_ms", std::uint64_t{0}))
    return not_proved(entry, "it is another entry");
  const auto number = line.value("line", std::size_t{0});
  if (number == 0 || number > result->taxes.size()) return not_proved(entry, "it has no tax line " + std::to_string(number));
  const json proved = result_json(*result)["taxes"][number - 1];
  for (const auto& [field, value] : proved.items())
    if (line.value(field, json()) != value) return not_proved(entry, field + " of its tax line " + std::to_string(number) + " is " + value.dump());
  return {};
}

Result<void> hold_correction_against_entry(const json& line, const json& correction, const ledger::Entry& entry) {
  const auto result = contracts::decode_result(entry.result);
  if (!result) return not_proved(entry, "its result cannot be read by this program");
  if (entry.id.hex() != text(correction, "id")) return not_proved(entry, "it is another entry");
  // One transaction may give back the same amount more than once; each stands for one.
  const json all = line.value("corrections", json::array({correction}));
  const auto said = std::count_if(all.begin(), all.end(), [&](const json& one) { return text(one, "id") == text(correction, "id") && text(one, "amount") == text(correction, "amount"); });
  const auto done = std::count_if(result->events.begin(), result->events.end(), [&](const contracts::Event& event) {
    return event.kind == "tax_corrected" && event.subject == text(line, "payment") && event.number == line.value("line", std::uint32_t{0}) && std::to_string(event.amount) == text(correction, "amount");
  });
  if (done == 0 || done < said) return not_proved(entry, "it gives back no such amount of that tax line");
  return {};
}

json summed(json lines) {
  std::map<std::string, std::pair<json, Sum>> by_rule;
  std::map<std::string, std::pair<json, Sum>> by_currency;
  for (const json& line : lines) {
    auto& [row, sum] = by_rule[rule_of(line) + " " + text(line, "currency")];
    if (row.is_null())
      for (const char* field : {"rule", "version", "kind", "title", "legal_basis", "currency", "decimals"}) row[field] = line.value(field, json());
    sum.add(line);
    auto& [total, all] = by_currency[text(line, "currency")];
    total = {{"currency", line.value("currency", json())}, {"decimals", line.value("decimals", json())}};
    all.add(line);
  }
  json out = {{"lines", std::move(lines)}, {"sums", json::array()}, {"totals", json::array()}};
  for (auto& [name, entry] : by_rule) {
    auto& [row, sum] = entry;
    row["payments"] = sum.payments;
    for (std::size_t i = 0; i < amounts.size(); ++i) row[amounts[i]] = digits_of(sum.of[i]);
    row["corrected"] = digits_of(sum.corrected);
    out["sums"].push_back(std::move(row));
  }
  for (auto& [name, entry] : by_currency) {
    auto& [total, all] = entry;
    total.update({{"withheld", digits_of(all.of[3])}, {"corrected", digits_of(all.corrected)}, {"left", digits_of(all.after_corrections().of[3])}});
    out["totals"].push_back(std::move(total));
  }
  return out;
}

}  // namespace daftar::tools
