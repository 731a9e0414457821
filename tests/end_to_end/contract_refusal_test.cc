// Wrong steps of contracts and budgets over the real API: each is refused with its code, a sentence and advice, and changes nothing.
// And a malformed OCDS file at the command. Envelopes and payments: refusal_test.cc.
#include <functional>

#include "tests/harness/service_contract.h"
#include "tests/end_to_end/terminal.h"
#include "tests/end_to_end/test_network.h"

using namespace daftar;
using namespace daftar::tests;
using ledger::proto::Operation;
using Fill = std::function<void(Operation&)>;

namespace {

const std::string line = "2026.edu", customer = "education-dept", provider = "baraka-soft";

class Deals {
 public:
  explicit Deals(TestNetwork& network) : network_(network) {}

  std::string draft(const std::string& by, std::int64_t price, bool is_public) {
    const std::uint64_t now = tools::now_ms();
    return done(by, [&](Operation& o) {
      o = draft_service({.customer = by, .provider = provider, .budget_line = is_public ? line : std::string(), .price = price, .due_ms = now + 30 * 86'400'000ull,
                         .offer_until_ms = now + 86'400'000});
    });
  }
  /// An act on a contract that is there.
  Fill act(const std::string& id, const std::string& name, std::uint32_t milestone = 0) { return act_on_it(id, contract(id).at("digest").get<std::string>(), name, milestone); }
  Fill deliver(const std::string& id, std::uint32_t milestone = 1) { return [made = act(id, "deliver", milestone)](Operation& o) { made(o); o = with(o, "file", std::string(32, 'd')); }; }
  static Fill act_on_it(const std::string& id, const std::string& digest, const std::string& name, std::uint32_t milestone) {
    return [=](Operation& o) { o = act_on(*ledger::from_hex(id), *ledger::from_hex(digest), name, milestone); };
  }
  std::string done(const std::string& sender, const Fill& fill) {
    const std::string id = network_.accepted(envelope(sender, fill)).id;
    network_.settle();   // what comes next may be judged by any node
    return id;
  }
  void refused(const std::string& what, const std::string& sender, const std::string& code, const Fill& fill) {
    const std::string before = picture();
    const auto answer = network_.client().submit(envelope(sender, fill), tools::Wait::committed, std::chrono::seconds(20));
    INFO(what);
    REQUIRE(answer);
    INFO(tools::name(answer->status) << " " << answer->code << " " << answer->detail);
    CHECK(answer->status == tools::SubmitStatus::rejected);
    CHECK(answer->code == code);
    CHECK(answer->sentence.size() > 10);
    CHECK(answer->advice.size() > 10);
    network_.settle();
    CHECK(picture() == before);
  }
  nlohmann::json contract(const std::string& id) { return read("/v1/contracts/" + id); }

 private:
  std::string envelope(const std::string& sender, const Fill& fill) const {
    Operation operation;
    fill(operation);
    return network_.sign(sender, {operation});
  }
  nlohmann::json read(const std::string& target) {
    auto answer = network_.client().get(target);
    if (!answer) FAIL(target << ": " << answer.error().sentence);
    return *answer;
  }
  /// Every contract, line and balance that a step here could touch.
  std::string picture() {
    std::string out;
    for (const char* target : {"/v1/contracts", "/v1/budget/lines", "/v1/accounts/acme-build", "/v1/accounts/baraka-soft", "/v1/accounts/treasury", "/v1/accounts/tax-authority"})
      out += read(target).dump() + "\n";
    return out;
  }

  TestNetwork& network_;
};

Fill order(const std::string& contract) {
  return [=](Operation& o) {
    o.mutable_order_payment()->set_contract(*ledger::from_hex(contract));
    o.mutable_order_payment()->set_payment(1);
  };
}
Fill pay(const std::string& contract) {
  return [=](Operation& o) {
    o.mutable_pay_order()->set_contract(*ledger::from_hex(contract));
    o.mutable_pay_order()->set_payment(1);
  };
}
Fill reserve(std::int64_t amount) {
  return [=](Operation& o) {
    o.mutable_reserve_budget_line()->set_line(line);
    o.mutable_reserve_budget_line()->set_amount(amount);
  };
}
Fill allot(std::int64_t amount) {
  return [=](Operation& o) {
    o.mutable_allot_budget_line()->set_line(line);
    o.mutable_allot_budget_line()->set_amount(amount);
  };
}

}  // namespace

