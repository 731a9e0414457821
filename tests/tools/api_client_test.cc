#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tools/api_client.h"

namespace daftar::tools {
namespace {
using std::chrono::milliseconds;

/// Answers each connection's requests with prepared bytes, one after the other, and then closes. TLS with a given Ed25519 key, or plain.
class TinyServer {
 public:
  TinyServer(std::vector<std::string> answers, const ledger::SigningKey* key = nullptr) : answers_(std::move(answers)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    if (key != nullptr) make_context(*key);
    thread_ = std::thread([this] { serve(); });
  }
  ~TinyServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  std::uint16_t port() const { return port_; }
  int requests() const { return requests_; }
  std::string last_request() const { return last_request_; }

 private:
  void make_context(const ledger::SigningKey& key) {
    const std::string seed = key.seed();
    EVP_PKEY* pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()), seed.size());
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    // Expired long ago on purpose: dates must not matter.
    ASN1_TIME_set_string(X509_getm_notBefore(certificate), "19990101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(certificate), "19990102000000Z");
    X509_set_pubkey(certificate, pkey);
    X509_sign(certificate, pkey, nullptr);
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, pkey);
    X509_free(certificate);
    EVP_PKEY_free(pkey);
  }
  void serve() {
    while (!stopping_) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      SSL* ssl = nullptr;
      if (context_ != nullptr) {
        ssl = SSL_new(context_);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) != 1) {
          SSL_free(ssl);
          ::close(fd);
          continue;
        }
      }
      while (next_ < answers_.size() && read_request(fd, ssl)) {
        ++requests_;
        const std::string& answer = answers_[next_++];
        if (ssl != nullptr) SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
        else static_cast<void>(!::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL));
      }
      if (ssl != nullptr) {
        SSL_shutdown(ssl);
        SSL_free(ssl);
      }
      ::close(fd);
    }
  }
  /// Header and, by its Content-Length, the body.
  bool read_request(int fd, SSL* ssl) {
    std::string text;
    char buffer[4096];
    for (;;) {
      if (const auto end = text.find("\r\n\r\n"); end != std::string::npos) {
        std::size_t body = 0;
        if (const auto at = text.find("Content-Length: "); at != std::string::npos) body = std::stoul(text.substr(at + 16));
        if (text.size() >= end + 4 + body) {
          last_request_ = text;
          return true;
        }
      }
      const long got = ssl != nullptr ? SSL_read(ssl, buffer, sizeof buffer) : ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) return false;
      text.append(buffer, static_cast<std::size_t>(got));
    }
  }

  std::vector<std::string> answers_;
  std::size_t next_ = 0;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  SSL_CTX* context_ = nullptr;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> requests_ = 0;
  std::string last_request_;
  std::thread thread_;
};

std::string http(const std::string& status, const std::string& body, const std::string& extra = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + extra + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

Endpoint plain(std::uint16_t port) { return {.node = 1, .host = "127.0.0.1", .port = port, .tls = false, .link_key = {}}; }
std::uint16_t dead_port() {
  const TinyServer gone({});
  return gone.port();
}
constexpr ClientTimeouts quick{milliseconds(1000), milliseconds(1500)};

}  // namespace

TEST_CASE("a server with the pinned key is spoken to whatever the dates of its certificate") {
  ledger::initialise_crypto();
  const auto key = ledger::SigningKey::generate();
  TinyServer server({http("200 OK", "{\"a\":1}"), http("200 OK", "{\"a\":2}")}, &key);
  NodeConnection connection({.node = 1, .host = "127.0.0.1", .port = server.port(), .tls = true, .link_key = key.public_key()}, quick);
  for (const char* expected : {"{\"a\":1}", "{\"a\":2}"}) {  // both over one connection
    const auto answer = connection.request("GET", "/v1/status");
    REQUIRE(answer);
    CHECK(answer->body == expected);
  }
}

