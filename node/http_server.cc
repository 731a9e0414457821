#include "node/http_server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <map>
#include <thread>

namespace daftar::node {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = net::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr auto as_result = net::as_tuple(net::use_awaitable);
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Parser = http::request_parser<http::string_body>;

std::string_view view_of(beast::string_view s) { return {s.data(), s.size()}; }

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

/// A share of the memory that request bodies may take; given back when it dies.
class BodyShare {
 public:
  BodyShare() = default;
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  ~BodyShare() {
    if (pool_ != nullptr) pool_->fetch_sub(bytes_);
  }
  bool take(std::atomic<std::size_t>& pool, std::size_t bytes, std::size_t limit) {
    if (pool.fetch_add(bytes) + bytes > limit) {
      pool.fetch_sub(bytes);
      return false;
    }
    pool_ = &pool;
    bytes_ = bytes;
    return true;
  }

 private:
  std::atomic<std::size_t>* pool_ = nullptr;
  std::size_t bytes_ = 0;
};

/// What a header alone decides. A refusal closes the connection, because the body stays unread.
struct HeaderJudgement {
  std::optional<HttpResponse> refusal;
  HttpRouter::Match match;
  bool head = false;
};

HttpResponse malformed(std::string_view sentence, std::string_view detail = {}) {
  return error_response(400, "http_malformed", sentence, "Send a well-formed HTTP/1.1 request.", detail);
}

/// Does the first line end in a line feed alone? Beast reads "HTTP/1.1\n" as a version it does not know; to us it is a malformed line.
bool ends_in_bare_line_feed(std::string_view received) {
  const auto end = received.find('\n');
  return end != std::string_view::npos && (end == 0 || received[end - 1] != '\r');
}

/// `received`: what of the request lies in the buffer, unread because of the error.
HttpResponse read_refusal(error_code error, std::string_view received = {}) {
  if (error == http::error::header_limit)
    return error_response(431, "header_too_large", "The request header is larger than the limit.", "Send at most 8 KiB of header.");
  if (error == http::error::body_limit)
    return error_response(413, "body_too_large", "The request body is larger than this route takes.", "Send a smaller body, or several requests.");
  if (error == http::error::bad_version && !ends_in_bare_line_feed(received))
    return error_response(505, "http_version", "Only HTTP/1.1 is spoken here.", "Send the request as HTTP/1.1.");
  return malformed("The request is not well-formed HTTP/1.1.", error.message());
}

std::optional<HttpResponse> judge_framing(const Parser& parser, const HttpServerOptions& options) {
  const auto& message = parser.get();
  std::size_t fields = 0, lengths = 0, codings = 0, hosts = 0;
  for (const auto& field : message) {
    ++fields;
    if (field.name() == http::field::content_length) ++lengths;
    if (field.name() == http::field::transfer_encoding) ++codings;
    if (field.name() == http::field::host) ++hosts;
  }
  if (fields > options.header_fields_max)
    return error_response(431, "header_too_large", "The request has too many header fields.", "Send at most 64 header fields.");
  if (message.target().size() > options.target_bytes_max)
    return error_response(414, "target_too_long", "The request target is longer than the limit.", "Send at most 2 KiB of path and query.");
  if (message.version() != 11 && message.version() != 10)
    return error_response(505, "http_version", "Only HTTP/1.1 is spoken here.", "Send the request as HTTP/1.1.");
  if (hosts > 1 || (hosts == 0 && message.version() == 11)) return malformed("A request must carry exactly one Host field.");
  if (lengths > 1 || (lengths == 1 && codings > 0)) return malformed("The length of the body is stated more than once.");
  if (lengths == 1 && !parse_u64(view_of(message[http::field::content_length]))) return malformed("Content-Length is not a plain number.");
  if (codings > 1 || (codings == 1 && (!beast::iequals(message[http::field::transfer_encoding], "chunked") || message.version() == 10)))
    return error_response(501, "transfer_encoding", "No transfer coding but chunked is understood.", "Send Content-Length or plain chunked.");
  const auto expect = message[http::field::expect];
  if (!expect.empty() && !beast::iequals(expect, "100-continue"))
    return error_response(417, "expectation", "That expectation is not supported.", "Leave the Expect field out.");
  return std::nullopt;
}

std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t')) content_type.remove_suffix(1);
  return content_type;
}

