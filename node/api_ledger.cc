// The executed state: members, accounts, budget lines, tax rules and registers, payouts.
#include <algorithm>
#include <chrono>

#include "ledger/ids.h"
#include "node/api.h"

namespace daftar::node {
namespace {

constexpr std::size_t page_standard = 100, page_max = contracts::query::page_max;

HttpResponse bad_limit() { return bad_parameter("limit is from 1 to 1000"); }

/// "2026-11" as 202611.
std::optional<std::uint32_t> parse_period(std::string_view text) {
  const auto day = parse_date(std::string(text) + "-01");
  if (!day) return std::nullopt;
  return static_cast<std::uint32_t>(*parse_u64(std::string(text.substr(0, 4)) + std::string(text.substr(5, 2))));
}

}  // namespace

std::optional<std::uint64_t> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto digits = [&](std::size_t from, std::size_t count) -> int {
    int value = 0;
    for (std::size_t i = from; i < from + count; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const int year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
  if (year < 1970 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::sys_days(date).time_since_epoch()).count());
}

void Api::add_ledger_routes() {
  add_read("/v1/members", &Api::members, {"after", "limit"});
  add_read("/v1/members/{}", &Api::member);
  add_read("/v1/accounts/{}", &Api::accounts, {"after", "limit"});
  add_read("/v1/accounts/{}/{}", &Api::account);
  add_read("/v1/accounts/{}/{}/{}", &Api::account);
  add_read("/v1/budget/lines", &Api::budget_lines, {"after", "limit"});
  add_read("/v1/budget/lines/{}", &Api::budget_line);
  add_read("/v1/budget/rules", &Api::budget_rules);
  add_read("/v1/budget/revenue", &Api::revenue_lines, {"after", "limit"});
  add_read("/v1/budget/revenue/{}", &Api::revenue_line);
  add_read("/v1/tax/rules", &Api::tax_rules, {"date"});
  add_read("/v1/tax/held", &Api::tax_held, {"payer", "period", "after", "limit"});
  add_read("/v1/tax/register", &Api::tax_register, {"payee", "period", "after", "limit"});
  add_read("/v1/tax/certificates/{}", &Api::tax_certificates);
  add_read("/v1/payouts/{}", &Api::payout);
}

HttpResponse Api::member(const HttpRequest& request, const Read& read) {
  const auto member = contracts::query::member(*read.state, request.captures[0]);
  if (!member) return not_found("member_unknown", "There is no member with that id.");
  return json_response(render_member(*member, read.access->member_private_part(*member)));
}

HttpResponse Api::members(const HttpRequest&, const Read& read) {
  const auto limit = page_limit(read.parameters, page_standard, page_max);
  if (!limit) return bad_limit();
  const auto found = contracts::query::members(*read.state, read.parameters.get("after"), *limit);
  Json list = Json::array();
  for (const auto& member : found) list.push_back(render_member(member, read.access->member_private_part(member)));
  return json_response(page("members", std::move(list), found.size() == *limit ? std::optional(found.back().id) : std::nullopt));
}

HttpResponse Api::account(const HttpRequest& request, const Read& read) {
  std::string id = request.captures[0] + "/" + request.captures[1];
  if (request.captures.size() == 3) id += "/" + request.captures[2];
  const auto name = ledger::parse_account(id);
  if (!name) return bad_parameter("an account is member/CURRENCY or member/CURRENCY/label");
  const auto& currencies = genesis_->content().currencies();
  if (std::find(currencies.begin(), currencies.end(), name->currency) == currencies.end() || !contracts::query::member(*read.state, name->member))
    return not_found("account_unknown", "There is no such account.");
  if (!read.access->account(id)) return not_for_this_reader(*read.access);
  const auto balance = contracts::query::balance(*read.state, id);
  if (!balance) return not_found("account_unknown", "There is no such account.");
  return json_response(render_account(id, *balance));
}

HttpResponse Api::accounts(const HttpRequest& request, const Read& read) {
  const std::string& owner = request.captures[0];
  if (!contracts::query::member(*read.state, owner)) return not_found("member_unknown", "There is no member with that id.");
  const auto limit = page_limit(read.parameters, page_standard, page_max);
  if (!limit) return bad_limit();
  const auto found = contracts::query::accounts(*read.state, owner, read.parameters.get("after"), *limit);
  Json list = Json::array();
  for (const auto& account : found)
    if (read.access->account(account.account)) list.push_back(render_account(account.account, account.balance));
  // A list that hides everything is a refusal, so that "none" always means none.
  if (list.empty() && !read.access->is(owner) && !read.access->reads_everything() && !read.access->member_is_public(owner))
    return not_for_this_reader(*read.access);
  return json_response(page("accounts", std::move(list), found.size() == *limit ? std::optional(found.back().account) : std::nullopt));
}

HttpResponse Api::budget_line(const HttpRequest& request, const Read& read) {
  const auto line = contracts::query::budget_line(*read.state, request.captures[0]);
  if (!line) return not_found("budget_line_unknown", "There is no budget line with that id.");
  return json_response(render_budget_line(*line, in_force(read)->limits.virement()));
}

HttpResponse Api::budget_lines(const HttpRequest&, const Read& read) {
  const auto limit = page_limit(read.parameters, page_standard, page_max);
  if (!limit) return bad_limit();
  const auto found = contracts::query::budget_lines(*read.state, read.parameters.get("after"), *limit);
  const auto virement = in_force(read)->limits.virement();
  Json list = Json::array();
  for (const auto& line : found) list.push_back(render_budget_line(line, virement));
  return json_response(page("lines", std::move(list), found.size() == *limit ? std::optional(found.back().id) : std::nullopt));
}

HttpResponse Api::budget_rules(const HttpRequest&, const Read& read) { return json_response(render_budget_rules(budget_rules_, in_force(read)->limits.virement())); }

HttpResponse Api::revenue_line(const HttpRequest& request, const Read& read) {
  const auto line = contracts::query::revenue_line(*read.state, request.captures[0]);
  if (!line) return not_found("revenue_line_unknown", "There is no revenue line with that id.");
  return json_response(render_revenue_line(*line));
}

HttpResponse Api::revenue_lines(const HttpRequest&, const Read& read) {
  const auto limit = page_limit(read.parameters, page_standard, page_max);
  if (!limit) return bad_limit();
  const auto found = contracts::query::revenue_lines(*read.state, read.parameters.get("after"), *limit);
  Json list = Json::array();
  for (const auto& line : found) list.push_back(render_revenue_line(line));
  return json_response(page("lines", std::move(list), found.size() == *limit ? std::optional(found.back().line.id) : std::nullopt));
}

HttpResponse Api::tax_rules(const HttpRequest&, const Read& read) {
  std::vector<contracts::tax::TaxRule> rules;
  if (const auto text = read.parameters.get("date"); text.empty()) {
    rules = contracts::query::tax_rules(*read.state);
  } else {
    const auto date = parse_date(text);
    if (!date) return bad_parameter("date is YYYY-MM-DD");
    rules = contracts::query::tax_rules_in_force(*read.state, *date);
  }
  Json list = Json::array();
  for (const auto& rule : rules) list.push_back(render_tax_rule(rule));
  return json_response(Json{{"rules", std::move(list)}});
}

HttpResponse Api::tax_certificates(const HttpRequest& request, const Read& read) {
  const std::string& payee = request.captures[0];
  if (!contracts::query::member(*read.state, payee)) return not_found("member_unknown", "There is no member with that id.");
  if (!read.access->reads_registers() && !read.access->is(payee)) return not_for_this_reader(*read.access);
  Json list = Json::array();
  for (const auto& certificate : contracts::query::tax_certificates(*read.state, payee)) list.push_back(render_tax_certificate(certificate));
  return json_response(Json{{"certificates", std::move(list)}});
}

namespace {

/// Rows by member and month, a page at a time: who reads registers sees those of everybody, another member its own.
template <class Read, class Found, class Render>
HttpResponse rows_by_member(const Read& read, std::string_view parameter, const Found& find, const Render& render) {
  const std::string member(read.parameters.get(parameter));
  if (!member.empty() && !ledger::is_member_id(member)) return bad_parameter(std::string(parameter) + " is a member id");
  if (!read.access->reads_registers() && (member.empty() || !read.access->is(member))) return not_for_this_reader(*read.access);
  const auto limit = page_limit(read.parameters, page_standard, page_max);
  if (!limit) return bad_limit();
  std::optional<std::uint32_t> period;
  if (const auto text = read.parameters.get("period"); !text.empty()) {
    period = parse_period(text);
    if (!period) return bad_parameter("period is YYYY-MM");
  }
  const auto after = ledger::from_hex(read.parameters.get("after"));
  if (!after) return bad_parameter("after is what `next` of the page before said");
  const auto found = find(*read.state, member, *after, *limit);
  Json list = Json::array();
  for (const auto& row : found.rows)
    if (!period || row.period == *period) list.push_back(render(row));
  return json_response(page("rows", std::move(list), found.next.empty() ? std::nullopt : std::optional(ledger::to_hex(found.next))));
}

}  // namespace

HttpResponse Api::tax_register(const HttpRequest&, const Read& read) { return rows_by_member(read, "payee", contracts::query::register_rows, render_register_row); }

HttpResponse Api::tax_held(const HttpRequest&, const Read& read) { return rows_by_member(read, "payer", contracts::query::held_tax, render_held_tax); }

HttpResponse Api::payout(const HttpRequest& request, const Read& read) {
  const auto id = ledger::Digest::from_hex(request.captures[0]);
  if (!id) return bad_parameter("a payout id has 64 hexadecimal digits");
  const auto payout = contracts::query::payout(*read.state, *id);
  if (!payout) return not_found("payout_unknown", "There is no payout with that id.");
  // The bank that settles it must see where the money goes.
  if (!read.access->is(payout->bank) && !read.access->account(payout->account)) return not_for_this_reader(*read.access);
  return json_response(render_payout(*payout));
}

}  // namespace daftar::node
