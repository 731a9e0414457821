// `daftar budget close` against a running network: more contracts than one transaction takes over, and one command.
#include "tests/end_to_end/terminal.h"
#include "tests/end_to_end/test_network.h"
#include "tests/harness/service_contract.h"
#include "tools/keystore.h"

using namespace daftar;
using namespace daftar::tests;
using ledger::proto::Operation;

namespace {

constexpr std::size_t contracts_to_close = 210;   // a closing looks at about 200

Operation line_to_close(const std::string& id, std::uint32_t year) {
  Operation operation;
  auto& line = *operation.mutable_approve_budget_line();
  line.set_line(id);
  line.set_owner("education-dept");
  line.set_title("School supplies");
  line.set_currency("UZS");
  line.set_amount(1'000'000);
  line.set_year(year);
  line.set_source_account("treasury/UZS");
  return operation;
}

/// Of one milestone each, on the line, in force: the acts on all of them in one transaction of each party.
void put_in_force(TestNetwork& network, const std::string& line) {
  std::map<std::string, std::vector<Operation>> acts;
  for (std::size_t i = 0; i < contracts_to_close; ++i) {
    const std::uint64_t now = tools::now_ms();
    const auto draft = draft_service({.customer = "education-dept", .provider = payee, .budget_line = line, .price = 100 + static_cast<std::int64_t>(i), .due_ms = now + 30 * 86'400'000ull,
                                      .offer_until_ms = now + 86'400'000});
    const std::string id = *ledger::from_hex(network.accepted(network.sign("education-dept", {draft})).id);
    for (const auto& [party, act] : {std::pair{"education-dept", "sign"}, std::pair{payee.c_str(), "sign"}, std::pair{"treasury", "register"}})
      acts[party].push_back(act_on(id, draft.draft_contract().digest(), act));
  }
  for (const std::string& party : {std::string("education-dept"), payee, std::string("treasury")}) network.accepted(network.sign(party, acts.at(party)));
}

}  // namespace

TEST_CASE("one command closes a line whose contracts go over in several transactions") {
  TestNetwork network;
  Operation allotted;
  allotted.mutable_allot_budget_line()->set_line("2026.edu");
  allotted.mutable_allot_budget_line()->set_amount(1'000'000);
  network.accepted(network.sign("treasury", {line_to_close("2026.edu", 2026), allotted, line_to_close("2027.edu", 2027)}));
  put_in_force(network, "2026.edu");
  network.settle();

  const auto& dir = network.network().dir();
  REQUIRE(tools::write_keystore(dir / "keys/treasury.json", "treasury", network.key("treasury"), tools::Secret("for this test only")));
  const auto run = run_on_terminal("'" DAFTAR_BIN_DIR "/daftar' budget close 2026.edu --carry-to 2027.edu --network '" + dir.string() + "' --as treasury", dir, {},
                                   {{"Passphrase of .*: ", "for this test only"}, {".*\\[y/N\\] ", "y"}}, std::chrono::seconds(60));
  INFO(run.output);
  CHECK(run.exit == 0);
  const auto count = [&](const std::string& text) {
    std::size_t found = 0;
    for (std::size_t at = run.output.find(text); at != std::string::npos; at = run.output.find(text, at + 1)) ++found;
    return found;
  };
  CHECK(count("[y/N]") == 1);                 // one question
  CHECK(count("committed in block") == 2);
  CHECK(count("budget_closed 2026.edu") >= 1);
  network.settle();
  auto line = network.client().get("/v1/budget/lines/2026.edu");
  REQUIRE(line);
  CHECK(line->contains("closed_at"));
  CHECK((*line)["stages"]["committed"]["net"] == "0");
}
