// What is awaited for a condition has a name here: g++ 12 resumes a coroutine wrongly after some `if (co_await f())` whose f() gives an error_code.
#include "node/http_connection.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

namespace daftar::node {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t read_bytes = 16 * 1024;

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

/// Did the parser refuse what it read, as opposed to a stream that broke off?
bool is_malformed(error_code error) { return error.category() == http::make_error_code(http::error::bad_method).category(); }

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

net::awaitable<void> HttpConnection::serve() {
  while (!shared_.stopping) {
    if (buffer_.size() == 0) {
      stream_.expires_after(shared_.options.idle_timeout);
      const error_code error = co_await receive();
      if (error) co_return;
    }
    if (!co_await one_request()) co_return;
    if (buffer_.size() == 0) buffer_.shrink_to_fit();
  }
}

net::awaitable<error_code> HttpConnection::receive() {
  const auto room = buffer_.prepare(read_bytes);
  const auto [error, got] = co_await stream_.read_some({static_cast<char*>(room.data()), room.size()});
  buffer_.commit(got);
  co_return error;
}

net::awaitable<error_code> HttpConnection::read(HttpParser& parser, Until until) {
  parser.eager(until == Until::end);
  const auto there = [&] { return until == Until::header ? parser.is_header_done() : parser.is_done(); };
  while (!there()) {
    if (buffer_.size() > 0) {
      error_code error;
      buffer_.consume(parser.put(buffer_.data(), error));
      if (error && error != http::error::need_more) co_return error;
      if (there()) break;
      if (!error) continue;
    }
    const error_code error = co_await receive();
    if (!error) continue;
    if (error != net::error::eof) co_return error;
    if (!parser.got_some()) co_return http::error::end_of_stream;
    error_code ended;
    parser.put_eof(ended);
    co_return ended;
  }
  co_return error_code{};
}

void HttpConnection::observe(const HttpRoute* route, unsigned status, std::chrono::microseconds took) const {
  if (shared_.observer != nullptr) shared_.observer->request_done(route, status, took);
}

/// With the request's rest unread, the connection ends.
net::awaitable<bool> HttpConnection::refuse(const HttpRoute* route, HttpResponse refusal) {
  const bool written = co_await answer(refusal, false, false);
  observe(route, refusal.status);
  if (written) co_await discard_rest();
  co_return false;
}

net::awaitable<HttpResponse> HttpConnection::ask(const HttpRoute& route, HttpRequest request) {
  ++shared_.requests;
  struct Answered {
    std::atomic<std::size_t>& count;
    ~Answered() { --count; }
  } answered{shared_.requests};
  try {
    co_return co_await route.handler(std::move(request));
  } catch (const std::exception& fault) {
    spdlog::error("{} failed: {}", route.name(), fault.what());
    co_return error_response(500, "internal", "The node failed to answer; this is a defect of the node.", "Report it with the time and the request.");
  }
}

net::awaitable<bool> HttpConnection::one_request() {
  const HttpServerOptions& options = shared_.options;
  stream_.expires_after(options.header_timeout);
  HttpParser parser;
  parser.header_limit(static_cast<std::uint32_t>(options.header_bytes_max));
  parser.body_limit(boost::none);  // judge_header sets the route's
  if (const error_code error = co_await read(parser, Until::header)) {
    if (error == http::error::end_of_stream || !is_malformed(error)) co_return false;
    const auto unread = buffer_.data();
    co_return co_await refuse(nullptr, read_refusal(error, {static_cast<const char*>(unread.data()), unread.size()}));
  }
  const auto begin = steady_clock::now();
  HeaderJudgement judgement = judge_header(parser, options, shared_.router);
  const HttpRoute* route = judgement.match.route;
  BodyShare share;
  if (!judgement.refusal && route->body_max > 0) {
    const std::size_t bytes = parser.content_length() ? static_cast<std::size_t>(*parser.content_length()) : route->body_max;
    if (!share.take(shared_.body_bytes, bytes, options.body_bytes_in_flight_max)) {
      judgement.refusal = error_response(503, "busy", "The node is reading as many requests as it has memory for.", "Send the request again in a second.");
      judgement.refusal->headers.emplace_back("Retry-After", "1");
    }
  }
  if (judgement.refusal) {
    // Without a body the connection is still in step and may go on.
    const bool in_step = parser.is_done() && judgement.refusal->status != 400 && parser.get().version() == 11 && parser.keep_alive() && !shared_.stopping;
    const bool written = co_await answer(*judgement.refusal, in_step, judgement.head);
    observe(route, judgement.refusal->status);
    if (written && !in_step) co_await discard_rest();
    co_return written && in_step;
  }
  if (!parser.is_done()) {
    stream_.expires_after(options.body_timeout);
    if (!parser.get()[http::field::expect].empty()) {
      const error_code unsent = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
      if (unsent) co_return false;
    }
    if (const error_code error = co_await read(parser, Until::end)) {
      if (!is_malformed(error) || error == http::error::partial_message || error == http::error::end_of_stream) co_return false;
      co_return co_await refuse(route, read_refusal(error));
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
  stream_.expires_never();
  HttpResponse response = co_await ask(*route, std::move(request));
  const bool keep_alive = parser.keep_alive() && message.version() == 11 && !shared_.stopping;
  if (response.lines && message.version() == 10) {
    response.lines->abandon();
    response = error_response(505, "http_version", "This answer needs HTTP/1.1.", "Send the request as HTTP/1.1.");
  }
  const bool written = co_await answer(response, keep_alive, judgement.head);
  observe(route, response.status, std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin));
  co_return written && keep_alive;
}

net::awaitable<bool> HttpConnection::answer(HttpResponse& response, bool keep_alive, bool head) {
  if (response.lines) response.content_type = "application/x-ndjson";
  std::string top = response_head(response, keep_alive);
  stream_.expires_after(shared_.options.write_timeout);
  std::string_view body = head || response.lines ? std::string_view{} : std::string_view(response.body);
  // One buffer per write: Beast 1.81's flat_stream takes a sequence whose first buffer has been written for the end of it.
  if (body.size() <= read_bytes) {
    top.append(body);
    body = {};
  }
  error_code error = co_await stream_.write(top);
  if (!error && !body.empty()) error = co_await stream_.write(body);
  if (error) {
    if (response.lines) response.lines->abandon();
    co_return false;
  }
  if (!response.lines) co_return true;
  co_return co_await write_lines(*response.lines);
}

/// Each batch is one chunk: as many lines as came while the one before was being written.
net::awaitable<bool> HttpConnection::write_lines(LineSource& lines) {
  struct Abandon {
    LineSource& lines;
    ~Abandon() { lines.abandon(); }
  } abandon{lines};
  std::string batch, framed;
  while (co_await lines.take(batch)) {
    framed.clear();
    fmt::format_to(std::back_inserter(framed), "{:x}\r\n", batch.size());
    framed.append(batch).append("\r\n");
    stream_.expires_after(shared_.options.write_timeout);
    const error_code error = co_await stream_.write(framed);
    if (error) co_return false;
    stream_.expires_never();
  }
  stream_.expires_after(shared_.options.write_timeout);
  const error_code error = co_await stream_.write("0\r\n\r\n");
  co_return !error;
}

/// After a refusal with the body unread: closing at once would reset the connection and could take the answer with it (RFC 9112 §9.6). As much as an envelope that is
/// refused for its size may well have, and for a second at most.
net::awaitable<void> HttpConnection::discard_rest() {
  stream_.expires_after(std::chrono::seconds(1));
  stream_.end_sending();
  constexpr std::size_t discarded_max = 2 * 1024 * 1024;
  std::array<char, 4096> bin;
  for (std::size_t total = 0; total < discarded_max;) {
    const auto [error, got] = co_await stream_.read_some(bin);
    if (error) co_return;
    total += got;
  }
}

}  // namespace daftar::node
