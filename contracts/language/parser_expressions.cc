// Amounts, dates, conditions, types.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "contracts/language/token_reader.h"

namespace daftar::contracts::language {
namespace {

using Form = Expression::Form;

constexpr std::int64_t days_max = 3650, whole_ppm = 1'000'000;

Expression read_any(TokenReader& r);

bool is_condition(const Expression& e) { return e.form >= Form::compare; }

Expression made(Form form, Place place, std::vector<Expression> parts = {}) {
  Expression e;
  e.form = form;
  e.place = place;
  e.parts = std::move(parts);
  return e;
}

std::int64_t read_percent(TokenReader& r) {
  const Place place = r.place();
  const std::string spelling(r.expect(TokenKind::number, "a percentage like 0.4%"));
  r.expect("%", "behind the number");
  const auto dot = spelling.find('.');
  std::string decimals = dot == std::string::npos ? "" : spelling.substr(dot + 1);
  if (decimals.size() > 4) r.fail_at(place, "a percentage has at most 4 decimals");
  decimals.resize(4, '0');
  const std::string digits = spelling.substr(0, dot) + decimals;
  std::int64_t ppm = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), ppm);
  if (ppm > whole_ppm) r.fail_at(place, "a rate is at most 100%");
  return ppm;
}

/// Of one day or hour; 0 when no unit follows.
std::int64_t accept_unit(TokenReader& r) {
  if (r.accept("day") || r.accept("days")) return day_ms;
  if (r.accept("hour") || r.accept("hours")) return hour_ms;
  return 0;
}

Expression read_number(TokenReader& r) {
  const Place place = r.place();
  if (r.next().spelling.find('.') != std::string_view::npos) {
    Expression e = made(Form::rate, place);
    e.number = read_percent(r);
    return e;
  }
  const std::int64_t value = r.expect_integer("a number", 1'000'000);
  if (r.accept("%")) {
    if (value > 100) r.fail_at(place, "a rate is at most 100%");
    Expression e = made(Form::rate, place);
    e.number = value * 10'000;
    return e;
  }
  const std::int64_t unit = accept_unit(r);
  if (unit != 0 && value * unit > days_max * day_ms) r.fail_at(place, "a duration is at most 3650 days");
  Expression e = made(unit == 0 ? Form::number : Form::duration, place);
  e.number = unit == 0 ? value : value * unit;
  return e;
}

Expression read_date(TokenReader& r) {
  Expression e = made(Form::date, r.place());
  const auto ms = date_ms(r.next().spelling);
  if (!ms) r.fail_at(r.place(), "this is no day of the calendar between 1970 and 2999; a date is written 2026-01-31");
  else r.take();
  e.number = ms.value_or(0);
  return e;
}

Expression read_primary(TokenReader& r) {
  const TokenReader::Deeper deeper(r);
  const Place place = r.place();
  if (r.sees(TokenKind::number)) return read_number(r);
  if (r.sees(TokenKind::date)) return read_date(r);
  if (r.accept("now")) return made(Form::now, place);
  if (r.accept("rest")) {
    r.expect("of", "behind `rest`");
    return made(Form::rest, place, {read_primary(r)});
  }
  for (const Form form : {Form::max, Form::min}) {
    if (!r.accept(form == Form::max ? "max" : "min")) continue;
    r.expect("(", "before the two dates");
    Expression first = read_sum(r);
    r.expect(",", "between the two dates");
    Expression second = read_sum(r);
    r.expect(")", "behind the two dates");
    return made(form, place, {std::move(first), std::move(second)});
  }
  if (r.accept("(")) {
    Expression inside = read_any(r);
    r.expect(")", "to close the bracket");
    return inside;
  }
  Expression e = made(Form::name, place);
  e.name = r.expect_name("an amount, a date, a name or a condition");
  if (r.accept(".")) {
    e.form = Form::field;
    e.member = r.expect_name("the name of a field");
  }
  return e;
}

