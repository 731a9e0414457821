// Templates that the ledger knows, and the contracts made of them.
#include "contracts/agreements/outlook.h"
#include "contracts/agreements/text.h"
#include "contracts/agreements/years.h"
#include "contracts/language/interpreter.h"
#include "contracts/language/names.h"
#include "ledger/check.h"
#include "ledger/money.h"
#include "node/api.h"

namespace daftar::node {
namespace {

using contracts::agreements::Agreement;
using contracts::agreements::Library;
namespace language = contracts::language;

constexpr std::size_t contracts_standard = 100;

Json render_template(const Library::Known& known, const contracts::governance::TemplateRecord& record, bool with_source) {
  Json out{{"name", known.program.name}, {"version", known.program.version}, {"program", known.digest.hex()}, {"languages", Json::array()}};
  if (record.proposal != ledger::Digest{}) out["proposal"] = record.proposal.hex();
  put_time(out, "in_force", record.in_force_ms);
  out["stopped"] = record.stopped_ms != 0;
  if (record.stopped_ms != 0) out["stopped_because"] = record.stopped_because;
  put_time(out, "stopped_since", record.stopped_ms);
  if (known.program.prose) out["languages"] = known.program.prose->languages;
  if (with_source) out["source"] = known.source;
  return out;
}

/// One contract for people and programs, its words in one language.
class Rendering {
 public:
  Rendering(const Agreement& agreement, const Library::Known& known, std::string_view language)
      : agreement_(agreement), program_(known.program), language_(language), filling_(contracts::agreements::filling_of(agreement.parties, agreement.currency)) {
    auto instance = language::decode_instance(agreement.instance);
    DAFTAR_CHECK(instance.has_value());   // the contracts wrote it
    instance_ = std::move(*instance);
  }

  const language::Instance& instance() const { return instance_; }

  Json run(bool with_words) const {
    Json out{{"id", agreement_.id.hex()}, {"template", program_.name}, {"version", program_.version}, {"phase", program_.phases[instance_.phase].name},
             {"ended", has_ended(agreement_, program_, instance_)}, {"public", instance_.is_public}, {"currency", agreement_.currency}, {"decimals", ledger::currency_decimals(agreement_.currency).value_or(0)},
             {"digest", agreement_.digest.hex()}, {"drafted_by", agreement_.drafted_by}};
    put_time(out, "drafted", agreement_.drafted_ms);
    put_time(out, "closed", agreement_.closed_ms);
    if (!agreement_.replaces.empty()) out["replaces"] = ledger::to_hex(agreement_.replaces);
    if (agreement_.is_replaced()) out["replaced_by"] = ledger::to_hex(agreement_.replaced_by);
    out["parties"] = Json::array();
    for (std::size_t i = 0; i < program_.parties.size(); ++i)
      if (instance_.parties[i]) out["parties"].push_back(party(i));
    out["terms"] = values(program_.terms, instance_.terms);
    out["lists"] = Json::array();
    for (std::size_t i = 0; i < program_.lists.size(); ++i) out["lists"].push_back(list(static_cast<std::uint16_t>(i)));
    out["held"] = amount_text(held());
    out["agreed"] = Json::array();
    for (const auto& one : instance_.consents) out["agreed"].push_back(consent(one));
    if (const auto due = language::Interpreter(program_).next_due(instance_); due && !agreement_.is_replaced()) out["next_deadline"] = deadline(*due);
    if (!with_words) return out;
    out["language"] = language_;
    out["words"] = Json::array();
    for (const auto& paragraph : language::render(program_, instance_, filling_, language_)) out["words"].push_back(paragraph.text);
    return out;
  }

 private:
  Json party(std::size_t number) const {
    const auto& one = agreement_.parties[number];
    Json out{{"name", program_.parties[number].name}, {"member", one.member}, {"account", one.account}};
    if (one.is_public()) out["budget_line"] = one.budget_line;
    for (const auto& later : one.later_lines) out["later_lines"].push_back({{"year", later.year}, {"line", later.line}});
    out["acted"] = agreement_.acted[number] != 0;
    return out;
  }

