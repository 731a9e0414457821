#include "tools/bench/checks.h"

#include <algorithm>
#include <set>
#include <thread>

#include "ledger/receipt.h"

namespace daftar::bench {
namespace {

/// The height all nodes stand at, once they do.
std::optional<std::uint64_t> common_height(tools::LocalNetwork& network, std::chrono::seconds patience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < give_up) {
    std::set<std::uint64_t> heights;
    for (unsigned node = 1; node <= network.nodes(); ++node) {
      const auto status = network.node_status(node);
      heights.insert(status ? status->value("height", std::uint64_t{0}) : 0);
    }
    if (heights.size() == 1 && *heights.begin() > 0) return *heights.begin();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return std::nullopt;
}

/// What is wrong with a receipt, or empty.
std::string judge_receipt(const std::string& receipt, const ledger::Genesis& genesis, const std::string& id) {
  const auto verified = ledger::verify_receipt(receipt, genesis.origin(), genesis.checkpoint_keys());
  if (!verified) return verified.error().part + ": " + verified.error().sentence;
  if (verified->entry.id.hex() != id) return "the receipt is of " + verified->entry.id.hex();
  const auto transaction = ledger::Transaction::parse(verified->entry.envelope, ledger::transaction_ceiling);
  if (!transaction) return "its envelope does not parse: " + transaction.error().detail;
  if ((*transaction)->id().hex() != id) return "its envelope is another transaction";
  return {};
}

}  // namespace

std::optional<Counters> read_counters(tools::LocalNetwork& network, unsigned node) {
  const auto status = network.node_status(node);
  if (!status || !status->contains("since_start")) return std::nullopt;
  const auto figure = [&since_start = status->at("since_start")](const char* name) { return since_start.at(name).get<std::uint64_t>(); };
  return Counters{figure("fsyncs"), figure("blocks"), figure("flushes"), figure("seals"), figure("certificates"),
                  status->value("term", std::uint64_t{0})};
}

Check check_roots(tools::LocalNetwork& network, unsigned heights, std::chrono::seconds patience) {
  Check check;
  const auto top = common_height(network, patience);
  if (!top) {
    check.problem = "the nodes did not come to one height within " + std::to_string(patience.count()) + " s";
    return check;
  }
  std::set<std::uint64_t> wanted{*top};
  for (unsigned i = 1; i <= heights; ++i) wanted.insert(std::max<std::uint64_t>(1, *top * i / (heights + 1)));
  for (const std::uint64_t height : wanted) {
    std::string first;
    for (const tools::Endpoint& endpoint : network.endpoints()) {
      tools::NodeConnection connection(endpoint);
      const auto answer = connection.request("GET", "/v1/roots/" + std::to_string(height));
      if (!answer || answer->status != 200) {
        check.problem = "node " + std::to_string(endpoint.node) + " gave no root at height " + std::to_string(height) + ": " +
                        (answer ? answer->body : answer.error().sentence);
        return check;
      }
      const auto json = nlohmann::json::parse(answer->body, nullptr, false);
      const std::string root = json.is_object() ? json.value("root", "") + " of " + std::to_string(json.value("size", std::uint64_t{0})) : "";
      if (first.empty()) first = root;
      if (root != first || root.size() < 64) {
        check.problem = "at height " + std::to_string(height) + " node " + std::to_string(endpoint.node) + " has " + root + ", node " +
                        std::to_string(network.endpoints().front().node) + " has " + first;
        return check;
      }
    }
    ++check.compared;
  }
  check.held = true;
  return check;
}

Check check_receipts(tools::LocalNetwork& network, const std::vector<std::string>& transaction_ids, const tools::Reader& reader) {
  Check check;
  const auto genesis = network.genesis();
  std::vector<tools::ApiClient> clients;
  for (const tools::Endpoint& endpoint : network.endpoints()) {
    clients.emplace_back(std::vector<tools::Endpoint>{endpoint}, genesis->ledger_id());
    clients.back().read_as(reader);
  }
  for (std::size_t i = 0; i < transaction_ids.size(); ++i) {
    const std::string& id = transaction_ids[i];
    const auto receipt = clients[i % clients.size()].receipt(id, std::chrono::seconds(20));
    const std::string problem = receipt ? judge_receipt(*receipt, *genesis, id) : receipt.error().sentence;
    if (!problem.empty()) {
      check.problem = "receipt of " + id + ": " + problem;
      return check;
    }
    ++check.compared;
  }
  check.held = check.compared > 0;
  if (!check.held) check.problem = "no committed transaction to ask a receipt for";
  return check;
}

}  // namespace daftar::bench
