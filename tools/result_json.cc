#include "tools/result_json.h"

#include "ledger/ids.h"

namespace daftar::tools {
using nlohmann::json;

namespace {
json currency_fields(json object, std::string_view currency) {
  object["currency"] = currency;
  object["decimals"] = ledger::currency_decimals(currency).value_or(0);
  return object;
}
}  // namespace

json result_json(const contracts::ExecutionResult& result) {
  json out = {{"ok", result.ok()}, {"postings", json::array()}, {"taxes", json::array()}, {"events", json::array()}};
  if (!result.ok()) {
    out["code"] = ledger::name(result.rejection.code);
    out["detail"] = result.rejection.detail;
    out["failed_operation"] = result.failed_operation;
  }
  for (const auto& posting : result.postings) {
    const auto account = ledger::parse_account(posting.account);
    out["postings"].push_back(currency_fields({{"account", posting.account}, {"amount", std::to_string(posting.amount)}, {"reason", posting.reason},
                                               {"rule", posting.rule}, {"balance_after", std::to_string(posting.balance_after)}},
                                              account ? account->currency : std::string_view()));
  }
  for (const auto& tax : result.taxes)
    out["taxes"].push_back(currency_fields({{"rule", tax.rule}, {"version", tax.version}, {"kind", tax.kind}, {"payer", tax.payer}, {"payee", tax.payee},
                                            {"category", tax.category}, {"gross", std::to_string(tax.gross)}, {"base", std::to_string(tax.base)},
                                            {"tax", std::to_string(tax.tax)}, {"withheld", std::to_string(tax.withheld)}, {"rate_ppm", tax.rate_ppm}},
                                           tax.currency));
  for (const auto& event : result.events)
    out["events"].push_back({{"kind", event.kind}, {"subject", event.subject}, {"number", event.number},
                             {"amount", std::to_string(event.amount)}, {"text", event.text}});
  return out;
}

}  // namespace daftar::tools
