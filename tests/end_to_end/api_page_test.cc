// docs/api.md against a running network: each route it names answers with the fields it names, each error it names can be had.
#include <fstream>
#include <functional>
#include <thread>

#include "contracts/tax/period.h"
#include "tests/harness/service_contract.h"
#include "tests/end_to_end/test_network.h"
#include "tests/harness/page_table.h"
#include "tools/tls_client.h"

using namespace daftar;
using namespace daftar::tests;
using nlohmann::json;

namespace {

const std::string page = read_text(std::string(DAFTAR_SOURCE_DIR) + "/docs/api.md");

struct Field { bool optional = false, list = false; std::string shape; };
using Shape = std::map<std::string, Field>;

/// `name`, `name?`, `name: shape`, `name: [shape]`
std::map<std::string, Shape> shapes_of_page() {
  std::map<std::string, Shape> shapes;
  for (const auto& row : page_table(page, "shape"))
    for (std::string word : code_words(row[1])) {
      Field field;
      if (const auto colon = word.find(": "); colon != std::string::npos) {
        field.shape = word.substr(colon + 2);
        word.resize(colon);
        if (field.shape.front() == '[') {
          field.list = true;
          field.shape = field.shape.substr(1, field.shape.size() - 2);
        }
      }
      if (word.back() == '?') {
        field.optional = true;
        word.pop_back();
      }
      shapes[row[0]][word] = field;
    }
  return shapes;
}

/// Every way in which `value` is not of the shape, one per line. `seen` collects shape.field of what was there.
std::string faults_of(const json& value, const std::string& shape, const std::map<std::string, Shape>& shapes, std::set<std::string>& seen) {
  if (!shapes.contains(shape)) return "there is no shape " + shape + "\n";
  if (!value.is_object()) return shape + " is no object: " + value.dump() + "\n";
  std::string faults;
  for (const auto& [name, field] : shapes.at(shape)) {
    if (!value.contains(name)) {
      if (!field.optional) faults += shape + " has no " + name + "\n";
      continue;
    }
    seen.insert(shape + "." + name);
    if (field.shape.empty()) continue;
    const json& inner = value.at(name);
    if (!field.list) faults += faults_of(inner, field.shape, shapes, seen);
    else if (!inner.is_array()) faults += shape + "." + name + " is no list\n";
    else
      for (const json& element : inner) faults += faults_of(element, field.shape, shapes, seen);
  }
  for (const auto& [name, inner] : value.items())
    if (!shapes.at(shape).contains(name)) faults += shape + " has " + name + ", which the page does not name\n";
  return faults;
}

/// A network in which there is something behind every route.
struct Story {
  TestNetwork network;
  std::string contract, payout, payment, proposal, template_change;

