#include "node/json_render.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "contracts/tax/period.h"
#include "ledger/calendar.h"
#include "ledger/ids.h"
#include "ledger/money.h"

namespace daftar::node {
namespace {

void put_currency(Json& out, std::string_view currency) {
  out["currency"] = currency;
  out["decimals"] = ledger::currency_decimals(currency).value_or(0);
}

/// The currency inside an account id.
std::string currency_of(const std::string& account) {
  const auto name = ledger::parse_account(account);
  return name ? std::string(name->currency) : std::string();
}

}  // namespace

std::string iso_time(std::uint64_t time_ms) {
  // Beyond the year 9999 the text would not be ISO 8601; such times cannot be told from absurd ones.
  if (time_ms >= ledger::year_10000_ms) return "9999-12-31T23:59:59.999Z";
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(time_ms / 1000)), time_ms % 1000);
}

void put_time(Json& out, const std::string& name, std::uint64_t time_ms) {
  if (time_ms == 0) return;
  out[name] = iso_time(time_ms);
  out[name + "_ms"] = time_ms;
}

std::string amount_text(ledger::Int128 minor_units) { return fmt::format("{}", minor_units); }

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json render_error(const ledger::Rejection& rejection) {
  Json out;
  out["code"] = name(rejection.code);
  out["sentence"] = sentence(rejection.code);
  out["advice"] = advice(rejection.code);
  if (!rejection.detail.empty()) out["detail"] = rejection.detail;
  return out;
}

Json render_posting(const contracts::Posting& posting, bool with_balance) {
  Json out;
  out["account"] = posting.account;
  out["amount"] = amount_text(posting.amount);
  out["reason"] = posting.reason;
  if (!posting.rule.empty()) out["rule"] = posting.rule;
  if (with_balance) out["balance_after"] = amount_text(posting.balance_after);
  put_currency(out, currency_of(posting.account));
  return out;
}

Json render_tax_line(const contracts::TaxLine& tax) {
  Json line{{"rule", tax.rule}, {"version", tax.version}, {"kind", tax.kind}, {"payer", tax.payer}, {"payee", tax.payee}, {"category", tax.category}};
  put_currency(line, tax.currency);
  line["gross"] = amount_text(tax.gross);
  line["base"] = amount_text(tax.base);
  line["tax"] = amount_text(tax.tax);
  line["withheld"] = amount_text(tax.withheld);
  line["rate_ppm"] = tax.rate_ppm;
  return line;
}

Json render_result(const contracts::ExecutionResult& result, const BalanceVisible& balance_visible) {
  Json out;
  out["ok"] = result.ok();
  out["code"] = name(result.rejection.code);
  if (!result.ok()) {
    out["sentence"] = sentence(result.rejection.code);
    out["advice"] = advice(result.rejection.code);
    out["detail"] = result.rejection.detail;
    out["failed_operation"] = result.failed_operation;
  }
  out["postings"] = Json::array();
  for (const auto& posting : result.postings) out["postings"].push_back(render_posting(posting, balance_visible(posting.account)));
  out["taxes"] = Json::array();
  for (const auto& tax : result.taxes) out["taxes"].push_back(render_tax_line(tax));
  out["events"] = Json::array();
  for (const auto& event : result.events)
    out["events"].push_back({{"kind", event.kind}, {"subject", event.subject}, {"number", event.number}, {"amount", amount_text(event.amount)}, {"text", event.text}});
  return out;
}

