// Templates that the ledger knows, and the contracts made of them.
#include "contracts/agreements/text.h"
#include "contracts/language/interpreter.h"
#include "ledger/check.h"
#include "ledger/money.h"
#include "node/api.h"

namespace daftar::node {
namespace {

using contracts::agreements::Agreement;
using contracts::agreements::Library;
namespace language = contracts::language;

constexpr std::size_t agreements_standard = 100;

Json render_template(const Library::Known& known, bool with_source) {
  Json out{{"name", known.program.name}, {"version", known.program.version}, {"program", known.digest.hex()}, {"languages", Json::array()}};
  if (known.program.prose) out["languages"] = known.program.prose->languages;
  if (with_source) out["source"] = known.source;
  return out;
}

/// One agreement for people and programs, its words in one language.
class Rendering {
 public:
  Rendering(const Agreement& agreement, const Library::Known& known, std::string_view language)
      : agreement_(agreement), program_(known.program), language_(language), filling_(contracts::agreements::filling_of(agreement.parties, agreement.currency)) {
    auto instance = language::decode_instance(agreement.instance);
    DAFTAR_CHECK(instance.has_value());   // the contracts wrote it
    instance_ = std::move(*instance);
  }

  Json run(bool with_words) const {
    Json out{{"id", agreement_.id.hex()}, {"template", program_.name}, {"version", program_.version}, {"phase", program_.phases[instance_.phase].name},
             {"ended", program_.is_end(instance_.phase)}, {"currency", agreement_.currency}, {"decimals", ledger::currency_decimals(agreement_.currency).value_or(0)},
             {"digest", agreement_.digest.hex()}, {"drafted_by", agreement_.drafted_by}};
    put_time(out, "drafted", agreement_.drafted_ms);
    put_time(out, "closed", agreement_.closed_ms);
    out["parties"] = Json::array();
    for (std::size_t i = 0; i < program_.parties.size(); ++i)
      if (instance_.parties[i]) out["parties"].push_back({{"name", program_.parties[i].name}, {"member", agreement_.parties[i].member}, {"account", agreement_.parties[i].account}});
    out["terms"] = values(program_.terms, instance_.terms);
    out["lists"] = Json::array();
    for (std::size_t i = 0; i < program_.lists.size(); ++i) out["lists"].push_back(list(static_cast<std::uint16_t>(i)));
    out["held"] = amount_text(held());
    out["agreed"] = Json::array();
    for (const auto& one : instance_.consents) out["agreed"].push_back(consent(one));
    if (const auto due = language::Interpreter(program_).next_due(instance_)) out["next_deadline"] = deadline(*due);
    if (!with_words) return out;
    out["language"] = language_;
    out["words"] = Json::array();
    for (const auto& paragraph : language::render(program_, instance_, filling_, language_)) out["words"].push_back(paragraph.text);
    return out;
  }

 private:
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
      if (number == program_.staged) one["stage"] = program_.stages[entry.stage].name;
      out["entries"].push_back(std::move(one));
    }
    return out;
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

const Library::Known& known_of(const Library& library, const Agreement& agreement) {
  const auto* known = library.find(agreement.contract_template, agreement.version);
  DAFTAR_CHECK(known != nullptr);   // the agreement was drafted by it
  return *known;
}

std::string prevailing(const language::Program& program) { return program.prose ? program.prose->prevails : std::string(); }

}  // namespace

void Api::add_agreement_routes() {
  add_read("/v1/templates", &Api::templates);
  add_read("/v1/templates/{}/{}", &Api::contract_template);
  add_read("/v1/agreements", &Api::agreements, {"after", "limit"});
  add_read("/v1/agreements/{}", &Api::agreement, {"language"});
}

HttpResponse Api::templates(const HttpRequest&, const Read&) {
  Json list = Json::array();
  for (const auto& [key, known] : templates_.all()) list.push_back(render_template(known, false));
  return json_response(Json{{"templates", std::move(list)}});
}

HttpResponse Api::contract_template(const HttpRequest& request, const Read&) {
  const auto version = parse_u64(request.captures[1]);
  const auto* known = version && *version <= UINT32_MAX ? templates_.find(request.captures[0], static_cast<std::uint32_t>(*version)) : nullptr;
  if (known == nullptr) return not_found("template_unknown", "The ledger knows no such version of a template.");
  return json_response(render_template(*known, true));
}

HttpResponse Api::agreement(const HttpRequest& request, const Read& read) {
  const auto id = ledger::Digest::from_hex(request.captures[0]);
  if (!id) return bad_parameter("an agreement's id has 64 hexadecimal digits");
  const auto agreement = contracts::query::agreement(*read.state, *id);
  if (!agreement) return not_found("contract_unknown", "There is no contract of a template with that id.");
  if (!read.access->agreement(*agreement)) return not_for_this_reader(*read.access);
  const auto& known = known_of(templates_, *agreement);
  std::string language(read.parameters.get("language"));
  if (language.empty()) language = prevailing(known.program);
  else if (!known.program.prose || std::find(known.program.prose->languages.begin(), known.program.prose->languages.end(), language) == known.program.prose->languages.end())
    return bad_parameter("language is one of the template's");
  return json_response(Rendering(*agreement, known, language).run(true));
}

HttpResponse Api::agreements(const HttpRequest&, const Read& read) {
  const auto limit = page_limit(read.parameters, agreements_standard, contracts::query::page_max);
  if (!limit) return bad_parameter("limit is a number from 1 to 1000");
  const auto after = after_id(read.parameters);
  if (!after) return bad_parameter("after is an agreement's id");
  const auto found = contracts::query::agreements(*read.state, *after, *limit);
  Json list = Json::array();
  for (const auto& agreement : found) {
    const auto& known = known_of(templates_, agreement);
    if (read.access->agreement(agreement)) list.push_back(Rendering(agreement, known, prevailing(known.program)).run(false));
  }
  return json_response(page("agreements", std::move(list), found.size() == *limit ? std::optional(found.back().id.hex()) : std::nullopt));
}

}  // namespace daftar::node
