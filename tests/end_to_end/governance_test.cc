// What the ledger goes by changes while it runs: a rate and a template, proposed and approved over real processes, in force on all of them; afterwards the nodes start again
// from their disks and say the same.
#include <fstream>
#include <thread>

#include "contracts/agreements/library.h"
#include "tests/end_to_end/test_network.h"
#include "tests/faults/last_words.h"
#include "tests/harness/text_file.h"
#include "tools/contract_file.h"
#include "tools/clock.h"
#include "tools/genesis_compiler.h"

using namespace daftar;
using namespace daftar::tests;
using nlohmann::json;

namespace {

const std::string project_folder = DAFTAR_SOURCE_DIR;

/// The network of the test, its members, and what they send.
struct Governed {
  TestNetwork network;

  std::string send(const std::string& sender, const ledger::proto::Operation& operation, tools::Wait wait = tools::Wait::committed) {
    return network.accepted(network.sign(sender, {operation}), wait).id;
  }
  /// The code with which the ledger refuses it.
  std::string refused(const std::string& sender, const ledger::proto::Operation& operation) {
    auto api = network.client();
    const auto answer = api.submit(network.sign(sender, {operation}), tools::Wait::committed, std::chrono::seconds(20));
    REQUIRE(answer);
    return answer->accepted() ? "accepted" : answer->code;
  }
  json get(const std::string& target) {
    auto answer = network.client().get(target);
    if (!answer) FAIL(target << ": " << answer.error().sentence);
    return *answer;
  }

