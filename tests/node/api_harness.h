// An API server over a NodeService in this process, and a client that reads one answer at a time.
#pragma once
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "node/api.h"
#include "node/http_server.h"
#include "node/node.h"
#include "tests/harness/service_contract.h"
#include "tests/harness/small_network.h"

namespace daftar::tests {

struct Answer {
  unsigned status = 0;
  std::map<std::string, std::string> headers;   // names in lower case
  std::string body;                             // chunks joined
  nlohmann::json json() const { return nlohmann::json::parse(body); }
  std::string code() const { return json().at("error").at("code"); }
};

class ApiUnderTest {
 public:
  explicit ApiUnderTest(node::NodeService& service) : api(service, metrics) {
    auto started = node::HttpServer::start({}, api.router(), &metrics);
    if (!started) FAIL(started.error());
    server = std::move(*started);
  }

  Answer request(const std::string& method, const std::string& target, const std::string& body = {}, const std::string& type = {},
                 const std::string& signed_read = {}) const {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";
    if (method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    if (!type.empty()) text += "Content-Type: " + type + "\r\n";
    if (!signed_read.empty()) text += "Daftar-Read: " + signed_read + "\r\n";
    return parse(exchange(text + "\r\n" + body));
  }
  Answer get(const std::string& target, const std::string& signed_read = {}) const { return request("GET", target, {}, {}, signed_read); }
  Answer submit(const ledger::Transaction& transaction, const std::string& query = {}) const {
    return request("POST", "/v1/transactions" + query, transaction.envelope(), "application/x-protobuf");
  }

  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return fd;
  }

  node::Metrics metrics;
  node::Api api;
  std::unique_ptr<node::HttpServer> server;

 private:
  std::string exchange(const std::string& request) const {
    const int fd = connect();
    for (std::size_t sent = 0; sent < request.size();) {
      const auto n = ::send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    std::string out;
    char buffer[65536];
    pollfd waiting{fd, POLLIN, 0};
    while (::poll(&waiting, 1, 30'000) > 0) {
      const auto got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      out.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(fd);
    return out;
  }

  static Answer parse(const std::string& text) {
    Answer answer;
    const auto head_end = text.find("\r\n\r\n");
    INFO(text.substr(0, 500));
    REQUIRE(head_end != std::string::npos);
    answer.status = static_cast<unsigned>(std::stoul(text.substr(9, 3)));
    for (std::size_t at = text.find("\r\n") + 2; at < head_end;) {
      const auto end = text.find("\r\n", at), colon = text.find(": ", at);
      std::string name = text.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      answer.headers[name] = text.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    answer.body = text.substr(head_end + 4);
    if (!answer.headers.contains("transfer-encoding")) return answer;
    std::string joined;
    for (std::size_t at = 0; at < answer.body.size();) {
      const std::size_t size = std::stoul(answer.body.substr(at, 16), nullptr, 16);
      at = answer.body.find("\r\n", at) + 2;
      joined += answer.body.substr(at, size);
      at += size + 2;
      if (size == 0) break;
    }
    answer.body = joined;
    return answer;
  }
};

/// One real node, alone in its network: real disks, real consensus, no peers.
struct OneNode {
  explicit OneNode(const std::vector<ledger::proto::TaxRule>& tax_rules = {}, const std::vector<ledger::proto::Template>& templates = {service_template_of_genesis()})
      : network(1, {"acme", "baraka", "chorsu"}, ledger::SigningKey::generate, 0, templates, tax_rules) {
    node::NodeOptions options;
    options.node = 1;
    options.data_dir = directory / "data";
    options.genesis = network.genesis;
    options.link_seed = network.link_keys[0].seed();
    options.checkpoint_seed = network.checkpoint_keys[0].seed();
    options.tick = std::chrono::milliseconds(10);
    options.heartbeat = std::chrono::milliseconds(30);
    options.election_timeout = std::chrono::milliseconds(100);
    options.verifier_threads = 1;
    auto started = node::Node::start(std::move(options));
    if (!started) FAIL(started.error());
    node = std::move(*started);
    for (int i = 0; i < 1000 && !node->status().ready; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    REQUIRE(node->status().ready);
    server.emplace(*node);
  }
  ~OneNode() { node->stop(); }   // before the server, as in daftard

  /// The header that makes a request a signed read.
  std::string sign(const std::string& member, const std::string& target, const std::string& method = "GET", const std::string& body = {}) const {
    const auto& key = network.members.at(member);
    const std::uint64_t now = wall_ms();
    const std::string nonce = ledger::to_hex(ledger::SigningKey::generate().seed().substr(0, 16));
    const std::string bytes = node::signed_read_bytes(network.genesis->ledger_id(), method, target, body, member, now, nonce);
    return "v1 " + member + " " + key.public_key().hex() + " " + std::to_string(now) + " " + nonce + " " + ledger::to_base64(key.sign(bytes).view());
  }
  Answer get_as(const std::string& member, const std::string& target) const { return server->get(target, sign(member, target)); }
  Answer submit(const ledger::Transaction& transaction, const std::string& query = {}) const { return server->submit(transaction, query); }
  /// Committed and accepted, or the test fails.
  std::string commit(const ledger::Transaction& transaction) const {
    const auto answer = submit(transaction);
    INFO(answer.body);
    REQUIRE(answer.json().at("status") == "committed");
    return transaction.id().hex();
  }

  TemporaryFolder directory;
  SmallNetwork network;
  std::unique_ptr<node::Node> node;
  std::optional<ApiUnderTest> server;
};

inline std::string frame(std::string_view envelope) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(envelope.size() >> shift & 0xff));
  return out.append(envelope);
}

}  // namespace daftar::tests
