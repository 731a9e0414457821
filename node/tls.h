// TLS of the node: links between nodes and the API to clients. TLS 1.3 only, Ed25519 certificates signed by themselves, X25519 or P-256.
// Who is trusted is decided by comparing the Ed25519 public key of the certificate with keys of the ledger's registry: no CA, no names,
// and no dates, so that nothing expires (DESIGN §12.4). No tickets, no session cache, no 0-RTT: every connection is a full handshake.
#pragma once
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "ledger/keys.h"

namespace daftar::node {

/// The link key of a node as OpenSSL wants it, with the certificate made from it. The certificate is a function of the key alone:
/// the same bytes at every start. Copies share the key. Any thread.
class LinkIdentity {
 public:
  /// `seed` has exactly 32 bytes (RFC 8032 private key); nothing otherwise. The caller wipes its copy.
  static std::optional<LinkIdentity> from_seed(std::string_view seed);

  const ledger::PublicKey& public_key() const { return public_key_; }
  EVP_PKEY* key() const { return key_.get(); }
  X509* certificate() const { return certificate_.get(); }

 private:
  LinkIdentity() = default;
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
  ledger::PublicKey public_key_;
};

enum class ClientAuth { none, required };

/// Is this the key of somebody we talk to? Called in the handshake, on the thread that drives it.
using KeyAllowed = std::function<bool(const ledger::PublicKey&)>;

/// A server that shows `identity`. With `required` a client without a certificate, or with a key for which `allowed` says false, fails the
/// handshake; with `none` clients are not asked (the API). Throws boost::system::system_error when OpenSSL itself is broken.
boost::asio::ssl::context server_context(const LinkIdentity& identity, ClientAuth auth, KeyAllowed allowed = {});

/// A client that accepts a server only if `allowed` says so of its key, and shows `identity` if there is one.
boost::asio::ssl::context client_context(const LinkIdentity* identity, KeyAllowed allowed);

/// The Ed25519 key of the peer's certificate after a handshake; nothing when it showed none.
std::optional<ledger::PublicKey> peer_public_key(const SSL* ssl);

}  // namespace daftar::node
