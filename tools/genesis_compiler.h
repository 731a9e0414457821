// From what people write (genesis/<name>/network.toml and the profiles it names; fields: genesis/README.md) to the bytes of a genesis.
// Unknown keys, unknown currencies, inexact percentages and impossible dates are refused with file and line.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/genesis.h"
#include "ledger/keys.h"
#include "tools/error.h"

namespace daftar::tools {

/// Everything but keys and time.
struct NetworkPlan {
  ledger::proto::Genesis genesis;                 // members and validators without keys
  std::vector<std::string> validator_operators;   // in order
};
Result<NetworkPlan> read_network(const std::filesystem::path& network_toml);

/// A file written as a profile, with one tax rule in it.
Result<ledger::proto::TaxRule> read_rule_file(const std::filesystem::path& file);

struct ValidatorKeys {
  ledger::SigningKey link, checkpoint;
};

struct CompiledGenesis {
  std::shared_ptr<const ledger::Genesis> genesis;
  std::map<std::string, ledger::SigningKey> member_keys;  // one fresh key per member
  std::vector<ValidatorKeys> validators;                  // by node - 1
};

struct CompileOptions {
  std::uint64_t time_ms = 0;        // 0: now
  unsigned validators = 0;          // 0: as many as the plan names; more than it names: operators repeat in turn
  /// Last change before the bytes are fixed (keys are already in): for tests and the bench, e.g. shorter limits or more currencies.
  std::function<void(ledger::proto::Genesis&)> edit = {};
};
/// Makes fresh keys for members and validators.
Result<CompiledGenesis> compile_genesis(const NetworkPlan& plan, const CompileOptions& options);

/// "12" → 120000, "0.4" → 4000; more than 4 decimals, negative or above 1000 % is refused. Exact, no floating point.
Result<std::uint32_t> percent_to_ppm(std::string_view percent);
/// "2023-01-01" or "2023-01-01T10:00:00Z", UTC, to milliseconds.
Result<std::uint64_t> utc_to_ms(std::string_view date);
/// 2026-11-24T04:20:00Z
std::string ms_to_utc(std::uint64_t ms);

}  // namespace daftar::tools
