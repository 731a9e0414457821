// Wrong steps of contracts and budgets over the real API: each is refused with its code, a sentence and advice, and changes nothing.
// And a malformed OCDS file at the command. Envelopes and payments: refusal_test.cc.
#include <functional>

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
      auto& d = *o.mutable_draft_contract();
      d.set_template_("service/1");
      d.set_title("Repair");
      d.set_customer(by);
      d.set_provider(provider);
      d.set_currency("UZS");
      d.set_category("services");
      if (is_public) d.set_budget_line(line);
      else d.set_customer_account(by + "/UZS");
      d.set_offer_until_ms(now + 86'400'000);
      d.set_acceptance_days(is_public ? 0 : 10);
      d.set_delivery_grace_days(60);
      d.set_text_digest(std::string(32, 't'));
      auto& m = *d.add_milestones();
      m.set_title("All of it");
      m.set_price(price);
      m.set_due_ms(now + 30 * 86'400'000ull);
    });
  }
  Fill sign(const std::string& id) {
    const auto digest = contract(id).at("terms_digest").get<std::string>();
    return [=](Operation& o) {
      o.mutable_sign_contract()->set_contract(*ledger::from_hex(id));
      o.mutable_sign_contract()->set_terms_digest(*ledger::from_hex(digest));
    };
  }
  Fill register_contract(const std::string& id) {
    const auto digest = contract(id).at("terms_digest").get<std::string>();
    return [=](Operation& o) {
      o.mutable_register_contract()->set_contract(*ledger::from_hex(id));
      o.mutable_register_contract()->set_terms_digest(*ledger::from_hex(digest));
    };
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

template <class Set>
Fill step(const std::string& contract, std::uint32_t milestone, Set set) {
  return [=](Operation& o) {
    auto& part = *set(o);
    part.set_contract(*ledger::from_hex(contract));
    part.set_milestone(milestone);
  };
}
Fill accept(const std::string& contract, std::uint32_t m = 1) { return step(contract, m, [](Operation& o) { return o.mutable_accept_milestone(); }); }
Fill order(const std::string& contract) { return step(contract, 1, [](Operation& o) { return o.mutable_order_payment(); }); }
Fill pay(const std::string& contract) { return step(contract, 1, [](Operation& o) { return o.mutable_pay_order(); }); }
Fill deliver(const std::string& contract, std::uint32_t m = 1) {
  return step(contract, m, [](Operation& o) {
    o.mutable_deliver_milestone()->set_document_digest(std::string(32, 'd'));
    return o.mutable_deliver_milestone();
  });
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
  deals.refused("deliver an unsigned contract", provider, "wrong_phase", deliver(id));
  deals.refused("sign other terms", payer, "terms_digest_mismatch", [&](Operation& o) {
    o.mutable_sign_contract()->set_contract(*ledger::from_hex(id));
    o.mutable_sign_contract()->set_terms_digest(std::string(32, 'x'));
  });
  deals.done(payer, deals.sign(id));
  deals.refused("sign twice", payer, "already_signed", deals.sign(id));
  deals.refused("sign for others", "nordic-consult", "not_a_party", deals.sign(id));
  deals.done(provider, deals.sign(id));
  deals.refused("unknown contract", provider, "contract_unknown", deliver(none));
  deals.refused("unknown milestone", provider, "milestone_unknown", deliver(id, 2));
  deals.refused("milestone 0", provider, "milestone_unknown", deliver(id, 0));
  deals.refused("accept before deliver", payer, "milestone_wrong_stage", accept(id));
  deals.done(provider, deliver(id));
  deals.refused("the provider accepts its own work", provider, "not_a_party", accept(id));
  deals.refused("a dispute without an arbiter", payer, "no_arbiter", step(id, 1, [](Operation& o) {
    o.mutable_dispute_milestone()->set_reason("why");
    return o.mutable_dispute_milestone();
  }));
  deals.done(payer, accept(id));
  deals.refused("accept, and so pay, twice", payer, "wrong_phase", accept(id));
  const std::string dear = deals.draft(payer, issued_amount, false);
  deals.done(payer, deals.sign(dear));
  deals.refused("the last signature without the money", provider, "overdraft", deals.sign(dear));
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
  deals.done(customer, deals.sign(large));
  deals.done(provider, deals.sign(large));
  deals.refused("a commitment over the allotment", "treasury", "over_allotment", deals.register_contract(large));
  const std::string id = deals.draft(customer, 11'200, true);
  deals.done(customer, deals.sign(id));
  deals.done(provider, deals.sign(id));
  deals.refused("deliver before it is registered", provider, "not_registered", deliver(id));
  deals.done("treasury", deals.register_contract(id));
  deals.refused("reserve what is committed", customer, "over_allotment", reserve(50'000 - 11'200 + 1));
  deals.refused("cut below the commitment", "treasury", "below_commitment", [](Operation& o) {
    o.mutable_adjust_budget_line()->set_line(line);
    o.mutable_adjust_budget_line()->set_delta(-(100'000 - 11'200 + 1));
    o.mutable_adjust_budget_line()->set_reason("cut");
  });
  deals.refused("order what is not accepted", customer, "milestone_wrong_stage", order(id));
  deals.done(provider, deliver(id));
  deals.done(customer, accept(id));
  deals.refused("pay what is not ordered", "treasury", "milestone_wrong_stage", pay(id));
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
