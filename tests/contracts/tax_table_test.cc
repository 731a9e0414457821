// tax_table.txt: each row through the rule book, and again as a payment on a ledger of its own.
#include <catch2/catch.hpp>

#include "contracts/tax/gross_up.h"
#include "tests/harness/scenario.h"
#include "tools/genesis_compiler.h"
#include "world.h"

namespace daftar::contracts::test {
namespace {

struct Row {
  std::string book;
  std::uint64_t time_ms = 0;
  proto::RegisterMember payer, payee;
  std::optional<tax::Certificate> certificate;   // of the payee
  std::string category, currency;
  MinorUnits amount = 0;
  bool net = false;                              // the amount is what the payee is to get
};

proto::Genesis rules_of(const std::string& book) {
  const std::string folder = book == "uz" ? "/genesis/example-uz" : "/tests/contracts/tax_table";
  auto plan = tools::read_network(std::string(DAFTAR_SOURCE_DIR) + folder + "/network.toml");
  if (!plan) FAIL(plan.error().sentence);
  return std::move(plan->genesis);
}

/// 2022-12-31T23:59:59.999Z
std::uint64_t time_of(const std::string& text) {
  REQUIRE(text.size() == 24);
  const auto seconds = tools::utc_to_ms(text.substr(0, 19) + "Z");
  REQUIRE(seconds.has_value());
  return *seconds + std::stoull(text.substr(20, 3));
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

/// kind:country:status, what follows is for certificate()
proto::RegisterMember party(const std::string& id, const std::string& text) {
  const auto parts = split(text, ':');
  return member(id, parts.at(0), parts.at(1), parts.at(2), {});
}

/// ...:country:2026-01-01..2027-01-01
std::optional<tax::Certificate> certificate(const std::string& text) {
  const auto parts = split(text, ':');
  if (parts.size() == 3) return std::nullopt;
  const auto from = tools::utc_to_ms(parts.at(4).substr(0, 10)), to = tools::utc_to_ms(parts.at(4).substr(12));
  REQUIRE((from && to));
  return tax::Certificate{.number = "C-1", .country = parts.at(3), .document_digest = std::string(32, 'd'), .valid_from_ms = *from, .valid_to_ms = *to, .recorded_ms = 0, .withdrawn_ms = 0};
}

Row read_row(const std::vector<std::string>& words) {
  REQUIRE(words.size() == 7);
  const bool net = words[6].starts_with('=');
  const auto amount = ledger::parse_decimal(words[6].substr(net ? 1 : 0), *ledger::currency_decimals(words[5]));
  REQUIRE(amount.has_value());
  return {words[0], time_of(words[1]), party("payer", words[2]), party("payee", words[3]), certificate(words[3]), words[4], words[5], *amount, net};
}

/// `paid`: of a payment that was asked for net, what it takes.
std::string in_words(const std::vector<TaxLine>& lines, MinorUnits net, const std::string& currency, std::optional<MinorUnits> paid) {
  const auto money = [&](MinorUnits amount) { return ledger::format_decimal(amount, *ledger::currency_decimals(currency)); };
  std::string text = paid ? "pays " + money(*paid) + "; " : std::string();
  for (const TaxLine& line : lines)
    text += line.rule + "/" + std::to_string(line.version) + " " + money(line.base) + " " + money(line.tax) + " " + money(line.withheld) + "; ";
  return text + "net " + money(net);
}

Member as_member(const proto::RegisterMember& description) {
  Member out;
  out.id = description.id();
  out.kind = description.kind();
  out.country = description.country();
  out.tax_status = description.tax_status();
  return out;
}

std::string by_the_book(const Row& row, const tax::RuleBook& book) {
  const Member payer = as_member(row.payer), payee = as_member(row.payee);
  std::vector<tax::Certificate> certificates;
  if (row.certificate) certificates.push_back(*row.certificate);
  tax::Question question{.payer = payer,
                         .payee = payee,
                         .category = row.category,
                         .currency = row.currency,
                         .gross = row.amount,
                         .time_ms = row.time_ms,
                         .certificates = certificates};
  if (row.net) {
    const auto gross = tax::gross_for(book, question, row.amount);
    if (!gross) return std::string(ledger::name(gross.error().code));
    question.gross = *gross;
  }
  const auto computed = book.compute(question);
  REQUIRE(computed.has_value());
  std::vector<TaxLine> lines;
  MinorUnits net = question.gross;
  for (const auto& one : *computed) {
    lines.push_back(one.line);
    net -= one.line.withheld;
  }
  return in_words(lines, net, row.currency, row.net ? std::optional(question.gross) : std::nullopt);
}

std::string by_payment(const Row& row, const proto::Genesis& rules) {
  World w([&](proto::Genesis& g) {
    g.clear_templates();   // compiling them for each row would take longer than all the rest
    *g.mutable_tax_rules() = rules.tax_rules();
    *g.add_members() = member("tax-authority", "public_body", "UZ", "none", {"tax_authority"});
    *g.add_members() = row.payer;
    *g.add_members() = row.payee;
  });
  const std::string from = "payer/" + row.currency, to = "payee/" + row.currency;
  w.block({}, row.time_ms - 3000);
  if (row.certificate) w.must("tax-authority", record_certificate("payee", *row.certificate));
  else w.block({});
  const MinorUnits funds = row.net ? INT64_MAX : row.amount;
  w.fund(from, funds);
  const auto result = w.run("payer", row.net ? transfer_net(from, to, row.amount, row.category) : transfer(from, to, row.amount, row.category));
  REQUIRE(w.now() == row.time_ms);
  if (!result.ok()) return std::string(ledger::name(result.rejection.code));
  if (!row.net) CHECK(w.balance(from) == 0);
  return in_words(result.taxes, w.balance(to), row.currency, row.net ? std::optional(funds - w.balance(from)) : std::nullopt);
}

}  // namespace

TEST_CASE("every payment of the tax table comes to what was reckoned by hand, by the book and on a ledger") {
  const std::map<std::string, proto::Genesis> rules = {{"uz", rules_of("uz")}, {"made-up", rules_of("made-up")}};
  std::map<std::string, tax::RuleBook> books;
  for (const auto& [name, genesis] : rules) {
    auto book = tax::RuleBook::from_genesis(genesis);
    if (!book) FAIL(book.error());
    books[name] = std::move(*book);
  }
  const std::string path = std::string(DAFTAR_SOURCE_DIR) + "/tests/contracts/tax_table.txt";
  std::ifstream in(path);
  int number = 0, rows = 0;
  std::set<std::string> met;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    ++rows;
    const auto written = daftar::test::parse_row(line, number);
    INFO("tax_table.txt:" << number << ": " << written.text);
    const Row row = read_row(written.words);
    CHECK(by_the_book(row, books.at(row.book)) == written.result);
    CHECK(by_payment(row, rules.at(row.book)) == written.result);
    std::istringstream words(written.result);
    for (std::string word; words >> word;)
      if (word.find('/') != std::string::npos) met.insert(row.book + " " + word);
  }
  CHECK(rows >= 120);
  // No rule of either book is left without a row in which it applies.
  for (const auto& [name, book] : books)
    for (const tax::TaxRule& rule : book.rules()) {
      INFO(name << " " << rule.code << "/" << rule.version);
      CHECK(met.contains(name + " " + rule.code + "/" + std::to_string(rule.version)));
    }
}

TEST_CASE("what the rows of the tax table pay in parts and withhold of the parts is the whole") {
  World w;
  const auto whole = 1'000'000'00;
  w.fund("acme/UZS", whole);
  MinorUnits withheld = 0;
  for (const MinorUnits part : {33'333'333, 33'333'333, 33'333'334}) withheld += w.must("acme", transfer("acme/UZS", "baraka/UZS", part, "services")).taxes.at(0).withheld;
  CHECK(withheld + w.balance("baraka/UZS") == whole);
  CHECK(query::register_rows(w.state(), "baraka", {}, 10).rows.at(0).gross == whole);
}

}  // namespace daftar::contracts::test
