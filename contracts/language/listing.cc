// A program's code for people.
#include <map>

#include "contracts/language/program.h"

namespace daftar::contracts::language {
namespace {

std::string_view name(Op op) {
  switch (op) {
    case Op::stop: return "stop";
    case Op::push: return "push";
    case Op::now: return "now";
    case Op::term: return "term";
    case Op::field: return "field";
    case Op::local: return "local";
    case Op::rest: return "rest";
    case Op::add: return "add";
    case Op::subtract: return "subtract";
    case Op::share: return "share";
    case Op::daily: return "daily";
    case Op::later: return "later";
    case Op::earlier: return "earlier";
    case Op::less: return "less";
    case Op::at_most: return "at_most";
    case Op::more: return "more";
    case Op::at_least: return "at_least";
    case Op::equal: return "equal";
    case Op::differs: return "differs";
    case Op::negate: return "negate";
    case Op::and_then: return "and_then";
    case Op::or_else: return "or_else";
    case Op::party_given: return "party_given";
    case Op::term_given: return "term_given";
    case Op::is_public: return "is_public";
    case Op::in_stages: return "in_stages";
    case Op::all_in: return "all_in";
    case Op::none_in: return "none_in";
    case Op::any_in: return "any_in";
    case Op::seals: return "seals";
    case Op::is_first: return "is_first";
    case Op::jump: return "jump";
    case Op::unless: return "unless";
    case Op::let: return "let";
    case Op::set_term: return "set_term";
    case Op::set_field: return "set_field";
    case Op::copy_to_term: return "copy_to_term";
    case Op::copy_to_field: return "copy_to_field";
    case Op::become: return "become";
    case Op::entry_becomes: return "entry_becomes";
    case Op::hold: return "hold";
    case Op::pay: return "pay";
    case Op::give_back: return "give_back";
    case Op::first: return "first";
    case Op::next: return "next";
  }
  return "?";
}

class Listing {
 public:
  explicit Listing(const Program& program) : program_(program) {
    for (const auto& needed : program.needed) label(needed.code, "require " + needed.because);
    for (const auto& act : program.acts) {
      for (const auto& slot : act.parameters) label(slot.bound, "most of " + slot.name + " of " + act.name);
      label(act.place.when, "when of " + act.name);
      label(act.body, "action " + act.name);
    }
    for (const auto& deadline : program.deadlines) {
      label(deadline.at, "moment of " + deadline.name);
      label(deadline.place.when, "when of " + deadline.name);
      label(deadline.body, "deadline " + deadline.name);
    }
    for (const auto& conclusion : program.conclusions) label(conclusion.when, "conclude as " + program.phases[conclusion.to].name);
  }

  std::string run() {
    std::string out;
    for (std::uint32_t at = 0; at < program_.code.size(); ++at) {
      const auto label = labels_.find(at);
      if (label != labels_.end()) out += label->second + "\n";
      const Instruction& i = program_.code[at];
      const std::string operands = operands_of(i);
      out += "  " + std::to_string(at) + "  " + std::string(name(i.op)) + (operands.empty() ? "" : " " + operands) + "\n";
    }
    return out;
  }

 private:
  void label(std::uint32_t at, std::string text) {
    if (at != no_code) labels_.emplace(at, std::move(text));
  }

  static std::string entry(std::uint8_t number) { return number == entry_register::on ? "on" : number == entry_register::each ? "each" : "contract"; }

  static std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& one : names) out += (out.empty() ? "" : ",") + one;
    return out;
  }

  std::string fields(const Program::Ranking& ranking) const {
    std::vector<std::string> names;
    for (const std::uint16_t field : ranking.fields) names.push_back(program_.lists[program_.staged].fields[field].name);
    return joined(names);
  }

  std::string held(const Instruction& i) const {
    const Program::HeldTerm& held = program_.held[i.b];
    if (held.list == no_list) return program_.terms[held.slot].name;
    const Program::List& list = program_.lists[held.list];
    return entry(i.a) + " " + list.name + "." + list.fields[held.slot].name;
  }

  std::string operands_of(const Instruction& i) const {
    switch (i.op) {
      case Op::push: return std::to_string(program_.constants[i.c]);
      case Op::term:
      case Op::term_given:
      case Op::set_term:
      case Op::copy_to_term: return program_.terms[i.b].name;
      case Op::seals: return entry(i.a) + " " + std::to_string(i.b) + " of " + joined(program_.sealed[i.c].names);
      case Op::is_first: return entry(i.a) + " by " + fields(program_.rankings[i.c]);
      case Op::field:
      case Op::set_field:
      case Op::copy_to_field: return entry(i.a) + " " + std::to_string(i.b);
      case Op::local:
      case Op::let: return std::to_string(i.b);
      case Op::party_given: return program_.parties[i.b].name;
      case Op::in_stages: return entry(i.a) + " " + stages(i);
      case Op::all_in:
      case Op::none_in:
      case Op::any_in: return stages(i);
      case Op::and_then:
      case Op::or_else:
      case Op::jump:
      case Op::unless:
      case Op::next: return std::to_string(i.c);
      case Op::first: return program_.lists[i.b].name + " " + std::to_string(i.c);
      case Op::become: return program_.phases[i.b].name;
      case Op::entry_becomes: return entry(i.a) + " " + program_.stages[i.b].name;
      case Op::rest:
      case Op::hold:
      case Op::give_back: return held(i);
      case Op::pay: return held(i) + " to " + std::string(program_.party_name(program_.payments[i.c].to));
      default: return {};
    }
  }

  std::string stages(const Instruction& i) const {
    const auto set = static_cast<StepSet>(program_.constants[i.c]);
    std::string out;
    for (std::size_t stage = 0; stage < program_.stages.size(); ++stage)
      if (contains(set, stage)) out += (out.empty() ? "" : ",") + program_.stages[stage].name;
    return out;
  }

  const Program& program_;
  std::map<std::uint32_t, std::string> labels_;
};

}  // namespace

std::string listing(const Program& program) { return Listing(program).run(); }

}  // namespace daftar::contracts::language