/// A rate of an amount, or a rate per day of it.
Expression read_share(TokenReader& r) {
  Expression rate = read_primary(r);
  const Place place = rate.place;
  if (r.accept("of")) {
    Expression amount = read_primary(r);
    return made(Form::share, place, {std::move(rate), std::move(amount)});
  }
  if (!r.accept("per")) return rate;
  r.expect("day", "behind `per`");
  r.expect("of", "before the amount");
  Expression amount = read_primary(r);
  r.expect("from", "before the date on which the days begin to count");
  Expression from = read_primary(r);
  r.expect("to", "before the date on which they end");
  Expression to = read_primary(r);
  r.expect("up", "before the cap: a rate per day needs one");
  r.expect("to", "behind `up`");
  Expression cap = read_primary(r);
  return made(Form::daily, place, {std::move(rate), std::move(amount), std::move(from), std::move(to), std::move(cap)});
}

bool sees_comparison(const TokenReader& r) {
  constexpr std::array<std::string_view, 6> signs = {"<", "<=", ">", ">=", "=", "!="};
  return std::any_of(signs.begin(), signs.end(), [&](std::string_view sign) { return r.sees(sign); });
}

/// `all milestones ended`, `no milestones in submitted, disputed`
Expression read_quantified(TokenReader& r, Form form) {
  Expression e = made(form, r.place());
  r.take();
  e.name = r.expect_name("the name of a list");
  if (r.accept("ended")) return e;
  r.expect("in", "or `ended` behind the list");
  e.names = read_names(r, "the name of a stage");
  return e;
}

/// `b first by price, placed in revealed`
Expression read_first(TokenReader& r, Place place, const Expression& entry) {
  Expression e = made(Form::first, place);
  if (entry.form != Form::name) r.fail_at(place, "before `first` stands the name of an entry");
  e.name = entry.name;
  r.expect("by", "behind `first`");
  for (std::string& member : read_names(r, "the name of a field")) {
    Expression field = made(Form::field, place);
    field.name = e.name;
    field.member = std::move(member);
    e.parts.push_back(std::move(field));
  }
  r.expect("in", "before the stages whose entries are compared");
  e.names = read_names(r, "the name of a stage");
  return e;
}

Expression read_comparison(TokenReader& r) {
  const Place place = r.place();
  if (r.sees("all")) return read_quantified(r, Form::all);
  if (r.sees("no")) return read_quantified(r, Form::no);
  if (r.sees("any")) return read_quantified(r, Form::any);
  if (r.accept("public")) return made(Form::is_public, place);
  Expression left = read_sum(r);
  if (is_condition(left)) return left;
  if (r.accept("given")) return made(Form::given, place, {std::move(left)});
  if (r.accept("is")) {
    Expression e = made(Form::is_stage, place);
    if (left.form != Form::name) r.fail_at(place, "before `is` stands the name of an entry or of a term that is a choice");
    e.name = left.name;
    e.names = {r.expect_name("the name of a stage or choice")};
    return e;
  }
  if (r.accept("seals")) {
    Expression e = made(Form::seals, place, {std::move(left)});
    e.names = read_names(r, "the name of a parameter");
    return e;
  }
  if (r.accept("first")) return read_first(r, place, left);
  if (!sees_comparison(r)) return left;
  Expression e = made(Form::compare, place, {});
  e.name = r.take();
  Expression right = read_sum(r);
  e.parts = {std::move(left), std::move(right)};
  return e;
}

Expression read_negation(TokenReader& r) {
  const TokenReader::Deeper deeper(r);
  const Place place = r.place();
  if (r.accept("not")) return made(Form::negation, place, {read_negation(r)});
  return read_comparison(r);
}

/// Chains grow to the left without nesting, so they are bounded apart: whoever walks a tree does so by recursion.
bool chain_goes_on(TokenReader& r, unsigned& links) {
  if (++links <= limits::chain) return true;
  r.fail_at(r.place(), "more than " + std::to_string(limits::chain) + " parts in a row");
  return false;
}

struct Joint {
  std::string_view spelling;
  Form form;
};

Expression read_chain(TokenReader& r, Expression (*read_part)(TokenReader&), std::initializer_list<Joint> joints) {
  const auto next_joint = [&] { return std::find_if(joints.begin(), joints.end(), [&](const Joint& joint) { return r.sees(joint.spelling); }); };
  Expression left = read_part(r);
  unsigned links = 0;
  for (auto joint = next_joint(); joint != joints.end() && chain_goes_on(r, links); joint = next_joint()) {
    const Place place = r.place();
    r.take();
    Expression right = read_part(r);
    left = made(joint->form, place, {std::move(left), std::move(right)});
  }
  return left;
}

Expression read_conjunction(TokenReader& r) { return read_chain(r, read_negation, {{"and", Form::both}}); }

