// A client's connection as bytes, plain or TLS behind one interface: what speaks HTTP over it is compiled once and reads as one thing.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace daftar::node {

/// Used by one coroutine at a time.
class HttpStream {
 public:
  using Error = boost::system::error_code;
  struct Read {
    Error error;
    std::size_t bytes = 0;
  };

  virtual ~HttpStream() = default;
  /// TLS: the handshake; plain: nothing.
  virtual boost::asio::awaitable<Error> open() = 0;
  /// At least one byte, or an error: `boost::asio::error::eof` at the end, `boost::beast::error::timeout` when the time is over.
  virtual boost::asio::awaitable<Read> read_some(std::span<char> into) = 0;
  /// All of it, or an error. `bytes` must live until it is done.
  virtual boost::asio::awaitable<Error> write(std::string_view bytes) = 0;
  /// No more will be written; the peer's bytes can still be read. TLS has no such half, and does nothing.
  virtual void end_sending() = 0;
  /// Says good-bye: TLS by its alert, plain by a shutdown of both directions.
  virtual boost::asio::awaitable<void> close() = 0;
  /// What runs and what begins from now on fails with a time-out when it takes longer.
  virtual void expires_after(std::chrono::milliseconds time) = 0;
  virtual void expires_never() = 0;
};

/// `tls` null: plain; else it outlives the stream.
std::unique_ptr<HttpStream> make_http_stream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);

}  // namespace daftar::node
