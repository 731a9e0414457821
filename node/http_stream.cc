#include "node/http_stream.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <utility>

#include "node/as_result.h"

namespace daftar::node {

namespace net = boost::asio;
namespace beast = boost::beast;
using tcp = net::ip::tcp;

namespace {

using Plain = beast::tcp_stream;
using Tls = beast::ssl_stream<beast::tcp_stream>;

template <class Stream>
class StreamOf final : public HttpStream {
 public:
  template <class... More>
  explicit StreamOf(tcp::socket socket, More&... more) : stream_(std::move(socket), more...) {}

  net::awaitable<Error> open() override {
    if constexpr (std::is_same_v<Stream, Tls>) {
      const auto [error] = co_await stream_.async_handshake(net::ssl::stream_base::server, as_result);
      co_return error;
    }
    co_return Error{};
  }
  net::awaitable<Read> read_some(std::span<char> into) override {
    const auto [error, bytes] = co_await stream_.async_read_some(net::buffer(into.data(), into.size()), as_result);
    co_return Read{error, bytes};
  }
  net::awaitable<Error> write(std::string_view bytes) override {
    const auto [error, sent] = co_await net::async_write(stream_, net::buffer(bytes.data(), bytes.size()), as_result);
    co_return error;
  }
  void end_sending() override {
    Error ignored;
    if constexpr (std::is_same_v<Stream, Plain>) stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }
  net::awaitable<void> close() override {
    Error ignored;
    if constexpr (std::is_same_v<Stream, Plain>)
      stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    else
      co_await stream_.async_shutdown(as_result);
    co_return;
  }
  void expires_after(std::chrono::milliseconds time) override { beast::get_lowest_layer(stream_).expires_after(time); }
  void expires_never() override { beast::get_lowest_layer(stream_).expires_never(); }

 private:
  Stream stream_;
};

}  // namespace

std::unique_ptr<HttpStream> make_http_stream(tcp::socket socket, net::ssl::context* tls) {
  if (tls == nullptr) return std::make_unique<StreamOf<Plain>>(std::move(socket));
  return std::make_unique<StreamOf<Tls>>(std::move(socket), *tls);
}

}  // namespace daftar::node
