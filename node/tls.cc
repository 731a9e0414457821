#include "node/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <string>

#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>

#include "ledger/check.h"

namespace daftar::node {
namespace {

std::shared_ptr<X509> make_certificate(EVP_PKEY* key) {
  std::shared_ptr<X509> certificate(X509_new(), X509_free);
  DAFTAR_CHECK(certificate);
  X509* x = certificate.get();
  DAFTAR_CHECK(X509_set_version(x, X509_VERSION_3) == 1);
  DAFTAR_CHECK(ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1);
  // Dates must be there; nobody looks at them. 9999-12-31 is RFC 5280's "no well-defined expiration date".
  DAFTAR_CHECK(ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "20000101000000Z") == 1);
  DAFTAR_CHECK(ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "99991231235959Z") == 1);
  X509_NAME* name = X509_get_subject_name(x);
  static const std::array<unsigned char, 7> common_name = {'d', 'a', 'f', 't', 'a', 'r', '\0'};
  DAFTAR_CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name.data(), 6, -1, 0) == 1);
  DAFTAR_CHECK(X509_set_issuer_name(x, name) == 1);
  DAFTAR_CHECK(X509_set_pubkey(x, key) == 1);
  DAFTAR_CHECK(X509_sign(x, key, nullptr) > 0);
  return certificate;
}

std::optional<ledger::PublicKey> key_of(X509* certificate) {
  if (certificate == nullptr) return std::nullopt;
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr || EVP_PKEY_base_id(key) != EVP_PKEY_ED25519) return std::nullopt;
  ledger::PublicKey out;
  std::size_t size = out.bytes.size();
  if (EVP_PKEY_get_raw_public_key(key, out.bytes.data(), &size) != 1 || size != out.bytes.size()) return std::nullopt;
  return out;
}

void free_allowed(void*, void* value, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<KeyAllowed*>(value); }

/// The slot of an SSL_CTX that owns its KeyAllowed.
int allowed_slot() {
  static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_allowed);
  return slot;
}

/// Takes the place of OpenSSL's whole chain check. The handshake itself proves that the peer has the private key (CertificateVerify).
int judge_certificate(X509_STORE_CTX* store, void* argument) {
  const auto& allowed = *static_cast<const KeyAllowed*>(argument);
  const auto key = key_of(X509_STORE_CTX_get0_cert(store));
  const bool good = key && allowed && allowed(*key);
  X509_STORE_CTX_set_error(store, good ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
  return good ? 1 : 0;
}

void require(bool done, const char* what) {
  if (done) return;
  const boost::system::error_code error(static_cast<int>(ERR_get_error()), boost::asio::error::get_ssl_category());
  throw boost::system::system_error(error, what);
}

void set_common(SSL_CTX* context) {
  require(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1, "TLS 1.3");
  require(SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1, "TLS 1.3");
  require(SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384") == 1, "cipher suites");
  require(SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1, "groups");
  require(SSL_CTX_set1_sigalgs_list(context, "ed25519") == 1, "signature algorithms");
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  require(SSL_CTX_set_num_tickets(context, 0) == 1, "tickets");
  require(SSL_CTX_set_max_early_data(context, 0) == 1, "early data");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

void set_identity(SSL_CTX* context, const LinkIdentity& identity) {
  require(SSL_CTX_use_certificate(context, identity.certificate()) == 1, "certificate");
  require(SSL_CTX_use_PrivateKey(context, identity.key()) == 1, "private key");
}

void set_judge(SSL_CTX* context, int mode, KeyAllowed allowed) {
  auto* owned = new KeyAllowed(std::move(allowed));
  if (SSL_CTX_set_ex_data(context, allowed_slot(), owned) != 1) {
    delete owned;
    require(false, "verification");
  }
  SSL_CTX_set_cert_verify_callback(context, judge_certificate, owned);
  SSL_CTX_set_verify(context, mode, nullptr);
}

}  // namespace

std::optional<LinkIdentity> LinkIdentity::from_seed(std::string_view seed) {
  if (seed.size() != 32) return std::nullopt;
  LinkIdentity identity;
  identity.key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()), seed.size()),
                      EVP_PKEY_free);
  if (!identity.key_) return std::nullopt;
  std::size_t size = identity.public_key_.bytes.size();
  DAFTAR_CHECK(EVP_PKEY_get_raw_public_key(identity.key_.get(), identity.public_key_.bytes.data(), &size) == 1);
  identity.certificate_ = make_certificate(identity.key_.get());
  return identity;
}

boost::asio::ssl::context server_context(const LinkIdentity& identity, ClientAuth auth, KeyAllowed allowed) {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_server);
  set_common(context.native_handle());
  set_identity(context.native_handle(), identity);
  if (auth == ClientAuth::required)
    set_judge(context.native_handle(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, std::move(allowed));
  return context;
}

boost::asio::ssl::context client_context(const LinkIdentity* identity, KeyAllowed allowed) {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  set_common(context.native_handle());
  if (identity != nullptr) set_identity(context.native_handle(), *identity);
  set_judge(context.native_handle(), SSL_VERIFY_PEER, std::move(allowed));
  return context;
}

std::optional<ledger::PublicKey> peer_public_key(const SSL* ssl) { return key_of(SSL_get0_peer_certificate(ssl)); }

}  // namespace daftar::node
