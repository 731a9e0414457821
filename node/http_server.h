// HTTP/1.1 over TLS 1.3 or, on loopback only, plain TCP. Reads requests within limits and deadlines, asks the router, writes responses.
// Strict where intermediaries disagree (RFC 9112 §6.3, §11.2): no Content-Length beside Transfer-Encoding, one Content-Length of digits
// only, no transfer coding but chunked, no bare LF.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/expected.h"
#include "node/http_router.h"
#include "node/tls.h"

namespace daftar::node {

/// Is told of every answered request; called on server threads.
class HttpObserver {
 public:
  virtual ~HttpObserver() = default;
  /// `route` null: nothing matched, or the request was refused before it was known.
  virtual void request_done(const HttpRoute* route, unsigned status, std::chrono::microseconds took) = 0;
  virtual void connection_refused() = 0;
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;                          // 0: given by the system
  unsigned threads = 1;
  std::optional<LinkIdentity> tls;                 // none: plain HTTP
  std::size_t connections_max = 4096;
  std::size_t connections_per_address_max = 1024;
  std::size_t body_bytes_in_flight_max = 256u << 20;  // of all requests being read or answered
  std::size_t header_bytes_max = 8 * 1024;
  std::size_t header_fields_max = 64;
  std::size_t target_bytes_max = 2 * 1024;
  std::chrono::milliseconds handshake_timeout{5000}, header_timeout{5000}, body_timeout{10000}, idle_timeout{60000}, write_timeout{10000};
};

class HttpServer {
 public:
  /// Binds and starts its threads. Plain HTTP on an address that is not loopback is refused. `router` and `observer` must outlive the server.
  static Expected<std::unique_ptr<HttpServer>, std::string> start(HttpServerOptions options, const HttpRouter& router, HttpObserver* observer);
  ~HttpServer();
  std::uint16_t port() const;
  std::size_t connections() const;
  /// Takes no more connections, waits at most `patience` for running requests, then cuts what is left and joins. Nobody may call
  /// Wakeup::notify() of a connection after the server is destroyed (Node::stop() answers all waiters before).
  void stop(std::chrono::milliseconds patience);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace daftar::node
