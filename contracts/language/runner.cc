#include "contracts/language/runner.h"

#include <algorithm>

#include "contracts/language/cost.h"
#include "contracts/language/seal.h"
#include "ledger/check.h"

namespace daftar::contracts::language {

using ledger::RejectionCode;

namespace {

/// Of what an instruction does; each part of an expression costs the same.
std::uint64_t cost_of(Op op) {
  switch (op) {
    case Op::stop:
    case Op::jump:
    case Op::first: return 0;
    case Op::hold:
    case Op::give_back: return cost::statement + cost::movement;
    case Op::pay: return cost::statement + cost::payment;
    case Op::seals: return cost::part + cost::movement;
    case Op::set_term:
    case Op::set_field:
    case Op::copy_to_term:
    case Op::copy_to_field:
    case Op::become:
    case Op::entry_becomes: return cost::statement + cost::write;
    default: return cost::part;
  }
}

auto overflow() { return refusal(RejectionCode::overflow, "an amount of the contract"); }

}  // namespace

Expected<std::int64_t, ledger::Rejection> Runner::value(std::uint32_t at) {
  depth_ = 0;
  if (auto ran = execute(at, nullptr); !ran) return Unexpected<ledger::Rejection>(ran.error());
  return pop();
}

Result Runner::run(std::uint32_t at, Instance& instance, Verbs& verbs) {
  DAFTAR_CHECK(&instance == &instance_);
  depth_ = 0;
  changed_ = &instance;
  auto ran = execute(at, &verbs);
  changed_ = nullptr;
  return ran;
}

Result Runner::execute(std::uint32_t at, Verbs* verbs) {
  for (;;) {
    const Instruction& i = program_.code[at];
    units_ += cost_of(i.op);
    if (units_ > units_max_) return refusal(RejectionCode::template_fault, "costs more than its text says");
    if (i.op == Op::stop) return {};
    if (i.op < Op::jump) {
      if (i.op == Op::and_then || i.op == Op::or_else) {
        const bool settled = (stack_[depth_ - 1] != 0) == (i.op == Op::or_else);
        if (!settled) --depth_;
        at = settled ? i.c : at + 1;
        continue;
      }
      if (auto reckoned = reckon(i); !reckoned) return reckoned;
      ++at;
    } else if (i.op == Op::jump || i.op == Op::unless || i.op == Op::first || i.op == Op::next) {
      at = control(i, at);
    } else {
      if (auto done = statement(i, *verbs); !done) return done;
      ++at;
    }
  }
}

std::uint32_t Runner::control(const Instruction& i, std::uint32_t at) {
  if (i.op == Op::jump) return i.c;
  if (i.op == Op::unless) return pop() != 0 ? at + 1 : i.c;
  if (i.op == Op::first) {
    entries_[i.a] = 0;
    lists_[i.a] = i.b;
    return instance_.lists[i.b].empty() ? i.c : at + 1;
  }
  return ++entries_[i.a] < instance_.lists[lists_[i.a]].size() ? i.c : at + 1;
}

// ---- values

Result Runner::read(const Value& value, const std::string& name) {
  if (value.form != Value::Form::number) return refusal(RejectionCode::template_fault, name + " is read, and it is not there");
  push(value.number);
  return {};
}

Result Runner::reckon(const Instruction& i) {
  switch (i.op) {
    case Op::push: push(program_.constants[i.c]); return {};
    case Op::now: push(now_); return {};
    case Op::term: return read(instance_.terms[i.b], program_.terms[i.b].name);
    case Op::field: return read(entry(i.a).fields[i.b], program_.lists[lists_[i.a]].fields[i.b].name);
    case Op::local: return read(locals_[i.b], "a parameter");
    case Op::rest: push(instance_.held[i.b][place_of(i)]); return {};
    case Op::negate: stack_[depth_ - 1] = stack_[depth_ - 1] == 0; return {};
    case Op::party_given: push(instance_.parties[i.b]); return {};
    case Op::term_given: push(instance_.terms[i.b].given()); return {};
    case Op::is_public: push(instance_.is_public); return {};
    case Op::in_stages: push(contains(static_cast<StepSet>(program_.constants[i.c]), entry(i.a).stage)); return {};
    case Op::all_in:
    case Op::none_in:
    case Op::any_in: quantify(i); return {};
    case Op::daily: return daily();
    case Op::seals: return open_seal(i);
    case Op::is_first: return rank(i);
    default: break;
  }
  const std::int64_t right = pop(), left = pop();
  std::optional<std::int64_t> out;
  switch (i.op) {
    case Op::add: out = ledger::checked_add(left, right); break;
    case Op::subtract: out = ledger::checked_sub(left, right); break;
    case Op::share: out = ledger::mul_div(right, left, parts_per_whole, ledger::Rounding::floor); break;
    case Op::later: out = std::max(left, right); break;
    case Op::earlier: out = std::min(left, right); break;
    case Op::less: out = left < right; break;
    case Op::at_most: out = left <= right; break;
    case Op::more: out = left > right; break;
    case Op::at_least: out = left >= right; break;
    case Op::equal: out = left == right; break;
    case Op::differs: out = left != right; break;
    default: return refusal(RejectionCode::template_fault, "an instruction that does not exist");
  }
  if (!out) return overflow();
  push(*out);
  return {};
}

/// Full days late × rate, at most the cap, of the amount, rounded down. A rate is at most a whole, so its product with days fits.
Result Runner::daily() {
  const std::int64_t cap = pop(), to = pop(), from = pop(), amount = pop(), rate = pop();
  const std::int64_t days = to <= from ? 0 : (to - from) / day_ms;
  const auto out = ledger::mul_div(amount, std::min(rate * days, cap), parts_per_whole, ledger::Rounding::floor);
  if (!out) return overflow();
  push(*out);
  return {};
}

void Runner::quantify(const Instruction& i) {
  const auto stages = static_cast<StepSet>(program_.constants[i.c]);
  const auto& entries = instance_.lists[program_.staged];
  units_ += cost::part * entries.size();
  const auto matches = [&](const EntryState& one) { return contains(stages, one.stage); };
  if (i.op == Op::all_in) push(std::all_of(entries.begin(), entries.end(), matches));
  else if (i.op == Op::none_in) push(std::none_of(entries.begin(), entries.end(), matches));
  else push(std::any_of(entries.begin(), entries.end(), matches));
}

Result Runner::open_seal(const Instruction& i) {
  const EntryState& sealed = entry(i.a);
  const Program::Sealed& what = program_.sealed[i.c];
  if (sealed.fields[i.b].form != Value::Form::bytes) return refusal(RejectionCode::template_fault, "a seal is opened, and there is none");
  std::vector<std::pair<std::string, Value>> values;
  for (std::size_t n = 0; n < what.locals.size(); ++n) {
    const Value& given = locals_[what.locals[n]];
    if (!given.given()) return refusal(RejectionCode::template_fault, "a seal is opened with nothing");
    values.emplace_back(what.names[n], given);
  }
  const bool holds = sealed.fields[i.b].bytes == seal_of(contract_, sealed.member, values).view();
  seal_broken_ = seal_broken_ || !holds;
  push(holds);
  return {};
}

/// Does no other entry in those stages come before it?
Result Runner::rank(const Instruction& i) {
  const Program::Ranking& ranking = program_.rankings[i.c];
  const auto& entries = instance_.lists[lists_[i.a]];
  const std::size_t own = entries_[i.a];
  units_ += cost::part * entries.size() * ranking.fields.size();
  bool first = true;
  for (std::size_t other = 0; other < entries.size(); ++other) {
    if (other == own || !contains(ranking.stages, entries[other].stage)) continue;
    int order = other < own ? -1 : 1;
    for (std::size_t n = ranking.fields.size(); n-- > 0;) {
      const Value &theirs = entries[other].fields[ranking.fields[n]], &ours = entries[own].fields[ranking.fields[n]];
      if (theirs.form != Value::Form::number || ours.form != Value::Form::number) return refusal(RejectionCode::template_fault, "entries are put in order by what is not there");
      if (theirs.number != ours.number) order = theirs.number < ours.number ? -1 : 1;
    }
    first = first && order > 0;
  }
  push(first);
  return {};
}

// ---- statements

Result Runner::statement(const Instruction& i, Verbs& verbs) {
  switch (i.op) {
    case Op::let:
      if (locals_.size() <= i.b) locals_.resize(std::size_t{i.b} + 1);
      locals_[i.b] = Value::of(pop());
      return {};
    case Op::set_term: changed_->terms[i.b] = Value::of(pop()); return {};
    case Op::set_field: changed_entry(i.a).fields[i.b] = Value::of(pop()); return {};
    case Op::copy_to_term: return copy(changed_->terms[i.b], Source::unpack(i.c));
    case Op::copy_to_field: return copy(changed_entry(i.a).fields[i.b], Source::unpack(i.c));
    case Op::become: changed_->phase = i.b; return {};
    case Op::entry_becomes: changed_entry(i.a).stage = static_cast<std::uint8_t>(i.b); return {};
    case Op::hold: return hold(i, verbs);
    case Op::pay:
    case Op::give_back: return let_out(i, verbs);
    default: return refusal(RejectionCode::template_fault, "an instruction that does not exist");
  }
}

Result Runner::copy(Value& to, Source from) {
  const auto bytes = bytes_of(from);
  if (!bytes) return Unexpected<ledger::Rejection>(bytes.error());
  to = Value::of(std::string(*bytes));
  return {};
}

Expected<std::string_view, ledger::Rejection> Runner::bytes_of(Source source) {
  const Value* value = nullptr;
  switch (source.kind) {
    case Source::Kind::term: value = &instance_.terms[source.number]; break;
    case Source::Kind::on_field: value = &entry(entry_register::on).fields[source.number]; break;
    case Source::Kind::each_field: value = &entry(entry_register::each).fields[source.number]; break;
    case Source::Kind::parameter: value = &locals_[source.number]; break;
    case Source::Kind::none: break;
  }
  if (value == nullptr || value->form != Value::Form::bytes) return refusal(RejectionCode::template_fault, "a text is read, and it is not there");
  return std::string_view(value->bytes);
}

Result Runner::hold(const Instruction& i, Verbs& verbs) {
  const std::int64_t amount = pop();
  ledger::MinorUnits& held = changed_->held[i.b][place_of(i)];
  if (held != 0 || amount <= 0) return refusal(RejectionCode::template_fault, "held twice, or nothing is held");
  held = amount;
  const std::size_t place = place_of(i);
  verbs.about(i.b, static_cast<std::uint32_t>(place));
  return verbs.hold(party(program_.held[i.b].party, place), amount);
}

Result Runner::let_out(const Instruction& i, Verbs& verbs) {
  const std::int64_t amount = pop();
  ledger::MinorUnits& held = changed_->held[i.b][place_of(i)];
  if (amount < 0 || amount > held) return refusal(RejectionCode::template_fault, std::to_string(amount) + " is taken of " + std::to_string(held));
  if (amount == 0) return {};
  held -= amount;
  verbs.about(i.b, static_cast<std::uint32_t>(place_of(i)));
  const std::uint16_t owner = party(program_.held[i.b].party, place_of(i));
  if (i.op == Op::give_back) return verbs.give_back(owner, amount);
  const Program::Payment& payment = program_.payments[i.c];
  const std::uint16_t to = party(payment.to, place_of(i));
  if (!payment.category.empty()) return verbs.pay(owner, to, amount, payment.category);
  const auto category = bytes_of(Source::unpack(payment.source));
  if (!category) return Unexpected<ledger::Rejection>(category.error());
  return verbs.pay(owner, to, amount, *category);
}

}  // namespace daftar::contracts::language