  Json values(const std::vector<language::Program::Slot>& slots, const std::vector<language::Value>& values) const {
    Json out = Json::array();
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (!values[i].given()) continue;
      const bool number = values[i].form == language::Value::Form::number;
      const bool digest = slots[i].type.kind == language::TypeKind::digest;
      out.push_back({{"name", slots[i].name},
                     {"kind", language::name(slots[i].type.kind)},
                     {"value", number ? std::to_string(values[i].number) : digest ? ledger::to_hex(values[i].bytes) : values[i].bytes},
                     {"words", language::in_words(slots[i].type, values[i], filling_, language_)}});
    }
    return out;
  }

  Json list(std::uint16_t number) const {
    Json out{{"name", program_.lists[number].name}, {"entries", Json::array()}};
    for (std::size_t i = 0; i < instance_.lists[number].size(); ++i) {
      const language::EntryState& entry = instance_.lists[number][i];
      Json one{{"entry", i + 1}, {"fields", values(program_.lists[number].fields, entry.fields)}, {"held", amount_text(held_of(number, i))}};
      if (!entry.member.empty()) one["member"] = entry.member;
      if (number == program_.staged) one["stage"] = program_.stages[entry.stage].name;
      if (const auto* line = line_of_year(number, i)) one["budget_line"] = *line;
      out["entries"].push_back(std::move(one));
    }
    return out;
  }

  /// Of a contract over several years: from which line the entry is paid.
  const std::string* line_of_year(std::uint16_t list, std::size_t entry) const {
    const auto* payer = agreement_.public_party();
    if (payer == nullptr || payer->later_lines.empty()) return nullptr;
    for (std::uint16_t held = 0; held < program_.held.size(); ++held)
      if (program_.held[held].list == list && &agreement_.parties[program_.held[held].party] == payer)
        return &contracts::agreements::line_of(program_, instance_, *payer, held, static_cast<std::uint32_t>(entry));
    return nullptr;
  }

  ledger::Int128 held() const {
    ledger::Int128 sum = 0;
    for (const auto& amounts : instance_.held)
      for (const auto amount : amounts) sum += amount;
    return sum;
  }
  ledger::Int128 held_of(std::uint16_t list, std::size_t entry) const {
    ledger::Int128 sum = 0;
    for (std::size_t i = 0; i < program_.held.size(); ++i)
      if (program_.held[i].list == list) sum += instance_.held[i][entry];
    return sum;
  }

  Json consent(const language::Consent& one) const {
    const auto& act = program_.acts[one.act];
    Json out{{"act", act.name}, {"party", program_.parties[one.party].name}};
    if (act.place.list != language::no_list) out["entry"] = one.entry + 1;
    return out;
  }

  Json deadline(const language::Interpreter::Due& due) const {
    const auto& moment = program_.deadlines[due.deadline];
    Json out{{"name", moment.name}};
    put_time(out, "at", static_cast<std::uint64_t>(due.at));
    if (moment.place.list != language::no_list) out["entry"] = due.entry + 1;
    return out;
  }

