#include "contracts/language/cost.h"

#include <algorithm>
#include <limits>

namespace daftar::contracts::language {
namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

std::uint64_t plus(std::uint64_t a, std::uint64_t b) { return a > endless - b ? endless : a + b; }
std::uint64_t times(std::uint64_t a, std::uint64_t b) { return b != 0 && a > endless / b ? endless : a * b; }

std::uint64_t entries(const Template& text, const std::string& list) {
  const Term* term = text.term(list);
  return term == nullptr ? 0 : term->most;
}

std::uint64_t cost_of_expression(const Template& text, const Expression& e) {
  using Form = Expression::Form;
  std::uint64_t sum = cost::part;
  if (e.form == Form::all || e.form == Form::no || e.form == Form::any) sum = plus(sum, times(cost::part, entries(text, e.name)));
  if (e.form == Form::seals) sum = plus(sum, cost::movement);
  if (e.form == Form::first) {
    const Stages& stages = text.stages.front();   // one list at most has stages
    sum = plus(sum, times(entries(text, stages.list), e.parts.size()));
    return sum;
  }
  for (const Expression& inner : e.parts) sum = plus(sum, cost_of_expression(text, inner));
  return sum;
}

std::uint64_t cost_of_body(const Template& text, const std::vector<Statement>& body) {
  using Verb = Statement::Verb;
  std::uint64_t sum = 0;
  for (const Statement& s : body) {
    sum = plus(sum, cost::statement);
    switch (s.verb) {
      case Verb::pay: sum = plus(sum, plus(cost::payment, cost_of_expression(text, s.amount))); break;
      case Verb::hold:
      case Verb::refund:
      case Verb::release: sum = plus(sum, plus(cost::movement, cost_of_expression(text, s.amount))); break;
      case Verb::let: sum = plus(sum, cost_of_expression(text, s.amount)); break;
      case Verb::set: sum = plus(sum, plus(cost::write, cost_of_expression(text, s.amount))); break;
      case Verb::become:
      case Verb::entry_becomes: sum = plus(sum, cost::write); break;
      case Verb::if_else:
        sum = plus(sum, cost_of_expression(text, s.amount));
        sum = plus(sum, std::max(cost_of_body(text, s.body), cost_of_body(text, s.otherwise)));
        break;
      case Verb::each: sum = plus(sum, times(entries(text, s.entry->list), plus(cost::part, cost_of_body(text, s.body)))); break;
    }
  }
  return sum;
}

}  // namespace

std::uint64_t cost_of(const Template& text, const Scope& scope, const std::vector<Statement>& body) {
  std::uint64_t sum = cost_of_body(text, body);
  if (scope.when) sum = plus(sum, cost_of_expression(text, *scope.when));
  for (const Conclusion& conclusion : text.conclusions) sum = plus(sum, cost_of_expression(text, conclusion.when));
  return sum;
}

}  // namespace daftar::contracts::language
