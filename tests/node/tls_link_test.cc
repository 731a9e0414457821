// TLS as links and API use it, over in-memory BIOs: both ends in one thread, no sockets.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "node/tls.h"

using namespace daftar;
using node::ClientAuth;
using node::LinkIdentity;

namespace {

LinkIdentity identity_of(char fill) { return LinkIdentity::from_seed(std::string(32, fill)).value(); }

struct End {
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl{nullptr, SSL_free};
  bool failed = false, finished = false;
  void step() {
    if (failed || finished) return;
    const int done = SSL_do_handshake(ssl.get());
    if (done == 1) finished = true;
    else if (SSL_get_error(ssl.get(), done) != SSL_ERROR_WANT_READ) failed = true;
    ERR_clear_error();
  }
};

struct Pair {
  End client, server;
  Pair(SSL_CTX* client_side, SSL_CTX* server_side) {
    client.ssl.reset(SSL_new(client_side));
    server.ssl.reset(SSL_new(server_side));
    BIO *a = nullptr, *b = nullptr;
    REQUIRE(BIO_new_bio_pair(&a, 0, &b, 0) == 1);
    SSL_set_bio(client.ssl.get(), a, a);
    SSL_set_bio(server.ssl.get(), b, b);
    SSL_set_connect_state(client.ssl.get());
    SSL_set_accept_state(server.ssl.get());
    for (int round = 0; round < 10; ++round) {
      client.step();
      server.step();
    }
  }
  bool both_finished() const { return client.finished && server.finished; }
  /// In TLS 1.3 the client finishes before the server has judged it: the refusal arrives with the first read.
  bool bytes_pass() {
    if (!both_finished()) return false;
    char buffer[4] = {};
    return SSL_write(server.ssl.get(), "ok", 2) == 2 && SSL_read(client.ssl.get(), buffer, sizeof buffer) == 2;
  }
};

node::KeyAllowed only(const LinkIdentity& identity) {
  return [key = identity.public_key()](const ledger::PublicKey& k) { return k == key; };
}

}  // namespace

TEST_CASE("two nodes that know each other's keys make a TLS 1.3 link and see each other's key") {
  const auto one = identity_of('1'), two = identity_of('2');
  auto server = node::server_context(one, ClientAuth::required, only(two));
  auto client = node::client_context(&two, only(one));
  Pair link(client.native_handle(), server.native_handle());
  REQUIRE(link.bytes_pass());
  CHECK(SSL_version(link.client.ssl.get()) == TLS1_3_VERSION);
  CHECK(node::peer_public_key(link.client.ssl.get()) == one.public_key());
  CHECK(node::peer_public_key(link.server.ssl.get()) == two.public_key());
  CHECK(SSL_session_reused(link.client.ssl.get()) == 0);
}

TEST_CASE("a server with another key than the expected is refused by the client") {
  const auto one = identity_of('1'), two = identity_of('2'), stranger = identity_of('x');
  auto server = node::server_context(stranger, ClientAuth::required, only(two));
  auto client = node::client_context(&two, only(one));
  Pair link(client.native_handle(), server.native_handle());
  CHECK(link.client.failed);
  CHECK_FALSE(link.both_finished());
}

TEST_CASE("a client whose key is not in the registry is refused by the server") {
  const auto one = identity_of('1'), two = identity_of('2'), stranger = identity_of('x');
  auto server = node::server_context(one, ClientAuth::required, only(two));
  auto client = node::client_context(&stranger, only(one));
  Pair link(client.native_handle(), server.native_handle());
  CHECK(link.server.failed);
  CHECK_FALSE(link.bytes_pass());
}

TEST_CASE("a client without a certificate is refused where one is required, and served where none is") {
  const auto one = identity_of('1'), two = identity_of('2');
  auto client = node::client_context(nullptr, only(one));
  SECTION("link") {
    auto server = node::server_context(one, ClientAuth::required, only(two));
    Pair link(client.native_handle(), server.native_handle());
    CHECK(link.server.failed);
    CHECK_FALSE(link.bytes_pass());
  }
  SECTION("api") {
    auto server = node::server_context(one, ClientAuth::none);
    Pair link(client.native_handle(), server.native_handle());
    CHECK(link.bytes_pass());
    CHECK_FALSE(node::peer_public_key(link.server.ssl.get()).has_value());
  }
}

TEST_CASE("TLS 1.2 is refused") {
  const auto one = identity_of('1'), two = identity_of('2');
  auto server = node::server_context(one, ClientAuth::required, only(two));
  auto client = node::client_context(&two, only(one));
  SSL_CTX_set_min_proto_version(client.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(client.native_handle(), TLS1_2_VERSION);
  Pair link(client.native_handle(), server.native_handle());
  CHECK_FALSE(link.both_finished());
  CHECK(link.server.failed);
}

TEST_CASE("a server context gives out no session ticket, so nothing can be resumed") {
  const auto one = identity_of('1');
  auto server = node::server_context(one, ClientAuth::none);
  auto client = node::client_context(nullptr, only(one));
  Pair link(client.native_handle(), server.native_handle());
  REQUIRE(link.bytes_pass());
  CHECK(SSL_SESSION_is_resumable(SSL_get_session(link.client.ssl.get())) == 0);
}

TEST_CASE("a certificate that names an allowed key but is held by somebody without its secret fails the handshake") {
  const auto one = identity_of('1'), two = identity_of('2'), thief = identity_of('t');
  auto server = node::server_context(one, ClientAuth::required, only(two));
  auto client = node::client_context(&thief, only(one));
  // OpenSSL itself refuses to pair the certificate of another key with this secret.
  CHECK((SSL_CTX_use_certificate(client.native_handle(), two.certificate()) != 1 || SSL_CTX_check_private_key(client.native_handle()) != 1));
  Pair link(client.native_handle(), server.native_handle());
  CHECK_FALSE(link.bytes_pass());
}

TEST_CASE("an identity is a function of its seed, and a seed has 32 bytes") {
  const auto a = identity_of('a'), again = identity_of('a');
  CHECK(a.public_key() == again.public_key());
  CHECK(X509_cmp(a.certificate(), again.certificate()) == 0);
  CHECK(a.public_key() == ledger::SigningKey::from_seed(std::string(32, 'a'))->public_key());
  CHECK_FALSE(LinkIdentity::from_seed("short").has_value());
}
