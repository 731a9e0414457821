#include <catch2/catch.hpp>

#include "world.h"

namespace daftar::contracts::test {
namespace {

proto::Operation registering(proto::RegisterMember m) {
  proto::Operation o;
  *o.mutable_register_member() = std::move(m);
  return o;
}

proto::Operation change_key(std::string member, std::string_view key_name, bool revoke) {
  proto::Operation o;
  o.mutable_change_key()->set_member(std::move(member));
  o.mutable_change_key()->set_key(std::string(key_of(key_name).public_key().view()));
  o.mutable_change_key()->set_revoke(revoke);
  return o;
}

}  // namespace

TEST_CASE("a registrar admits a member, who can act at once") {
  World w;
  w.must("registrar", registering(member("orient", "company", "UZ", "vat_payer", {"enterprise"})));
  CHECK(w.outcome("orient", open("orient/UZS/wages")) == "ok");
  CHECK(w.balance("orient/PYG") == 0);
  CHECK(query::member(w.state(), "orient")->role_names() == std::vector<std::string>{"enterprise"});
  CHECK(query::member_of_key(w.state(), key_of("orient").public_key()) == "orient");
}

TEST_CASE("registration is refused for each fault") {
  World w;
  struct Case {
    const char* what;
    std::function<void(proto::RegisterMember&)> spoil;
    const char* expected;
  };
  using M = proto::RegisterMember;
  const Case cases[] = {
      {"id", [](M& m) { m.set_id("Orient"); }, "field_invalid"},
      {"id with a slash", [](M& m) { m.set_id("orient/UZS"); }, "field_invalid"},
      {"name", [](M& m) { m.clear_name(); }, "field_invalid"},
      {"kind", [](M& m) { m.set_kind("robot"); }, "field_invalid"},
      {"country", [](M& m) { m.set_country("uz"); }, "field_invalid"},
      {"no country", [](M& m) { m.clear_country(); }, "field_invalid"},
      {"tax status", [](M& m) { m.clear_tax_status(); }, "field_invalid"},
      {"tax id", [](M& m) { m.set_tax_id("300 000"); }, "field_invalid"},
      {"a person's number in clear", [](M& m) { m.set_kind("individual"); m.set_tax_id("31210632040244"); }, "field_invalid"},
      {"unknown role", [](M& m) { m.add_roles("king"); }, "field_invalid"},
      {"role twice", [](M& m) { m.add_roles("enterprise"); }, "field_invalid"},
      {"a role that only genesis gives", [](M& m) { m.add_roles("bank"); }, "role_missing"},
      {"no key", [](M& m) { m.clear_keys(); }, "field_invalid"},
      {"17 keys", [](M& m) { for (int i = 0; i < 16; ++i) m.add_keys(std::string(key_of("k" + std::to_string(i)).public_key().view())); }, "field_invalid"},
      {"half a key", [](M& m) { m.set_keys(0, "short"); }, "key_not_registrable"},
      {"a key of small order", [](M& m) { m.set_keys(0, std::string(1, '\1') + std::string(31, '\0')); }, "key_not_registrable"},
      {"a key twice", [](M& m) { m.add_keys(m.keys(0)); }, "key_in_use"},
      {"another's key", [](M& m) { m.set_keys(0, std::string(key_of("acme").public_key().view())); }, "key_in_use"},
      {"a validator's key", [](M& m) { m.set_keys(0, std::string(key_of("link-1").public_key().view())); }, "key_in_use"},
      {"no signature needed", [](M& m) { m.clear_signatures_required(); }, "field_invalid"},
      {"more signatures than keys", [](M& m) { m.set_signatures_required(2); }, "field_invalid"},
      {"id in use", [](M& m) { m.set_id("acme"); }, "member_exists"},
      {"nothing wrong", [](M&) {}, "ok"},
  };
  for (const Case& test : cases) {
    INFO(test.what);
    auto m = member("orient", "company", "UZ", "vat_payer", {"enterprise"});
    test.spoil(m);
    CHECK(w.outcome("registrar", registering(m)) == test.expected);
  }
  CHECK(w.outcome("acme", registering(member("x", "company", "UZ", "none", {}))) == "role_missing");
}

TEST_CASE("keys change: the old one stops binding and never comes back to anybody") {
  World w;
  CHECK(w.outcome("acme", change_key("acme", "acme", true)) == "signatures_too_few");   // the last one
  w.must("acme", change_key("acme", "acme-new", false));
  CHECK(w.outcome("acme", change_key("acme", "acme-new", false)) == "key_in_use");
  w.must("acme", change_key("acme", "acme", true));
  CHECK(w.outcome("acme", open("acme/UZS/x")) == "key_revoked");
  w.block({w.signed_by(w.body("acme", {open("acme/UZS/x")}), {"acme-new"})});
  CHECK(w.last_block().entries[0].accepted);
  CHECK(w.outcome("registrar", change_key("acme", "acme", false)) == "key_in_use");
  CHECK(w.outcome("baraka", change_key("baraka", "acme", false)) == "key_in_use");
  CHECK(w.outcome("registrar", change_key("acme", "acme", true)) == "key_revoked");
  CHECK(w.outcome("registrar", change_key("acme", "baraka", true)) == "key_not_of_member");
}

TEST_CASE("a member's keys are changed by itself or a registrar, nobody else") {
  World w;
  CHECK(w.outcome("baraka", change_key("acme", "stolen", false)) == "role_missing");
  CHECK(w.outcome("registrar", change_key("acme", "spare", false)) == "ok");
  CHECK(w.outcome("registrar", change_key("nobody", "spare-2", false)) == "member_unknown");
  auto bad = change_key("acme", "x", false);
  bad.mutable_change_key()->set_key(std::string(32, '\0'));
  CHECK(w.outcome("acme", bad) == "key_not_registrable");
  bad.mutable_change_key()->set_key("short");
  CHECK(w.outcome("acme", bad) == "key_not_registrable");
}

TEST_CASE("lists are read in pages") {
  World w;
  const auto first = query::members(w.state(), {}, 3);
  REQUIRE(first.size() == 3);
  CHECK(first[0].id == "acme");
  const auto second = query::members(w.state(), first.back().id, 100);
  CHECK(second.size() == 10);
  CHECK(second[0].id > first.back().id);
  CHECK(query::members(w.state(), second.back().id, 100).empty());
  CHECK(query::members(w.state(), {}, 0).empty());

  w.fund("acme/UZS", 1'000'00);
  w.must("acme", open("acme/UZS/b"));
  const auto accounts = query::accounts(w.state(), "acme", {}, 10);
  REQUIRE(accounts.size() == 2);
  CHECK(accounts[1].account == "acme/UZS/b");
  CHECK(query::accounts(w.state(), "acme", "acme/UZS", 10).size() == 1);
  CHECK(query::accounts(w.state(), "acm", {}, 10).empty());   // a prefix is not the member
  CHECK_FALSE(query::balance(w.state(), "nobody/UZS"));
  CHECK_FALSE(query::balance(w.state(), "acme/UZS/c"));
  CHECK_FALSE(query::balance(w.state(), "no account"));
  CHECK(query::statement_reference(w.state(), "bank", "opening 1").has_value());
  CHECK_FALSE(query::statement_reference(w.state(), "bank", "opening 2"));

  w.must("acme", transfer("acme/UZS", "baraka/UZS", 112'00, "services"));
  w.must("acme", transfer("acme/UZS", "nordic/UZS", 100'00, "services"));
  const auto rows = query::register_rows(w.state(), {}, {}, 1);
  REQUIRE(rows.rows.size() == 1);
  CHECK(rows.rows[0].payee == "baraka");
  const auto rest = query::register_rows(w.state(), {}, rows.next, 10);
  REQUIRE(rest.rows.size() == 1);
  CHECK(rest.rows[0].payee == "nordic");
  CHECK(rest.next.empty());
  CHECK(query::register_rows(w.state(), "nordic", {}, 10).rows.size() == 1);
  CHECK(query::register_rows(w.state(), "nord", {}, 10).rows.empty());
  CHECK(query::register_rows(w.state(), "baraka", "zzz", 10).rows.empty());
}

}  // namespace daftar::contracts::test
