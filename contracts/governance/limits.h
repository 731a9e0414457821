// The limits of a ledger: of the genesis until a change of them comes into force, then of the state. Admission looks at those of the state that a node has; execution, which
// has the last word, at those in force in the block. clock_skew_ms is not among them: a node judges by it blocks that it has not executed yet.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/record_codec.h"
#include "ledger/expected.h"
#include "ledger/genesis.h"
#include "ledger/transaction.h"

namespace daftar::contracts::governance {

/// With what the genesis's zeros stand for in place of them.
struct Limits {
  std::uint64_t valid_until_horizon_ms = 0;
  std::uint32_t operations_max = 0, transaction_bytes_max = 0;
  std::uint32_t member_pending_max = 0, member_rate_per_s = 0;   // rate 0: no limit
  std::uint32_t node_change_approvals = 0;                       // 0: more than half of the operators
  bool virement_limited = false;
  std::uint32_t virement_share_ppm = 0;                          // of what a line was approved with, when limited

  std::optional<std::uint32_t> virement() const { return virement_limited ? std::optional(virement_share_ppm) : std::nullopt; }
  ledger::TransactionLimits transactions() const;
  bool operator==(const Limits&) const = default;
};
template <class A, RecordOf<Limits> R>
void fields(A& a, R& r) {
  a(r.valid_until_horizon_ms, r.operations_max, r.transaction_bytes_max, r.member_pending_max, r.member_rate_per_s, r.node_change_approvals, r.virement_limited, r.virement_share_ppm);
}

Limits limits_of(const ledger::proto::Genesis& genesis);

struct LimitSetting {
  std::string name;
  std::uint64_t value = 0;
};
template <class A, RecordOf<LimitSetting> R>
void fields(A& a, R& r) {
  a(r.name, r.value);
}
/// Content of a change of the kind `limits`: in the order in which they were proposed, no name twice.
struct LimitSettings {
  std::vector<LimitSetting> settings;
};
template <class A, RecordOf<LimitSettings> R>
void fields(A& a, R& r) {
  a(r.settings);
}
/// Content of a change of the kind `virement_limit`.
struct VirementSetting {
  bool no_limit = false;
  std::uint32_t share_ppm = 0;
};
template <class A, RecordOf<VirementSetting> R>
void fields(A& a, R& r) {
  a(r.no_limit, r.share_ppm);
}

/// What can be set by name, in the order in which it is shown; the virement limit is set apart from these.
std::vector<std::string_view> limit_names();
std::uint64_t limit_value(const Limits& limits, std::string_view name);
/// One of limit_names(), as it is said: a genesis may state what a change cannot.
void put_limit(Limits& limits, std::string_view name, std::uint64_t value);
/// The sentence names the limit and its range.
Expected<void, std::string> set_limit(Limits& limits, const LimitSetting& setting);
/// "1000", "24 h 0 min": a value with its unit.
std::string limit_text(std::string_view name, std::uint64_t value);
std::string virement_text(const std::optional<std::uint32_t>& share_ppm);

}  // namespace daftar::contracts::governance
