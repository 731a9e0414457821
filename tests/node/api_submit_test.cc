// Submission over HTTP: one, in bulk, dry; what a client is told, whatever it sends and whatever the node does.
#include <set>
#include <sstream>

#include "ledger/receipt.h"
#include "tests/node/api_harness.h"

using namespace daftar;
using namespace daftar::tests;
using node::SubmitReply;

namespace {

constexpr const char* protobuf = "application/x-protobuf";

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(nlohmann::json::parse(line));
  return out;
}

/// A NodeService that answers as it is told: what a whole network cannot be made to do on demand.
struct ScriptedService final : node::NodeService {
  std::shared_ptr<const ledger::Genesis> genesis_;
  std::shared_ptr<const storage::StateSnapshot> snapshot_;
  node::NodeStatus status_;
  std::function<void(std::vector<std::shared_ptr<const ledger::Transaction>>, std::function<void(std::size_t, SubmitReply)>)> on_submit;
  std::function<void(std::function<void(bool)>)> on_linearizable;

  std::shared_ptr<const ledger::Genesis> genesis() const override { return genesis_; }
  node::NodeStatus status() const override { return status_; }
  void submit(std::vector<std::shared_ptr<const ledger::Transaction>> transactions, node::WaitFor, std::chrono::milliseconds,
              std::function<void(std::size_t, SubmitReply)> done) override {
    on_submit(std::move(transactions), std::move(done));
  }
  void linearizable(std::chrono::milliseconds, std::function<void(bool)> done) override { on_linearizable(std::move(done)); }
  std::shared_ptr<const storage::StateSnapshot> snapshot() const override { return snapshot_; }
  contracts::ExecutionResult dry_run(const ledger::Transaction&) const override { return {}; }
  std::shared_ptr<const contracts::governance::Governed> governed() const override { return std::make_shared<contracts::governance::Governed>(genesis_->content()); }
  ledger::TransactionLimits transaction_limits() const override { return genesis_->transaction_limits(); }
  std::optional<std::string> receipt(std::uint64_t) const override { return std::nullopt; }
};

}  // namespace

TEST_CASE("one transaction: committed, refused by the ledger, refused before it, the same bytes again") {
  OneNode one;
  const auto issue = one.network.issue("acme/UZS", 1000, "statement-1");
  const auto committed = one.submit(*issue);
  REQUIRE(committed.status == 200);
  const auto first = committed.json();
  CHECK(first["status"] == "committed");
  CHECK(first["id"] == issue->id().hex());
  CHECK(first["index"] == 0);
  CHECK(first["height"] == 1);
  CHECK(first["result"]["ok"] == true);
  CHECK(first["result"]["postings"].size() == 2);
  // The bank sees its own balance after, not that of the account it paid into.
  for (const auto& posting : first["result"]["postings"]) CHECK(posting.contains("balance_after") == (posting["account"] == "bank/UZS/issued"));

  const auto again = one.submit(*issue).json();
  CHECK(again["status"] == "committed");
  CHECK(again["index"] == 0);

  const auto overdraft = one.submit(*one.network.transfer("acme", "baraka", 1001));
  CHECK(overdraft.status == 200);
  CHECK(overdraft.json()["status"] == "rejected");
  CHECK(overdraft.json()["error"]["code"] == "overdraft");
  CHECK(overdraft.json()["index"] == 1);
  CHECK(overdraft.json()["result"]["ok"] == false);

  const auto malformed = one.server->request("POST", "/v1/transactions", "rubbish", protobuf);
  CHECK(malformed.status == 400);
  CHECK(malformed.json()["status"] == "rejected");
  CHECK(malformed.code() == "malformed");

  std::string forged = one.network.transfer("acme", "baraka", 1)->envelope();
  forged.back() = static_cast<char>(forged.back() ^ 1);
  const auto wrong = one.server->request("POST", "/v1/transactions", forged, protobuf);
  CHECK(wrong.status == 400);
  CHECK(wrong.code() == "signature_invalid");
}

