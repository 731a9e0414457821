// The people of the bench network: their keys, their accounts, their money. Keys and choices follow from a seed, so that a run can be
// repeated. The accounts are the members' main accounts in several currencies: `accounts` / `keys` currencies.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ledger/genesis.h"
#include "ledger/keys.h"
#include "ledger/money.h"
#include "tools/bench/random.h"

namespace daftar::bench {

struct PopulationOptions {
  std::uint32_t keys = 100'000;        // members with one key each, at least 2
  std::uint32_t accounts = 1'000'000;  // a multiple of keys, at most keys × currencies_max
  std::uint64_t seed = 1;
};

class Population {
 public:
  static constexpr std::uint32_t currencies_max = 24;
  static constexpr ledger::MinorUnits opening_balance = 1'000'000'000;

  /// Derives the keys on `threads` threads (about 20 µs each).
  Population(const PopulationOptions& options, unsigned threads);

  std::uint32_t keys() const { return static_cast<std::uint32_t>(keys_.size()); }
  std::uint32_t accounts() const { return keys() * currencies(); }
  std::uint32_t currencies() const { return static_cast<std::uint32_t>(currencies_.size()); }
  const std::string& currency(std::uint32_t i) const { return currencies_[i]; }
  std::string member(std::uint32_t i) const;
  const ledger::SigningKey& key(std::uint32_t member) const { return keys_[member]; }
  /// Account i of accounts() is that of member i / currencies() in currency i % currencies().
  std::string account(std::uint32_t member, std::uint32_t currency) const;

  /// The text of a network.toml for `nodes` validators with the fixed members (operators, treasury, tax authority, bank, registrar, auditor)
  /// and the currencies of this population. `taxed`: names the profile beside it, profile_toml().
  std::string network_toml(std::uint32_t nodes, bool taxed) const;
  /// One VAT rule per currency (12 % inclusive, to the treasury's side), so that a transfer of category "services" has a tax to withhold.
  std::string profile_toml() const;

  /// A transaction that brings members or money onto the ledger: up to 1000 operations, below the envelope limit.
  struct Step {
    std::uint32_t operations = 0;
    std::string envelope;
  };
  /// Calls `take` with each registration (by the registrar) in order, until it returns false.
  void registrations(const ledger::Genesis& genesis, const ledger::SigningKey& registrar, std::uint64_t valid_until_ms,
                     const std::function<bool(Step)>& take) const;
  /// The same for the opening balance of every account (issued by the bank). Needs the members to be registered.
  void issues(const ledger::Genesis& genesis, const ledger::SigningKey& bank, std::uint64_t valid_until_ms,
              const std::function<bool(Step)>& take) const;

 private:
  std::uint64_t seed_;
  std::vector<std::string> currencies_;
  std::vector<ledger::SigningKey> keys_;
};

/// An envelope with one signature of `key` over `body`.
std::string sign_body(const ledger::proto::TransactionBody& body, const ledger::SigningKey& key);

}  // namespace daftar::bench
