#include "tools/validator_changes.h"

namespace daftar::tools {
using nlohmann::json;

Result<std::string> fetch_validator_changes(ApiClient& api) {
  std::string receipts, target = "/v1/validators/changes";
  for (;;) {
    auto page = api.get(target);
    if (!page) return Unexpected<ToolError>(page.error());
    for (const json& change : page->value("changes", json::array())) {
      const auto receipt = change.is_object() ? change.find("receipt") : change.end();
      if (!change.is_object() || receipt == change.end() || !receipt->is_string()) return receipts;   // not certified yet: nothing after it is either
      receipts += receipt->get<std::string>();
    }
    const auto next = page->find("next");
    if (next == page->end() || !next->is_number_unsigned()) return receipts;
    target = "/v1/validators/changes?from=" + std::to_string(next->get<std::uint64_t>());
  }
}

Result<contracts::ValidatorChain> follow_validators(const ledger::Genesis& genesis, std::string_view changes, const std::string& source) {
  auto chain = contracts::ValidatorChain::from_genesis(genesis);
  const auto wrong = [&](const std::string& why) {
    return failure(Exit::refused, "validator_changes", source + ": " + why, "Fetch the changes again: daftar network validators --out FILE");
  };
  if (!changes.starts_with('[')) {
    if (auto taken = chain.advance_all(changes); !taken) return wrong(taken.error().sentence);
    return chain;
  }
  const json list = json::parse(changes, nullptr, false);
  if (!list.is_array()) return wrong("Neither receipts nor a JSON list of them.");
  for (const json& receipt : list) {
    if (!receipt.is_string()) return wrong("Neither receipts nor a JSON list of them.");
    if (auto taken = chain.advance(receipt.get<std::string>()); !taken)
      return wrong("Change of validators " + std::to_string(chain.changes() + 1) + ": " + taken.error().sentence);
  }
  return chain;
}

}  // namespace daftar::tools