TEST_CASE("a server with any other key is refused before a byte of the request is sent") {
  ledger::initialise_crypto();
  const auto key = ledger::SigningKey::generate();
  TinyServer server({http("200 OK", "{}")}, &key);
  NodeConnection connection({.node = 1, .host = "127.0.0.1", .port = server.port(), .tls = true, .link_key = ledger::SigningKey::generate().public_key()}, quick);
  const auto answer = connection.request("GET", "/v1/status");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == "wrong_link_key");
  CHECK(server.requests() == 0);
}

TEST_CASE("plain HTTP is spoken to loopback only") {
  NodeConnection connection({.node = 1, .host = "192.0.2.1", .port = 80, .tls = false, .link_key = {}}, quick);
  const auto answer = connection.request("GET", "/v1/status");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == "plain_http");
}

TEST_CASE("a target that could smuggle a header is refused here") {
  TinyServer server({http("200 OK", "{}")});
  NodeConnection connection(plain(server.port()), quick);
  CHECK(connection.request("GET", "/v1/a b").error().code == "target");
  CHECK(connection.request("GET", "/v1/a\r\nX: y").error().code == "target");
  CHECK(connection.request("GET", "v1").error().code == "target");
}

TEST_CASE("the next node is asked when one does not answer") {
  TinyServer server({http("200 OK", "{\"node\":2}")});
  ApiClient client({plain(dead_port()), plain(server.port())}, {}, quick);
  const auto status = client.status();
  REQUIRE(status);
  CHECK((*status)["node"] == 2);
}

TEST_CASE("no node at all is unreachable, and nothing else") {
  ApiClient client({plain(dead_port()), plain(dead_port())}, {}, quick);
  const auto status = client.status();
  REQUIRE_FALSE(status);
  CHECK(status.error().exit == Exit::unreachable);
  const auto answer = client.submit("x", Wait::committed, milliseconds(300));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().exit == Exit::unreachable);
}

TEST_CASE("an envelope whose answer was lost goes to the next node, and its first outcome comes back") {
  TinyServer closing({""});  // takes the request, closes without an answer
  TinyServer second({http("200 OK", R"({"status":"committed","id":"ab","height":7,"index":3})")});
  ApiClient client({plain(closing.port()), plain(second.port())}, {}, quick);
  const auto answer = client.submit("the same bytes", Wait::committed, milliseconds(3000));
  REQUIRE(answer);
  CHECK(closing.requests() == 1);
  CHECK(answer->status == SubmitStatus::committed);
  CHECK(answer->height == 7);
  CHECK(answer->index == 3u);
  CHECK_THAT(second.last_request(), Catch::EndsWith("the same bytes"));
}

TEST_CASE("an outcome that nobody can tell is called unknown, not failed") {
  TinyServer closing({"", ""});
  ApiClient client({plain(closing.port())}, {}, quick);
  const auto answer = client.submit("x", Wait::committed, milliseconds(400));
  REQUIRE(answer);
  CHECK(answer->status == SubmitStatus::unknown);
  CHECK_FALSE(answer->advice.empty());
}

TEST_CASE("a busy node is asked again after the time it names") {
  TinyServer server({http("429 Too Many Requests", R"({"status":"busy","error":{"code":"busy","sentence":"s","advice":"a"},"retry_after_ms":50})", "Retry-After: 1\r\n"),
                     http("200 OK", R"({"status":"certified","id":"ab"})")});
  ApiClient client({plain(server.port())}, {}, quick);
  const auto answer = client.submit("x", Wait::certified, milliseconds(3000));
  REQUIRE(answer);
  CHECK(answer->status == SubmitStatus::certified);
  CHECK(server.requests() == 2);
}