  std::string propose(const std::string& sender, const std::function<void(ledger::proto::ProposeChange&)>& fill) {
    ledger::proto::Operation operation;
    operation.mutable_propose_change()->set_until_ms(tools::now_ms() + 86'400'000);
    fill(*operation.mutable_propose_change());
    return send(sender, operation);
  }
  void approve(const std::string& sender, const std::string& proposal) { send(sender, approval(proposal)); }
  static ledger::proto::Operation approval(const std::string& proposal) {
    ledger::proto::Operation operation;
    operation.mutable_approve_change()->set_proposal(*ledger::from_hex(proposal));
    return operation;
  }
  json wait_until(const std::string& proposal, const std::string& stage) {
    json told;
    for (int i = 0; i < 300; ++i) {
      told = get("/v1/proposals/" + proposal);
      if (told["stage"] == stage) return told;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    FAIL("the proposal did not become " << stage << ": " << told.dump());
    return told;
  }

  std::string pay_for_services(std::int64_t amount) {
    auto operation = network.transfer_operation(payer_account, payee_account, amount);
    operation.mutable_transfer()->set_category("services");
    return send(payer, operation);
  }
  /// "uz-vat-12/1 applies, uz-vat-12/2 not_yet_in_force", of the rules of that code.
  std::string explained(const std::string& payment, const std::string& code) {
    const json told = get("/v1/tax/explanations/" + payment);
    REQUIRE(told["as_recorded"] == true);
    std::string out;
    for (const json& line : told["payments"][0]["applied"])
      if (line["rule"] == code) out += code + "/" + line["version"].dump() + " applies";
    for (const json& line : told["payments"][0]["not_applied"])
      if (line["rule"] == code) out += ", " + code + "/" + line["version"].dump() + " " + line["reason"].get<std::string>();
    return out;
  }
};

void wait_for_block_time(Governed& g, std::uint64_t time_ms) {
  while (tools::now_ms() < time_ms + 1'000) std::this_thread::sleep_for(std::chrono::milliseconds(50));   // block time may be behind the clock, never so much
  (void)g;
}

const std::string service_text = R"(template = "service/2"
currency = "UZS"
[parties]
customer = "acme-build"
provider = "baraka-soft"
[terms]
subject = "A report"
income = "services"
offer_until = "+3d"
late_rate = "0.4"
late_cap = "50"
acceptance = "5d"
grace = "30d"
[[milestones]]
title = "The report"
price = "115.00"
due = "+10d"
)";

}  // namespace

TEST_CASE("a rate changes on a running network: proposed by the tax authority, approved by the treasury, and each payment is taxed by its day") {
  Governed g;
  const std::string code = "uz-vat-12";
  const std::uint64_t midnight_ms = (tools::now_ms() / 1'000 + 12) * 1'000;
  const std::string proposal = g.propose("tax-authority", [&](ledger::proto::ProposeChange& change) {
    for (const auto& rule : g.network.genesis().content().tax_rules())
      if (rule.code() == code) *change.mutable_tax_rule() = rule;
    auto& rule = *change.mutable_tax_rule();
    rule.set_version(2);
    rule.set_rate_ppm(150'000);
    rule.set_title("Value added tax 15 %");
    rule.set_effective_from_ms(midnight_ms);
  });
  CHECK(g.refused("tax-authority", Governed::approval(proposal)) == "own_approval");
  CHECK(g.refused("registrar", Governed::approval(proposal)) == "role_missing");
  const json told = g.get("/v1/proposals/" + proposal);
  CHECK(told["stage"] == "open");
  CHECK(told["words"][0] == "tax rule uz-vat-12/2, after uz-vat-12/1");
  CHECK(told["approver_roles"] == json{"treasury"});
  g.approve("treasury", proposal);
  const json in_force = g.wait_until(proposal, "in_force");
  CHECK(in_force["closed_ms"].get<std::uint64_t>() >= in_force["due_ms"].get<std::uint64_t>());
  REQUIRE(tools::now_ms() + 1'000 < midnight_ms);

  const std::string before = g.pay_for_services(115'00);
  wait_for_block_time(g, midnight_ms);
  const std::string after = g.pay_for_services(115'00);
  CHECK(g.explained(before, code) == "uz-vat-12/1 applies, uz-vat-12/2 not_yet_in_force");
  CHECK(g.explained(after, code) == "uz-vat-12/2 applies, uz-vat-12/1 no_longer_in_force");
  CHECK(g.network.balance(1, "tax-authority/UZS/revenue.vat") == 12'32 + 15'00);   // 11500 × 12 / 112 = 1232.1…, 11500 × 15 / 115
  CHECK(g.get("/v1/proposals?stage=in_force")["proposals"].size() == 1);
  CHECK(g.get("/v1/proposals?stage=open")["proposals"].empty());

  // All nodes say the same, also one that starts from its disk.
  g.network.require_equal_roots(g.network.settle(), 10);
  const unsigned follower = g.network.follower();
  g.network.network().stop_node(follower);
  REQUIRE(g.network.network().start_node(follower));
  g.network.wait_ready();
  g.pay_for_services(115'00);
  g.network.require_equal_roots(g.network.settle(), 10);
  CHECK(g.network.balance(follower, "tax-authority/UZS/revenue.vat") == 12'32 + 15'00 + 15'00);
}

TEST_CASE("a template comes to a running network, a contract is made of it, and when it is stopped that contract goes on to its end") {
  Governed g;
  std::string text = read_text(project_folder + "/contracts/templates/service.template");
  const std::string first = "template service version 1";
  REQUIRE(text.find(first) != std::string::npos);
  text.replace(text.find(first), first.size(), "template service version 2");
  const auto known = contracts::agreements::known_of(text);
  REQUIRE(known);
  const std::string proposal = g.propose("registrar", [&](ledger::proto::ProposeChange& change) {
    change.mutable_template_()->set_source(text);
    change.mutable_template_()->set_program(std::string(known->digest.view()));
  });
  CHECK(g.get("/v1/proposals/" + proposal)["template"]["check"] == "holds");
  contracts::agreements::Library library;
  library.add(std::make_shared<const contracts::agreements::Library::Known>(*known));
  const auto offer = tools::read_contract_text(service_text, "service.toml", library);
  if (!offer) FAIL(offer.error().sentence);
  ledger::proto::Operation draft;
  *draft.mutable_draft_contract() = offer->draft;
  CHECK(g.refused(payer, draft) == "template_unknown");
  g.approve("tax-authority", proposal);
  g.wait_until(proposal, "in_force");
  const json shown = g.get("/v1/templates/service/2");
  CHECK(shown["proposal"] == proposal);
  CHECK(shown["program"] == known->digest.hex());
  CHECK(shown["stopped"] == false);

  const std::string contract = g.send(payer, draft);
  const auto act = [&](const std::string& sender, const std::string& name, std::uint32_t entry, const std::function<void(ledger::proto::ActOnContract&)>& fill = {}) {
    ledger::proto::Operation operation;
    auto& o = *operation.mutable_act_on_contract();
    o.set_contract(*ledger::from_hex(contract));
    o.set_digest(offer->draft.digest());
    o.set_act(name);
    o.set_entry(entry);
    if (fill) fill(o);
    return g.send(sender, operation);
  };
  act(payer, "sign", 0);
  act(payee, "sign", 0);

  const std::string stop = g.propose("registrar", [&](ledger::proto::ProposeChange& change) {
    change.mutable_stop_template()->set_name("service");
    change.mutable_stop_template()->set_version(2);
    change.set_reason("its words are wrong in one language");
  });
  g.wait_until(stop, "in_force");
  CHECK(g.get("/v1/templates/service/2")["stopped_because"] == "its words are wrong in one language");
  CHECK(g.refused(payer, draft) == "template_stopped");
  act(payee, "deliver", 1, [](ledger::proto::ActOnContract& o) {
    o.add_parameters()->set_name("file");
    o.mutable_parameters(0)->set_bytes(std::string(32, 'd'));
  });
  act(payer, "accept", 1);
  CHECK(g.get("/v1/contracts/" + contract)["phase"] == "done");
  CHECK(g.network.balance(1, payee_account) == 115'00 - 12'32);
  g.network.require_equal_roots(g.network.settle(), 10);
}

TEST_CASE("a protocol version that the programs do not know stops every node before its first block, with a status and a sentence of its own, now and when it is started again") {
  Governed g;
  CHECK(g.get("/v1/protocol") == json{{"in_force", 1}, {"known", 1}});
  const std::string proposal = g.propose("operator-1", [](ledger::proto::ProposeChange& change) { change.mutable_protocol_version()->set_version(2); });
  g.approve("operator-4", proposal);   // runs no validator
  CHECK(g.get("/v1/proposals/" + proposal)["stage"] == "open");
  g.approve("operator-2", proposal);
  g.wait_until(proposal, "in_force");
  std::vector<LastWords> words;
  for (unsigned node = 1; node <= g.network.network().nodes(); ++node) words.emplace_back(g.network.network(), node);
  auto api = g.network.client();
  const auto answer = api.submit(g.network.transfer(5), tools::Wait::committed, std::chrono::seconds(5));
  CHECK_FALSE((answer && answer->accepted()));   // nothing is acknowledged that is not executed
  // One may not have heard that the block is committed before the others stopped: it waits for them, and executes nothing either.
  std::vector<unsigned> stopped;
  for (unsigned node = 1; node <= words.size(); ++node) {
    auto& one = words[node - 1];
    const auto status = one.wait_for_end(std::chrono::seconds(20));
    if (!status) continue;
    stopped.push_back(node);
    CHECK(*status == stopped_by_protocol);
    CHECK(one.all().find("is executed by protocol version 2, and this program knows versions up to 1. Nothing is lost: install the program that knows it") != std::string::npos);
  }
  REQUIRE(stopped.size() + 1 >= words.size());
  LastWords again(g.network.network(), stopped.front());
  (void)g.network.network().start_node(stopped.front());   // comes up for a moment, or is gone before it could be asked
  CHECK(again.wait_for_end(std::chrono::seconds(30)) == stopped_by_protocol);
}
