// Links between nodes: who may speak on them, and what happens to damaged bytes.
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <iostream>
#include <memory>

#include "tests/end_to_end/payment_load.h"
#include "tests/harness/link_mesh.h"

using namespace daftar;
using namespace daftar::tests;

namespace {

template <class T, void (*release)(T*)>
struct Release {
  void operator()(T* p) const { release(p); }
};
template <class T, void (*release)(T*)>
using Owned = std::unique_ptr<T, Release<T, release>>;

/// Connects to a link port with a self-signed certificate of `key` (none: without a certificate) and waits: does the node still keep the
/// connection open after `patience`? A node that refuses closes it.
bool link_stays_open(std::uint16_t port, const ledger::SigningKey* key, std::chrono::milliseconds patience) {
  Owned<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  if (key != nullptr) {
    const std::string seed = key->seed();
    Owned<EVP_PKEY, EVP_PKEY_free> secret(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()), seed.size()));
    Owned<X509, X509_free> certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("daftar"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    X509_set_pubkey(certificate.get(), secret.get());
    REQUIRE(X509_sign(certificate.get(), secret.get(), nullptr) > 0);
    REQUIRE(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context.get(), secret.get()) == 1);
  }
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const timeval wait{static_cast<time_t>(patience.count() / 1000), static_cast<suseconds_t>(patience.count() % 1000 * 1000)};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  Owned<SSL, SSL_free> ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), socket);
  bool open = SSL_connect(ssl.get()) == 1;  // in TLS 1.3 a client learns only later that its certificate was refused
  while (open) {
    char buffer[4096];
    const int got = SSL_read(ssl.get(), buffer, sizeof buffer);
    if (got > 0) continue;                  // the node's greeting
    open = SSL_get_error(ssl.get(), got) == SSL_ERROR_WANT_READ;
    break;
  }
  ::close(socket);
  return open;
}

}  // namespace

TEST_CASE("only the validators of the genesis may link to a node") {
  TestNetwork network;
  const std::uint16_t port = link_port(network.network(), 1);
  const auto stranger = ledger::SigningKey::generate();
  constexpr std::chrono::milliseconds patience(1500);
  CHECK_FALSE(link_stays_open(port, nullptr, patience));
  CHECK_FALSE(link_stays_open(port, &stranger, patience));
  CHECK_FALSE(link_stays_open(port, &network.key("operator-2"), patience));                              // a member's key is no link key
  CHECK_FALSE(link_stays_open(port, &network.network().validator_keys(2).checkpoint, patience));         // one key per purpose
  CHECK(link_stays_open(port, &network.network().validator_keys(2).link, patience));                     // the test can tell
  network.wait_ready();
  network.accepted(network.transfer(1));
}

TEST_CASE("bits flipped between the nodes never reach the ledger") {
  const std::uint64_t seed = test_seed();
  LinkMesh mesh;
  TestNetwork::Options options;
  options.before_start = [&](tools::LocalNetwork& made) { mesh.route(made, seed); };
  TestNetwork network(options);
  PaymentLoad load(network, 3);
  REQUIRE(load.wait_for(50, std::chrono::seconds(60)));
  std::uint64_t flipped = 0;
  for (int round = 0; round < 8; ++round) {
    mesh.each([](TcpProxy& proxy) { proxy.flip_bits(40); });
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    mesh.each([](TcpProxy& proxy) { proxy.flip_bits(0); });
    CHECK(load.wait_for(20, std::chrono::seconds(60)));
  }
  mesh.each([&](TcpProxy& proxy) { flipped += proxy.flipped(); });
  std::cout << flipped << " bits flipped" << std::endl;
  REQUIRE(flipped >= 8);
  load.stop();
  network.wait_ready();
  load.require_kept(network);
}