TEST_CASE("a refusal keeps the node's code, sentence and advice") {
  TinyServer server({http("400 Bad Request", R"({"status":"rejected","error":{"code":"malformed","sentence":"s","advice":"a","detail":"d"}})"),
                     http("404 Not Found", R"({"error":{"code":"transaction_unknown","sentence":"There is none.","advice":"Look again."}})")});
  ApiClient client({plain(server.port())}, {}, quick);
  const auto answer = client.submit("x");
  REQUIRE(answer);
  CHECK(answer->status == SubmitStatus::rejected);
  CHECK(answer->code == "malformed");
  CHECK(answer->detail == "d");
  const auto missing = client.get("/v1/transactions/00");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == "transaction_unknown");
  CHECK(missing.error().exit == Exit::refused);
}

TEST_CASE("bulk lines come one by one, over chunk boundaries that fall anywhere") {
  const std::string lines = "{\"n\":1,\"status\":\"committed\",\"id\":\"a\"}\n{\"status\":\"rejected\",\"n\":0}\n{\"n\":2,\"status\":\"busy\"}\n";
  for (const std::size_t chunk : {1u, 7u, 1000u}) {
    std::string body;
    for (std::size_t at = 0; at < lines.size(); at += chunk) {
      char head[16];
      const std::string part = lines.substr(at, chunk);
      std::snprintf(head, sizeof head, "%zx\r\n", part.size());
      body += head + part + "\r\n";
    }
    TinyServer server({"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n" + body + "0\r\n\r\n"});
    NodeConnection connection(plain(server.port()), quick);
    std::string frames;
    add_bulk_frame(frames, "abc");
    CHECK(frames == std::string("\0\0\0\3abc", 7));
    std::vector<std::pair<std::size_t, SubmitStatus>> seen;
    const auto count = connection.submit_bulk(frames, Wait::committed, milliseconds(1000), [&](const BulkLine& line) { seen.emplace_back(line.position, line.status); });
    REQUIRE(count);
    CHECK(*count == 3);
    CHECK(seen == std::vector<std::pair<std::size_t, SubmitStatus>>{{1, SubmitStatus::committed}, {0, SubmitStatus::rejected}, {2, SubmitStatus::busy}});
  }
}

TEST_CASE("a bulk answer that breaks off is a lost connection") {
  TinyServer server({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"n\":0,\"status\":\"comm"});
  NodeConnection connection(plain(server.port()), quick);
  std::string frames;
  add_bulk_frame(frames, "abc");
  const auto count = connection.submit_bulk(frames, Wait::committed, milliseconds(500), [](const BulkLine&) {});
  REQUIRE_FALSE(count);
  CHECK(count.error().code == "connection_lost");
}

TEST_CASE("a signed read names member, key, time and nonce and signs what it asks for") {
  ledger::initialise_crypto();
  const auto key = ledger::SigningKey::generate();
  const Reader reader{"acme", &key};
  const ledger::Digest ledger_id = ledger::sha256("ledger");
  const std::string header = signed_read_header(reader, ledger_id, "GET", "/v1/accounts/acme?x=1", "", 1700000000000);
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= header.size();) {
    const auto end = std::min(header.find(' ', begin), header.size());
    words.push_back(header.substr(begin, end - begin));
    begin = end + 1;
  }
  REQUIRE(words.size() == 6);
  CHECK(words[0] == "v1");
  CHECK(words[1] == "acme");
  CHECK(words[2] == key.public_key().hex());
  CHECK(words[3] == "1700000000000");
  CHECK(words[4].size() == 32);
  const std::string bytes = std::string(ledger::tag::signed_read) + '\0' + ledger_id.hex() + "\n0\nGET\n/v1/accounts/acme?x=1\n" + ledger::sha256("").hex() +
                            "\nacme\n1700000000000\n" + words[4];
  const auto signature = ledger::Signature::from_bytes(ledger::from_base64(words[5]).value());
  REQUIRE(signature);
  CHECK(ledger::verify(key.public_key(), bytes, *signature));
}

}  // namespace daftar::tools