std::optional<HttpResponse> judge_body(Parser& parser, const HttpRoute& route) {
  const auto length = parser.content_length();
  const bool has_body = parser.chunked() || (length && *length > 0);
  if (route.body_max == 0) {
    if (has_body) return error_response(413, "body_too_large", "This route takes no body.", "Send the request without a body.");
    return std::nullopt;
  }
  if (!parser.chunked() && !length)
    return error_response(411, "length_required", "The length of the body is not stated.", "Send Content-Length or Transfer-Encoding: chunked.");
  if (length && *length > route.body_max) return read_refusal(http::error::body_limit);
  parser.body_limit(route.body_max);
  const std::string_view type = media_type(view_of(parser.get()[http::field::content_type]));
  for (const auto& known : route.content_types)
    if (beast::iequals(beast::string_view(type.data(), type.size()), beast::string_view(known.data(), known.size()))) return std::nullopt;
  std::string wanted;
  for (const auto& known : route.content_types) wanted += (wanted.empty() ? "" : " or ") + known;
  return error_response(415, "media_type", "This route does not take that content type.", "Send " + wanted + ".");
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

HeaderJudgement judge_header(Parser& parser, const HttpServerOptions& options, const HttpRouter& router) {
  HeaderJudgement judgement;
  judgement.refusal = judge_framing(parser, options);
  if (judgement.refusal) return judgement;
  std::string_view method = view_of(parser.get().method_string());
  judgement.head = method == "HEAD";
  if (judgement.head) method = "GET";
  judgement.match = router.match(method, path_of(view_of(parser.get().target())));
  if (judgement.match.route == nullptr) {
    if (judgement.match.allow.empty()) {
      judgement.refusal = error_response(404, "route_unknown", "There is nothing at this path.", "See docs/api.md for the paths there are.");
    } else {
      judgement.refusal = error_response(405, "method_not_allowed", "This path does not have that method.", "Use " + judgement.match.allow + ".");
      judgement.refusal->headers.emplace_back("Allow", judgement.match.allow);
    }
    return judgement;
  }
  judgement.refusal = judge_body(parser, *judgement.match.route);
  return judgement;
}

std::string response_head(const HttpResponse& response, bool keep_alive) {
  std::string head;
  head.reserve(256);
  const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
  fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\nContent-Type: {}\r\n", response.status, view_of(reason), response.content_type);
  if (response.lines) head += "Transfer-Encoding: chunked\r\n";
  else fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", response.body.size());
  head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  for (const auto& [name, value] : response.headers) fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
  head += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return head;
}

}  // namespace

struct HttpServer::Impl {
  Impl(HttpServerOptions o, const HttpRouter& r, HttpObserver* w)
      : options(std::move(o)), router(r), observer(w), limits(options.connections_max, options.connections_per_address_max) {}

  HttpServerOptions options;
  const HttpRouter& router;
  HttpObserver* observer;
  std::optional<net::ssl::context> tls;
  ConnectionLimits limits;
  std::atomic<std::size_t> body_bytes{0};
  std::atomic<std::size_t> requests{0};       // being answered
  std::atomic<bool> stopping{false};
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
  template <class Stream>
  net::awaitable<void> serve(Stream& stream);
  template <class Stream>
  net::awaitable<bool> one_request(Stream& stream, beast::flat_buffer& buffer);
  template <class Stream>
  net::awaitable<bool> answer(Stream& stream, HttpResponse& response, bool keep_alive, bool head);
  template <class Stream>
  net::awaitable<bool> write_lines(Stream& stream, LineSource& lines);
  template <class Stream>
  net::awaitable<void> discard_rest(Stream& stream);
};

std::optional<std::string> HttpServer::Impl::open() {
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
  for (auto& context : contexts) threads.emplace_back([&context] { context->run(); });
}