TEST_CASE("the JSON form carries the envelope as base64, anything else is refused with a sentence") {
  OneNode one;
  const std::string base64 = ledger::to_base64(one.network.issue("acme/UZS", 5, "s")->envelope());
  const auto post = [&](const std::string& body) { return one.server->request("POST", "/v1/transactions", body, "application/json"); };
  CHECK(post("{\"envelope\":\"" + base64 + "\"}").json()["status"] == "committed");
  const std::string deep(60'000, '[');
  for (const std::string& body : {std::string("{}"), std::string("[]"), std::string("nonsense"), std::string("{\"envelope\":5}"), std::string("{\"envelope\":\"***\"}"),
                                  "{\"envelope\":\"" + base64 + "\",\"more\":1}", "{\"envelope\":\"" + base64 + "\",\"envelope\":\"" + base64 + "\"}",
                                  "{\"envelope\":\"" + base64 + "\"} trailing", deep, std::string("{\"envelope\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}")}) {
    INFO(body.substr(0, 60));
    const auto answer = post(body);
    CHECK(answer.status == 400);
    CHECK(answer.code() == "json_malformed");
  }
  CHECK(one.node->status().entries == 1);
}

TEST_CASE("parameters of a submission are judged") {
  OneNode one;
  for (const char* query : {"?wait=maybe", "?timeout_ms=0", "?timeout_ms=600001", "?timeout_ms=x", "?wate=committed", "?wait=committed&wait=committed", "?results=1"}) {
    INFO(query);
    CHECK(one.server->request("POST", std::string("/v1/transactions") + query, "x", protobuf).code() == "parameter_invalid");
  }
  CHECK(one.server->request("POST", "/v1/transactions", std::string(1'500'000, 'x'), protobuf).status == 413);
  CHECK(one.server->request("POST", "/v1/transactions", std::string(66'000, 'x'), protobuf).code() == "too_large");
}

TEST_CASE("waiting for certified gives a receipt that verifies offline, to those who may have it") {
  OneNode one;
  const auto issue = one.network.issue("acme/UZS", 1000, "s");
  const auto answer = one.submit(*issue, "?wait=certified&timeout_ms=20000");
  REQUIRE(answer.json()["status"] == "certified");
  const std::string target = "/v1/receipts/" + issue->id().hex();
  CHECK(one.server->get(target).code() == "signed_read_required");
  CHECK(one.get_as("baraka", target).code() == "not_allowed");
  for (const char* reader : {"bank", "acme", "operator-1"}) {
    const auto receipt = one.get_as(reader, target);
    REQUIRE(receipt.status == 200);
    const auto verified = ledger::verify_receipt(receipt.body, one.network.genesis->origin(), one.network.genesis->checkpoint_keys());
    REQUIRE(verified.has_value());
    CHECK(verified->entry.id == issue->id());
  }
  CHECK(one.get_as("acme", "/v1/receipts/" + std::string(64, '0')).code() == "transaction_unknown");
}

TEST_CASE("bulk: one line for each frame, whatever became of it") {
  OneNode one;
  one.commit(*one.network.issue("acme/UZS", 100'000, "s"));
  std::string body;
  std::vector<std::string> ids;
  for (int i = 0; i < 600; ++i) {
    const auto transfer = one.network.transfer("acme", "baraka", 100 + i % 3);
    ids.push_back(transfer->id().hex());
    body += frame(transfer->envelope());
  }
  body += frame("rubbish");                                                 // 600
  std::string forged = one.network.transfer("acme", "baraka", 1)->envelope();
  forged.back() = static_cast<char>(forged.back() ^ 1);
  body += frame(forged);                                                    // 601
  body += frame(one.network.transfer("acme", "baraka", 1'000'000)->envelope());  // 602: overdraft
  const auto answer = one.server->request("POST", "/v1/transactions/bulk?timeout_ms=30000&results=1", body, "application/octet-stream");
  REQUIRE(answer.status == 200);
  CHECK(answer.headers.at("content-type") == "application/x-ndjson");
  std::map<std::size_t, nlohmann::json> by_place;
  for (auto& line : lines_of(answer.body)) CHECK(by_place.emplace(line["n"].get<std::size_t>(), line).second);
  REQUIRE(by_place.size() == 603);
  std::set<std::uint64_t> indexes;
  for (std::size_t n = 0; n < 600; ++n) {
    const auto& line = by_place[n];
    INFO(line.dump());
    CHECK(line["status"] == "committed");
    CHECK(line["id"] == ids[n]);
    CHECK(line["result"]["ok"] == true);
    indexes.insert(line["index"].get<std::uint64_t>());
  }
  CHECK(indexes.size() == 600);
  CHECK(by_place[600]["error"]["code"] == "malformed");
  CHECK(by_place[601]["error"]["code"] == "signature_invalid");
  CHECK(by_place[602]["error"]["code"] == "overdraft");
  CHECK(by_place[602].contains("index"));
  CHECK(one.get_as("baraka", "/v1/accounts/baraka/UZS").json()["balance"] == std::to_string(200 * (100 + 101 + 102)));
}

TEST_CASE("bulk bodies that are no frames, or too many, are refused whole") {
  OneNode one;
  const auto post = [&](const std::string& body) { return one.server->request("POST", "/v1/transactions/bulk", body, "application/octet-stream"); };
  CHECK(post("abc").code() == "frames_malformed");
  CHECK(post(std::string("\x00\x00\x00\x05" "abcd", 8)).code() == "frames_malformed");
  CHECK(post(std::string("\xff\xff\xff\xff" "abcd", 8)).code() == "frames_malformed");
  std::string many;
  for (int i = 0; i < 5001; ++i) many += frame("x");
  CHECK(post(many).status == 413);
  CHECK(post(many + frame("x") + frame("x")).status == 413);
  CHECK(post(std::string((8u << 20) + 1, 'x')).status == 413);
  CHECK(post("").status == 200);
  CHECK(post("").body.empty());
  CHECK(one.node->status().entries == 0);
}

TEST_CASE("a dry run tells its sender what would happen, and nobody else") {
  OneNode one;
  one.commit(*one.network.issue("acme/UZS", 1000, "s"));
  const std::string envelope = one.network.transfer("acme", "baraka", 400)->envelope();
  const auto dry = [&](const std::string& reader) {
    return one.server->request("POST", "/v1/dry-run", envelope, protobuf, reader.empty() ? "" : one.sign(reader, "/v1/dry-run", "POST", envelope));
  };
  CHECK(dry("").code() == "signed_read_required");
  CHECK(dry("baraka").code() == "not_allowed");
  const auto answer = dry("acme");
  REQUIRE(answer.status == 200);
  const auto result = answer.json()["result"];
  CHECK(result["ok"] == true);
  REQUIRE(result["postings"].size() == 2);
  CHECK(result["postings"][0]["balance_after"] == "600");
  CHECK_FALSE(result["postings"][1].contains("balance_after"));
  CHECK(one.node->status().entries == 1);
  CHECK(one.get_as("acme", "/v1/accounts/acme/UZS").json()["balance"] == "1000");
  CHECK(one.server->request("POST", "/v1/dry-run", "rubbish", protobuf, one.sign("acme", "/v1/dry-run", "POST", "rubbish")).code() == "malformed");
}

TEST_CASE("a busy node says so with a time to come back, an unknown outcome is no success") {
  SmallNetwork network(1);
  ScriptedService service;
  service.genesis_ = network.genesis;
  service.on_submit = [](auto, auto done) {
    SubmitReply reply;
    reply.status = SubmitReply::Status::busy;
    reply.retry_after_ms = 1500;
    done(0, std::move(reply));
  };
  ApiUnderTest server(service);
  const auto transfer = network.transfer("acme", "baraka", 1);
  const auto busy = server.submit(*transfer);
  CHECK(busy.status == 429);
  CHECK(busy.headers.at("retry-after") == "2");
  CHECK(busy.json()["retry_after_ms"] == 1500);
  CHECK(busy.code() == "busy");
  service.on_submit = [](auto, auto done) { done(0, SubmitReply{}); };
  const auto unknown = server.submit(*transfer);
  CHECK(unknown.status == 200);
  CHECK(unknown.json()["status"] == "unknown");
  CHECK(unknown.json()["id"] == transfer->id().hex());
  CHECK(unknown.code() == "unknown");
}

TEST_CASE("an entry that no certificate covers yet has no receipt yet") {
  OneNode one;
  ledger::proto::Operation issue;
  issue.mutable_issue()->set_to("treasury/UZS");
  issue.mutable_issue()->set_amount(1);
  issue.mutable_issue()->set_statement_reference("s");
  const std::string id = one.commit(*one.network.transaction("treasury", {issue}));
  ScriptedService service;   // the node as it is in the moment before its certificate
  service.genesis_ = one.network.genesis;
  service.snapshot_ = one.node->snapshot();
  const ApiUnderTest server(service);
  const auto answer = server.get("/v1/receipts/" + id);
  CHECK(answer.status == 409);
  CHECK(answer.code() == "not_yet_certified");
}

TEST_CASE("replies that come late, from many threads, all reach the client, and one who has gone does no harm") {
  SmallNetwork network(1);
  ScriptedService service;
  service.genesis_ = network.genesis;
  std::vector<std::jthread> threads;
  std::mutex mutex;
  service.on_submit = [&](auto transactions, auto done) {
    const std::scoped_lock lock(mutex);
    for (int worker = 0; worker < 4; ++worker)
      threads.emplace_back([worker, count = transactions.size(), done] {
        for (std::size_t i = static_cast<std::size_t>(worker); i < count; i += 4) {
          if (i % 64 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));
          SubmitReply reply;
          reply.status = SubmitReply::Status::committed;
          reply.entry_index = i;
          done(i, std::move(reply));
        }
      });
  };
  {
    ApiUnderTest server(service);
    std::string body;
    const std::string one_frame = frame(network.transfer("acme", "baraka", 1)->envelope());
    for (int i = 0; i < 1000; ++i) body += one_frame;
    const auto answer = server.request("POST", "/v1/transactions/bulk", body, "application/octet-stream");
    std::set<std::size_t> places;
    for (const auto& line : lines_of(answer.body)) places.insert(line["n"].get<std::size_t>());
    CHECK(places.size() == 1000);

    const int fd = server.connect();
    const std::string request = "POST /v1/transactions/bulk HTTP/1.1\r\nHost: h\r\nContent-Type: application/octet-stream\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
    ::close(fd);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(server.request("POST", "/v1/transactions/bulk", one_frame, "application/octet-stream").status == 200);
    std::vector<std::jthread> finished;
    {
      const std::scoped_lock lock(mutex);
      finished.swap(threads);
    }
    finished.clear();   // joins: every reply is given before the server goes
  }
}

TEST_CASE("a node that halted itself or has no leader says so to load balancers") {
  SmallNetwork network(1);
  ScriptedService service;
  service.genesis_ = network.genesis;
  service.status_.ready = true;
  ApiUnderTest server(service);
  CHECK(server.get("/healthz").status == 200);
  CHECK(server.get("/readyz").status == 200);
  service.status_.ready = false;
  service.status_.not_ready_because = "There is no leader.";
  CHECK(server.get("/readyz").status == 503);
  CHECK(server.get("/readyz").body == "There is no leader.\n");
  service.status_.stopped_because = "the disk is full";
  CHECK(server.get("/healthz").status == 503);
  CHECK(server.get("/healthz").body.find("the disk is full") != std::string::npos);
}

TEST_CASE("a linearizable read is answered when the node has confirmed it, and not otherwise, and a local one asks nobody") {
  OneNode one;
  const auto issue = one.network.issue("acme/UZS", 1000, "statement-1");
  one.commit(*issue);
  const std::string account = "/v1/accounts/acme/UZS";
  CHECK(one.get_as("acme", account + "?consistency=linearizable").json()["balance"] == "1000");
  CHECK(one.get_as("acme", account + "?consistency=local").json()["balance"] == "1000");
  CHECK(one.server->get(account + "?consistency=linearizable").code() == "signed_read_required");
  CHECK(one.server->get("/v1/members?limit=1&consistency=linearizable").status == 200);
  CHECK(one.server->get("/v1/members?consistency=eventual").code() == "parameter_invalid");

  ScriptedService scripted;
  scripted.genesis_ = one.network.genesis;
  scripted.snapshot_ = one.node->snapshot();
  int asked = 0;
  scripted.on_linearizable = [&](std::function<void(bool)> done) {
    ++asked;
    std::thread([done = std::move(done), yes = asked > 1] { done(yes); }).detach();
  };
  ApiUnderTest api(scripted);
  CHECK(api.get("/v1/members").status == 200);
  CHECK(asked == 0);
  const auto refused = api.get("/v1/members?consistency=linearizable");
  CHECK(refused.status == 503);
  CHECK(refused.code() == "not_confirmed");
  CHECK(refused.headers.at("retry-after") == "1");
  CHECK(api.get("/v1/members?consistency=linearizable").status == 200);
  CHECK(asked == 2);
}