Json render_status(const NodeStatus& s) {
  Json out{{"node", s.node}, {"role", s.role}, {"leader", s.leader}, {"term", s.term}, {"raft_first", s.raft_first}, {"raft_last", s.raft_last}, {"raft_commit", s.raft_commit},
           {"height", s.height}, {"entries", s.entries}, {"block_time_ms", s.block_time_ms}, {"block_time", iso_time(s.block_time_ms)}, {"root", s.root},
           {"certified_size", s.certified_size}, {"ready", s.ready}, {"not_ready_because", s.not_ready_because}, {"stopped_because", s.stopped_because},
           {"mempool_transactions", s.mempool_transactions}, {"protocol_version", s.protocol_version}, {"protocol_known", s.protocol_known}};
  out["peers"] = Json::array();
  for (const auto& peer : s.peers) out["peers"].push_back({{"node", peer.node}, {"connected", peer.connected}, {"match", peer.match}});
  out["since_start"] = {{"fsyncs", s.fsyncs}, {"blocks", s.blocks}, {"flushes", s.flushes}, {"seals", s.seals}, {"certificates", s.certificates}, {"snapshots_installed", s.snapshots_installed},
                        {"snapshot_bytes_sent", s.snapshot_bytes_sent}, {"snapshot_bytes_received", s.snapshot_bytes_received},
                        {"committed", s.committed}, {"rejected", s.rejected}, {"signatures_verified", s.signatures_verified},
                        {"bytes_sent", s.bytes_sent}, {"bytes_received", s.bytes_received}};
  return out;
}

Json render_member(const contracts::Member& member, bool private_part) {
  Json out{{"id", member.id}, {"kind", member.kind}, {"country", member.country}};
  if (private_part) {
    out["name"] = member.name;
    out["tax_id"] = member.tax_id;
    out["tax_status"] = member.tax_status;
  }
  out["roles"] = member.role_names();
  out["signatures_required"] = member.signatures_required;
  out["suspended"] = member.suspended;
  put_time(out, "registered", member.registered_ms);
  out["keys"] = Json::array();
  for (const auto& key : member.keys) {
    Json one{{"public_key", key.key.hex()}, {"in_force", key.revoked_ms == 0}};
    if (!key.office.empty()) one["office"] = key.office;
    put_time(one, "from", key.from_ms);
    put_time(one, "until", key.until_ms);
    put_time(one, "added", key.added_ms);
    put_time(one, "revoked", key.revoked_ms);
    out["keys"].push_back(std::move(one));
  }
  out["signing_rules"] = Json::array();
  for (const auto& rule : member.signing_rules) {
    Json one{{"above", amount_text(rule.above)}};
    put_currency(one, rule.currency);
    one["signatures"] = rule.signatures;
    one["offices"] = rule.offices;
    out["signing_rules"].push_back(std::move(one));
  }
  return out;
}

Json render_account(const std::string& account, ledger::MinorUnits balance) {
  Json out{{"account", account}, {"balance", amount_text(balance)}};
  put_currency(out, currency_of(account));
  return out;
}

namespace {
Json render_sum(const contracts::budget::StageSum& sum) { return {{"gross", amount_text(sum.gross)}, {"reversed", amount_text(sum.reversed)}, {"net", amount_text(sum.net())}}; }
}  // namespace

Json render_budget_line(const contracts::budget::BudgetLine& line, std::optional<std::uint32_t> virement_share_ppm) {
  Json out{{"id", line.id}, {"title", line.title}, {"owner", line.owner}, {"year", line.year}, {"function_code", line.function_code},
           {"economic_code", line.economic_code}, {"programme", line.programme}, {"source_account", line.source_account}};
  put_currency(out, line.currency);
  put_time(out, "approved_at", line.approved_ms);
  for (std::size_t i = 0; i < contracts::budget::stage_count; ++i) {
    const auto stage = static_cast<contracts::budget::Stage>(i);
    out["stages"][std::string(name(stage))] = render_sum(line.at(stage));
  }
  out["available"] = amount_text(line.available());
  out["paid_outside"] = amount_text(line.outside);
  out["moved_in"] = amount_text(line.moved_in);
  out["moved_out"] = amount_text(line.moved_out);
  out["carried_in"] = amount_text(line.carried_in);
  out["carried_out"] = amount_text(line.carried_out);
  out["lapsed"] = amount_text(line.lapsed);
  if (virement_share_ppm && line.closing_ms == 0 && !line.is_ceiling) out["may_move_out"] = amount_text(contracts::budget::may_leave(line, *virement_share_ppm));
  out["is_ceiling"] = line.is_ceiling;
  out["ceiling"] = render_sum(line.ceiling);
  out["bound_forward"] = render_sum(line.forward);
  out["advances"] = render_sum(line.advances);
  put_time(out, "stopped_from", line.stop_ms);
  put_time(out, "payments_stopped_from", line.payments_stop_ms);
  put_time(out, "closing_from", line.closing_ms);
  put_time(out, "closed_at", line.closed_ms);
  return out;
}

