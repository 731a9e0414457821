#include "contracts/result_difference.h"

#include <utility>
#include <vector>

#include "contracts/result.h"
#include "ledger/check.h"

namespace daftar::contracts {
namespace {

using Named = std::vector<std::pair<std::string, std::string>>;   // what, and its value in words

std::string money_words(ledger::MinorUnits amount, std::string_view currency) {
  const auto decimals = ledger::currency_decimals(currency);
  return decimals ? ledger::format_decimal(amount, *decimals, true) + " " + std::string(currency) : std::to_string(amount);
}

/// Of `member/CUR` or `member/CUR/label`.
std::string_view currency_of_account(std::string_view account) {
  const auto slash = account.find('/');
  if (slash == std::string_view::npos) return {};
  account.remove_prefix(slash + 1);
  return account.substr(0, account.find('/'));
}

void name_posting(Named& out, const std::string& which, const Posting& p) {
  const auto currency = currency_of_account(p.account);
  out.emplace_back(which + ", account", p.account);
  out.emplace_back(which + ", amount", money_words(p.amount, currency) + " on " + p.account);
  out.emplace_back(which + ", reason", p.reason);
  out.emplace_back(which + ", rule", p.rule);
  out.emplace_back(which + ", balance after it", money_words(p.balance_after, currency) + " on " + p.account);
}

void name_tax_line(Named& out, const std::string& which, const TaxLine& t) {
  out.emplace_back(which + ", rule", t.rule + "/" + std::to_string(t.version));
  out.emplace_back(which + ", kind", t.kind);
  out.emplace_back(which + ", payer", t.payer);
  out.emplace_back(which + ", payee", t.payee);
  out.emplace_back(which + ", category", t.category);
  out.emplace_back(which + ", currency", t.currency);
  out.emplace_back(which + ", gross", money_words(t.gross, t.currency));
  out.emplace_back(which + ", base", money_words(t.base, t.currency));
  out.emplace_back(which + ", tax", money_words(t.tax, t.currency));
  out.emplace_back(which + ", withheld", money_words(t.withheld, t.currency));
  out.emplace_back(which + ", rate in parts per million", std::to_string(t.rate_ppm));
}

void name_event(Named& out, const std::string& which, const Event& e) {
  out.emplace_back(which + ", kind", e.kind);
  out.emplace_back(which + ", subject", e.subject);
  out.emplace_back(which + ", number", std::to_string(e.number));
  out.emplace_back(which + ", amount in minor units", std::to_string(e.amount));
  out.emplace_back(which + ", text", e.text);
}

template <class Each, class NameOne>
void name_all(Named& out, const std::string& one, const Each& all, NameOne name_one) {
  std::size_t number = 0;
  for (const auto& each : all) name_one(out, one + " " + std::to_string(++number), each);
}

/// In an order in which the first that differs says most.
Named in_words(const ExecutionResult& result) {
  Named out;
  out.emplace_back("outcome", result.ok() ? "accepted" : "refused: " + std::string(ledger::name(result.rejection.code)));
  out.emplace_back("detail of the refusal", result.rejection.detail);
  out.emplace_back("operation that was refused", std::to_string(result.failed_operation));
  out.emplace_back("number of postings", std::to_string(result.postings.size()));
  out.emplace_back("number of tax lines", std::to_string(result.taxes.size()));
  out.emplace_back("number of events", std::to_string(result.events.size()));
  name_all(out, "posting", result.postings, name_posting);
  name_all(out, "tax line", result.taxes, name_tax_line);
  name_all(out, "event", result.events, name_event);
  return out;
}

}  // namespace

std::optional<ResultDifference> result_difference(std::string_view expected, std::string_view found) {
  if (expected == found) return std::nullopt;
  const auto ours = decode_result(expected);
  DAFTAR_CHECK(ours);
  const auto theirs = decode_result(found);
  if (!theirs) return ResultDifference{"encoding", "a result", "bytes that are none"};
  const Named a = in_words(*ours), b = in_words(*theirs);
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    if (a[i] != b[i]) return ResultDifference{a[i].first, a[i].second, b[i].second};
  return ResultDifference{"encoding", "the one encoding of this result", "another"};
}

}  // namespace daftar::contracts
