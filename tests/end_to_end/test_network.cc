#include "tests/end_to_end/test_network.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <thread>

namespace daftar::tests {
namespace {

template <class T>
T must(tools::Result<T> result) {
  if (!result) FAIL(result.error().code << ": " << result.error().sentence);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// The end of each node's log, for the reader of a failed test.
void show_logs(const tools::LocalNetwork& network) {
  for (unsigned node = 1; node <= network.nodes(); ++node) {
    std::ifstream in(network.log_file(node), std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (text.size() > 3000) text.erase(0, text.size() - 3000);
    std::cerr << "--- end of the log of node " << node << "\n" << text << "\n";
  }
}

}  // namespace

std::uint64_t test_seed() {
  const char* given = std::getenv("DAFTAR_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "seed " << seed << " (repeat with DAFTAR_SEED=" << seed << ")" << std::endl;
  return seed;
}

bool long_run() {
  const char* wish = std::getenv("DAFTAR_LONG");
  return wish != nullptr && std::string(wish) == "1";
}

void skipped(const std::string& test, const std::string& reason) { std::cout << "SKIPPED: " << test << ": " << reason << std::endl; }

TestNetwork::TestNetwork(const Options& options) {
  ledger::initialise_crypto();
  tools::LocalNetworkOptions made;
  made.dir = folder_ / "network";
  made.genesis_dir = std::string(DAFTAR_SOURCE_DIR) + "/genesis/development";
  made.daftard = std::string(DAFTAR_BIN_DIR) + "/daftard";
  made.extra_config = options.extra_config;
  network_.emplace(must(tools::LocalNetwork::create(std::move(made))));
  if (options.before_start) options.before_start(*network_);
  try {
    must(network_->start_all());
    wait_ready();
    ledger::proto::Operation issue;
    issue.mutable_issue()->set_to(payer_account);
    issue.mutable_issue()->set_amount(issued_amount);
    issue.mutable_issue()->set_statement_reference("opening");
    accepted(sign("bank", {issue}));
  } catch (...) {
    show_logs(*network_);
    network_->stop_all(SIGKILL);
    throw;
  }
}

TestNetwork::~TestNetwork() {
  if (std::uncaught_exceptions() > 0) show_logs(*network_);
  network_->stop_all(SIGKILL);
}

void TestNetwork::wait_ready(std::chrono::seconds patience) { must(network_->wait_ready(patience)); }

unsigned TestNetwork::leader() {
  for (int i = 0; i < 300; ++i) {
    if (const auto leader = network_->leader()) return *leader;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  FAIL("no leader within 30 s");
  return 0;
}

tools::ApiClient TestNetwork::client(unsigned first) const {
  std::vector<tools::Endpoint> endpoints;
  const unsigned count = network_->nodes();
  for (unsigned i = 0; i < count; ++i) endpoints.push_back(network_->endpoints()[(first - 1 + i) % count]);
  tools::ApiClient client(std::move(endpoints), genesis().ledger_id(), {std::chrono::seconds(2), std::chrono::seconds(10)});
  client.read_as(tools::Reader{"tax-authority", &key("tax-authority")});
  return client;
}

tools::ApiClient TestNetwork::client_of(unsigned node) const {
  tools::ApiClient client({network_->endpoints()[node - 1]}, genesis().ledger_id());
  client.read_as(tools::Reader{"tax-authority", &key("tax-authority")});
  return client;
}

ledger::proto::Operation TestNetwork::transfer_operation(const std::string& from, const std::string& to, std::int64_t amount) const {
  ledger::proto::Operation operation;
  operation.mutable_transfer()->set_from(from);
  operation.mutable_transfer()->set_to(to);
  operation.mutable_transfer()->set_amount(amount);
  operation.mutable_transfer()->set_category("none");
  return operation;
}

std::string TestNetwork::transfer(std::int64_t amount) const { return sign(payer, {transfer_operation(payer_account, payee_account, amount)}); }

std::string TestNetwork::sign(const std::string& sender, const std::vector<ledger::proto::Operation>& operations,
                              const tools::BodyOptions& options) const {
  return tools::make_transaction(genesis(), sender, key(sender), operations, options);
}

tools::SubmitAnswer TestNetwork::accepted(const std::string& envelope, tools::Wait wait) {
  auto answer = must(client().submit(envelope, wait, std::chrono::seconds(30)));
  INFO(tools::name(answer.status) << " " << answer.code << " " << answer.sentence << " " << answer.detail);
  REQUIRE(answer.accepted());
  return answer;
}

std::uint64_t TestNetwork::status_number(unsigned node, const char* name) {
  return must(network_->node_status(node)).at(name).get<std::uint64_t>();
}

std::int64_t TestNetwork::balance(unsigned node, const std::string& account) {
  const auto answer = must(client_of(node).get("/v1/accounts/" + account));
  return std::stoll(answer.at("balance").get<std::string>());
}

std::vector<AccountEntry> TestNetwork::history(unsigned node, const std::string& account) {
  std::vector<AccountEntry> out;
  auto client = client_of(node);
  std::string id = account;
  for (std::size_t at; (at = id.find('/')) != std::string::npos;) id.replace(at, 1, "%2F");
  std::uint64_t from = 0;
  for (;;) {
    const auto page = must(client.get("/v1/entries?kind=account&id=" + id + "&from=" + std::to_string(from) + "&limit=500"));
    for (const auto& entry : page.at("entries"))
      out.push_back({entry.at("index"), entry.at("height"), entry.at("time_ms"), entry.at("id"), entry.at("kind")});
    if (!page.contains("next") || page.at("next").is_null()) return out;
    const auto next = page.at("next").get<std::uint64_t>();
    REQUIRE(next > from);
    from = next;
  }
}

std::set<unsigned> TestNetwork::nodes_or_all(const std::set<unsigned>& only) const {
  std::set<unsigned> out = only;
  for (unsigned node = 1; only.empty() && node <= network_->nodes(); ++node) out.insert(node);
  return out;
}

std::uint64_t TestNetwork::settle(std::chrono::seconds patience, const std::set<unsigned>& only) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  std::string heights;
  std::uint64_t before = 0;
  while (std::chrono::steady_clock::now() < give_up) {
    std::set<std::uint64_t> seen;
    heights.clear();
    for (const unsigned node : nodes_or_all(only)) {
      const auto status = network_->node_status(node);
      const std::uint64_t height = status ? status->at("height").get<std::uint64_t>() : 0;
      seen.insert(height);
      heights += " " + std::to_string(height);
    }
    if (seen.size() == 1 && *seen.begin() > 0 && *seen.begin() == before) return before;
    before = seen.size() == 1 ? *seen.begin() : 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  FAIL("the nodes do not come to one height:" << heights);
  return 0;
}

void TestNetwork::require_equal_roots(std::uint64_t top, unsigned count, const std::set<unsigned>& only) {
  std::set<std::uint64_t> heights{top};
  for (unsigned i = 1; i <= count; ++i) heights.insert(std::max<std::uint64_t>(1, top * i / count));
  std::map<std::uint64_t, std::pair<std::uint64_t, std::string>> first;
  for (const unsigned node : nodes_or_all(only)) {
    auto client = client_of(node);
    for (const std::uint64_t height : heights) {
      const auto answer = must(client.get("/v1/roots/" + std::to_string(height)));
      const std::pair<std::uint64_t, std::string> root{answer.at("size"), answer.at("root")};
      INFO("node " << node << " at height " << height);
      REQUIRE(root.second.size() == 64);
      REQUIRE(first.try_emplace(height, root).first->second == root);
    }
  }
}

}  // namespace daftar::tests