Json render_budget_rules(const contracts::budget::Rules& rules, std::optional<std::uint32_t> virement_share_ppm) {
  Json out{{"virement_rules", Json::array()}};
  if (virement_share_ppm) out["virement_share_ppm"] = *virement_share_ppm;
  for (const auto& rule : rules.virements)
    out["virement_rules"].push_back({{"from_economic", rule.from_economic}, {"to_economic", rule.to_economic}, {"to_outside", rule.to_outside}, {"same_programme", rule.same_programme},
                                     {"share_ppm", rule.share_ppm}, {"legal_basis", rule.legal_basis}});
  if (rules.advance_share_ppm) out["advance_share_ppm"] = *rules.advance_share_ppm;
  out["advance_categories"] = rules.advance_categories;
  out["duties_parted"] = rules.duties;
  out["two_persons"] = Json::array();
  for (const auto& [currency, above] : rules.two_persons_above) {
    Json one{{"above", amount_text(above)}};
    put_currency(one, currency);
    out["two_persons"].push_back(std::move(one));
  }
  return out;
}

Json render_revenue_line(const contracts::query::Revenue& revenue) {
  const auto& line = revenue.line;
  Json out{{"id", line.id}, {"title", line.title}, {"account", line.account}, {"year", line.year}, {"treasury", line.treasury}};
  put_currency(out, line.currency);
  put_time(out, "approved_at", line.approved_ms);
  out["planned"] = render_sum(line.planned);
  out["collected"] = render_sum(revenue.collected);
  return out;
}

namespace {

Json render_brackets(const contracts::tax::TaxRule& rule) {
  Json list = Json::array();
  for (const auto& bracket : rule.brackets) list.push_back({{"above", amount_text(bracket.above)}, {"rate_ppm", bracket.rate_ppm}});
  return list;
}

}  // namespace

Json render_tax_rule(const contracts::tax::TaxRule& rule) {
  Json out{{"code", rule.code}, {"version", rule.version}, {"kind", name(rule.kind)}, {"title", rule.title}, {"rate_ppm", rule.rate_ppm},
           {"base", name(rule.base)}, {"withheld_share_ppm", rule.withheld_share_ppm}, {"categories", rule.categories}, {"payer_kinds", rule.payer_kinds},
           {"payee_kinds", rule.payee_kinds}, {"payee_residence", name(rule.payee_residence)}, {"payee_statuses", rule.payee_statuses},
           {"treaty", rule.treaty}, {"replaces", rule.replaces}, {"brackets", render_brackets(rule)}, {"remittance", name(rule.remittance)}, {"remittance_day", rule.remittance_day},
           {"accumulate", name(rule.accumulation)}, {"accumulate_by", rule.accumulates() ? name(rule.accumulated_by) : ""},
           {"threshold", amount_text(rule.threshold)}, {"rounding", name(rule.rounding)}, {"rounding_unit", rule.rounding_unit}, {"vat_route", name(rule.vat_route)},
           {"revenue_account", rule.revenue_account}, {"legal_basis", rule.legal_basis}, {"status", rule.status}, {"country", rule.country}};
  if (rule.currency.empty()) out["currency"] = "";
  else put_currency(out, rule.currency);
  put_time(out, "effective_from", rule.effective_from_ms);
  put_time(out, "effective_to", rule.effective_to_ms);
  return out;
}

Json render_tax_certificate(const contracts::tax::Certificate& certificate) {
  Json out{{"number", certificate.number}, {"country", certificate.country}, {"document_digest", ledger::to_hex(certificate.document_digest)}};
  put_time(out, "valid_from", certificate.valid_from_ms);
  put_time(out, "valid_to", certificate.valid_to_ms);
  put_time(out, "recorded", certificate.recorded_ms);
  put_time(out, "withdrawn", certificate.withdrawn_ms);
  return out;
}

