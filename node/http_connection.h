// One client's connection: reads requests within limits and deadlines, asks the router, writes the answers, until one side has had enough.
#pragma once
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstddef>

#include "node/http_judgement.h"
#include "node/http_server.h"
#include "node/http_stream.h"

namespace daftar::node {

/// What the connections of a server have in common; outlives them.
struct HttpShared {
  const HttpServerOptions options;
  const HttpRouter& router;
  HttpObserver* const observer;               // may be null
  std::atomic<std::size_t> body_bytes{0};     // that requests being read or answered take
  std::atomic<std::size_t> requests{0};       // being answered
  std::atomic<bool> stopping{false};
};

class HttpConnection {
 public:
  HttpConnection(HttpStream& stream, HttpShared& shared) : stream_(stream), shared_(shared) {}
  /// Until the connection has nothing more to say. `stream` is open.
  boost::asio::awaitable<void> serve();

 private:
  // Of those that answer bool, false: the connection ends.
  boost::asio::awaitable<bool> one_request();
  boost::asio::awaitable<bool> answer(HttpResponse& response, bool keep_alive, bool head);
  boost::asio::awaitable<bool> write_lines(LineSource& lines);
  boost::asio::awaitable<bool> refuse(const HttpRoute* route, HttpResponse refusal);
  boost::asio::awaitable<HttpResponse> ask(const HttpRoute& route, HttpRequest request);
  /// Reads until the parser has the header, or the whole request. The error of parser or stream; end_of_stream: nothing began.
  enum class Until { header, end };
  boost::asio::awaitable<boost::system::error_code> read(HttpParser& parser, Until until);
  /// Some bytes more into the buffer.
  boost::asio::awaitable<boost::system::error_code> receive();
  boost::asio::awaitable<void> discard_rest();
  void observe(const HttpRoute* route, unsigned status, std::chrono::microseconds took = {}) const;

  HttpStream& stream_;
  HttpShared& shared_;
  boost::beast::flat_buffer buffer_;  // received, not yet taken by a parser
};

}  // namespace daftar::node
