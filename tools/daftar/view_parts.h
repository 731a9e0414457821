// What the views share: amounts, shares and lists of an answer.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "ledger/money.h"
#include "tools/daftar/session.h"

namespace daftar::tools {

/// Sums of a budget line are of 128 bits: one beyond 64 is shown as it came.
inline std::string money(const nlohmann::json& object, const char* key, const std::string& currency) {
  const std::string text = json_text(object, key);
  return text.size() > 18 ? text + " minor units of " + currency : money_text(json_amount(object, key), currency);
}

/// 120000 → "12 %"
inline std::string percent(const nlohmann::json& object, const char* ppm) {
  std::string text = ledger::format_decimal(object.value(ppm, std::int64_t{0}), 4);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + " %";
}

inline nlohmann::json list_of(const nlohmann::json& answer, const char* key) {
  const auto it = answer.is_object() ? answer.find(key) : answer.end();
  return answer.is_object() && it != answer.end() && it->is_array() ? *it : nlohmann::json::array();
}

}  // namespace daftar::tools
