#include "contracts/tax/gross_up.h"

#include <algorithm>

#include "ledger/money.h"

namespace daftar::contracts::tax {
namespace {

using ledger::Int128;
using ledger::MinorUnits;
using ledger::RejectionCode;

/// What the rules come to of one gross amount.
struct Reckoned {
  Int128 withheld = 0;
  Int128 slack = 0;    // by which less may be withheld of a larger gross amount
  Int128 margin = 0;   // by which less may be left of one
};

std::uint32_t highest_rate(const TaxRule& rule) {
  std::uint32_t rate = rule.rate_ppm;
  for (const Bracket& bracket : rule.brackets) rate = std::max(rate, bracket.rate_ppm);
  return std::min(rate, ledger::whole_ppm);
}

Expected<Reckoned, ledger::Rejection> reckon(const RuleBook& book, Question& question, MinorUnits gross) {
  question.gross = gross;
  const auto judged = book.judge(question);
  if (!judged) return Unexpected<ledger::Rejection>(judged.error());
  Reckoned out;
  Int128 base_slack = 0;   // of the price without the VAT so far
  for (const Judged& one : *judged) {
    if (one.ground != Ground::applies) continue;
    const TaxRule& rule = *one.rule;
    out.withheld += one.line.withheld;
    const bool of_rest = rule.base == Base::inclusive || rule.base == Base::net_of_vat;
    if (rule.withholds()) {
      if (of_rest && base_slack > 0) out.slack += base_slack * highest_rate(rule) / ledger::whole_ppm + 1 + 2 * Int128(rule.rounding_unit);
      out.margin += 2 * Int128(rule.rounding_unit) + (of_rest ? base_slack : 0);
    }
    if (rule.base == Base::inclusive) base_slack += base_slack > 0 ? Int128(rule.rounding_unit) : Int128(rule.rounding_unit) - 1;
  }
  return out;
}

/// Where other rules begin to apply, from `net` on. Ends with a bound that no amount reaches.
std::vector<Int128> beginnings(const RuleBook& book, MinorUnits net) {
  std::vector<Int128> from{net};
  for (const TaxRule& rule : book.rules())
    if (!rule.accumulates() && rule.threshold > net) from.push_back(rule.threshold);
  std::sort(from.begin(), from.end());
  from.erase(std::unique(from.begin(), from.end()), from.end());
  from.push_back(Int128(INT64_MAX) + 1);
  return from;
}

}  // namespace

Expected<MinorUnits, ledger::Rejection> gross_for(const RuleBook& book, const Question& asked, MinorUnits net) {
  Question question = asked;
  int attempts = 0;
  const auto none = Unexpected<ledger::Rejection>({RejectionCode::gross_not_found, std::to_string(net)});
  const auto from = beginnings(book, net);
  for (std::size_t part = 0; part + 1 < from.size(); ++part) {
    for (Int128 gross = from[part]; gross < from[part + 1];) {
      if (++attempts > gross_up_attempts_max) return none;
      const auto reckoned = reckon(book, question, static_cast<MinorUnits>(gross));
      if (!reckoned) return Unexpected<ledger::Rejection>(reckoned.error());
      const Int128 left = gross - reckoned->withheld;
      if (left == net) return static_cast<MinorUnits>(gross);
      if (left > net + reckoned->margin) break;
      gross = std::max(gross + 1, net + reckoned->withheld - reckoned->slack);
    }
  }
  return none;
}

}  // namespace daftar::contracts::tax