net::awaitable<void> HttpServer::Impl::accept_loop() {
  net::steady_timer pause(*contexts.front());
  for (std::size_t next = 0; !stopping; next = (next + 1) % contexts.size()) {
    auto [error, socket] = co_await acceptor->async_accept(*contexts[next], as_result);
    if (error) {
      if (stopping || error == net::error::operation_aborted) co_return;
      // Out of descriptors or memory: what is open goes on; asking again at once would only spin.
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(as_result);
      continue;
    }
    error_code no_address;
    const auto address = socket.remote_endpoint(no_address).address();
    if (no_address) continue;
    if (!limits.enter(address)) {
      if (observer != nullptr) observer->connection_refused();
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
    if (!tls) {
      PlainStream stream(std::move(socket));
      co_await serve(stream);
      stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
      co_return;
    }
    TlsStream stream(std::move(socket), *tls);
    stream.next_layer().expires_after(options.handshake_timeout);
    const auto [error] = co_await stream.async_handshake(net::ssl::stream_base::server, as_result);
    if (error) co_return;
    co_await serve(stream);
    stream.next_layer().expires_after(std::chrono::seconds(1));
    co_await stream.async_shutdown(as_result);
  } catch (const std::exception& fault) {
    spdlog::error("a client connection ended by an exception: {}", fault.what());
  }
}

template <class Stream>
net::awaitable<void> HttpServer::Impl::serve(Stream& stream) {
  beast::flat_buffer buffer;
  auto& lowest = beast::get_lowest_layer(stream);
  while (!stopping) {
    if (buffer.size() == 0) {
      lowest.expires_after(options.idle_timeout);
      const auto [error, got] = co_await stream.async_read_some(buffer.prepare(16 * 1024), as_result);
      if (error) co_return;
      buffer.commit(got);
    }
    if (!co_await one_request(stream, buffer)) co_return;
    if (buffer.size() == 0) buffer.shrink_to_fit();
  }
}

/// False: the connection ends.
template <class Stream>
net::awaitable<bool> HttpServer::Impl::one_request(Stream& stream, beast::flat_buffer& buffer) {
  auto& lowest = beast::get_lowest_layer(stream);
  lowest.expires_after(options.header_timeout);
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(options.header_bytes_max));
  parser.body_limit(boost::none);  // judge_body sets the route's
  {
    const auto [error, got] = co_await http::async_read_header(stream, buffer, parser, as_result);
    if (error == http::error::end_of_stream || error == beast::error::timeout) co_return false;
    if (error) {
      if (error.category() == http::make_error_code(http::error::bad_method).category()) {
        const auto unread = buffer.data();
        HttpResponse refusal = read_refusal(error, {static_cast<const char*>(unread.data()), unread.size()});
        if (co_await answer(stream, refusal, false, false)) co_await discard_rest(stream);
        if (observer != nullptr) observer->request_done(nullptr, refusal.status, {});
      }
      co_return false;
    }
  }
  const auto begin = steady_clock::now();
  HeaderJudgement judgement = judge_header(parser, options, router);
  const HttpRoute* route = judgement.match.route;
  BodyShare share;
  if (!judgement.refusal && route->body_max > 0) {
    const std::size_t bytes = parser.content_length() ? static_cast<std::size_t>(*parser.content_length()) : route->body_max;
    if (!share.take(body_bytes, bytes, options.body_bytes_in_flight_max)) {
      judgement.refusal = error_response(503, "busy", "The node is reading as many requests as it has memory for.", "Send the request again in a second.");
      judgement.refusal->headers.emplace_back("Retry-After", "1");
    }
  }
  if (judgement.refusal) {
    // Without a body the connection is still in step and may go on.
    const bool in_step = parser.is_done() && judgement.refusal->status != 400 && parser.get().version() == 11 && parser.keep_alive() && !stopping;
    const bool written = co_await answer(stream, *judgement.refusal, in_step, judgement.head);
    if (observer != nullptr) observer->request_done(route, judgement.refusal->status, {});
    if (written && !in_step) co_await discard_rest(stream);
    co_return written && in_step;
  }
  if (!parser.is_done()) {
    lowest.expires_after(options.body_timeout);
    if (!parser.get()[http::field::expect].empty()) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      const auto [error, sent] = co_await net::async_write(stream, net::buffer(go_on.data(), go_on.size()), as_result);
      if (error) co_return false;
    }
    const auto [error, got] = co_await http::async_read(stream, buffer, parser, as_result);
    if (error) {
      if (error.category() == http::make_error_code(http::error::bad_method).category() && error != http::error::partial_message &&
          error != http::error::end_of_stream) {
        HttpResponse refusal = read_refusal(error);
        if (co_await answer(stream, refusal, false, false)) co_await discard_rest(stream);
        if (observer != nullptr) observer->request_done(route, refusal.status, {});
      }
      co_return false;
    }
  }
  const auto& message = parser.get();
  HttpRequest request;
  request.method = route->method;
  request.target = view_of(message.target());
  request.path = path_of(request.target);
  request.query = request.path.size() < request.target.size() ? request.target.substr(request.path.size() + 1) : std::string_view{};
  request.content_type = media_type(view_of(message[http::field::content_type]));
  request.signed_read = view_of(message["Daftar-Read"]);
  request.body = message.body();
  request.captures = std::move(judgement.match.captures);
  lowest.expires_never();
  ++requests;
  struct Answered {
    std::atomic<std::size_t>& count;
    ~Answered() { --count; }
  } answered{requests};
  HttpResponse response;
  try {
    response = co_await route->handler(std::move(request));
  } catch (const std::exception& fault) {
    spdlog::error("{} failed: {}", route->name(), fault.what());
    response = error_response(500, "internal", "The node failed to answer; this is a defect of the node.", "Report it with the time and the request.");
  }
  const bool keep_alive = parser.keep_alive() && message.version() == 11 && !stopping;
  if (response.lines && message.version() == 10) {
    response.lines->abandon();
    response = error_response(505, "http_version", "This answer needs HTTP/1.1.", "Send the request as HTTP/1.1.");
  }
  const bool written = co_await answer(stream, response, keep_alive, judgement.head);
  if (observer != nullptr)
    observer->request_done(route, response.status, std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin));
  co_return written && keep_alive;
}

