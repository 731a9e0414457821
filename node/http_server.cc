#include "node/http_server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>
#include <thread>

#include "node/as_result.h"
#include "node/http_connection.h"
#include "node/thread_name.h"

namespace daftar::node {

namespace net = boost::asio;
using tcp = net::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

/// Connections now open, in all and per address. Any thread.
class ConnectionLimits {
 public:
  ConnectionLimits(std::size_t total_max, std::size_t address_max) : total_max_(total_max), address_max_(address_max) {}
  bool enter(const net::ip::address& address) {
    const std::scoped_lock lock(mutex_);
    if (total_ >= total_max_) return false;
    std::size_t& of_address = by_address_[address];
    if (of_address >= address_max_) return false;
    ++of_address;
    ++total_;
    return true;
  }
  void leave(const net::ip::address& address) {
    const std::scoped_lock lock(mutex_);
    --total_;
    const auto it = by_address_.find(address);
    if (--it->second == 0) by_address_.erase(it);
  }
  std::size_t total() const {
    const std::scoped_lock lock(mutex_);
    return total_;
  }

 private:
  const std::size_t total_max_, address_max_;
  mutable std::mutex mutex_;
  std::size_t total_ = 0;
  std::map<net::ip::address, std::size_t> by_address_;
};

}  // namespace

struct HttpServer::Impl {
  Impl(HttpServerOptions o, const HttpRouter& r, HttpObserver* w)
      : shared{std::move(o), r, w}, limits(shared.options.connections_max, shared.options.connections_per_address_max) {}

  HttpShared shared;
  std::optional<net::ssl::context> tls;
  ConnectionLimits limits;
  std::uint16_t bound_port = 0;
  // One io_context per thread, so that a connection's coroutine needs no strand. Below: destroyed first, with the coroutines in them.
  std::vector<std::unique_ptr<net::io_context>> contexts;
  std::unique_ptr<tcp::acceptor> acceptor;
  std::vector<net::executor_work_guard<net::io_context::executor_type>> guards;
  std::vector<std::thread> threads;

  std::optional<std::string> open();
  void run_threads();
  net::awaitable<void> accept_loop();
  net::awaitable<void> connection(tcp::socket socket, net::ip::address address);
};

std::optional<std::string> HttpServer::Impl::open() {
  const HttpServerOptions& options = shared.options;
  error_code error;
  const auto address = net::ip::make_address(options.host, error);
  if (error) return "the API address '" + options.host + "' is not an IP address";
  if (!options.tls && !address.is_loopback()) return "plain HTTP is allowed on a loopback address only, not on " + options.host;
  if (options.tls) tls.emplace(server_context(*options.tls, ClientAuth::none));
  for (unsigned i = 0; i < std::max(1u, options.threads); ++i) {
    contexts.push_back(std::make_unique<net::io_context>(1));
    guards.push_back(net::make_work_guard(*contexts.back()));
  }
  acceptor = std::make_unique<tcp::acceptor>(*contexts.front());
  const tcp::endpoint endpoint(address, options.port);
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(net::socket_base::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(net::socket_base::max_listen_connections, error);
  if (error) return fmt::format("cannot listen for the API on {}:{}: {}", options.host, options.port, error.message());
  bound_port = acceptor->local_endpoint().port();
  return std::nullopt;
}

void HttpServer::Impl::run_threads() {
  net::co_spawn(*contexts.front(), accept_loop(), net::detached);
  for (auto& context : contexts) threads.emplace_back([&context] { name_this_thread("clients"), context->run(); });
}

net::awaitable<void> HttpServer::Impl::accept_loop() {
  net::steady_timer pause(*contexts.front());
  for (std::size_t next = 0; !shared.stopping; next = (next + 1) % contexts.size()) {
    auto [error, socket] = co_await acceptor->async_accept(*contexts[next], as_result);
    if (error) {
      if (shared.stopping || error == net::error::operation_aborted) co_return;
      // Out of descriptors or memory: what is open goes on; asking again at once would only spin.
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(as_result);
      continue;
    }
    error_code no_address;
    const auto address = socket.remote_endpoint(no_address).address();
    if (no_address) continue;
    if (!limits.enter(address)) {
      if (shared.observer != nullptr) shared.observer->connection_refused();
      continue;  // closes it
    }
    net::co_spawn(*contexts[next], connection(std::move(socket), address), net::detached);
  }
}

net::awaitable<void> HttpServer::Impl::connection(tcp::socket socket, net::ip::address address) {
  struct Leave {
    ConnectionLimits& limits;
    net::ip::address address;
    ~Leave() { limits.leave(address); }
  } leave{limits, address};
  try {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto stream = make_http_stream(std::move(socket), tls ? &*tls : nullptr);
    stream->expires_after(shared.options.handshake_timeout);
    const error_code closed = co_await stream->open();  // named: see http_connection.cc
    if (closed) co_return;
    HttpConnection connection(*stream, shared);
    co_await connection.serve();
    stream->expires_after(std::chrono::seconds(1));
    co_await stream->close();
  } catch (const std::exception& fault) {
    spdlog::error("a client connection ended by an exception: {}", fault.what());
  }
}

Expected<std::unique_ptr<HttpServer>, std::string> HttpServer::start(HttpServerOptions options, const HttpRouter& router, HttpObserver* observer) {
  auto impl = std::make_unique<Impl>(std::move(options), router, observer);
  if (auto fault = impl->open()) return Unexpected<std::string>(std::move(*fault));
  impl->run_threads();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { stop({}); }
std::uint16_t HttpServer::port() const { return impl_->bound_port; }
std::size_t HttpServer::connections() const { return impl_->limits.total(); }

void HttpServer::stop(std::chrono::milliseconds patience) {
  if (impl_->threads.empty()) return;
  impl_->shared.stopping = true;
  net::post(*impl_->contexts.front(), [this] { impl_->acceptor->close(); });
  const auto end = steady_clock::now() + patience;
  while (impl_->shared.requests > 0 && steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (auto& context : impl_->contexts) context->stop();
  for (auto& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

}  // namespace daftar::node
