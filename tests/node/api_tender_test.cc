// Reading a contract whose entries anybody may make, and one that comes about by its award: the one is everybody's business, the other its parties'.
#include "tests/node/api_harness.h"

using namespace daftar;
using namespace daftar::tests;
using ledger::proto::Operation;

namespace {

constexpr std::uint64_t one_day = 86'400'000;

/// Whoever bids may be taken at once: what takes days elsewhere.
const contracts::agreements::Library::Known& quotes() {
  static const auto known = [] {
    auto found = contracts::agreements::known_of(R"(template quotes version 1
party buyer: enterprise
entrant bidder of bids: enterprise
term ceiling: money
term until: date
term bids: list up to 4 of {
  price: money later
}
phases open, end made, end over
stages of bids: made_known, end picked
action bid(price: money up to ceiling) by bidder in open joins b of bids { set b.price = price }
action cancel by buyer in open { become over }
deadline closes at until in open { become over }
action sign by contract of buyer and bidder for b.price in open on b of bids in made_known {
  b becomes picked
  become made
}
)");
    if (!found) throw std::runtime_error(found.error());
    return std::move(*found);
  }();
  return known;
}

void set(ledger::proto::ContractValue* value, const char* name, std::int64_t number) {
  value->set_name(name);
  value->set_number(number);
}

/// The digest anew, after a change of the draft.
Operation with_digest(Operation operation, const contracts::agreements::Library::Known& known) {
  auto& draft = *operation.mutable_draft_contract();
  const auto described = contracts::agreements::read_draft(known.program, draft);
  REQUIRE(described);
  draft.set_digest(std::string(contracts::agreements::digest_of(known, described->parties, draft.currency(), described->instance, {}, draft.tender()).view()));
  return operation;
}

Operation draft_quotes(const std::string& buyer) {
  Operation operation;
  auto& draft = *operation.mutable_draft_contract();
  draft.set_template_("quotes");
  draft.set_version(1);
  draft.set_currency("UZS");
  auto& party = *draft.add_parties();
  party.set_name("buyer");
  party.set_member(buyer);
  set(draft.add_terms(), "ceiling", 900);
  set(draft.add_terms(), "until", static_cast<std::int64_t>(wall_ms() + 5 * one_day));
  return with_digest(std::move(operation), quotes());
}

std::string raw(const std::string& hex) { return *ledger::from_hex(hex); }
std::string code_or_200(const Answer& answer) { return answer.status == 200 ? "200" : answer.code(); }

}  // namespace

TEST_CASE("a contract that takes entries is shown to everybody, with its draft whole, the contract by its award to its parties") {
  ledger::proto::Template of_quotes;
  of_quotes.set_source(quotes().source);
  of_quotes.set_program(std::string(quotes().digest.view()));
  OneNode one({}, {service_template_of_genesis(), of_quotes});
  one.commit(*one.network.issue("acme/UZS", 1000, "s1"));
  const Operation drafted = draft_quotes("acme");
  const std::string tender = one.commit(*one.network.transaction("acme", {drafted}));
  Operation bid = act_on(raw(tender), drafted.draft_contract().digest(), "bid");
  set(bid.mutable_act_on_contract()->add_parameters(), "price", 500);
  const std::string bidding = one.commit(*one.network.transaction("baraka", {bid}));

  const auto seen = one.server->get("/v1/contracts/" + tender).json();      // nobody signed
  CHECK(seen["lists"][0]["entries"][0]["member"] == "baraka");
  CHECK(seen["turns"].dump().find("\"bidder\"") != std::string::npos);
  CHECK_FALSE(seen.contains("contract_by_award"));
  const auto draft = one.get_as("chorsu", "/v1/transactions/" + tender).json();
  CHECK(draft.contains("envelope"));                                        // who bids proves what is bid for
  const auto entry = one.server->get("/v1/transactions/" + bidding).json();
  CHECK(entry["sender"] == "baraka");
  CHECK_FALSE(entry.contains("envelope"));

  Operation offer = draft_service({.customer = "acme", .provider = "baraka", .budget_line = {}, .price = 500, .due_ms = wall_ms() + 10 * one_day, .offer_until_ms = wall_ms() + 3 * one_day});
  offer.mutable_draft_contract()->set_tender(raw(tender));
  offer = with_digest(std::move(offer), service_template());
  const std::string contract = one.commit(*one.network.transaction("baraka", {offer}));
  const auto sign = act_on(raw(contract), offer.draft_contract().digest(), "sign");
  one.commit(*one.network.transaction("baraka", {sign}));
  const std::string in_force = one.commit(*one.network.transaction("acme", {sign}));
  CHECK(one.server->get("/v1/contracts/" + tender).json()["phase"] == "made");
  CHECK(one.server->get("/v1/contracts/" + tender).json()["contract_by_award"] == contract);
  CHECK(one.get_as("acme", "/v1/contracts/" + contract).json()["tender"] == tender);
  CHECK(code_or_200(one.get_as("chorsu", "/v1/contracts/" + contract)) == "not_allowed");
  for (const std::string& secret : {contract, in_force}) {                  // though the tender is concerned, too
    CHECK(code_or_200(one.get_as("chorsu", "/v1/transactions/" + secret)) == "not_allowed");
    CHECK(code_or_200(one.get_as("baraka", "/v1/transactions/" + secret)) == "200");
  }
}