template <class Stream>
net::awaitable<bool> HttpServer::Impl::answer(Stream& stream, HttpResponse& response, bool keep_alive, bool head) {
  if (response.lines) response.content_type = "application/x-ndjson";
  std::string top = response_head(response, keep_alive);
  beast::get_lowest_layer(stream).expires_after(options.write_timeout);
  std::string_view body = head || response.lines ? std::string_view{} : std::string_view(response.body);
  // One buffer per write: Beast 1.81's flat_stream takes a sequence whose first buffer has been written for the end of it.
  if (body.size() <= 16 * 1024) {
    top.append(body);
    body = {};
  }
  auto [error, sent] = co_await net::async_write(stream, net::buffer(top), as_result);
  if (!error && !body.empty()) std::tie(error, sent) = co_await net::async_write(stream, net::buffer(body.data(), body.size()), as_result);
  if (error) {
    if (response.lines) response.lines->abandon();
    co_return false;
  }
  if (!response.lines) co_return true;
  co_return co_await write_lines(stream, *response.lines);
}

/// Each batch is one chunk: as many lines as came while the one before was being written.
template <class Stream>
net::awaitable<bool> HttpServer::Impl::write_lines(Stream& stream, LineSource& lines) {
  struct Abandon {
    LineSource& lines;
    ~Abandon() { lines.abandon(); }
  } abandon{lines};
  std::string batch, framed;
  while (co_await lines.take(batch)) {
    framed.clear();
    fmt::format_to(std::back_inserter(framed), "{:x}\r\n", batch.size());
    framed.append(batch).append("\r\n");
    beast::get_lowest_layer(stream).expires_after(options.write_timeout);
    const auto [error, sent] = co_await net::async_write(stream, net::buffer(framed), as_result);
    if (error) co_return false;
    beast::get_lowest_layer(stream).expires_never();
  }
  static constexpr std::string_view last_chunk = "0\r\n\r\n";
  beast::get_lowest_layer(stream).expires_after(options.write_timeout);
  const auto [error, sent] = co_await net::async_write(stream, net::buffer(last_chunk.data(), last_chunk.size()), as_result);
  co_return !error;
}

/// After a refusal with the body unread: closing at once would reset the connection and could take the answer with it (RFC 9112 §9.6).
template <class Stream>
net::awaitable<void> HttpServer::Impl::discard_rest(Stream& stream) {
  auto& lowest = beast::get_lowest_layer(stream);
  lowest.expires_after(std::chrono::seconds(1));
  error_code ignored;
  if constexpr (std::is_same_v<Stream, PlainStream>) lowest.socket().shutdown(tcp::socket::shutdown_send, ignored);
  std::array<char, 4096> bin;
  for (std::size_t total = 0; total < 256 * 1024;) {
    const auto [error, got] = co_await stream.async_read_some(net::buffer(bin), as_result);
    if (error) co_return;
    total += got;
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
  impl_->stopping = true;
  net::post(*impl_->contexts.front(), [this] { impl_->acceptor->close(); });
  const auto end = steady_clock::now() + patience;
  while (impl_->requests > 0 && steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (auto& context : impl_->contexts) context->stop();
  for (auto& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

}  // namespace daftar::node