  const Agreement& agreement_;
  const language::Program& program_;
  const std::string language_;
  const language::Filling filling_;
  language::Instance instance_;
};

/// What a public contract earned goes the treasury's way, each payment by itself.
Json render_payments(const std::vector<contracts::agreements::Claim>& claims, const std::string& currency) {
  Json list = Json::array();
  for (const auto& claim : claims) {
    Json one{{"payment", claim.number}};
    if (claim.entry != 0) one["entry"] = claim.entry;
    one.update(Json{{"payer", claim.payer}, {"payee", claim.payee}, {"payee_account", claim.payee_account}, {"category", claim.category}, {"budget_line", claim.budget_line},
                    {"amount", amount_text(claim.amount)}, {"currency", currency}, {"stage", name(claim.stage)}});
    const auto step = [&](const std::string& name, std::uint64_t at_ms, const ledger::Digest& in) {
      put_time(one, name, at_ms);
      if (at_ms != 0) one[name + "_in"] = in.hex();
    };
    step("due", claim.due_ms, claim.due_in);
    step("ordered", claim.ordered_ms, claim.ordered_in);
    step("paid", claim.paid_ms, claim.paid_in);
    if (claim.advance) one["advance"] = true;
    put_time(one, "offset", claim.offset_ms);
    for (const auto& key : claim.entered_by) one["entered_by"].push_back(key.hex());
    list.push_back(std::move(one));
  }
  return list;
}

std::string_view name(contracts::agreements::MoveKind kind) {
  switch (kind) {
    case contracts::agreements::MoveKind::hold: return "hold";
    case contracts::agreements::MoveKind::pay: return "pay";
    case contracts::agreements::MoveKind::give_back: return "give_back";
  }
  return "?";
}

Json render_silence(const contracts::agreements::Silence& silence, const language::Program& program) {
  Json steps = Json::array();
  for (const auto& step : silence.steps) {
    Json one{{"deadline", program.deadlines[step.deadline].name}};
    if (step.entry != 0) one["entry"] = step.entry;
    put_time(one, "at", static_cast<std::uint64_t>(step.at));
    one["phase"] = program.phases[step.phase].name;
    one["moves"] = Json::array();
    for (const auto& move : step.moves) {
      Json moved{{"kind", name(move.kind)}, {"party", program.party_name(move.from)}, {"amount", amount_text(move.amount)}};
      if (language::is_entrant(move.from)) moved["entry"] = move.from - language::entrant_number + 1;
      if (move.kind == contracts::agreements::MoveKind::pay) moved.update(Json{{"to", program.party_name(move.to)}, {"category", move.category}});
      one["moves"].push_back(std::move(moved));
    }
    steps.push_back(std::move(one));
  }
  return Json{{"steps", std::move(steps)}, {"ends", silence.ends}, {"cut_short", silence.cut_short}};
}

Json render_turns(const std::vector<contracts::agreements::Turn>& turns, const contracts::agreements::Silence& silence, const language::Program& program) {
  Json list = Json::array();
  for (const auto& turn : turns) {
    Json one{{"party", program.party_name(turn.party)}, {"acts", turn.acts}};
    if (turn.entry != 0) one["entry"] = turn.entry;
    if (turn.otherwise) {
      const auto& step = silence.steps[*turn.otherwise];
      one["otherwise"] = program.deadlines[step.deadline].name;
      put_time(one, "otherwise_at", static_cast<std::uint64_t>(step.at));
    }
    list.push_back(std::move(one));
  }
  return list;
}

Json render_expected(const std::vector<contracts::agreements::ExpectedPayment>& payments, const language::Program& program) {
  Json list = Json::array();
  for (const auto& payment : payments) {
    Json one;
    if (payment.entry != 0) one["entry"] = payment.entry;
    one.update(Json{{"from", program.party_name(payment.from)}, {"to", program.party_name(payment.to)}, {"category", payment.category}, {"gross", amount_text(payment.gross)},
                    {"net", amount_text(payment.net)}, {"taxes", Json::array()}});
    for (const auto& tax : payment.taxes)
      one["taxes"].push_back({{"rule", tax.line.rule}, {"version", tax.line.version}, {"title", tax.rule->title}, {"tax", amount_text(tax.line.tax)}, {"withheld", amount_text(tax.line.withheld)}});
    list.push_back(std::move(one));
  }
  return list;
}

const Library::Known& known_of(const Library& library, const Agreement& agreement) {
  const auto* known = library.find(agreement.contract_template, agreement.version);
  DAFTAR_CHECK(known != nullptr);   // the agreement was drafted by it
  return *known;
}

std::string prevailing(const language::Program& program) { return program.prose ? program.prose->prevails : std::string(); }

}  // namespace

void Api::add_contract_routes() {
  add_read("/v1/templates", &Api::templates);
  add_read("/v1/templates/{}/{}", &Api::contract_template);
  add_read("/v1/contracts", &Api::contracts, {"after", "limit"});
  add_read("/v1/contracts/{}", &Api::contract, {"language"});
  add_read("/v1/budget/lines/{}/contracts", &Api::contracts_of_line, {"after", "limit"});
}

HttpResponse Api::templates(const HttpRequest&, const Read& read) {
  const auto now = in_force(read);
  Json list = Json::array();
  for (const auto& [name, known] : now->templates.all()) list.push_back(render_template(*known, *contracts::query::contract_template(*read.state, name.first, name.second), false));
  return json_response(Json{{"templates", std::move(list)}});
}

