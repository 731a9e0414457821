// Entries of the ledger: one transaction's outcome, its receipt, its tax lines and why its payments were taxed so, and lists by account,
// contract, budget line, member, payee or tax rule.
#include <algorithm>

#include "contracts/tax/explain.h"
#include "contracts/tax/sums.h"
#include "ledger/ids.h"
#include "node/api.h"

namespace daftar::node {
namespace {

constexpr std::uint64_t day_ms = 86'400'000;

struct OpenedEntry {
  ledger::Entry entry;
  contracts::ExecutionResult result;
  std::shared_ptr<const ledger::Transaction> transaction;   // null for a deadline
  std::string sender() const { return transaction ? transaction->body().sender() : std::string(); }
};

/// What the node has executed it can read again; anything else is a damaged disk, which storage stops on before.
std::optional<OpenedEntry> open_entry(const storage::StateSnapshot& state, std::uint64_t index) {
  auto entry = state.entry(index);
  if (!entry) return std::nullopt;
  OpenedEntry out;
  if (auto result = contracts::decode_result(entry->result)) out.result = std::move(*result);
  if (entry->kind == ledger::EntryKind::transaction) {
    // It was parsed under the ledger's limits when it came; here only to read what it says.
    const ledger::TransactionLimits any{.bytes_max = entry->envelope.size(), .operations_max = SIZE_MAX, .signatures_max = SIZE_MAX};
    if (auto parsed = ledger::Transaction::parse(entry->envelope, any)) out.transaction = std::move(*parsed);
  }
  out.entry = std::move(*entry);
  return out;
}

Json render_place(const ledger::Entry& entry) {
  return {{"id", entry.id.hex()}, {"index", entry.index}, {"height", entry.height}, {"time", iso_time(entry.time_ms)}, {"time_ms", entry.time_ms},
          {"kind", entry.kind == ledger::EntryKind::transaction ? "transaction" : "deadline"}};
}

/// Named by its id or its index; nothing for a name of another form.
struct EntryName {
  std::optional<ledger::Digest> id;
  std::optional<std::uint64_t> index;
};
std::optional<EntryName> parse_entry_name(const std::string& text) {
  if (const auto id = ledger::Digest::from_hex(text)) return EntryName{id, std::nullopt};
  if (const auto index = parse_u64(text)) return EntryName{std::nullopt, index};
  return std::nullopt;
}
std::optional<OpenedEntry> open_entry(const storage::StateSnapshot& state, const EntryName& name) {
  const auto index = name.id ? state.find_entry(*name.id) : name.index;
  return index ? open_entry(state, *index) : std::nullopt;
}

HttpResponse no_entry_name() { return bad_parameter("an entry is named by its id, 64 hexadecimal digits, or by its index"); }

/// The first entry of that moment or later: times never go back in the log.
std::uint64_t first_entry_since(const storage::StateSnapshot& state, std::uint64_t time_ms) {
  std::uint64_t from = 0, to = state.mark().entries;
  while (from < to) {
    const std::uint64_t middle = from + (to - from) / 2;
    const auto entry = state.entry(middle);
    if (entry && entry->time_ms < time_ms) from = middle + 1;
    else to = middle;
  }
  return from;
}

/// Who reads registers and the payee see the tax lines of a payee, another member those of payments that it made: what it withheld as an agent.
bool sees_tax_line(const Access& access, const contracts::TaxLine& line) { return access.reads_registers() || access.is(line.payee) || access.is(line.payer); }

/// Appends those tax lines of the entry that the reader sees, of one payee or, when `payee` is empty, of all.
void put_tax_lines(Json& list, const OpenedEntry& opened, std::string_view payee, const contracts::tax::RuleBook& book, const Access& access, const ledger::StateView& state) {
  std::uint32_t number = 0;
  for (const auto& line : opened.result.taxes) {
    ++number;
    if ((!payee.empty() && line.payee != payee) || !sees_tax_line(access, line)) continue;
    const auto rule = std::find_if(book.rules().begin(), book.rules().end(), [&](const auto& one) { return one.code == line.rule && one.version == line.version; });
    Json out{{"payment", opened.entry.id.hex()}, {"index", opened.entry.index}, {"height", opened.entry.height}, {"time", iso_time(opened.entry.time_ms)},
             {"time_ms", opened.entry.time_ms}, {"line", number}};
    out.update(render_tax_line(line));
    if (rule != book.rules().end()) out.update(render_rule_basis(*rule));
    out.update(render_corrections(contracts::query::withheld(state, opened.entry.id, number)));
    if (rule != book.rules().end() && line.withheld > 0)
      if (const auto held = contracts::query::held_of_line(state, *rule, line.payer, line.currency, opened.entry.time_ms)) out["remittance"] = render_remittance(*held);
    list.push_back(std::move(out));
  }
}

/// `partial`: only lines on public accounts, no taxes, no events. `open`: without what a payee had been paid by others before.
Json render_seen(const OpenedEntry& opened, Sight sight, const Access& access) {
  Json out = render_place(opened.entry);
  const auto balance_visible = [&](const std::string& account) { return access.account(account); };
  if (sight != Sight::partial) {
    out["sender"] = opened.sender();
    if (sight == Sight::whole) {
      out["result"] = render_result(opened.result, balance_visible);
      return out;
    }
    contracts::ExecutionResult shown = opened.result;
    std::erase_if(shown.events, [](const contracts::Event& event) { return event.kind == contracts::tax::sum_event; });
    out["result"] = render_result(shown, balance_visible);
    return out;
  }
  contracts::ExecutionResult shown;
  shown.rejection.code = opened.result.rejection.code;
  for (const auto& posting : opened.result.postings)
    if (access.account_is_public(posting.account)) shown.postings.push_back(posting);
  out["redacted"] = true;
  out["result"] = render_result(shown, balance_visible);
  return out;
}

std::optional<contracts::IndexKind> kind_named(std::string_view text) {
  using contracts::IndexKind;
  if (text == "account") return IndexKind::account;
  if (text == "contract") return IndexKind::contract;
  if (text == "budget_line") return IndexKind::budget_line;
  if (text == "member") return IndexKind::member;
  if (text == "tax_payee") return IndexKind::tax_payee;
  if (text == "tax_rule") return IndexKind::tax_rule;
  if (text == "node") return IndexKind::node;
  if (text == "proposal") return IndexKind::proposal;
  if (text == "template") return IndexKind::contract_template;
  return std::nullopt;
}

/// May the list of this thing be walked at all? Each entry in it is judged again by itself.
bool list_allowed(contracts::IndexKind kind, const std::string& id, const Access& access, const ledger::StateView& state) {
  switch (kind) {
    case contracts::IndexKind::account: return access.account(id);
    case contracts::IndexKind::member: return access.is(id) || access.reads_everything() || access.member_is_public(id);
    case contracts::IndexKind::tax_payee: return access.is(id) || access.reads_registers();
    case contracts::IndexKind::contract: {
      const auto digest = ledger::Digest::from_hex(id);
      const auto contract = digest ? contracts::query::contract(state, *digest) : std::nullopt;
      return !contract || access.contract(*contract);
    }
    case contracts::IndexKind::budget_line:
    case contracts::IndexKind::tax_rule:
    case contracts::IndexKind::proposal:
    case contracts::IndexKind::contract_template:
    case contracts::IndexKind::node: return true;
  }
  return false;
}

}  // namespace

void Api::add_entry_routes() {
  add_read("/v1/transactions/{}", &Api::transaction);
  add_read("/v1/receipts/{}", &Api::receipt);
  add_read("/v1/entries", &Api::entries, {"kind", "id", "from", "limit"});
  add_read("/v1/tax/explanations/{}", &Api::tax_explanation);
  add_read("/v1/tax/lines", &Api::tax_lines, {"payee", "since", "until", "from", "limit"});
  add_read("/v1/tax/lines/{}", &Api::tax_lines_of_entry);
}

HttpResponse Api::transaction(const HttpRequest& request, const Read& read) {
  const auto id = ledger::Digest::from_hex(request.captures[0]);
  if (!id) return bad_parameter("a transaction id has 64 hexadecimal digits");
  const auto index = read.state->find_entry(*id);
  const auto opened = index ? open_entry(*read.state, *index) : std::nullopt;
  if (!opened) return not_found("transaction_unknown", "This node has not executed a transaction with that id.");
  const Sight sight = read.access->entry(opened->sender(), opened->result);
  if (sight == Sight::none) return not_for_this_reader(*read.access);
  Json out = render_seen(*opened, sight, *read.access);
  out["certified"] = read.state->certificate_covering(*index).has_value();
  if (sight == Sight::whole && !opened->entry.envelope.empty()) out["envelope"] = ledger::to_base64(opened->entry.envelope);
  return json_response(out);
}

HttpResponse Api::receipt(const HttpRequest& request, const Read& read) {
  const auto id = ledger::Digest::from_hex(request.captures[0]);
  if (!id) return bad_parameter("a transaction id has 64 hexadecimal digits");
  const auto index = read.state->find_entry(*id);
  const auto opened = index ? open_entry(*read.state, *index) : std::nullopt;
  if (!opened) return not_found("transaction_unknown", "This node has not executed a transaction with that id.");
  // A receipt carries the whole entry, so it goes only to who may see the whole of it.
  if (read.access->entry(opened->sender(), opened->result) != Sight::whole) {
    for (const auto& posting : opened->result.postings)
      if (!read.access->account_is_public(posting.account)) return not_for_this_reader(*read.access);
    if (read.access->entry(opened->sender(), opened->result) != Sight::open) return not_for_this_reader(*read.access);
  }
  auto text = service_.receipt(*index);
  if (!text) return error_response(409, "not_yet_certified", "No certificate covers this transaction yet.", "Ask again in a moment.");
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(*text);
  return response;
}

HttpResponse Api::tax_explanation(const HttpRequest& request, const Read& read) {
  const auto name = parse_entry_name(request.captures[0]);
  if (!name) return no_entry_name();
  const auto opened = open_entry(*read.state, *name);
  if (!opened) return not_found("transaction_unknown", "This node has not executed an entry with that id or index.");
  const Sight sight = read.access->entry(opened->sender(), opened->result);
  if (sight != Sight::whole && sight != Sight::open) return not_for_this_reader(*read.access);
  const auto rules = in_force(read);
  const auto explanation = contracts::tax::explain(rules->rules, opened->transaction ? &opened->transaction->body() : nullptr, opened->result, opened->entry.time_ms, *read.state);
  Json out = render_place(opened->entry);
  out["as_recorded"] = explanation.as_recorded;
  out["payments"] = Json::array();
  std::uint32_t line = 0;   // the rules that apply are the entry's tax lines, in order
  for (const auto& payment : explanation.payments) {
    Json explained = render_explained_payment(payment, opened->entry.time_ms, read.access->member_private_part(payment.payment.payee), sight == Sight::whole);
    if (explanation.as_recorded)
      for (Json& applied : explained["applied"]) {
        applied["line"] = ++line;
        applied.update(render_corrections(contracts::query::withheld(*read.state, opened->entry.id, line)));
      }
    out["payments"].push_back(std::move(explained));
  }
  return json_response(out);
}

HttpResponse Api::tax_lines(const HttpRequest&, const Read& read) {
  const std::string payee(read.parameters.get("payee"));
  if (!ledger::is_member_id(payee)) return bad_parameter("payee is a member id");
  if (read.access->anonymous()) return not_for_this_reader(*read.access);
  if (!contracts::query::member(*read.state, payee)) return not_found("member_unknown", "There is no member with that id.");
  const auto from = read.parameters.get("from").empty() ? std::optional<std::uint64_t>(0) : parse_u64(read.parameters.get("from"));
  if (!from) return bad_parameter("from is an entry index");
  const auto limit = page_limit(read.parameters, 100, 500);
  if (!limit) return bad_parameter("limit is from 1 to 500");
  std::uint64_t since_ms = 0, end_ms = UINT64_MAX;
  if (const auto text = read.parameters.get("since"); !text.empty()) {
    const auto day = parse_date(text);
    if (!day) return bad_parameter("since is YYYY-MM-DD");
    since_ms = *day;
  }
  if (const auto text = read.parameters.get("until"); !text.empty()) {
    const auto day = parse_date(text);
    if (!day) return bad_parameter("until is YYYY-MM-DD");
    end_ms = *day + day_ms;
  }
  const auto rules = in_force(read);
  const std::uint64_t first = std::max(*from, since_ms == 0 ? 0 : first_entry_since(*read.state, since_ms));
  const auto indexes = read.state->find_rows(static_cast<std::uint8_t>(contracts::IndexKind::tax_payee), payee, first, *limit);
  Json out{{"lines", Json::array()}, {"next", nullptr}};
  for (const auto index : indexes) {
    const auto opened = open_entry(*read.state, index);
    if (!opened) continue;
    if (opened->entry.time_ms >= end_ms) return json_response(out);
    put_tax_lines(out["lines"], *opened, payee, rules->rules, *read.access, *read.state);
  }
  if (indexes.size() == *limit) out["next"] = indexes.back() + 1;
  return json_response(out);
}

HttpResponse Api::tax_lines_of_entry(const HttpRequest& request, const Read& read) {
  const auto name = parse_entry_name(request.captures[0]);
  if (!name) return no_entry_name();
  if (read.access->anonymous()) return not_for_this_reader(*read.access);
  const auto opened = open_entry(*read.state, *name);
  if (!opened) return not_found("transaction_unknown", "This node has not executed an entry with that id or index.");
  Json out{{"lines", Json::array()}, {"next", nullptr}};
  put_tax_lines(out["lines"], *opened, {}, in_force(read)->rules, *read.access, *read.state);
  // Without a line of the reader's own: an empty list only where there is none at all, and the entry is the reader's to see.
  if (out["lines"].empty() && (!opened->result.taxes.empty() || read.access->entry(opened->sender(), opened->result) == Sight::none)) return not_for_this_reader(*read.access);
  return json_response(out);
}

HttpResponse Api::entries(const HttpRequest& request, const Read& read) {
  (void)request;
  const auto kind = kind_named(read.parameters.get("kind"));
  if (!kind) return bad_parameter("kind is one of account, contract, budget_line, member, tax_payee, tax_rule, node, proposal, template");
  const std::string id(read.parameters.get("id"));
  if (id.empty() || id.size() > 128) return bad_parameter("id is missing or too long");
  const auto from_text = read.parameters.get("from");
  const auto from = from_text.empty() ? std::optional<std::uint64_t>(0) : parse_u64(from_text);
  if (!from) return bad_parameter("from is an entry index");
  const auto limit = page_limit(read.parameters, 100, 500);
  if (!limit) return bad_parameter("limit is from 1 to 500");
  std::string row_id = id;
  if (*kind == contracts::IndexKind::contract || *kind == contracts::IndexKind::proposal) {
    const auto digest = ledger::Digest::from_hex(id);
    if (!digest) return bad_parameter("the id of a contract or proposal has 64 hexadecimal digits");
    row_id = digest->view();
  }
  if (!list_allowed(*kind, id, *read.access, *read.state)) return not_for_this_reader(*read.access);
  const auto indexes = read.state->find_rows(static_cast<std::uint8_t>(*kind), row_id, *from, *limit);
  Json out{{"entries", Json::array()}, {"next", nullptr}};
  for (const auto index : indexes) {
    const auto opened = open_entry(*read.state, index);
    if (!opened) continue;
    const Sight sight = read.access->entry(opened->sender(), opened->result);
    if (sight != Sight::none) out["entries"].push_back(render_seen(*opened, sight, *read.access));
  }
  // A page may be shorter than `limit` because some entries are not for this reader; `next` says whether there is more.
  if (indexes.size() == *limit) out["next"] = indexes.back() + 1;
  return json_response(out);
}

}  // namespace daftar::node
