// Reading over HTTP: what is public is given to all, what is private to its owner, the parties and those whose office it is.
#include <set>

#include "ledger/checkpoint.h"
#include "ledger/merkle_log.h"
#include "tests/node/api_harness.h"

using namespace daftar;
using namespace daftar::tests;
using ledger::proto::Operation;

namespace {

constexpr std::uint64_t day = 86'400'000;

/// A member registered by the registrar, whose key the network then has.
void register_member(OneNode& one, const std::string& id, const std::string& kind, const std::vector<std::string>& roles) {
  auto key = ledger::SigningKey::generate();
  Operation operation;
  auto* member = operation.mutable_register_member();
  member->set_id(id);
  member->set_name("Name of " + id);
  member->set_kind(kind);
  member->set_country("UZ");
  member->set_tax_status("none");
  for (const auto& role : roles) member->add_roles(role);
  member->add_keys(std::string(key.public_key().view()));
  member->set_signatures_required(1);
  one.commit(*one.network.transaction("registrar", {operation}));
  one.network.members.emplace(id, std::move(key));
}

Operation draft(const std::string& customer, const std::string& provider, const std::string& budget_line) {
  return draft_service({.customer = customer, .provider = provider, .budget_line = budget_line, .price = 500, .due_ms = wall_ms() + 10 * day, .offer_until_ms = wall_ms() + 3 * day});
}

Operation approve(const std::string& line, const std::string& owner) {
  Operation operation;
  auto* a = operation.mutable_approve_budget_line();
  a->set_line(line);
  a->set_owner(owner);
  a->set_title("Paper");
  a->set_currency("UZS");
  a->set_amount(1'000'000);
  a->set_year(2026);
  a->set_function_code("09.1");
  a->set_economic_code("22");
  a->set_source_account("treasury/UZS");
  return operation;
}

/// A tenth of every payment for services.
ledger::proto::TaxRule withheld_tenth() {
  ledger::proto::TaxRule rule;
  rule.set_code("tenth");
  rule.set_version(1);
  rule.set_kind("withholding");
  rule.set_title("A tenth");
  rule.set_rate_ppm(100'000);
  rule.set_base("gross");
  rule.set_withheld_share_ppm(1'000'000);
  rule.add_categories("services");
  rule.set_revenue_account("tax-office/UZS/revenue");
  rule.set_currency("UZS");
  rule.set_legal_basis("Law 1");
  rule.set_status("assumed");
  rule.set_rounding_unit(1);
  return rule;
}

/// The id of a payment for services.
std::string pay(OneNode& one, const std::string& from, const std::vector<std::string>& to, std::int64_t amount) {
  std::vector<Operation> operations;
  for (const auto& payee : to) {
    auto& transfer = *operations.emplace_back().mutable_transfer();
    transfer.set_from(from + "/UZS");
    transfer.set_to(payee + "/UZS");
    transfer.set_amount(amount);
    transfer.set_category("services");
  }
  return one.commit(*one.network.transaction(from, operations));
}

/// "200" or the code of the refusal.
std::string outcome(const Answer& answer) { return answer.status == 200 ? "200" : answer.code(); }

}  // namespace

TEST_CASE("a private account is shown to its owner and to offices, a public one to everybody") {
  OneNode one;
  one.commit(*one.network.issue("acme/UZS", 1000, "s1"));
  one.commit(*one.network.issue("treasury/UZS", 7000, "s2"));
  const std::string target = "/v1/accounts/acme/UZS";
  CHECK(outcome(one.server->get(target)) == "signed_read_required");
  CHECK(one.server->get(target).status == 401);
  CHECK(outcome(one.get_as("baraka", target)) == "not_allowed");
  CHECK(one.get_as("baraka", target).status == 403);
  CHECK(outcome(one.get_as("operator-1", target)) == "200");
  const auto own = one.get_as("acme", target).json();
  CHECK(own == nlohmann::json{{"account", "acme/UZS"}, {"balance", "1000"}, {"currency", "UZS"}, {"decimals", 2}});
  CHECK(one.server->get("/v1/accounts/treasury/UZS").json()["balance"] == "7000");
  CHECK(one.get_as("chorsu", "/v1/accounts/chorsu/UZS").json()["balance"] == "0");   // a main account nobody has used
  CHECK(outcome(one.server->get("/v1/accounts/acme/USD")) == "account_unknown");
  CHECK(outcome(one.server->get("/v1/accounts/nobody/UZS")) == "account_unknown");
  CHECK(outcome(one.get_as("acme", "/v1/accounts/acme/UZS/never-opened")) == "account_unknown");
  CHECK(outcome(one.server->get("/v1/accounts/ACME/UZS")) == "parameter_invalid");
  CHECK(one.get_as("acme", "/v1/accounts/acme").json()["accounts"].size() == 1);
  CHECK(outcome(one.get_as("baraka", "/v1/accounts/acme")) == "not_allowed");
  CHECK(outcome(one.server->get("/v1/accounts/nobody")) == "member_unknown");
}

TEST_CASE("a signed read works over the wire once, and a wrong one is refused even where none was needed") {
  OneNode one;
  const std::string target = "/v1/accounts/acme/UZS";
  const std::string header = one.sign("acme", target);
  CHECK(outcome(one.server->get(target, header)) == "200");
  CHECK(outcome(one.server->get(target, header)) == "read_repeated");
  CHECK(outcome(one.server->get("/v1/members/acme", one.sign("acme", target))) == "read_signature");
  CHECK(outcome(one.server->get("/v1/budget/lines", "v1 rubbish")) == "read_malformed");
}

TEST_CASE("members are public but for the name and numbers of a natural person, lists have pages") {
  OneNode one;
  register_member(one, "gulnora", "individual", {"citizen"});
  CHECK_FALSE(one.server->get("/v1/members/gulnora").json().contains("name"));
  CHECK(one.get_as("gulnora", "/v1/members/gulnora").json()["name"] == "Name of gulnora");
  CHECK(one.get_as("operator-1", "/v1/members/gulnora").json()["name"] == "Name of gulnora");
  CHECK_FALSE(one.get_as("acme", "/v1/members/gulnora").json().contains("name"));
  CHECK(one.server->get("/v1/members/acme").json()["name"] == "acme");
  CHECK(outcome(one.server->get("/v1/members/nobody")) == "member_unknown");

  std::vector<std::string> seen;
  std::string after;
  for (int pages = 0; pages < 20; ++pages) {
    const auto page = one.server->get("/v1/members?limit=3&after=" + after).json();
    for (const auto& member : page["members"]) seen.push_back(member["id"]);
    if (page["next"].is_null()) break;
    after = page["next"];
  }
  CHECK(seen == std::vector<std::string>{"acme", "bank", "baraka", "chorsu", "gulnora", "operator-1", "registrar", "tax-office", "treasury"});
  for (const char* query : {"?limit=0", "?limit=1001", "?limit=x", "?lmit=1", "?after=a&after=b", "?a=%z"}) {
    INFO(query);
    CHECK(outcome(one.server->get(std::string("/v1/members") + query)) == "parameter_invalid");
  }
}

TEST_CASE("an entry is whole to its parties, absent to strangers, and bare of balances where public money moves") {
  OneNode one;
  one.commit(*one.network.issue("acme/UZS", 1000, "s1"));
  one.commit(*one.network.issue("treasury/UZS", 7000, "s2"));
  const std::string between = one.commit(*one.network.transfer("acme", "baraka", 10));
  const std::string spent = one.commit(*one.network.transfer("treasury", "acme", 20));
  const std::string paid_in = one.commit(*one.network.transfer("baraka", "treasury", 3));

  CHECK(outcome(one.server->get("/v1/transactions/" + between)) == "signed_read_required");
  CHECK(outcome(one.get_as("chorsu", "/v1/transactions/" + between)) == "not_allowed");
  for (const char* reader : {"acme", "baraka", "operator-1"}) {
    const auto seen = one.get_as(reader, "/v1/transactions/" + between).json();
    CHECK(seen["sender"] == "acme");
    CHECK(seen["result"]["postings"].size() == 2);
    CHECK(seen.contains("envelope"));
  }
  // Each party sees its own balance, not the other's.
  const auto to_acme = one.get_as("acme", "/v1/transactions/" + between).json()["result"]["postings"];
  for (const auto& posting : to_acme) CHECK(posting.contains("balance_after") == (posting["account"] == "acme/UZS"));

  const auto open = one.server->get("/v1/transactions/" + spent).json();
  CHECK(open["sender"] == "treasury");
  REQUIRE(open["result"]["postings"].size() == 2);
  for (const auto& posting : open["result"]["postings"]) CHECK(posting.contains("balance_after") == (posting["account"] == "treasury/UZS"));
  CHECK_FALSE(open.contains("envelope"));
  CHECK(outcome(one.server->get("/v1/receipts/" + spent)) == "signed_read_required");

  const auto partial = one.server->get("/v1/transactions/" + paid_in).json();
  CHECK(partial["redacted"] == true);
  CHECK_FALSE(partial.contains("sender"));
  REQUIRE(partial["result"]["postings"].size() == 1);
  CHECK(partial["result"]["postings"][0]["account"] == "treasury/UZS");
  CHECK(partial.dump().find("baraka") == std::string::npos);

  CHECK(outcome(one.server->get("/v1/transactions/" + std::string(64, 'a'))) == "transaction_unknown");
  CHECK(outcome(one.server->get("/v1/transactions/short")) == "parameter_invalid");
}

TEST_CASE("entries of an account come in order and in pages, to those who may see the account") {
  OneNode one;
  one.commit(*one.network.issue("acme/UZS", 1000, "s1"));
  for (int i = 0; i < 5; ++i) one.commit(*one.network.transfer("acme", "baraka", 1));
  const std::string list = "/v1/entries?kind=account&id=acme%2FUZS&limit=4";
  CHECK(outcome(one.server->get(list)) == "signed_read_required");
  CHECK(outcome(one.get_as("baraka", list)) == "not_allowed");
  const auto first = one.get_as("acme", list).json();
  REQUIRE(first["entries"].size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(first["entries"][i]["index"] == i);
  CHECK(first["next"] == 4);
  const auto second = one.get_as("acme", list + "&from=4").json();
  CHECK(second["entries"].size() == 2);
  CHECK(second["next"].is_null());
  for (const char* query : {"", "?kind=account", "?kind=weather&id=x", "?kind=account&id=acme/UZS&from=-1", "?kind=account&id=acme/UZS&limit=501", "?kind=contract&id=x"}) {
    INFO(query);
    CHECK(outcome(one.server->get(std::string("/v1/entries") + query)) == "parameter_invalid");
  }
}

TEST_CASE("a private contract is shown to its parties, one paid from the budget to everybody") {
  OneNode one;
  one.commit(*one.network.issue("acme/UZS", 1000, "s1"));
  register_member(one, "dept", "public_body", {"spending_unit"});
  one.commit(*one.network.transaction("treasury", {approve("2026.paper", "dept")}));
  const std::string secret = one.commit(*one.network.transaction("acme", {draft("acme", "baraka", "")}));
  const std::string open = one.commit(*one.network.transaction("dept", {draft("dept", "baraka", "2026.paper")}));

  CHECK(outcome(one.server->get("/v1/contracts/" + secret)) == "signed_read_required");
  CHECK(outcome(one.get_as("chorsu", "/v1/contracts/" + secret)) == "not_allowed");
  CHECK(outcome(one.get_as("operator-1", "/v1/contracts/" + secret)) == "200");
  const auto seen = one.get_as("baraka", "/v1/contracts/" + secret).json();
  CHECK(seen["phase"] == "offered");
  CHECK(seen["lists"][0]["entries"][0]["fields"][1]["value"] == "500");
  CHECK(seen["currency"] == "UZS");
  CHECK(one.server->get("/v1/contracts/" + open).json()["parties"][0]["budget_line"] == "2026.paper");
  CHECK(outcome(one.server->get("/v1/transactions/" + secret)) == "signed_read_required");
  CHECK(one.server->get("/v1/transactions/" + open).json()["result"]["events"].size() >= 1);
  CHECK(outcome(one.server->get("/v1/entries?kind=contract&id=" + secret)) == "signed_read_required");
  CHECK(one.server->get("/v1/entries?kind=contract&id=" + open).json()["entries"].size() == 1);

  const auto listed = [&](const nlohmann::json& page) {
    std::set<std::string> ids;
    for (const auto& contract : page["contracts"]) ids.insert(contract["id"].get<std::string>());
    return ids;
  };
  CHECK(listed(one.server->get("/v1/contracts").json()) == std::set{open});
  CHECK(listed(one.get_as("acme", "/v1/contracts").json()) == std::set{open, secret});
  CHECK(outcome(one.server->get("/v1/contracts/" + std::string(64, '1'))) == "contract_unknown");

  const auto line = one.server->get("/v1/budget/lines/2026.paper").json();
  CHECK(line["stages"]["approved"]["net"] == "1000000");
  CHECK(line["owner"] == "dept");
  CHECK(one.server->get("/v1/budget/lines").json()["lines"].size() == 1);
  CHECK(outcome(one.server->get("/v1/budget/lines/none")) == "budget_line_unknown");
  CHECK(one.server->get("/v1/entries?kind=budget_line&id=2026.paper").json()["entries"].size() >= 1);
}

TEST_CASE("a payout is shown to who asked for it and to the bank that settles it") {
  OneNode one;
  one.commit(*one.network.issue("acme/UZS", 1000, "s1"));
  Operation ask;
  ask.mutable_request_payout()->set_from("acme/UZS");
  ask.mutable_request_payout()->set_bank("bank");
  ask.mutable_request_payout()->set_amount(300);
  ask.mutable_request_payout()->set_destination("account 42 elsewhere");
  const std::string target = "/v1/payouts/" + one.commit(*one.network.transaction("acme", {ask}));
  CHECK(outcome(one.server->get(target)) == "signed_read_required");
  CHECK(outcome(one.get_as("baraka", target)) == "not_allowed");
  CHECK(one.get_as("bank", target).json()["destination"] == "account 42 elsewhere");
  const auto own = one.get_as("acme", target).json();
  CHECK(own["amount"] == "300");
  CHECK(own["stage"] == "requested");
}

TEST_CASE("tax rules are public, registers are for the payee and the offices") {
  OneNode one;
  CHECK(one.server->get("/v1/tax/rules").json()["rules"].is_array());
  CHECK(one.server->get("/v1/tax/rules?date=2026-02-28").status == 200);
  for (const char* date : {"2026-02-29", "2026-2-28", "2026-13-01", "yesterday!", "0000-01-01"}) {
    INFO(date);
    CHECK(outcome(one.server->get(std::string("/v1/tax/rules?date=") + date)) == "parameter_invalid");
  }
  const std::string target = "/v1/tax/register?payee=acme&period=2026-11";
  CHECK(outcome(one.server->get(target)) == "signed_read_required");
  CHECK(outcome(one.get_as("baraka", target)) == "not_allowed");
  CHECK(outcome(one.get_as("operator-1", target)) == "not_allowed");
  CHECK(outcome(one.get_as("acme", target)) == "200");
  CHECK(outcome(one.get_as("tax-office", target)) == "200");
  CHECK(outcome(one.get_as("acme", "/v1/tax/register")) == "not_allowed");
  CHECK(outcome(one.get_as("tax-office", "/v1/tax/register")) == "200");
  CHECK(outcome(one.get_as("acme", "/v1/tax/register?payee=acme&period=2026-13")) == "parameter_invalid");
}

TEST_CASE("an explanation of taxes is for who may read the whole entry, by id or index, and hides a person's tax status") {
  OneNode one;
  register_member(one, "gulnora", "individual", {"citizen"});
  one.commit(*one.network.issue("acme/UZS", 1000, "s1"));
  one.commit(*one.network.issue("treasury/UZS", 1000, "s2"));
  const auto pay = [&](const std::string& from, const std::string& to) {
    Operation operation;
    operation.mutable_transfer()->set_from(from + "/UZS");
    operation.mutable_transfer()->set_to(to + "/UZS");
    operation.mutable_transfer()->set_amount(300);
    operation.mutable_transfer()->set_category("services");
    return "/v1/tax/explanations/" + one.commit(*one.network.transaction(from, {operation}));
  };
  const std::string target = pay("acme", "baraka");
  CHECK(outcome(one.server->get(target)) == "signed_read_required");
  CHECK(outcome(one.get_as("chorsu", target)) == "not_allowed");
  const auto explained = one.get_as("acme", target).json();
  CHECK(explained["as_recorded"] == true);
  CHECK(explained["payments"].size() == 1);
  CHECK(explained["payments"][0]["payee"] == nlohmann::json{{"id", "baraka"}, {"kind", "company"}, {"country", "UZ"}, {"tax_status", "vat_payer"}});
  CHECK(explained["payments"][0]["net"] == "300");
  CHECK(one.get_as("baraka", "/v1/tax/explanations/" + explained["index"].dump()).json() == explained);
  CHECK(outcome(one.server->get("/v1/tax/explanations/acme")) == "parameter_invalid");
  CHECK(outcome(one.get_as("tax-office", "/v1/tax/explanations/999")) == "transaction_unknown");

  const std::string open = pay("treasury", "gulnora");   // public money: anybody reads the entry
  CHECK_FALSE(one.server->get(open).json()["payments"][0]["payee"].contains("tax_status"));
  CHECK(one.get_as("tax-office", open).json()["payments"][0]["payee"]["tax_status"] == "none");
}

TEST_CASE("tax lines of a payee are for the payee and the offices, and to an agent those of payments that it made") {
  OneNode one({withheld_tenth()});
  for (const char* payer : {"acme", "chorsu"}) one.commit(*one.network.issue(std::string(payer) + "/UZS", 1000, payer));
  const std::string first = pay(one, "acme", {"baraka", "chorsu"}, 100);
  pay(one, "chorsu", {"baraka"}, 50);
  pay(one, "acme", {"baraka"}, 30);
  const std::string list = "/v1/tax/lines?payee=baraka";
  const auto amounts = [](const nlohmann::json& page) {
    std::vector<std::string> withheld;
    for (const auto& line : page["lines"]) withheld.push_back(line["withheld"]);
    return withheld;
  };
  using List = std::vector<std::string>;
  CHECK(amounts(one.get_as("baraka", list).json()) == List{"10", "5", "3"});
  CHECK(amounts(one.get_as("tax-office", list).json()) == List{"10", "5", "3"});
  CHECK(amounts(one.get_as("acme", list).json()) == List{"10", "3"});
  CHECK(amounts(one.get_as("chorsu", list).json()) == List{"5"});
  CHECK(amounts(one.get_as("operator-1", list).json()).empty());
  CHECK(outcome(one.server->get(list)) == "signed_read_required");
  CHECK(outcome(one.get_as("baraka", "/v1/tax/lines")) == "parameter_invalid");
  CHECK(outcome(one.get_as("tax-office", "/v1/tax/lines?payee=nobody")) == "member_unknown");

  const auto line = one.get_as("baraka", list).json()["lines"][0];
  CHECK(line["payment"] == first);
  CHECK(line["line"] == 1);
  CHECK(line["payer"] == "acme");
  CHECK(line["legal_basis"] == "Law 1");
  CHECK(one.get_as("chorsu", "/v1/tax/lines?payee=chorsu").json()["lines"][0]["line"] == 2);

  // In pages of entries; what is not the reader's shortens a page and does not end the list.
  const auto page = one.get_as("acme", list + "&limit=2").json();
  CHECK(amounts(page) == List{"10"});
  REQUIRE(page["next"].is_number());
  CHECK(amounts(one.get_as("acme", list + "&limit=2&from=" + page["next"].dump()).json()) == List{"3"});
  CHECK(one.get_as("acme", list).json()["next"].is_null());

  const std::string today = line["time"].get<std::string>().substr(0, 10);
  CHECK(amounts(one.get_as("baraka", list + "&since=" + today).json()) == List{"10", "5", "3"});
  CHECK(amounts(one.get_as("baraka", list + "&until=" + today).json()).front() == "10");
  CHECK(amounts(one.get_as("baraka", list + "&until=2020-01-01").json()).empty());
  CHECK(amounts(one.get_as("baraka", list + "&since=2999-01-01").json()).empty());
  for (const char* wrong : {"&since=2026-02-30", "&until=soon", "&from=-1", "&limit=501"}) {
    INFO(wrong);
    CHECK(outcome(one.get_as("baraka", list + wrong)) == "parameter_invalid");
  }
}

TEST_CASE("the tax lines of one entry are for its payees, its payer and the offices, each their own") {
  OneNode one({withheld_tenth()});
  one.commit(*one.network.issue("acme/UZS", 1000, "s1"));
  const std::string id = pay(one, "acme", {"baraka", "chorsu"}, 100), target = "/v1/tax/lines/" + id;
  CHECK(one.get_as("acme", target).json()["lines"].size() == 2);
  CHECK(one.get_as("tax-office", target).json()["lines"].size() == 2);
  const auto own = one.get_as("chorsu", target).json();
  REQUIRE(own["lines"].size() == 1);
  CHECK(own["lines"][0]["payee"] == "chorsu");
  CHECK(own["lines"][0]["line"] == 2);
  CHECK(one.get_as("chorsu", "/v1/tax/lines/1").json() == own);
  CHECK(outcome(one.server->get(target)) == "signed_read_required");
  CHECK(outcome(one.get_as("operator-1", target)) == "not_allowed");
  CHECK(outcome(one.get_as("acme", "/v1/tax/lines/x")) == "parameter_invalid");
  CHECK(outcome(one.get_as("acme", "/v1/tax/lines/99")) == "transaction_unknown");
  const std::string untaxed = "/v1/tax/lines/" + one.commit(*one.network.transfer("acme", "baraka", 5));
  CHECK(one.get_as("acme", untaxed).json()["lines"].empty());
  CHECK(outcome(one.get_as("chorsu", untaxed)) == "not_allowed");
}

TEST_CASE("what was given back of a tax stands with its line, and its entry is for payee, payer and offices") {
  OneNode one({withheld_tenth()});
  one.commit(*one.network.issue("acme/UZS", 1000, "s1"));
  const std::string payment = pay(one, "acme", {"chorsu", "baraka"}, 100);
  Operation operation;
  auto& correction = *operation.mutable_correct_tax();
  correction.set_payment(*ledger::from_hex(payment));
  correction.set_line(2);
  correction.set_rule("tenth");
  correction.set_to("baraka/UZS");
  correction.set_amount(4);
  correction.set_reason("a decision");
  const std::string id = one.commit(*one.network.transaction("tax-office", {operation}));
  const auto lines = one.get_as("acme", "/v1/tax/lines/" + payment).json()["lines"];
  CHECK(lines[0]["corrected"] == "0");
  CHECK(lines[0]["corrections"].empty());
  CHECK(lines[1]["withheld"] == "10");   // as it was
  CHECK(lines[1]["corrected"] == "4");
  REQUIRE(lines[1]["corrections"].size() == 1);
  CHECK(lines[1]["corrections"][0]["id"] == id);
  CHECK(lines[1]["corrections"][0]["amount"] == "4");
  CHECK(one.get_as("baraka", "/v1/tax/lines?payee=baraka").json()["lines"].size() == 1);   // a correction is no payment
  CHECK(one.get_as("baraka", "/v1/tax/register?payee=baraka").json()["rows"][0]["withheld"] == "6");
  const auto explained = one.get_as("acme", "/v1/tax/explanations/" + payment).json()["payments"];
  CHECK(explained[0]["applied"][0]["line"] == 1);
  CHECK(explained[0]["applied"][0]["corrected"] == "0");
  CHECK(explained[1]["applied"][0]["line"] == 2);
  CHECK(explained[1]["applied"][0]["corrections"][0]["id"] == id);
  for (const char* reader : {"acme", "baraka", "tax-office"}) {
    INFO(reader);
    CHECK(one.get_as(reader, "/v1/transactions/" + id).json().contains("envelope"));
  }
  const auto others = one.get_as("chorsu", "/v1/transactions/" + id).json();   // paid in the same entry, and not concerned: the public account alone
  CHECK(others["redacted"] == true);
  CHECK(others.dump().find("baraka") == std::string::npos);
}

TEST_CASE("certificates of residence are for the payee and the offices that read registers") {
  OneNode one;
  Operation operation;
  auto& certificate = *operation.mutable_change_tax_certificate();
  certificate.set_payee("acme");
  certificate.set_number("C-1");
  certificate.set_country("SE");
  certificate.set_document_digest(std::string(32, 'c'));
  certificate.set_valid_to_ms(wall_ms() + day);
  one.commit(*one.network.transaction("tax-office", {operation}));
  const std::string target = "/v1/tax/certificates/acme";
  CHECK(outcome(one.server->get(target)) == "signed_read_required");
  CHECK(outcome(one.get_as("baraka", target)) == "not_allowed");
  CHECK(outcome(one.get_as("operator-1", target)) == "not_allowed");
  CHECK(one.get_as("acme", target).json()["certificates"][0]["number"] == "C-1");
  CHECK(one.get_as("tax-office", target).json()["certificates"].size() == 1);
  CHECK(one.get_as("baraka", "/v1/tax/certificates/baraka").json()["certificates"].empty());
  CHECK(outcome(one.get_as("tax-office", "/v1/tax/certificates/nobody")) == "member_unknown");
}

TEST_CASE("anybody can follow the log: genesis, roots, checkpoint and tiles fit together") {
  OneNode one;
  CHECK(one.server->get("/checkpoint").code() == "not_yet_certified");
  CHECK(one.server->get("/v1/genesis").body == one.network.genesis->bytes());
  for (int i = 0; i < 3; ++i) one.commit(*one.network.issue("acme/UZS", 1, "s" + std::to_string(i)));
  REQUIRE(one.submit(*one.network.issue("acme/UZS", 1, "last"), "?wait=certified").json()["status"] == "certified");
  const auto status = one.server->get("/v1/status").json();
  CHECK(status["entries"] == 4);
  CHECK(status["role"] == "leader");
  const auto root = one.server->get("/v1/roots/" + std::to_string(status["height"].get<std::uint64_t>())).json();
  CHECK(root["root"] == status["root"]);
  const auto note = ledger::parse_note(one.server->get("/checkpoint").body);
  REQUIRE(note.has_value());
  CHECK(note->checkpoint.size == 4);
  const std::string tile = one.server->get("/tile/0/000.p/4").body;
  REQUIRE(tile.size() == 4 * 32);
  std::vector<ledger::Digest> leaves;
  for (std::size_t i = 0; i < 4; ++i) leaves.push_back(*ledger::Digest::from_bytes(std::string_view(tile).substr(i * 32, 32)));
  CHECK(ledger::root_of(leaves) == note->checkpoint.root);
  CHECK(ledger::count_valid_lines(*note, one.network.genesis->checkpoint_keys()) == 1);
  CHECK(one.server->get("/tile/0/000").code() == "tile_unknown");
  CHECK(one.server->get("/tile/0/000.p/5").code() == "tile_unknown");
  for (const char* path : {"0", "0/0", "0/0000", "8/000", "-1/000", "0/x000/000", "0/x001", "0/x001/00a", "0/000.p/0", "0/000.p/256", "0/000/000", "0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    INFO(path);
    CHECK(outcome(one.server->get(std::string("/tile/") + path)) == "parameter_invalid");
  }
  CHECK(outcome(one.server->get("/v1/roots/99")) == "height_unknown");
  CHECK(outcome(one.server->get("/v1/roots/-1")) == "parameter_invalid");
}

TEST_CASE("metrics count what was done") {
  OneNode one;
  one.commit(*one.network.issue("acme/UZS", 1, "s"));
  one.server->get("/nothing");
  const std::string text = one.server->get("/metrics").body;
  INFO(text);
  CHECK(text.find("# TYPE daftar_entries gauge\n") != std::string::npos);
  CHECK(text.find("\ndaftar_entries 1") != std::string::npos);
  CHECK(text.find("\ndaftar_is_leader 1") != std::string::npos);
  CHECK(text.find("daftar_http_requests_total{route=\"POST /v1/transactions\",status=\"2xx\"} 1") != std::string::npos);
  CHECK(text.find("daftar_http_requests_total{route=\"none\",status=\"4xx\"} 1") != std::string::npos);
}
