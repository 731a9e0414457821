#include "contracts/records.h"

#include <algorithm>

namespace daftar::contracts {
namespace {

constexpr std::pair<Role, std::string_view> role_table[] = {
    {Role::enterprise, "enterprise"}, {Role::citizen, "citizen"},       {Role::treasury, "treasury"},
    {Role::spending_unit, "spending_unit"}, {Role::tax_authority, "tax_authority"}, {Role::bank, "bank"},
    {Role::registrar, "registrar"},   {Role::arbiter, "arbiter"},       {Role::auditor, "auditor"},
    {Role::operator_, "operator"},
};

}  // namespace

std::string_view name(Role role) {
  for (const auto& [value, text] : role_table)
    if (value == role) return text;
  return "unknown";
}

std::optional<Role> role_named(std::string_view text) {
  for (const auto& [value, known] : role_table)
    if (known == text) return value;
  return std::nullopt;
}

std::vector<std::string> Member::role_names() const {
  std::vector<std::string> names;
  for (const auto& [value, text] : role_table)
    if (has(value)) names.emplace_back(text);
  return names;
}

std::size_t Member::keys_that_count(std::uint64_t now_ms) const {
  return static_cast<std::size_t>(std::count_if(keys.begin(), keys.end(), [&](const MemberKey& k) { return k.revoked_ms == 0 && (k.until_ms == 0 || now_ms < k.until_ms); }));
}

std::string_view name(PayoutStage stage) {
  switch (stage) {
    case PayoutStage::requested: return "requested";
    case PayoutStage::settled: return "settled";
    case PayoutStage::refused: return "refused";
  }
  return "unknown";
}

}  // namespace daftar::contracts