Json render_rule_basis(const contracts::tax::TaxRule& rule) {
  return {{"title", rule.title}, {"brackets", render_brackets(rule)}, {"of", name(rule.base)}, {"legal_basis", rule.legal_basis}, {"status", rule.status}};
}

Json render_corrections(const std::optional<contracts::tax::Withheld>& kept) {
  Json list = Json::array();
  if (kept)
    for (const auto& one : kept->corrections) {
      Json correction{{"id", one.id.hex()}, {"amount", amount_text(one.amount)}};
      put_time(correction, "time", one.time_ms);
      list.push_back(std::move(correction));
    }
  return {{"corrected", amount_text(kept ? kept->corrected() : 0)}, {"corrections", std::move(list)}};
}

namespace {

std::string period_text(std::uint32_t period) { return fmt::format("{:04}-{:02}", period / 100, period % 100); }

}  // namespace

Json render_held_tax(const contracts::tax::HeldTax& held) {
  Json out{{"payer", held.payer}, {"rule", held.rule}, {"version", held.version}, {"period", period_text(held.period)}};
  put_currency(out, held.currency);
  put_time(out, "due", held.due_ms);
  out["withheld"] = amount_text(held.withheld);
  out["given_back"] = amount_text(held.given_back);
  out["remitted"] = amount_text(held.remitted());
  out["liability"] = amount_text(held.liability());
  out["refunded"] = amount_text(held.refunded);
  out["remittances"] = Json::array();
  for (const auto& one : held.remittances) {
    Json remittance{{"id", one.id.hex()}, {"amount", amount_text(one.amount)}};
    put_time(remittance, "time", one.time_ms);
    out["remittances"].push_back(std::move(remittance));
  }
  return out;
}

Json render_remittance(const contracts::tax::HeldTax& held) {
  Json out{{"period", period_text(held.period)}, {"held_by", held.payer}, {"complete", held.liability() == 0}, {"entries", Json::array()}};
  put_time(out, "due", held.due_ms);
  for (const auto& one : held.remittances) {
    Json entry{{"id", one.id.hex()}};
    put_time(entry, "time", one.time_ms);
    out["entries"].push_back(std::move(entry));
  }
  return out;
}

Json render_register_row(const contracts::tax::RegisterRow& row) {
  Json out{{"payee", row.payee}, {"rule", row.rule}, {"version", row.version}, {"period", period_text(row.period)},
           {"payments", row.payments}};
  put_currency(out, row.currency);
  out["gross"] = amount_text(row.gross);
  out["base"] = amount_text(row.base);
  out["tax"] = amount_text(row.tax);
  out["withheld"] = amount_text(row.withheld);
  return out;
}

namespace {

/// What the rule asks for and what the payment has, where the two part: {"reason","asks","found"?}. Amounts in minor units, times in ISO 8601.
Json render_ground(const contracts::tax::Judged& one, const contracts::tax::PaymentMade& p, std::uint64_t time_ms, bool payee_private_part) {
  using contracts::tax::Ground;
  const auto& rule = *one.rule;
  const auto said = [&](Json asks, Json found) { return Json{{"reason", name(one.ground)}, {"asks", std::move(asks)}, {"found", std::move(found)}}; };
  switch (one.ground) {
    case Ground::applies: break;
    case Ground::currency: return said(rule.currency, p.currency);
    case Ground::category: return said(rule.categories, p.category);
    case Ground::payer_country: return said(rule.country, p.payer.country);
    case Ground::payer_kind: return said(rule.payer_kinds, p.payer.kind);
    case Ground::payee_residence: return said(name(rule.payee_residence), name(residence_of(p.payee, rule)));
    case Ground::payee_kind: return said(rule.payee_kinds, p.payee.kind);
    case Ground::payee_status: return said(rule.payee_statuses, payee_private_part ? Json(p.payee.tax_status) : Json(nullptr));
    case Ground::treaty_country: return said(rule.treaty, p.payee.country);
    case Ground::no_certificate: return said(rule.treaty, nullptr);
    case Ground::not_yet_in_force: return said(iso_time(rule.effective_from_ms), iso_time(time_ms));
    case Ground::no_longer_in_force: return said(iso_time(rule.effective_to_ms), iso_time(time_ms));
    case Ground::below_threshold: return said(amount_text(rule.threshold), amount_text(p.gross));
    case Ground::replaced: return said(nullptr, one.replaced_by->code + "/" + std::to_string(one.replaced_by->version));
  }
  return Json::object();
}

Json render_party(const contracts::Member& member, bool with_status) {
  Json out{{"id", member.id}, {"kind", member.kind}, {"country", member.country}};
  if (with_status) out["tax_status"] = member.tax_status;
  return out;
}

}  // namespace

