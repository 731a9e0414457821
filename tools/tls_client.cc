#include "tools/tls_client.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <utility>

namespace daftar::tools {
namespace {

struct Pin {
  ledger::PublicKey expected;
  bool mismatch = false;
};

// In place of OpenSSL's chain check: exactly the pinned key; whose, since when and signed by whom do not matter.
int judge_certificate(X509_STORE_CTX* store, void* argument) {
  auto& pin = *static_cast<Pin*>(argument);
  EVP_PKEY* key = X509_get0_pubkey(X509_STORE_CTX_get0_cert(store));
  ledger::PublicKey shown;
  std::size_t size = shown.bytes.size();
  const bool good = key != nullptr && EVP_PKEY_base_id(key) == EVP_PKEY_ED25519 &&
                    EVP_PKEY_get_raw_public_key(key, shown.bytes.data(), &size) == 1 && size == shown.bytes.size() && shown == pin.expected;
  pin.mismatch = !good;
  X509_STORE_CTX_set_error(store, good ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
  return good ? 1 : 0;
}

Unexpected<ToolError> unreachable(const std::string& host, std::uint16_t port, const std::string& why) {
  return failure(Exit::unreachable, "unreachable", "No node answers at " + host + ":" + std::to_string(port) + ": " + why + ".",
                 "Is the network up? See `daftar network status`.");
}

}  // namespace

Result<NodeStream> NodeStream::connect(const std::string& host, std::uint16_t port, const std::optional<ledger::PublicKey>& pin,
                                       std::chrono::milliseconds patience) {
  // A peer that goes away must be an error to handle, not the end of the program.
  static const auto ignored = std::signal(SIGPIPE, SIG_IGN);
  static_cast<void>(ignored);

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); failed != 0)
    return unreachable(host, port, ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);

  NodeStream stream;
  stream.deadline_ = Clock::now() + patience;
  std::string why = "no address";
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    stream.fd_ = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (stream.fd_ < 0) continue;
    int error = ::connect(stream.fd_, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      socklen_t size = sizeof error;
      if (!stream.wait(POLLOUT)) error = ETIMEDOUT;
      else if (::getsockopt(stream.fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    }
    if (error == 0) break;
    why = std::strerror(error);
    ::close(stream.fd_);
    stream.fd_ = -1;
  }
  if (stream.fd_ < 0) return unreachable(host, port, why);
  const int yes = 1;
  ::setsockopt(stream.fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (!pin) return stream;

  Pin judge{*pin, false};
  stream.context_ = SSL_CTX_new(TLS_client_method());
  if (stream.context_ == nullptr) return unreachable(host, port, "TLS cannot be set up");
  SSL_CTX_set_min_proto_version(stream.context_, TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(stream.context_, TLS1_3_VERSION);
  SSL_CTX_set1_sigalgs_list(stream.context_, "ed25519");
  SSL_CTX_set_session_cache_mode(stream.context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(stream.context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(stream.context_, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(stream.context_, judge_certificate, &judge);
  stream.ssl_ = SSL_new(stream.context_);
  if (stream.ssl_ == nullptr || SSL_set_fd(stream.ssl_, stream.fd_) != 1) return unreachable(host, port, "TLS cannot be set up");
  for (;;) {
    ERR_clear_error();
    const int done = SSL_connect(stream.ssl_);
    if (done == 1) break;
    const int what = SSL_get_error(stream.ssl_, done);
    if (what == SSL_ERROR_WANT_READ && stream.wait(POLLIN)) continue;
    if (what == SSL_ERROR_WANT_WRITE && stream.wait(POLLOUT)) continue;
    if (judge.mismatch)
      return failure(Exit::unreachable, "wrong_link_key",
                     "Whoever answers at " + host + ":" + std::to_string(port) + " does not hold the link key that the genesis gives that node.",
                     "Nothing was sent. Check the address and the genesis file: this may be another network, or somebody in between.");
    return unreachable(host, port, "the TLS handshake failed");
  }
  // The judge lives on this stack frame; no certificate comes after the handshake (no renegotiation in TLS 1.3).
  SSL_CTX_set_cert_verify_callback(stream.context_, nullptr, nullptr);
  return stream;
}

NodeStream::NodeStream(NodeStream&& other) noexcept { *this = std::move(other); }
NodeStream& NodeStream::operator=(NodeStream&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    context_ = std::exchange(other.context_, nullptr);
    ssl_ = std::exchange(other.ssl_, nullptr);
    deadline_ = other.deadline_;
  }
  return *this;
}
NodeStream::~NodeStream() { close(); }

void NodeStream::close() {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    SSL_shutdown(ssl_);  // sends close_notify if it can; nobody waits for the answer
    SSL_free(ssl_);
    ssl_ = nullptr;
  }
  if (context_ != nullptr) SSL_CTX_free(std::exchange(context_, nullptr));
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool NodeStream::wait(short events) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    if (left <= 0) return false;
    pollfd poller{fd_, events, 0};
    const int ready = ::poll(&poller, 1, static_cast<int>(std::min<long long>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool NodeStream::stale() const {
  if (fd_ < 0) return true;
  pollfd poller{fd_, POLLIN, 0};
  return ::poll(&poller, 1, 0) != 0;
}

bool NodeStream::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    if (ssl_ != nullptr) {
      ERR_clear_error();
      std::size_t put = 0;
      if (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &put) == 1) {
        bytes.remove_prefix(put);
        continue;
      }
      const int what = SSL_get_error(ssl_, 0);
      if (what == SSL_ERROR_WANT_WRITE && wait(POLLOUT)) continue;
      if (what == SSL_ERROR_WANT_READ && wait(POLLIN)) continue;
      return false;
    }
    const ssize_t put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
    else if (errno == EINTR) continue;
    else if ((errno != EAGAIN && errno != EWOULDBLOCK) || !wait(POLLOUT)) return false;
  }
  return true;
}

std::optional<std::size_t> NodeStream::read_some(char* into, std::size_t size) {
  for (;;) {
    if (ssl_ != nullptr) {
      ERR_clear_error();
      std::size_t got = 0;
      if (SSL_read_ex(ssl_, into, size, &got) == 1) return got;
      const int what = SSL_get_error(ssl_, 0);
      if (what == SSL_ERROR_ZERO_RETURN) return 0;
      if (what == SSL_ERROR_WANT_READ && wait(POLLIN)) continue;
      if (what == SSL_ERROR_WANT_WRITE && wait(POLLOUT)) continue;
      return std::nullopt;
    }
    const ssize_t got = ::recv(fd_, into, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if ((errno != EAGAIN && errno != EWOULDBLOCK) || !wait(POLLIN)) return std::nullopt;
  }
}

boost::system::error_code NodeStream::end_of_stream() { return boost::asio::error::eof; }

}  // namespace daftar::tools