Expression read_any(TokenReader& r) {
  const TokenReader::Deeper deeper(r);
  return read_chain(r, read_conjunction, {{"or", Form::either}});
}

void read_rate_range(TokenReader& r, Type& type) {
  type.most = whole_ppm;
  if (r.accept("up")) {
    r.expect("to", "behind `up`");
    type.most = read_percent(r);
  } else if (r.sees(TokenKind::number)) {
    type.least = read_percent(r);
    r.expect("..", "between the least and the most");
    type.most = read_percent(r);
  }
}

void read_duration_range(TokenReader& r, Type& type) {
  type.least = hour_ms;
  type.most = days_max * day_ms;
  const bool up_to = r.accept("up");
  if (up_to) r.expect("to", "behind `up`");
  if (!up_to && !r.sees(TokenKind::number)) return;
  const std::int64_t first = r.expect_integer("a number of days or hours", days_max * 24);
  std::int64_t first_unit = accept_unit(r);
  if (up_to) {
    if (first_unit == 0) r.fail("`days` or `hours`");
    type.most = first * first_unit;
    return;
  }
  r.expect("..", "between the least and the most");
  const std::int64_t second = r.expect_integer("a number of days or hours", days_max * 24);
  const std::int64_t unit = accept_unit(r);
  if (unit == 0) r.fail("`days` or `hours`");
  if (first_unit == 0) first_unit = unit;
  type.least = first * first_unit;
  type.most = second * unit;
}

void read_text_range(TokenReader& r, Type& type) {
  type.least = 1;
  type.most = 500;
  if (!r.accept("up")) return;
  r.expect("to", "behind `up`");
  type.most = r.expect_integer("a number of bytes", 4'000);
}

}  // namespace

std::optional<std::int64_t> date_ms(std::string_view spelling) {
  if (spelling.size() != 10 || spelling[4] != '-' || spelling[7] != '-') return std::nullopt;
  const auto number = [&](std::size_t from, std::size_t size) {
    std::int64_t value = 0;
    const auto* const end = spelling.data() + from + size;
    const auto [stopped, error] = std::from_chars(spelling.data() + from, end, value);
    return error == std::errc{} && stopped == end ? value : -1;
  };
  const std::int64_t year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 1970 || year > 2999 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{static_cast<unsigned>(month)}, std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count() * day_ms;
}

Expression read_sum(TokenReader& r) {
  const TokenReader::Deeper deeper(r);
  return read_chain(r, read_share, {{"+", Form::sum}, {"-", Form::difference}});
}

Expression read_condition(TokenReader& r) {
  Expression e = read_any(r);
  if (!is_condition(e)) r.fail("a comparison, `given`, `is` or another condition");
  return e;
}

Type read_type(TokenReader& r, bool parameter) {
  const Place place = r.place();
  Type type;
  if (r.accept("money")) {
    type.kind = TypeKind::money;
    if (parameter) {
      r.expect("up", "behind `money`: an amount that a party names needs a bound");
      r.expect("to", "behind `up`");
      type.up_to = read_sum(r);
    }
  } else if (r.accept("rate")) {
    type.kind = TypeKind::rate;
    read_rate_range(r, type);
  } else if (r.accept("duration")) {
    type.kind = TypeKind::duration;
    read_duration_range(r, type);
  } else if (r.accept("text")) {
    type.kind = TypeKind::text;
    read_text_range(r, type);
  } else if (r.accept("date")) {
    type.kind = TypeKind::date;
  } else if (r.accept("digest")) {
    type.kind = TypeKind::digest;
  } else if (r.accept("category")) {
    type.kind = TypeKind::category;
  } else if (r.accept("choice")) {
    type.kind = TypeKind::choice;
    r.expect("{", "before the choices");
    type.choices = read_names(r, "the name of a choice");
    r.expect("}", "behind the choices");
  } else {
    r.fail("a type: money, rate, date, duration, text, digest, category or choice");
  }
  if (type.least > type.most) r.fail_at(place, "the least is above the most");
  if (type.kind == TypeKind::duration && type.most > days_max * day_ms) r.fail_at(place, "a duration is at most 3650 days");
  if (!parameter) {
    type.optional = r.accept("optional");
    if (!type.optional) type.later = r.accept("later");
  }
  return type;
}

}  // namespace daftar::contracts::language
