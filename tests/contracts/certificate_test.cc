// Certificates of residence and the treaty rules that they open. When a certificate covers a payment: tax_table.txt.
#include <catch2/catch.hpp>

#include "world.h"

namespace daftar::contracts::test {
namespace {

/// The test genesis with a treaty: residents of SE pay 5 % instead of 20 %.
void add_treaty(proto::Genesis& g) {
  for (const auto& rule : g.tax_rules())
    if (rule.code() == "nonresident-20") {
      auto treaty = rule;
      treaty.set_code("treaty-se");
      treaty.set_rate_ppm(50'000);
      treaty.set_treaty("SE");
      treaty.add_replaces("nonresident-20");
      *g.add_tax_rules() = treaty;
      return;
    }
}

tax::Certificate certificate(std::string number = "SE-1") {
  return {.number = std::move(number), .country = "SE", .document_digest = std::string(32, 'd'), .valid_from_ms = start_ms, .valid_to_ms = start_ms + 365 * day, .recorded_ms = 0, .withdrawn_ms = 0};
}

/// 100.00 for services to nordic: "nonresident-20 20.00" or what else applied.
std::string pay_nordic(World& w) {
  const auto result = w.must("acme", transfer("acme/UZS", "nordic/UZS", 100'00, "services"));
  REQUIRE(result.taxes.size() == 1);
  return result.taxes[0].rule + " " + ledger::format_decimal(result.taxes[0].withheld, 2);
}

}  // namespace

TEST_CASE("a treaty applies from the block after its certificate is recorded to the block in which it is withdrawn") {
  World w(add_treaty);
  w.fund("acme/UZS", 1'000'00);
  CHECK(pay_nordic(w) == "nonresident-20 20.00");
  // In one block: the certificate first, then a payment.
  w.block({w.transaction("tax", {record_certificate("nordic", certificate())}), w.transaction("acme", {transfer("acme/UZS", "nordic/UZS", 100'00, "services")})});
  CHECK(decode_result(w.last_block().entries[0].result)->ok());
  CHECK(decode_result(w.last_block().entries[1].result)->taxes.at(0).rule == "nonresident-20");
  CHECK(pay_nordic(w) == "treaty-se 5.00");
  w.block({w.transaction("tax", {withdraw_certificate("nordic", "SE-1")}), w.transaction("acme", {transfer("acme/UZS", "nordic/UZS", 100'00, "services")})});
  CHECK(decode_result(w.last_block().entries[1].result)->taxes.at(0).rule == "treaty-se");
  CHECK(pay_nordic(w) == "nonresident-20 20.00");
}

TEST_CASE("an explanation asks for certificates as of the payment, and names the rule that replaced another") {
  World w(add_treaty);
  w.fund("acme/UZS", 1'000'00);
  const auto explained = [&](const ExecutedEntry& entry, std::uint64_t time_ms) {
    const auto result = *decode_result(entry.result);
    const auto explanation = tax::explain(w.rules(), &entry.transaction->body(), result, time_ms, w.state());
    REQUIRE(explanation.as_recorded);
    std::string text;
    for (const auto& one : explanation.payments.at(0).rules)
      if (one.rule->code == "nonresident-20" || one.rule->code == "treaty-se")
        text += one.rule->code + " " + std::string(name(one.ground)) + (one.replaced_by == nullptr ? "" : " by " + one.replaced_by->code) + "; ";
    return text;
  };
  pay_nordic(w);
  const auto before = w.last_block().entries.back();
  const auto before_ms = w.now();
  w.must("tax", record_certificate("nordic", certificate()));
  pay_nordic(w);
  const auto within = w.last_block().entries.back();
  const auto within_ms = w.now();
  w.must("tax", withdraw_certificate("nordic", "SE-1"));
  CHECK(explained(before, before_ms) == "nonresident-20 applies; treaty-se no_certificate; ");
  CHECK(explained(within, within_ms) == "nonresident-20 replaced by treaty-se; treaty-se applies; ");
}

TEST_CASE("only a tax authority records certificates, each with all its parts and each number once") {
  World w(add_treaty);
  CHECK(w.outcome("registrar", record_certificate("nordic", certificate())) == "role_missing");
  CHECK(w.outcome("nordic", record_certificate("nordic", certificate())) == "role_missing");
  CHECK(w.outcome("tax", record_certificate("nobody", certificate())) == "member_unknown");
  using C = tax::Certificate;
  const std::vector<std::pair<const char*, std::function<void(C&)>>> spoils = {
      {"number", [](C& c) { c.number.clear(); }},
      {"country", [](C& c) { c.country = "Sweden"; }},
      {"document_digest", [](C& c) { c.document_digest.pop_back(); }},
      {"valid_to_ms", [](C& c) { c.valid_to_ms = c.valid_from_ms; }},
  };
  for (const auto& [field, spoil] : spoils) {
    C spoilt = certificate();
    spoil(spoilt);
    const auto result = w.run("tax", record_certificate("nordic", spoilt));
    CHECK(ledger::name(result.rejection.code) == "field_invalid");
    CHECK_THAT(result.rejection.detail, Catch::StartsWith(field));
  }
  CHECK(w.outcome("tax", withdraw_certificate("nordic", "SE-1")) == "field_invalid");
  CHECK(w.outcome("tax", record_certificate("nordic", certificate())) == "ok");
  CHECK(w.outcome("tax", record_certificate("nordic", certificate())) == "field_invalid");
  CHECK(w.outcome("tax", record_certificate("aziza", certificate())) == "ok");
  CHECK(w.outcome("tax", withdraw_certificate("nordic", "SE-1")) == "ok");
  CHECK(w.outcome("tax", withdraw_certificate("nordic", "SE-1")) == "field_invalid");
  CHECK(w.outcome("tax", record_certificate("nordic", certificate())) == "field_invalid");
  auto both = withdraw_certificate("aziza", "SE-1");
  both.mutable_change_tax_certificate()->set_country("SE");
  CHECK(w.outcome("tax", both) == "field_invalid");
  const auto known = query::tax_certificates(w.state(), "nordic");
  REQUIRE(known.size() == 1);
  CHECK(known[0].withdrawn_ms != 0);
  CHECK(known[0].document_digest == std::string(32, 'd'));
}

TEST_CASE("a payee has at most a hundred certificates") {
  World w(add_treaty);
  std::vector<proto::Operation> many;
  for (int i = 0; i < 100; ++i) many.push_back(record_certificate("nordic", certificate("SE-" + std::to_string(i))));
  CHECK(w.run("tax", many).ok());
  CHECK(w.outcome("tax", record_certificate("nordic", certificate("SE-100"))) == "field_invalid");
}

TEST_CASE("rules with their treaty terms are read from the state as the book has them") {
  World w(add_treaty);
  for (const auto& rule : query::tax_rules(w.state())) {
    CHECK(rule.treaty == (rule.code == "treaty-se" ? "SE" : ""));
    CHECK(rule.replaces == (rule.code == "treaty-se" ? std::vector<std::string>{"nonresident-20"} : std::vector<std::string>{}));
  }
}

}  // namespace daftar::contracts::test