Json render_explained_payment(const contracts::tax::ExplainedPayment& explained, std::uint64_t time_ms, bool payee_private_part, bool with_sums) {
  const auto& p = explained.payment;
  Json out{{"payer", render_party(p.payer, false)}, {"payee", render_party(p.payee, payee_private_part)}, {"source", p.source}, {"payee_account", p.payee_account},
           {"category", p.category}};
  put_currency(out, p.currency);
  out["gross"] = amount_text(p.gross);
  out["net"] = amount_text(explained.net);
  if (p.net_asked != 0) out["net_asked"] = amount_text(p.net_asked);
  if (p.contract) {
    out["contract"] = p.contract->hex();
    if (p.entry != 0) out["entry"] = p.entry;
  }
  out["applied"] = Json::array();
  out["not_applied"] = Json::array();
  for (const auto& one : explained.rules) {
    const auto& rule = *one.rule;
    Json line{{"rule", rule.code}, {"version", rule.version}, {"kind", name(rule.kind)}, {"title", rule.title}};
    if (one.ground != contracts::tax::Ground::applies) {
      line.update(render_ground(one, p, time_ms, payee_private_part));
      out["not_applied"].push_back(std::move(line));
      continue;
    }
    line.update(Json{{"rate_ppm", rule.rate_ppm}, {"brackets", render_brackets(rule)}, {"of", name(rule.base)}, {"taken_from", amount_text(one.taken_from)}, {"base", amount_text(one.line.base)},
                     {"tax", amount_text(one.line.tax)}, {"rounding", name(rule.rounding)}, {"rounding_unit", rule.rounding_unit},
                     {"withheld_share_ppm", rule.withheld_share_ppm}, {"withheld", amount_text(one.line.withheld)}, {"limited", one.limited},
                     {"withheld_to", withheld_to(rule, one.line)}, {"legal_basis", rule.legal_basis}, {"status", rule.status}});
    put_time(line, "effective_from", rule.effective_from_ms);
    put_time(line, "effective_to", rule.effective_to_ms);
    if (rule.held()) put_time(line, "due", due_ms_of(rule, remittance_period(rule.remittance, time_ms)));
    if (rule.accumulates()) line["accumulate"] = name(rule.accumulation);
    if (rule.accumulates() && with_sums)
      line["so_far"] = {{"base", amount_text(one.so_far.base)}, {"start", amount_text(one.so_far.start)}, {"tax", amount_text(one.so_far.tax)}};
    out["applied"].push_back(std::move(line));
  }
  return out;
}

Json render_payout(const contracts::Payout& payout) {
  Json out{{"id", payout.id.hex()}, {"account", payout.account}, {"bank", payout.bank}, {"destination", payout.destination}, {"amount", amount_text(payout.amount)}};
  put_currency(out, currency_of(payout.account));
  out["stage"] = name(payout.stage);
  put_time(out, "requested", payout.requested_ms);
  put_time(out, "settled", payout.settled_ms);
  if (!payout.statement_reference.empty()) out["statement_reference"] = payout.statement_reference;
  return out;
}

}  // namespace daftar::node