TEST_CASE("wrong steps of a contract are refused and change nothing") {
  TestNetwork network;
  Deals deals(network);
  const std::string id = deals.draft(payer, 11'200, false), none(64, 'c');
  deals.refused("deliver an unsigned contract", provider, "wrong_phase", deals.deliver(id));
  deals.refused("sign other terms", payer, "terms_digest_mismatch", Deals::act_on_it(id, none, "sign", 0));
  deals.done(payer, deals.act(id, "sign"));
  deals.refused("sign twice", payer, "already_signed", deals.act(id, "sign"));
  deals.refused("sign for others", "nordic-consult", "not_a_party", deals.act(id, "sign"));
  deals.done(provider, deals.act(id, "sign"));
  deals.refused("unknown contract", provider, "contract_unknown", Deals::act_on_it(none, none, "deliver", 1));
  deals.refused("unknown milestone", provider, "milestone_unknown", deals.deliver(id, 2));
  deals.refused("milestone 0", provider, "milestone_unknown", deals.deliver(id, 0));
  deals.refused("accept before deliver", payer, "milestone_wrong_stage", deals.act(id, "accept", 1));
  deals.done(provider, deals.deliver(id));
  deals.refused("the provider accepts its own work", provider, "not_a_party", deals.act(id, "accept", 1));
  deals.refused("a dispute without an arbiter", payer, "condition_not_met", [made = deals.act(id, "dispute", 1)](Operation& o) {
    made(o);
    o = with(o, "reason", "why");
  });
  deals.done(payer, deals.act(id, "accept", 1));
  deals.refused("accept, and so pay, twice", payer, "wrong_phase", deals.act(id, "accept", 1));
  const std::string dear = deals.draft(payer, issued_amount, false);
  deals.done(payer, deals.act(dear, "sign"));
  deals.refused("the last signature without the money", provider, "overdraft", deals.act(dear, "sign"));
}

TEST_CASE("wrong steps with public money are refused and change nothing") {
  TestNetwork network;
  Deals deals(network);
  deals.done("treasury", [](Operation& o) {
    auto& approved = *o.mutable_approve_budget_line();
    approved.set_line(line);
    approved.set_owner(customer);
    approved.set_title("School supplies");
    approved.set_currency("UZS");
    approved.set_amount(100'000);
    approved.set_year(2026);
    approved.set_function_code("09.2");
    approved.set_economic_code("22");
    approved.set_source_account("treasury/UZS");
  });
  deals.refused("more than nothing allotted", customer, "over_allotment", reserve(1));
  deals.refused("over the appropriation", "treasury", "over_appropriation", allot(100'001));
  deals.done("treasury", allot(50'000));
  const std::string large = deals.draft(customer, 50'001, true);
  deals.done(customer, deals.act(large, "sign"));
  deals.done(provider, deals.act(large, "sign"));
  deals.refused("a commitment over the allotment", "treasury", "over_allotment", deals.act(large, "register"));
  const std::string id = deals.draft(customer, 11'200, true);
  deals.done(customer, deals.act(id, "sign"));
  deals.done(provider, deals.act(id, "sign"));
  deals.refused("deliver before it is registered", provider, "wrong_phase", deals.deliver(id));
  deals.done("treasury", deals.act(id, "register"));
  deals.refused("reserve what is committed", customer, "over_allotment", reserve(50'000 - 11'200 + 1));
  deals.refused("cut below the commitment", "treasury", "below_commitment", [](Operation& o) {
    o.mutable_adjust_budget_line()->set_line(line);
    o.mutable_adjust_budget_line()->set_delta(-(100'000 - 11'200 + 1));
    o.mutable_adjust_budget_line()->set_reason("cut");
  });
  deals.refused("order what is not accepted", customer, "payment_unknown", order(id));
  deals.done(provider, deals.deliver(id));
  deals.done(customer, deals.act(id, "accept", 1));
  deals.refused("pay what is not ordered", "treasury", "payment_wrong_stage", pay(id));
  deals.refused("the treasury orders by itself", "treasury", "not_line_owner", order(id));
  deals.done(customer, order(id));
  deals.refused("pay from an empty treasury", "treasury", "overdraft", pay(id));
  deals.done("bank", [](Operation& o) {
    o.mutable_issue()->set_to("treasury/UZS");
    o.mutable_issue()->set_amount(100'000);
    o.mutable_issue()->set_statement_reference("budget");
  });
  deals.done("treasury", pay(id));
  deals.refused("pay twice", "treasury", "already_paid", pay(id));
  deals.refused("order twice", customer, "already_paid", order(id));
}

TEST_CASE("a malformed OCDS file is refused by the command, which names the field and the place, and asks no node") {
  const TemporaryFolder folder;
  std::ifstream in(std::string(DAFTAR_SOURCE_DIR) + "/tests/data/ocds/paraguay/274231.json", std::ios::binary);
  const std::string real((std::istreambuf_iterator<char>(in)), {});
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = real;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  struct Row { std::string content, says; };
  for (const Row& row : {Row{replaced("\"amount\": 180941456.0", "\"amount\": \"much\""), "records[0].compiledRelease.contracts[0].value.amount: must be a number"},
                         Row{replaced("\"quantity\": 14.0", "\"quantity\": -14"), "records[0].compiledRelease.contracts[0].items[3].quantity"},
                         Row{real.substr(0, real.size() / 2), "at byte"},
                         Row{std::string(5'000, '[') + std::string(5'000, ']'), "nested deeper than 64"}}) {
    folder.write("process.json", row.content);
    const auto run = run_on_terminal("'" DAFTAR_BIN_DIR "/daftar' import ocds process.json --network nowhere", folder.path(), {}, {}, std::chrono::seconds(30));
    INFO(run.output);
    CHECK(run.exit == static_cast<int>(tools::Exit::usage));
    CHECK(run.output.find(row.says) != std::string::npos);
  }
}
