#include <catch2/catch.hpp>

#include "tests/harness/scenario.h"
#include "world.h"

namespace daftar::contracts::test {
namespace {

std::string currency_of(const std::string& account) { return account.substr(account.find('/') + 1, 3); }
std::string full(const std::string& account) { return account.find('/') == std::string::npos ? account + "/UZS" : account; }

MinorUnits amount_of(const std::string& text, const std::string& currency) {
  const auto amount = ledger::parse_decimal(text, ledger::currency_decimals(currency).value_or(2));
  INFO(text);
  REQUIRE(amount.has_value());
  return *amount;
}

/// What rows of a scenario file do, and what changed since the step before.
class Actor {
 public:
  std::string perform(const std::vector<std::string>& w) {
    const std::string& verb = w.at(0);
    if (verb == "fund") return note("bank", issue(full(w.at(1)), amount_of(w.at(2), currency_of(full(w.at(1)))), "opening " + w.at(1)));
    if (verb == "transfer") return note(w.at(1), transfer(full(w.at(2)), full(w.at(3)), amount_of(w.at(4), currency_of(full(w.at(2)))), w.at(5)));
    if (verb == "open") return note(w.at(1), open(w.at(2)));
    if (verb == "issue") return note(w.at(1), issue(w.at(2), amount_of(w.at(3), currency_of(w.at(2))), w.at(4)));
    if (verb == "payout") return payout(w);
    if (verb == "settle" || verb == "refuse-payout") return settle(w);
    if (verb == "approve") {
      auto o = approve_line(w.at(2), amount_of(w.at(3), "UZS"));
      if (w.size() > 4) o.mutable_approve_budget_line()->set_owner(w.at(4));
      return note(w.at(1), o);
    }
    if (verb == "allot") return note(w.at(1), allot(w.at(2), amount_of(w.at(3), "UZS")));
    if (verb == "adjust") return note(w.at(1), adjust_line(w.at(2), amount_of(w.at(3), "UZS")));
    if (verb == "reserve" || verb == "unreserve") return note(w.at(1), reserve(w.at(2), amount_of(w.at(3), "UZS"), verb == "unreserve"));
    FAIL("no such verb: " << verb);
    return {};
  }

  std::string describe() {
    std::string text = taxes_;
    taxes_.clear();
    for (const auto& [account, balance] : query::all_accounts(world_.state(), {}, query::page_max)) {
      auto& known = known_[account];
      if (known == balance) continue;
      known = balance;
      std::string shown = account;   // ids of payouts and contracts say nothing to a reader
      for (const char* label : {"/payout.", "/hold."})
        if (const auto at = shown.find(label); at != std::string::npos) shown = shown.substr(0, at) + label + "…";
      text += shown + " " + decimal(balance, currency_of(account)) + "\n";
    }
    for (const auto& line : query::budget_lines(world_.state(), {}, query::page_max)) {
      std::string now = line.id;
      for (std::size_t i = 0; i < budget::stage_count; ++i) {
        const auto stage = static_cast<budget::Stage>(i);
        if (line.at(stage).gross == 0) continue;
        now += " " + std::string(budget::name(stage)) + "=" + decimal(static_cast<MinorUnits>(line.net(stage)), line.currency);
      }
      now += " available=" + decimal(static_cast<MinorUnits>(line.available()), line.currency) + "\n";
      if (now != lines_[line.id]) text += now;
      lines_[line.id] = now;
    }
    return text;
  }

 private:
  static std::string decimal(MinorUnits value, const std::string& currency) {
    return ledger::format_decimal(value, *ledger::currency_decimals(currency));
  }

  std::string note(const std::string& sender, proto::Operation operation) {
    const auto result = world_.run(sender, std::move(operation));
    for (const TaxLine& line : result.taxes)
      taxes_ += line.payer + " pays " + line.payee + " " + decimal(line.gross, line.currency) + ": " + line.rule + " base " +
                decimal(line.base, line.currency) + " tax " + decimal(line.tax, line.currency) + " withheld " +
                decimal(line.withheld, line.currency) + "\n";
    return std::string(ledger::name(result.rejection.code));
  }

  std::string payout(const std::vector<std::string>& w) {
    proto::Operation o;
    o.mutable_request_payout()->set_from(full(w.at(2)));
    o.mutable_request_payout()->set_bank(w.at(3));
    o.mutable_request_payout()->set_amount(amount_of(w.at(4), "UZS"));
    o.mutable_request_payout()->set_destination("20208000900123456001");
    const auto outcome = note(w.at(1), o);
    if (outcome == "ok") payout_ = world_.last_id();
    return outcome;
  }

  std::string settle(const std::vector<std::string>& w) {
    proto::Operation o;
    o.mutable_settle_payout()->set_payout(std::string(payout_.view()));
    if (w.at(0) == "settle") o.mutable_settle_payout()->set_statement_reference(w.at(2));
    else o.mutable_settle_payout()->set_refuse(true);
    return note(w.at(1), o);
  }

  World world_;
  Digest payout_;
  std::string taxes_;
  std::map<std::string, MinorUnits> known_;
  std::map<std::string, std::string> lines_;
};

void run_file(const std::string& name) {
  Actor actor;
  daftar::test::run_scenario(
      std::string(DAFTAR_SOURCE_DIR) + "/tests/contracts/scenarios/" + name + ".txt",
      [&](const std::vector<std::string>& words) { return actor.perform(words); }, [&] { return actor.describe(); },
      [](const std::string& difference) { FAIL_CHECK(difference); });
}

}  // namespace

TEST_CASE("scenario: accounts, issuing and payouts") { run_file("accounts"); }
TEST_CASE("scenario: taxes are split off inside a payment") { run_file("pay"); }
TEST_CASE("scenario: stages of a budget line") { run_file("budget"); }

}  // namespace daftar::contracts::test
