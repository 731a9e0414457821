#include "contracts/governance/limits.h"

#include <algorithm>

#include "ledger/money.h"

namespace daftar::contracts::governance {
namespace {

constexpr std::uint64_t second_ms = 1'000, day_ms = 86'400'000;
constexpr std::uint32_t member_pending_standard = 20'000;

struct LimitField {
  std::string_view name, unit;
  std::uint64_t least, most;
  std::uint64_t (*get)(const Limits&);
  void (*set)(Limits&, std::uint64_t);
};

#define DAFTAR_LIMIT(field, unit, least, most) \
  LimitField { #field, unit, least, most, [](const Limits& l) { return std::uint64_t{l.field}; }, [](Limits& l, std::uint64_t v) { l.field = static_cast<decltype(l.field)>(v); } }

// The least values are such that changes can still be proposed and approved: nobody locks the ledger by a limit.
constexpr LimitField limit_fields[] = {
    DAFTAR_LIMIT(valid_until_horizon_ms, "ms", 60 * second_ms, 366 * day_ms),
    DAFTAR_LIMIT(operations_max, "operations", 1, ledger::transaction_ceiling.operations_max),
    DAFTAR_LIMIT(transaction_bytes_max, "bytes", 4'096, ledger::transaction_ceiling.bytes_max),
    DAFTAR_LIMIT(member_pending_max, "transactions", 10, 10'000'000),
    DAFTAR_LIMIT(member_rate_per_s, "transactions per second (0: no limit)", 0, 10'000'000),
    DAFTAR_LIMIT(node_change_approvals, "operators (0: more than half)", 0, 31),
};
#undef DAFTAR_LIMIT

const LimitField* field_named(std::string_view name) {
  const auto* found = std::find_if(std::begin(limit_fields), std::end(limit_fields), [&](const LimitField& one) { return one.name == name; });
  return found == std::end(limit_fields) ? nullptr : found;
}

}  // namespace

ledger::TransactionLimits Limits::transactions() const {
  ledger::TransactionLimits limits = ledger::transaction_ceiling;
  limits.bytes_max = transaction_bytes_max;
  limits.operations_max = operations_max;
  return limits;
}

Limits limits_of(const ledger::proto::Genesis& genesis) {
  const auto& given = genesis.limits();
  const ledger::TransactionLimits standard;
  const auto or_standard = [](std::uint64_t value, std::uint64_t otherwise) { return value == 0 ? otherwise : value; };
  return {.valid_until_horizon_ms = or_standard(given.valid_until_horizon_ms(), day_ms),
          .operations_max = static_cast<std::uint32_t>(or_standard(given.operations_max(), standard.operations_max)),
          .transaction_bytes_max = static_cast<std::uint32_t>(or_standard(given.transaction_bytes_max(), standard.bytes_max)),
          .member_pending_max = static_cast<std::uint32_t>(or_standard(given.member_pending_max(), member_pending_standard)),
          .member_rate_per_s = given.member_rate_per_s(),
          .node_change_approvals = given.node_change_approvals(),
          .virement_limited = genesis.has_virement_limit(),
          .virement_share_ppm = genesis.virement_limit().share_ppm()};
}

std::vector<std::string_view> limit_names() {
  std::vector<std::string_view> names;
  for (const LimitField& field : limit_fields) names.push_back(field.name);
  return names;
}

std::uint64_t limit_value(const Limits& limits, std::string_view name) {
  const LimitField* field = field_named(name);
  DAFTAR_CHECK(field != nullptr);
  return field->get(limits);
}

void put_limit(Limits& limits, std::string_view name, std::uint64_t value) {
  const LimitField* field = field_named(name);
  DAFTAR_CHECK(field != nullptr);
  field->set(limits, value);
}

Expected<void, std::string> set_limit(Limits& limits, const LimitSetting& setting) {
  const LimitField* field = field_named(setting.name);
  if (field == nullptr) {
    std::string all;
    for (const LimitField& one : limit_fields) all += (all.empty() ? "" : ", ") + std::string(one.name);
    return Unexpected<std::string>("name: one of " + all);
  }
  if (setting.value < field->least || setting.value > field->most)
    return Unexpected<std::string>(setting.name + ": " + std::to_string(field->least) + " to " + std::to_string(field->most));
  field->set(limits, setting.value);
  return {};
}

std::string limit_text(std::string_view name, std::uint64_t value) {
  const LimitField* field = field_named(name);
  return std::to_string(value) + (field == nullptr ? "" : " " + std::string(field->unit));
}

std::string virement_text(const std::optional<std::uint32_t>& share_ppm) {
  if (!share_ppm) return "no limit";
  return ledger::format_decimal(*share_ppm, 4) + " % of what a line was approved with";
}

}  // namespace daftar::contracts::governance