  Story() {
    const auto in_ms = [](std::uint64_t days) { return tools::now_ms() + days * 86'400'000; };
    const auto private_draft = draft_service({.customer = payer, .provider = payee, .budget_line = {}, .price = 11'200, .due_ms = in_ms(30), .offer_until_ms = in_ms(7)});
    contract = send(payer, [&](ledger::proto::Operation& o) { o = private_draft; });
    for (const auto& party : {payer, payee}) act(party, contract, private_draft, "sign");
    send(payer, [&](ledger::proto::Operation& o) {   // the other does not agree yet: somebody is waited for
      o = with(act_on(*ledger::from_hex(contract), private_draft.draft_contract().digest(), "terminate"), "reason", "why not");
    });
    send(payer, [&](ledger::proto::Operation& o) {
      auto& rule = *o.mutable_set_signing_rules()->add_rules();
      rule.set_currency("UZS");
      rule.set_above(issued_amount);
      rule.set_signatures(1);
    });
    payout = send(payer, [&](ledger::proto::Operation& o) {
      o.mutable_request_payout()->set_from(payer_account);
      o.mutable_request_payout()->set_bank("bank");
      o.mutable_request_payout()->set_amount(500);
      o.mutable_request_payout()->set_destination("outside");
    });
    send(payer, [&](ledger::proto::Operation& o) { o.mutable_open_account()->set_account(payer_account + "/payroll"); });
    send("treasury", [&](ledger::proto::Operation& o) {
      auto& line = *o.mutable_approve_budget_line();
      line.set_line("2026.edu");
      line.set_owner("education-dept");
      line.set_title("School supplies");
      line.set_currency("UZS");
      line.set_amount(1'000);
      line.set_year(2998);   // after whatever falls due: that is paid from it
      line.set_function_code("09.2");
      line.set_economic_code("22");
      line.set_source_account("treasury/UZS");
    });
    send("treasury", [&](ledger::proto::Operation& o) {
      auto& line = *o.mutable_approve_revenue_line();
      line.set_line("2026.vat");
      line.set_title("Value added tax");
      line.set_account("tax-authority/UZS/revenue.vat");
      line.set_year(2026);
      line.set_amount(1'000);
    });
    send("treasury", [&](ledger::proto::Operation& o) {
      o.mutable_allot_budget_line()->set_line("2026.edu");
      o.mutable_allot_budget_line()->set_amount(1'000);
    });
    send("treasury", [&](ledger::proto::Operation& o) {
      auto& line = *o.mutable_approve_budget_line();
      line.set_line("2999.edu");
      line.set_owner("education-dept");
      line.set_title("School supplies");
      line.set_currency("UZS");
      line.set_amount(1'000);
      line.set_year(2999);
      line.set_source_account("treasury/UZS");
      line.set_ceiling(true);
    });
    earned(in_ms(7), in_ms(30));
    send("tax-authority", [&](ledger::proto::Operation& o) {
      auto& certificate = *o.mutable_change_tax_certificate();
      certificate.set_payee(payee);
      certificate.set_number("C-1");
      certificate.set_country("SE");
      certificate.set_document_digest(std::string(32, 'c'));
      certificate.set_valid_from_ms(in_ms(0));
      certificate.set_valid_to_ms(in_ms(365));
    });
    auto taxed = network.transfer_operation(payer_account, payee_account, 11'200);
    taxed.mutable_transfer()->set_category("services");
    send("registrar", [&](ledger::proto::Operation& o) {
      auto& person = *o.mutable_register_member();
      person.set_id("aziza");
      person.set_name("Aziza Karimova");
      person.set_kind("individual");
      person.set_country("UZ");
      person.set_tax_status("individual");
      person.add_roles("citizen");
      person.add_keys(std::string(ledger::SigningKey::from_seed(ledger::sha256("aziza").view())->public_key().view()));
      person.set_signatures_required(1);
    });
    auto prize = network.transfer_operation(payer_account, "aziza/UZS", 1'100'000'00);   // of which a million is free
    prize.mutable_transfer()->set_category("prizes");
    payment = network.accepted(network.sign(payer, {taxed, prize}), tools::Wait::certified).id;
    send(payer, [&](ledger::proto::Operation& o) {
      auto& remittance = *o.mutable_remit_tax();
      remittance.set_rule("uz-prize-12");
      remittance.set_version(1);
      remittance.set_currency("UZS");
      remittance.set_period(contracts::tax::period_of(tools::now_ms()));
      remittance.set_amount(2'000'00);
    });
    send("tax-authority", [&](ledger::proto::Operation& o) {
      auto& correction = *o.mutable_correct_tax();
      correction.set_payment(*ledger::from_hex(payment));
      correction.set_line(1);
      correction.set_rule("uz-vat-12");
      correction.set_to(payee_account);
      correction.set_amount(100);
      correction.set_reason("for the page");
    });
    for (const char* verb : {"demote", "promote"}) {
      proposal = send("operator-1", [&](ledger::proto::Operation& o) {
        auto& change = *o.mutable_propose_node_change();
        change.set_until_ms(in_ms(1));
        change.add_changes()->set_verb(verb);
        change.mutable_changes(0)->set_node(3);
      });
      send("operator-2", [&](ledger::proto::Operation& o) { o.mutable_approve_node_change()->set_proposal(*ledger::from_hex(proposal)); });
    }
    propose_changes(in_ms(90));
    network.settle();   // what is read below may be read from any node
  }

  /// A public contract that has earned what waits to be ordered.
  void earned(std::uint64_t offer_until_ms, std::uint64_t due_ms) {
    const auto draft = draft_service({.customer = "education-dept", .provider = payee, .budget_line = "2026.edu", .price = 500, .due_ms = due_ms, .offer_until_ms = offer_until_ms, .later_lines = {"2999.edu"}});
    const std::string id = send("education-dept", [&](ledger::proto::Operation& o) { o = draft; });
    act("education-dept", id, draft, "sign");
    act(payee, id, draft, "sign");
    act("treasury", id, draft, "register");
    send(payee, [&](ledger::proto::Operation& o) { o = with(act_on(*ledger::from_hex(id), draft.draft_contract().digest(), "deliver", 1), "file", std::string(32, 'd')); });
    act("education-dept", id, draft, "accept", 1);
  }

  void act(const std::string& sender, const std::string& id, const ledger::proto::Operation& draft, const char* name, std::uint32_t entry = 0) {
    send(sender, [&](ledger::proto::Operation& o) { o = act_on(*ledger::from_hex(id), draft.draft_contract().digest(), name, entry); });
  }

  /// One of each kind: of rules, of a template, and a stop that is in force.
  void propose_changes(std::uint64_t from_ms) {
    const auto propose = [&](const std::string& sender, const std::function<void(ledger::proto::ProposeChange&)>& fill) {
      return send(sender, [&](ledger::proto::Operation& o) {
        o.mutable_propose_change()->set_until_ms(tools::now_ms() + 86'400'000);
        o.mutable_propose_change()->set_reason("for the page");
        fill(*o.mutable_propose_change());
      });
    };
    propose("tax-authority", [&](ledger::proto::ProposeChange& change) {
      auto& rule = *change.mutable_tax_rule();
      for (const auto& one : network.genesis().content().tax_rules())
        if (one.code() == "uz-vat-12") rule = one;
      rule.set_version(2);
      rule.set_effective_from_ms(from_ms);
    });
    propose("tax-authority", [&](ledger::proto::ProposeChange& change) {
      change.mutable_end_tax_rule()->set_code("uz-pit-12");
      change.mutable_end_tax_rule()->set_version(1);
      change.mutable_end_tax_rule()->set_effective_to_ms(from_ms);
    });
    std::string text = read_text(std::string(DAFTAR_SOURCE_DIR) + "/contracts/templates/rental.template");
    text.replace(text.find("version 1"), 9, "version 2");
    const auto known = contracts::agreements::known_of(text);
    REQUIRE(known);
    template_change = propose("registrar", [&](ledger::proto::ProposeChange& change) {
      change.mutable_template_()->set_source(text);
      change.mutable_template_()->set_program(std::string(known->digest.view()));
    });
    send("treasury", [&](ledger::proto::Operation& o) { o.mutable_approve_change()->set_proposal(*ledger::from_hex(template_change)); });
    propose("registrar", [](ledger::proto::ProposeChange& change) {
      change.mutable_stop_template()->set_name("grant");
      change.mutable_stop_template()->set_version(1);
    });
    propose("registrar", [](ledger::proto::ProposeChange& change) {
      change.mutable_member()->set_member(payee);
      change.mutable_member()->set_tax_status("none");
    });
    const std::string codes = propose("treasury", [](ledger::proto::ProposeChange& change) {
      for (const auto& [list, title, maps_to] : {std::tuple{"cofog", "Hospital services", ""}, {"national_function", "Hospitals", ""}, {"national_function", "", "07.3"}}) {
        auto& row = *change.mutable_classification()->add_add();
        row.set_list(list);
        row.set_code(std::string(list) == "cofog" ? "07.3" : "704");
        row.set_title(title);
        row.set_maps_to(maps_to);
      }
    });
    send("registrar", [&](ledger::proto::Operation& o) { o.mutable_approve_change()->set_proposal(*ledger::from_hex(codes)); });
    wait_for_code("704");
  }

  /// Until the change of the classification is in force.
  void wait_for_code(const std::string& code) const {
    const auto client = network.client();
    for (int i = 0; i < 200; ++i) {
      tools::NodeConnection connection(client.endpoints()[0]);
      const auto answer = connection.request("GET", "/v1/classifications/" + code, "", "", {}, std::chrono::seconds(5));
      if (answer && answer->status == 200) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    FAIL("the classification did not come into force");
  }

  std::string send(const std::string& sender, const std::function<void(ledger::proto::Operation&)>& fill) {
    ledger::proto::Operation operation;
    fill(operation);
    return network.accepted(network.sign(sender, {operation})).id;
  }
};

struct Call {
  std::string target, body, type;
};

/// What to ask of each route of the page.
std::map<std::string, Call> calls(const Story& story) {
  const TestNetwork& network = story.network;
  const std::string bytes = "application/x-protobuf";
  std::string frames;
  tools::add_bulk_frame(frames, network.transfer(7));
  tools::add_bulk_frame(frames, network.sign(payee, {network.transfer_operation(payee_account, payer_account, issued_amount)}));   // an overdraft
  tools::add_bulk_frame(frames, "no envelope");
  return {
      {"POST /v1/transactions", {"/v1/transactions?wait=certified&timeout_ms=30000", network.transfer(5), bytes}},
      {"POST /v1/transactions/bulk", {"/v1/transactions/bulk?results=1", frames, "application/octet-stream"}},
      {"POST /v1/dry-run", {"/v1/dry-run", network.transfer(5), bytes}},
      {"GET /v1/transactions/{}", {"/v1/transactions/" + story.contract, "", ""}},
      {"GET /v1/receipts/{}", {"/v1/receipts/" + story.payment, "", ""}},
      {"GET /v1/entries", {"/v1/entries?kind=tax_payee&id=" + payee + "&from=0&limit=10", "", ""}},
      {"GET /v1/members", {"/v1/members?after=a&limit=3", "", ""}},
      {"GET /v1/members/{}", {"/v1/members/" + payer, "", ""}},
      {"GET /v1/accounts/{}", {"/v1/accounts/" + payer, "", ""}},
      {"GET /v1/accounts/{}/{}", {"/v1/accounts/" + payer_account, "", ""}},
      {"GET /v1/accounts/{}/{}/{}", {"/v1/accounts/" + payer_account + "/payroll", "", ""}},
      {"GET /v1/contracts", {"/v1/contracts?limit=10", "", ""}},
      {"GET /v1/contracts/{}", {"/v1/contracts/" + story.contract + "?language=en", "", ""}},
      {"GET /v1/templates", {"/v1/templates", "", ""}},
      {"GET /v1/templates/{}/{}", {"/v1/templates/rental/1", "", ""}},
      {"GET /v1/budget/lines", {"/v1/budget/lines?limit=1000", "", ""}},
      {"GET /v1/budget/lines/{}", {"/v1/budget/lines/2026.edu", "", ""}},
      {"GET /v1/budget/lines/{}/contracts", {"/v1/budget/lines/2026.edu/contracts?limit=5", "", ""}},
      {"GET /v1/budget/rules", {"/v1/budget/rules", "", ""}},
      {"GET /v1/budget/revenue", {"/v1/budget/revenue?limit=10", "", ""}},
      {"GET /v1/budget/revenue/{}", {"/v1/budget/revenue/2026.vat", "", ""}},
      {"GET /v1/tax/rules", {"/v1/tax/rules?date=2025-06-30", "", ""}},
      {"GET /v1/tax/register", {"/v1/tax/register?payee=" + payee, "", ""}},
      {"GET /v1/tax/held", {"/v1/tax/held?payer=" + payer, "", ""}},
      {"GET /v1/tax/certificates/{}", {"/v1/tax/certificates/" + payee, "", ""}},
      {"GET /v1/tax/explanations/{}", {"/v1/tax/explanations/" + story.payment, "", ""}},
      {"GET /v1/tax/lines", {"/v1/tax/lines?limit=5&payee=" + payee, "", ""}},
      {"GET /v1/tax/lines/{}", {"/v1/tax/lines/" + story.payment, "", ""}},
      {"GET /v1/payouts/{}", {"/v1/payouts/" + story.payout, "", ""}},
      {"GET /v1/proposals", {"/v1/proposals?limit=10", "", ""}},
      {"GET /v1/proposals/{}", {"/v1/proposals/" + story.template_change, "", ""}},
      {"GET /v1/limits", {"/v1/limits", "", ""}},
      {"GET /v1/policies", {"/v1/policies", "", ""}},
      {"GET /v1/protocol", {"/v1/protocol", "", ""}},
      {"GET /v1/classifications", {"/v1/classifications?list=national_function", "", ""}},
      {"GET /v1/classifications/{}", {"/v1/classifications/704", "", ""}},
      {"GET /v1/nodes", {"/v1/nodes", "", ""}},
      {"GET /v1/nodes/proposals", {"/v1/nodes/proposals?limit=10", "", ""}},
      {"GET /v1/nodes/proposals/{}", {"/v1/nodes/proposals/" + story.proposal, "", ""}},
      {"GET /v1/validators/changes", {"/v1/validators/changes", "", ""}},
      {"GET /v1/status", {"/v1/status", "", ""}},
      {"GET /v1/genesis", {"/v1/genesis", "", ""}},
      {"GET /v1/roots/{}", {"/v1/roots/1", "", ""}},
      {"GET /checkpoint", {"/checkpoint", "", ""}},
      {"GET /tile/{*}", {"/tile/0/000.p/1", "", ""}},
      {"GET /healthz", {"/healthz", "", ""}},
      {"GET /readyz", {"/readyz", "", ""}},
      {"GET /metrics", {"/metrics", "", ""}},
  };
}

/// Asks one node, with extra header fields, and by raw bytes where no decent client would say such a thing.
class Asker {
 public:
  explicit Asker(const TestNetwork& network) : network_(network), endpoint_(network.client().endpoints()[0]), connection_(endpoint_) {}

  tools::HttpAnswer ask(const std::string& method, const Call& call, const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    auto answer = connection_.request(method, call.target, call.body, call.type, headers, std::chrono::seconds(30));
    if (!answer) FAIL(answer.error().sentence);
    return *answer;
  }
  tools::HttpAnswer ask_as(const std::string& member, const std::string& method, const Call& call) {
    return ask(method, call, {{"Daftar-Read", header(member, method, call, tools::now_ms())}});
  }
  std::string header(const std::string& member, const std::string& method, const Call& call, std::uint64_t time_ms) const {
    return tools::signed_read_header({member, &network_.key(member)}, network_.genesis().ledger_id(), method, call.target, call.body, time_ms);
  }
  /// One request on a connection of its own, and all that comes until the node closes it.
  tools::HttpAnswer raw(const std::string& request) const {
    auto stream = tools::NodeStream::connect(endpoint_.host, endpoint_.port, endpoint_.link_key, std::chrono::seconds(5));
    if (!stream) FAIL(stream.error().sentence);
    stream->deadline(tools::NodeStream::Clock::now() + std::chrono::seconds(20));
    REQUIRE(stream->write_all(request));
    std::string text;
    char buffer[4096];
    while (const auto got = stream->read_some(buffer, sizeof buffer)) {
      if (*got == 0) break;
      text.append(buffer, *got);
    }
    REQUIRE(text.size() > 12);
    tools::HttpAnswer answer;
    answer.status = static_cast<unsigned>(std::stoul(text.substr(9, 3)));
    answer.body = text.substr(text.find("\r\n\r\n") + 4);
    return answer;
  }

 private:
  const TestNetwork& network_;
  tools::Endpoint endpoint_;
  tools::NodeConnection connection_;
};

}  // namespace

TEST_CASE("every route of the API page answers as the page says") {
  Story story;
  Asker asker(story.network);
  const auto asked = calls(story);
  const auto shapes = shapes_of_page();
  std::set<std::string> seen;
  for (const auto& row : page_table(page, "route")) {
    const std::string route = code_words(row[0]).at(0), method = route.substr(0, route.find(' ')), shape = row[3];
    INFO(route);
    REQUIRE(asked.contains(route));
    const Call& call = asked.at(route);
    // Parameters of the page are known to the node, others are refused.
    const auto with_parameter = [&](const std::string& parameter) {
      return Call{call.target + (call.target.find('?') == std::string::npos ? "?" : "&") + parameter + "=", call.body, call.type};
    };
    for (const std::string& parameter : code_words(row[1])) {
      INFO(parameter);
      if (call.target.find(parameter + "=") == std::string::npos) CHECK(asker.ask(method, with_parameter(parameter)).status != 400);
    }
    if (!row[1].empty()) CHECK(asker.ask(method, with_parameter("nonsense")).status == 400);
    if (row[2] == "signed") CHECK(asker.ask(method, call).status == 401);
    else CHECK(row[2] == "anybody");
    const auto answer = row[2] == "signed" ? asker.ask_as("tax-authority", method, call) : asker.ask(method, call);
    INFO(answer.body.substr(0, 2000));
    CHECK(answer.status == 200);
    if (shape == "text") {
      CHECK(answer.content_type.starts_with("text/plain"));
      CHECK_FALSE(answer.body.empty());
    } else if (shape == "bytes") {
      CHECK(answer.content_type == "application/octet-stream");
      CHECK_FALSE(answer.body.empty());
    } else if (shape.starts_with("lines of ")) {
      CHECK(answer.content_type == "application/x-ndjson");
      std::istringstream lines(answer.body);
      unsigned count = 0;
      for (std::string line; std::getline(lines, line); ++count) CHECK(faults_of(json::parse(line), shape.substr(9), shapes, seen) == "");
      CHECK(count == 3);
    } else {
      CHECK(answer.content_type == "application/json");
      CHECK(faults_of(json::parse(answer.body), shape, shapes, seen) == "");
    }
  }
  // The page promises no field that nothing ever shows: required ones were all seen, and so were the shapes inside.
  for (const auto& [name, shape] : shapes)
    for (const auto& [field, kind] : shape)
      if (!kind.optional) {
        INFO(name << "." << field);
        CHECK(seen.contains(name + "." + field));
      }
}

TEST_CASE("every error of the API page can be had, or it is said why not here") {
  Story story;
  TestNetwork& network = story.network;
  Asker asker(network);
  const std::string id(64, '0'), bytes = "application/x-protobuf", host = "Host: h\r\nConnection: close\r\n";
  const Call own{"/v1/accounts/" + payer_account, "", ""};
  const auto get = [&](const std::string& target) { return asker.ask_as("tax-authority", "GET", {target, "", ""}); };
  const auto with = [&](const std::string& name, const std::string& value) { return asker.ask("GET", {"/v1/status", "", ""}, {{name, value}}); };
  const auto read_with = [&](const std::string& value) { return asker.ask("GET", own, {{"Daftar-Read", value}}); };
  std::string many;
  for (int i = 0; i <= 5000; ++i) tools::add_bulk_frame(many, "x");

  const std::map<std::string, std::function<tools::HttpAnswer()>> provoked = {
      {"http_malformed 400", [&] { return with("Host", "another"); }},
      {"parameter_invalid 400", [&] { return get("/v1/members?limit=0"); }},
      {"json_malformed 400", [&] { return asker.ask("POST", {"/v1/transactions", "{\"envelope\":", "application/json"}); }},
      {"frames_malformed 400", [&] { return asker.ask("POST", {"/v1/transactions/bulk", std::string("\0\0\0\x09short", 9), "application/octet-stream"}); }},
      {"signed_read_required 401", [&] { return asker.ask("GET", own); }},
      {"read_malformed 401", [&] { return read_with("v2 hello"); }},
      {"read_time 401", [&] { return read_with(asker.header(payer, "GET", own, tools::now_ms() - 120'000)); }},
      {"read_key 401", [&] {
         return read_with(tools::signed_read_header({payer, &network.key(payee)}, network.genesis().ledger_id(), "GET", own.target, "", tools::now_ms()));
       }},
      {"read_signature 401", [&] { return read_with(asker.header(payer, "GET", {"/v1/accounts/" + payee_account, "", ""}, tools::now_ms())); }},
      {"read_repeated 401", [&] {
         const std::string header = asker.header(payer, "GET", own, tools::now_ms());
         CHECK(read_with(header).status == 200);
         return read_with(header);
       }},
      {"not_allowed 403", [&] { return asker.ask_as(payee, "GET", own); }},
      {"route_unknown 404", [&] { return get("/v1/nothing"); }},
      {"transaction_unknown 404", [&] { return get("/v1/transactions/" + id); }},
      {"member_unknown 404", [&] { return get("/v1/members/nobody"); }},
      {"account_unknown 404", [&] { return get("/v1/accounts/nobody/UZS"); }},
      {"contract_unknown 404", [&] { return get("/v1/contracts/" + id); }},
      {"template_unknown 404", [&] { return get("/v1/templates/rental/99"); }},
      {"revenue_line_unknown 404", [&] { return get("/v1/budget/revenue/none"); }},
      {"budget_line_unknown 404", [&] { return get("/v1/budget/lines/2026.none"); }},
      {"payout_unknown 404", [&] { return get("/v1/payouts/" + id); }},
      {"proposal_unknown 404", [&] { return get("/v1/proposals/" + id); }},
      {"code_unknown 404", [&] { return get("/v1/classifications/77"); }},
      {"node_proposal_unknown 404", [&] { return get("/v1/nodes/proposals/" + id); }},
      {"height_unknown 404", [&] { return get("/v1/roots/99999999"); }},
      {"tile_unknown 404", [&] { return get("/tile/7/000"); }},
      {"method_not_allowed 405", [&] { return asker.ask("DELETE", {"/v1/status", "", ""}); }},
      {"length_required 411", [&] { return asker.raw("POST /v1/transactions HTTP/1.1\r\n" + host + "Content-Type: " + bytes + "\r\n\r\n"); }},
      {"body_too_large 413", [&] { return asker.ask("POST", {"/v1/transactions", std::string(1'420'000, 'x'), bytes}); }},
      {"too_many_frames 413", [&] { return asker.ask("POST", {"/v1/transactions/bulk", many, "application/octet-stream"}); }},
      {"target_too_long 414", [&] { return get("/v1/members/" + std::string(3'000, 'a')); }},
      {"media_type 415", [&] { return asker.ask("POST", {"/v1/transactions", "x", "text/plain"}); }},
      {"expectation 417", [&] { return with("Expect", "200-ok"); }},
      {"header_too_large 431", [&] { return with("X-Much", std::string(9'000, 'x')); }},
      {"transfer_encoding 501", [&] { return with("Transfer-Encoding", "gzip"); }},
      {"http_version 505", [&] { return asker.raw("GET /v1/status HTTP/2.0\r\n" + host + "\r\n"); }},
  };
  // Why not, and which test of tests/node proves it instead.
  const std::map<std::string, std::string> not_provoked = {
      {"not_yet_certified 404", "a network has a certificate as soon as it has a transaction: api_reads_test, \"anybody can follow the log\""},
      {"not_yet_certified 409", "a matter of milliseconds here: api_submit_test, \"an entry that no certificate covers yet has no receipt yet\""},
      {"busy 429", "needs a full mempool: api_submit_test, \"a busy node says so with a time to come back\""},
      {"read_rate 429", "needs thousands of signed reads: signed_read_test, \"the memory of nonces is bounded\""},
      {"not_confirmed 503", "needs a node without a majority: api_submit_test, \"a linearizable read is answered when\", and linearizable_test here"},
      {"busy 503", "needs 256 MiB of bodies under way: http_server_test, \"the memory that bodies may take is bounded\""},
      {"internal 500", "a defect of the node, by definition"},
  };
  const auto shapes = shapes_of_page();
  for (const auto& row : page_table(page, "code")) {
    const std::string error = code_words(row[0]).at(0) + " " + row[1];
    INFO(error);
    REQUIRE(provoked.contains(error) != not_provoked.contains(error));
    if (!provoked.contains(error)) continue;
    const auto answer = provoked.at(error)();
    INFO(answer.body.substr(0, 500));
    CHECK(std::to_string(answer.status) == row[1]);
    const json body = json::parse(answer.body, nullptr, false);
    REQUIRE(body.is_object());
    std::set<std::string> seen;
    CHECK(faults_of(body.at("error"), "error", shapes, seen) == "");
    CHECK(body.at("error").at("code") == code_words(row[0]).at(0));
  }
}

TEST_CASE("a transaction whose outcome does not come in time is unknown, not refused, and nothing is lost by asking again") {
  TestNetwork network;
  const unsigned asked = network.leader();
  std::vector<unsigned> others;
  for (unsigned node = 1; node <= 3; ++node)
    if (node != asked) others.push_back(node);
  for (const unsigned node : others) network.network().stop_node(node, SIGKILL);
  const std::string envelope = network.transfer(700);
  tools::NodeConnection connection(network.network().endpoints()[asked - 1]);
  const auto answer = connection.submit(envelope, tools::Wait::committed, std::chrono::milliseconds(500));
  REQUIRE(answer);
  CHECK(answer->status == tools::SubmitStatus::unknown);
  CHECK(answer->code == "unknown");
  CHECK(answer->advice.size() > 10);
  for (const unsigned node : others) REQUIRE(network.network().start_node(node));
  network.wait_ready();
  network.accepted(envelope);
  network.settle();
  for (unsigned node = 1; node <= 3; ++node) CHECK(network.balance(node, payee_account) == 700);
}