HttpResponse Api::contract_template(const HttpRequest& request, const Read& read) {
  const auto now = in_force(read);
  const auto version = parse_u64(request.captures[1]);
  const auto* known = version && *version <= UINT32_MAX ? now->templates.find(request.captures[0], static_cast<std::uint32_t>(*version)) : nullptr;
  if (known == nullptr) return not_found("template_unknown", "The ledger knows no such version of a template.");
  return json_response(render_template(*known, *contracts::query::contract_template(*read.state, known->program.name, known->program.version), true));
}

HttpResponse Api::contract(const HttpRequest& request, const Read& read) {
  const auto id = ledger::Digest::from_hex(request.captures[0]);
  if (!id) return bad_parameter("a contract id has 64 hexadecimal digits");
  const auto contract = contracts::query::contract(*read.state, *id);
  if (!contract) return not_found("contract_unknown", "There is no contract with that id.");
  if (!read.access->contract(*contract)) return not_for_this_reader(*read.access);
  const auto now = in_force(read);
  const auto& known = known_of(now->templates, *contract);
  std::string language(read.parameters.get("language"));
  if (language.empty()) language = prevailing(known.program);
  else if (!known.program.prose || std::find(known.program.prose->languages.begin(), known.program.prose->languages.end(), language) == known.program.prose->languages.end())
    return bad_parameter("language is one of the template's");
  const Rendering rendering(*contract, known, language);
  Json out = rendering.run(true);
  if (const auto awarding = contracts::query::awarding(*read.state, *id)) {
    if (!awarding->tender.empty()) out["tender"] = ledger::to_hex(awarding->tender);
    if (!awarding->contract.empty()) out["contract_by_award"] = ledger::to_hex(awarding->contract);
  }
  const auto& instance = rendering.instance();
  const std::uint64_t now_ms = read.state->mark().block_time_ms;
  if (!has_ended(*contract, known.program, instance)) {
    const auto silence = contracts::agreements::if_all_are_silent(known.program, instance, now_ms);
    out["turns"] = render_turns(contracts::agreements::turns(*contract, known.program, instance, silence, now_ms), silence, known.program);
    out["silence"] = render_silence(silence, known.program);
    out["expected"] = render_expected(contracts::agreements::expected_payments(*read.state, now->rules, *contract, known.program, instance, now_ms), known.program);
  }
  if (contract->is_public()) out["payments"] = render_payments(contracts::query::claims(*read.state, *id), contract->currency);
  return json_response(out);
}

HttpResponse Api::contracts(const HttpRequest&, const Read& read) {
  const auto limit = page_limit(read.parameters, contracts_standard, contracts::query::page_max);
  if (!limit) return bad_parameter("limit is a number from 1 to 1000");
  const auto after = after_id(read.parameters);
  if (!after) return bad_parameter("after is a contract id");
  const auto found = contracts::query::contracts(*read.state, *after, *limit);
  const auto now = in_force(read);
  Json list = Json::array();
  for (const auto& contract : found) {
    const auto& known = known_of(now->templates, contract);
    if (read.access->contract(contract)) list.push_back(Rendering(contract, known, prevailing(known.program)).run(false));
  }
  return json_response(page("contracts", std::move(list), found.size() == *limit ? std::optional(found.back().id.hex()) : std::nullopt));
}

HttpResponse Api::contracts_of_line(const HttpRequest& request, const Read& read) {
  const auto limit = page_limit(read.parameters, contracts_standard, contracts::query::page_max);
  if (!limit) return bad_parameter("limit is a number from 1 to 1000");
  const auto after = after_id(read.parameters);
  if (!after) return bad_parameter("after is a contract id");
  if (!contracts::query::budget_line(*read.state, request.captures[0])) return not_found("budget_line_unknown", "There is no budget line with that id.");
  const auto found = contracts::query::contracts_of_line(*read.state, request.captures[0], *after, *limit);
  const auto now = in_force(read);
  Json list = Json::array();
  for (const auto& id : found) {
    const auto contract = contracts::query::contract(*read.state, id);
    DAFTAR_CHECK(contract.has_value());
    const auto& known = known_of(now->templates, *contract);
    Json one = Rendering(*contract, known, prevailing(known.program)).run(false);
    one["payments"] = render_payments(contracts::query::claims(*read.state, id), contract->currency);
    list.push_back(std::move(one));
  }
  return json_response(page("contracts", std::move(list), found.size() == *limit ? std::optional(found.back().hex()) : std::nullopt));
}

}  // namespace daftar::node
