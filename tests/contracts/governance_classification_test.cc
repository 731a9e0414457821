// Classifications: codes in force in a line's year, mappings of national codes, and their changes.
#include <catch2/catch.hpp>

#include "governance.h"
#include "ledger/calendar.h"

namespace daftar::contracts::test {
namespace {

using ledger::year_begins_ms;

void put_code(proto::Genesis& g, std::string list, std::string code, std::string title, std::uint64_t from_ms = 0, std::uint64_t to_ms = 0) {
  auto& row = *g.add_classification();
  row.set_list(std::move(list));
  row.set_code(std::move(code));
  row.set_title(std::move(title));
  row.set_from_ms(from_ms);
  row.set_to_ms(to_ms);
}

void with_lists(proto::Genesis& g) {
  put_code(g, "cofog", "09.2", "Secondary education");
  put_code(g, "cofog", "09.9", "An old code", 0, year_begins_ms(2026));
  put_code(g, "gfsm", "22", "Use of goods and services");
}

proto::Operation line_of(std::string line, std::uint32_t year, std::string function, std::string economic) {
  auto o = approve_line(std::move(line), 1'000'00);
  o.mutable_approve_budget_line()->set_year(year);
  o.mutable_approve_budget_line()->set_function_code(std::move(function));
  o.mutable_approve_budget_line()->set_economic_code(std::move(economic));
  return o;
}

struct Row {
  std::string list, code, title, maps_to;
  std::uint64_t from_ms = 0, to_ms = 0;
};
proto::Operation classify(const World& w, const std::vector<Row>& add, const std::vector<Row>& end = {}) {
  return propose_change(w, [&](proto::ProposeChange& change) {
    for (const Row& from : add) {
      auto& row = *change.mutable_classification()->add_add();
      row.set_list(from.list);
      row.set_code(from.code);
      row.set_title(from.title);
      row.set_maps_to(from.maps_to);
      row.set_from_ms(from.from_ms);
      row.set_to_ms(from.to_ms);
    }
    for (const Row& from : end) {
      auto& row = *change.mutable_classification()->add_end();
      row.set_list(from.list);
      row.set_code(from.code);
      row.set_maps_to(from.maps_to);
      row.set_to_ms(from.to_ms);
    }
  });
}

}  // namespace

TEST_CASE("a line's codes are in force in its year, and without a list nothing is checked") {
  World w(with_lists);
  CHECK(w.outcome("treasury", line_of("a", 2026, "09.2", "22")) == "ok");
  CHECK(w.outcome("treasury", line_of("b", 2026, "09.3", "22")) == "code_not_in_force");
  CHECK(w.run("treasury", line_of("b", 2026, "09.2", "2211")).rejection.detail == "economic_code: 2211 in 2026");
  CHECK(w.outcome("treasury", line_of("b", 2026, "", "22")) == "code_not_in_force");
  CHECK(w.outcome("treasury", line_of("b", 2025, "09.9", "22")) == "ok");
  CHECK(w.outcome("treasury", line_of("c", 2026, "09.9", "22")) == "code_not_in_force");
  World none;
  CHECK(none.outcome("treasury", line_of("a", 2026, "anything", "")) == "ok");
  World one([](proto::Genesis& g) { put_code(g, "gfsm", "22", "Use of goods and services"); });
  CHECK(one.outcome("treasury", line_of("a", 2026, "anything", "22")) == "ok");
  CHECK(one.outcome("treasury", line_of("b", 2026, "anything", "23")) == "code_not_in_force");
}

TEST_CASE("national codes come with the international code to which they belong, and end") {
  World w(with_lists);
  const std::uint64_t next_year = year_begins_ms(2027);
  const auto national = [&] { return classify(w, {{"national_function", "704", "Schools", "", next_year}, {"national_function", "704", "", "09.2", next_year}}); };
  CHECK(w.outcome("tax", national()) == "role_missing");
  const auto result = decided(w, "treasury", national(), {"registrar"});
  CHECK(result.events.at(1).subject == "national_function 704");
  CHECK(w.outcome("treasury", line_of("a", 2027, "704", "22")) == "ok");
  CHECK(w.outcome("treasury", line_of("b", 2026, "704", "22")) == "code_not_in_force");
  CHECK(w.outcome("treasury", line_of("b", 2026, "09.2", "22")) == "ok");   // the international code stays good
  const auto code = query::classification_code(w.state(), "national_function", "704");
  CHECK(code->mappings.at(0).text == "09.2");
  // A title goes over into another without a gap, in one change.
  decided(w, "treasury", classify(w, {{"national_function", "704", "Schools and colleges", "", year_begins_ms(2028)}}, {{"national_function", "704", "", "", 0, year_begins_ms(2028)}}), {"tax"});
  const auto later = query::classification_code(w.state(), "national_function", "704");
  REQUIRE(later->periods.size() == 2);
  CHECK(later->periods.at(0).to_ms == year_begins_ms(2028));
  CHECK(later->periods.at(1).text == "Schools and colleges");
  CHECK(query::classification_codes(w.state(), "cofog", {}, 10).size() == 2);
  CHECK(query::classification_codes(w.state(), "cofog", "09.2", 10).size() == 1);
  CHECK(w.replayed() == w.state());
}

TEST_CASE("what a change of classifications may not do") {
  World w(with_lists);
  const auto outcome = [&](const std::vector<Row>& add, const std::vector<Row>& end = {}) { return w.outcome("treasury", classify(w, add, end)); };
  CHECK(outcome({}) == "field_invalid");
  CHECK(outcome({{"icd10", "A00", "Cholera"}}) == "field_invalid");
  CHECK(outcome({{"cofog", "09.3", ""}}) == "field_invalid");
  CHECK(outcome({{"cofog", "09.3", "", "09.2"}}) == "field_invalid");   // an international code belongs nowhere else
  CHECK(outcome({{"cofog", "09.2", "Twice"}}) == "classification_refused");
  CHECK(outcome({{"national_economic", "41", "", "22"}}) == "code_not_in_force");
  CHECK(outcome({{"national_economic", "41", "Goods"}, {"national_economic", "41", "", "29"}}) == "code_not_in_force");
  CHECK(outcome({{"national_economic", "41", "Goods"}, {"national_economic", "41", "", "22"}, {"national_economic", "41", "", "22", 5}}) == "classification_refused");
  CHECK(outcome({}, {{"cofog", "09.7", "", "", 0, w.now() + 60 * day}}) == "code_not_in_force");
  CHECK(outcome({}, {{"cofog", "09.9", "", "", 0, w.now() + 60 * day}}) == "code_not_in_force");   // it is over
  CHECK(outcome({}, {{"cofog", "09.2", "", "", 0, w.now() + day}}) == "effect_in_the_past");       // not after the delay
  CHECK(outcome({}, {{"cofog", "09.2", "", "", 0, w.now() + 60 * day}}) == "ok");
  std::vector<Row> many;
  for (int i = 0; i <= 200; ++i) many.push_back({"cofog", "77." + std::to_string(i), "One of many"});
  CHECK(outcome(many) == "field_invalid");
}

TEST_CASE("a genesis whose classification does not fit is refused with the row") {
  proto::Genesis g = test_genesis();
  put_code(g, "cofog", "09.2", "Secondary education");
  put_code(g, "cofog", "09.2", "Secondary education, again");
  const auto state = genesis_state(**ledger::Genesis::parse(ledger::encode_genesis(g)));
  REQUIRE_FALSE(state);
  CHECK(state.error().starts_with("classification: classification_refused (cofog 09.2"));
}

}  // namespace daftar::contracts::test
