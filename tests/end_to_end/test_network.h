// A network of real daftard processes for one test: its own folder, its own ports; all gone when the test is over.
// The members are those of genesis/development; keys lie in memory. acme-build pays baraka-soft; the bank has issued acme-build's money.
#pragma once
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/harness/small_network.h"
#include "tools/local_network.h"
#include "tools/wallet.h"

namespace daftar::tests {

/// From DAFTAR_SEED, else fresh; printed, so that a failed run can be repeated (as far as real processes repeat).
std::uint64_t test_seed();

/// tests/run --long: then also the tests that say at their beginning `if (!long_run()) return skipped(...)`.
bool long_run();
/// How a test says that it could not run here. tests/run counts these lines.
void skipped(const std::string& test, const std::string& reason);

inline const std::string payer = "acme-build", payee = "baraka-soft";
inline const std::string payer_account = "acme-build/UZS", payee_account = "baraka-soft/UZS";
inline constexpr std::int64_t issued_amount = 1'000'000'000'000;

/// One row of an account's history as a node tells it.
struct AccountEntry {
  std::uint64_t index = 0, height = 0, time_ms = 0;
  std::string id, kind;
  auto operator<=>(const AccountEntry&) const = default;
};

class TestNetwork {
 public:
  struct Options {
    std::map<std::string, std::string> extra_config;
    /// Between making the network and starting it: changes to configuration files, wrappers.
    std::function<void(tools::LocalNetwork&)> before_start;
  };
  TestNetwork() : TestNetwork(Options{}) {}
  /// Ready, with a leader and acme-build's money issued, or the test fails here.
  explicit TestNetwork(const Options& options);
  ~TestNetwork();
  TestNetwork(const TestNetwork&) = delete;

  tools::LocalNetwork& network() { return *network_; }
  const ledger::Genesis& genesis() const { return *network_->genesis(); }
  const ledger::SigningKey& key(const std::string& member) const { return network_->member_key(member); }

  void wait_ready(std::chrono::seconds patience = std::chrono::seconds(60));
  unsigned leader();
  unsigned follower() { return leader() % network_->nodes() + 1; }

  /// A client of all nodes (the one numbered `first` asked first) or of one, whose reads are signed by the tax authority, who may read all.
  tools::ApiClient client(unsigned first = 1) const;
  tools::ApiClient client_of(unsigned node) const;

  ledger::proto::Operation transfer_operation(const std::string& from, const std::string& to, std::int64_t amount) const;
  /// acme-build pays baraka-soft, category none.
  std::string transfer(std::int64_t amount) const;
  std::string sign(const std::string& sender, const std::vector<ledger::proto::Operation>& operations, const tools::BodyOptions& options = {}) const;
  /// Submits and requires that it is accepted.
  tools::SubmitAnswer accepted(const std::string& envelope, tools::Wait wait = tools::Wait::committed);

  std::uint64_t status_number(unsigned node, const char* name);
  std::int64_t balance(unsigned node, const std::string& account);
  /// The whole history of an account, page by page.
  std::vector<AccountEntry> history(unsigned node, const std::string& account);
  /// The height all nodes stand at (or `only` these), when nothing more is happening; fails the test if they do not come to one.
  std::uint64_t settle(std::chrono::seconds patience = std::chrono::seconds(60), const std::set<unsigned>& only = {});
  /// Requires equal (size, root) on all nodes (or `only` these) at up to `count` heights spread over [1, top], and at the top.
  void require_equal_roots(std::uint64_t top, unsigned count, const std::set<unsigned>& only = {});
  /// `only`, or all nodes where that is empty.
  std::set<unsigned> nodes_or_all(const std::set<unsigned>& only) const;

 private:
  TemporaryFolder folder_;
  std::optional<tools::LocalNetwork> network_;
};

}  // namespace daftar::tests
