#include "contracts/language/program.h"

#include <algorithm>

#include "contracts/language/names.h"
#include "ledger/encoding.h"

namespace daftar::contracts::language {
namespace {

constexpr std::uint8_t layout_closed = 1, layout_with_entrant = 2;

class Encoder {
 public:
  explicit Encoder(const Program& program) : program_(program) {}

  std::string run() {
    out_.u8(open_ ? layout_with_entrant : layout_closed);
    out_.bytes(program_.name);
    out_.u32(program_.version);
    out_.raw(program_.source.view());
    each(program_.parties, [&](const Party& party) {
      out_.bytes(party.name);
      names(party.roles);
      out_.boolean(party.optional);
    });
    if (open_) {
      out_.bytes(program_.entrant->name);
      out_.bytes(program_.entrant->list);
      names(program_.entrant->roles);
    }
    each(program_.funds, [&](const Program::Funding& fund) {
      out_.u16(fund.party);
      out_.boolean(fund.account);
      out_.boolean(fund.budget_line);
    });
    slots(program_.terms);
    each(program_.lists, [&](const Program::List& list) {
      out_.bytes(list.name);
      out_.u32(list.least);
      out_.u32(list.most);
      if (open_) out_.boolean(list.open);
      slots(list.fields);
    });
    each(program_.held, [&](const Program::HeldTerm& held) {
      out_.u16(held.list);
      out_.u16(held.slot);
      out_.u16(held.party);
    });
    steps(program_.phases);
    steps(program_.stages);
    out_.u16(program_.staged);
    each(program_.needed, [&](const Program::Needed& needed) {
      out_.u32(needed.code);
      out_.u16(needed.list);
      out_.bytes(needed.because);
    });
    prose();
    each(program_.acts, [&](const Program::Act& act) {
      out_.bytes(act.name);
      slots(act.parameters);
      each(act.actors, [&](std::uint16_t actor) { out_.u16(actor); });
      out_.boolean(act.jointly);
      if (open_) award(act);
      place(act.place);
      out_.u32(act.body);
      out_.u64(act.cost);
    });
    each(program_.deadlines, [&](const Program::Deadline& deadline) {
      out_.bytes(deadline.name);
      out_.u32(deadline.at);
      each(deadline.needs, [&](std::uint16_t term) { out_.u16(term); });
      place(deadline.place);
      out_.u32(deadline.body);
      out_.u64(deadline.cost);
    });
    each(program_.conclusions, [&](const Program::Conclusion& conclusion) {
      out_.u16(conclusion.from);
      out_.u16(conclusion.to);
      out_.u32(conclusion.when);
    });
    each(program_.constants, [&](std::int64_t constant) { out_.i64(constant); });
    each(program_.payments, [&](const Program::Payment& payment) {
      out_.u16(payment.to);
      out_.bytes(payment.category);
      out_.u32(payment.source);
    });
    if (open_) conditions();
    each(program_.code, [&](const Instruction& i) {
      out_.u8(static_cast<std::uint8_t>(i.op));
      out_.u8(i.a);
      out_.u16(i.b);
      out_.u32(i.c);
    });
    return out_.take();
  }

 private:
  template <class Many, class Put>
  void each(const Many& many, const Put& put) {
    out_.u32(static_cast<std::uint32_t>(many.size()));
    for (const auto& one : many) put(one);
  }

  void names(const std::vector<std::string>& all) {
    each(all, [&](const std::string& one) { out_.bytes(one); });
  }

  void slots(const std::vector<Program::Slot>& all) {
    each(all, [&](const Program::Slot& slot) {
      out_.bytes(slot.name);
      out_.u8(static_cast<std::uint8_t>(slot.type.kind));
      out_.i64(slot.type.least);
      out_.i64(slot.type.most);
      names(slot.type.choices);
      out_.boolean(slot.type.optional);
      out_.boolean(slot.type.later);
      out_.u32(slot.bound);
      if (open_) out_.u16(slot.copied);
    });
  }

  void steps(const std::vector<Step>& all) {
    each(all, [&](const Step& step) {
      out_.bytes(step.name);
      out_.boolean(step.end);
    });
  }

  void award(const Program::Act& act) {
    out_.boolean(act.joins);
    out_.boolean(act.award.has_value());
    if (!act.award) return;
    out_.u16(act.award->buyer);
    out_.u16(act.award->price);
  }

  void conditions() {
    each(program_.sealed, [&](const Program::Sealed& sealed) {
      each(sealed.locals, [&](std::uint16_t local) { out_.u16(local); });
      names(sealed.names);
    });
    each(program_.rankings, [&](const Program::Ranking& ranking) {
      each(ranking.fields, [&](std::uint16_t field) { out_.u16(field); });
      out_.u64(ranking.stages);
    });
  }

  void place(const Program::Place& place) {
    out_.u64(place.phases);
    out_.u64(place.stages);
    out_.u16(place.list);
    out_.u32(place.when);
  }

  void prose() {
    out_.boolean(program_.prose.has_value());
    if (program_.prose) {
      names(program_.prose->languages);
      out_.bytes(program_.prose->prevails);
    }
    each(program_.clauses, [&](const Clause& clause) {
      out_.bytes(clause.name);
      out_.boolean(clause.each.has_value());
      if (clause.each) {
        out_.bytes(clause.each->variable);
        out_.bytes(clause.each->list);
        names(clause.each->stages);
      }
      each(clause.wordings, [&](const Wording& wording) {
        out_.bytes(wording.language);
        out_.bytes(wording.text);
      });
    });
  }

  const Program& program_;
  const bool open_ = program_.entrant.has_value();
  ledger::Writer out_;
};

}  // namespace

std::string_view Program::party_name(std::uint16_t party) const {
  if (party == treasury_number) return treasury_party;
  if (party < parties.size()) return parties[party].name;
  return entrant ? std::string_view(entrant->name) : std::string_view();
}

const Program::Act* Program::award() const {
  const auto found = std::find_if(acts.begin(), acts.end(), [](const Act& act) { return act.award.has_value(); });
  return found == acts.end() ? nullptr : &*found;
}

std::string encode(const Program& program) { return Encoder(program).run(); }

ledger::Digest digest_of(const Program& program) { return ledger::tagged_hash(ledger::tag::template_program, encode(program)); }

}  // namespace daftar::contracts::language
