// The HTTP server against clients that are hasty, slow, malformed or many. Raw sockets: what is on the wire is what the table says.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <thread>

#include "node/http_server.h"

using namespace daftar;
using namespace std::chrono_literals;
using node::HttpRequest;
using node::HttpResponse;
namespace net = boost::asio;

namespace {

constexpr std::size_t echo_body_max = 1000;

/// Ten numbered lines, each from another thread's push a moment apart.
class TenLines final : public node::LineSource {
 public:
  explicit TenLines(const net::any_io_executor& executor) : wakeup_(std::make_shared<node::Wakeup>(executor)) {
    producer_ = std::jthread([this] {
      for (int i = 0; i < 10; ++i) {
        std::this_thread::sleep_for(2ms);
        const std::scoped_lock lock(mutex_);
        text_ += std::to_string(i) + "\n";
        ++produced_;
        if (std::exchange(reader_waits_, false)) node::Wakeup::notify(wakeup_);
      }
    });
  }
  net::awaitable<bool> take(std::string& batch) override {
    for (;;) {
      {
        const std::scoped_lock lock(mutex_);
        batch = std::exchange(text_, {});
        if (!batch.empty()) co_return true;
        if (produced_ == 10) co_return false;
        reader_waits_ = true;
      }
      co_await wakeup_->wait();
    }
  }
  void abandon() override {}

 private:
  std::shared_ptr<node::Wakeup> wakeup_;
  std::mutex mutex_;
  std::string text_;
  int produced_ = 0;
  bool reader_waits_ = false;
  std::jthread producer_;
};

struct Running {
  explicit Running(node::HttpServerOptions options = quick()) {
    const auto add = [&](std::string method, std::string pattern, std::size_t body_max, node::HttpHandler handler) {
      router.add({std::move(method), std::move(pattern), std::move(handler), body_max, {"text/plain", "application/json"}});
    };
    add("GET", "/hello", 0, [](HttpRequest) -> net::awaitable<HttpResponse> {
      HttpResponse r;
      r.body = "hello";
      co_return r;
    });
    add("GET", "/item/{}/{*}", 0, [](HttpRequest request) -> net::awaitable<HttpResponse> {
      HttpResponse r;
      r.body = request.captures[0] + "|" + request.captures[1] + "|" + std::string(request.query);
      co_return r;
    });
    add("GET", "/big", 0, [](HttpRequest) -> net::awaitable<HttpResponse> {
      HttpResponse r;
      r.body = std::string(3'000'000, 'x');
      co_return r;
    });
    add("GET", "/lines", 0, [](HttpRequest) -> net::awaitable<HttpResponse> {
      HttpResponse r;
      r.lines = std::make_shared<TenLines>(co_await net::this_coro::executor);
      co_return r;
    });
    add("GET", "/throws", 0, [](HttpRequest) -> net::awaitable<HttpResponse> {
      throw std::runtime_error("on purpose");
      co_return HttpResponse{};
    });
    add("POST", "/echo", echo_body_max, [](HttpRequest request) -> net::awaitable<HttpResponse> {
      HttpResponse r;
      r.body = std::string(request.body);
      co_return r;
    });
    auto started = node::HttpServer::start(std::move(options), router, nullptr);
    if (!started) FAIL(started.error());
    server = std::move(*started);
  }
  static node::HttpServerOptions quick() {
    node::HttpServerOptions options;
    options.header_timeout = 300ms;
    options.body_timeout = 300ms;
    options.idle_timeout = 500ms;
    options.write_timeout = 500ms;
    options.handshake_timeout = 300ms;
    return options;
  }
  node::HttpRouter router;
  std::unique_ptr<node::HttpServer> server;
};

class Client {
 public:
  explicit Client(const Running& running) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(running.server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  Client(const Client&) = delete;
  ~Client() { ::close(fd_); }
  bool send(std::string_view text) { return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()); }
  /// What comes until the server closes or is silent for `patience`.
  std::string receive(std::chrono::milliseconds patience = 3s) {
    std::string out;
    closed_ = false;
    pollfd waiting{fd_, POLLIN, 0};
    char buffer[65536];
    while (::poll(&waiting, 1, static_cast<int>(patience.count())) > 0) {
      const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) {
        closed_ = true;
        break;
      }
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }
  bool closed() const { return closed_; }

 private:
  int fd_;
  bool closed_ = false;
};

std::string status_of(const std::string& answer) { return answer.size() < 12 ? answer : answer.substr(9, 3); }
std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}
std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("requests that are malformed, oversized or ambiguous are refused, each with its status") {
  Running running;
  const std::string host = "Host: h\r\n";
  const std::string post = "POST /echo HTTP/1.1\r\n" + host + "Content-Type: text/plain\r\n";
  struct Row {
    const char* what;
    std::string request;
    const char* status;
  };
  const std::vector<Row> rows = {
      {"good", "GET /hello HTTP/1.1\r\n" + host + "\r\n", "200"},
      {"no such path", "GET /nothing HTTP/1.1\r\n" + host + "\r\n", "404"},
      {"wrong method", "POST /hello HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n", "405"},
      {"unknown method", "BREW /hello HTTP/1.1\r\n" + host + "\r\n", "405"},
      {"no Host", "GET /hello HTTP/1.1\r\n\r\n", "400"},
      {"two Hosts", "GET /hello HTTP/1.1\r\n" + host + host + "\r\n", "400"},
      {"HTTP/2.0", "GET /hello HTTP/2.0\r\n" + host + "\r\n", "505"},
      {"no request line", "\x16\x03\x01 hello\r\n\r\n", "400"},
      {"bare LF", "GET /hello HTTP/1.1\n" + host + "\r\n", "400"},
      {"bare LF in a field", "GET /hello HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", "400"},
      {"bad field name", "GET /hello HTTP/1.1\r\n" + host + "B ad: x\r\n\r\n", "400"},
      {"header of 9 KiB", "GET /hello HTTP/1.1\r\n" + host + "X: " + std::string(9 * 1024, 'a') + "\r\n\r\n", "431"},
      {"70 fields", "GET /hello HTTP/1.1\r\n" + host + repeat("X-A: b\r\n", 70) + "\r\n", "431"},
      {"target of 3 KiB", "GET /" + std::string(3 * 1024, 'a') + " HTTP/1.1\r\n" + host + "\r\n", "414"},
      {"body", post + "Content-Length: 5\r\n\r\nhello", "200"},
      {"body at the limit", post + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'b'), "200"},
      {"body over the limit", post + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'b'), "413"},
      {"absurd length", post + "Content-Length: 18446744073709551615\r\n\r\n", "413"},
      {"length beyond 64 bits", post + "Content-Length: 18446744073709551616\r\n\r\n", "400"},
      {"negative length", post + "Content-Length: -1\r\n\r\n", "400"},
      {"length with a plus", post + "Content-Length: +5\r\n\r\nhello", "400"},
      {"list of lengths", post + "Content-Length: 5, 5\r\n\r\nhello", "400"},
      {"length twice, equal", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "400"},
      {"length twice, different", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "400"},
      {"length and chunked", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"chunked and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "400"},
      {"no length", post + "\r\n", "411"},
      {"chunked", post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "200"},
      {"other coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
      {"unknown coding", post + "Transfer-Encoding: identity\r\n\r\n", "501"},
      {"chunk size overflow", post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "400"},
      {"chunk size no number", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "400"},
      {"chunks over the limit", post + "Transfer-Encoding: chunked\r\n\r\n400\r\n" + std::string(0x400, 'c') + "\r\n0\r\n\r\n", "413"},
      {"unknown media type", "POST /echo HTTP/1.1\r\n" + host + "Content-Type: image/png\r\nContent-Length: 1\r\n\r\nx", "415"},
      {"no media type", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\nx", "415"},
      {"body where none belongs", "GET /hello HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello", "413"},
      {"unknown expectation", post + "Expect: miracles\r\nContent-Length: 5\r\n\r\nhello", "417"},
      {"a handler that throws", "GET /throws HTTP/1.1\r\n" + host + "\r\n", "500"},
      {"broken escape", "GET /item/%zz/x HTTP/1.1\r\n" + host + "\r\n", "404"},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    Client client(running);
    REQUIRE(client.send(row.request));
    const std::string answer = client.receive(200ms);
    INFO(answer.substr(0, 300));
    CHECK(status_of(answer) == row.status);
    if (row.status[0] != '2') CHECK(answer.find("\"sentence\":") != std::string::npos);
  }
}

TEST_CASE("after an ambiguous request the connection ends, so nothing smuggled behind it is answered") {
  Running running;
  Client client(running);
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answer = client.receive();
  CHECK(client.closed());
  CHECK(count(answer, "\r\nContent-Type: ") == 1);
  CHECK(status_of(answer) == "400");
}

TEST_CASE("a connection is kept alive, and requests sent together are answered in order") {
  Running running;
  Client client(running);
  client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\nGET /item/a%2Fb/c/d?x=1 HTTP/1.1\r\nHost: h\r\n\r\nGET /nothing HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string answer = client.receive();
  CHECK(client.closed());
  CHECK(count(answer, "HTTP/1.1 200") == 3);
  CHECK(answer.find("hello") < answer.find("a/b|c/d|x=1"));
  CHECK(answer.find("a/b|c/d|x=1") < answer.find("404"));
}

TEST_CASE("HEAD is answered like GET without the body, 100-continue is given, HTTP/1.0 ends after one answer") {
  Running running;
  {
    Client client(running);
    client.send("HEAD /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    const std::string answer = client.receive();
    CHECK(answer.find("Content-Length: 5\r\n") != std::string::npos);
    CHECK(answer.find("hello") == std::string::npos);
  }
  {
    Client client(running);
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain; charset=utf-8\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    CHECK(status_of(client.receive(100ms)) == "100");
    client.send("body");
    CHECK(client.receive(100ms).ends_with("\r\n\r\nbody"));
  }
  {
    Client client(running);
    client.send("GET /hello HTTP/1.0\r\n\r\n");
    CHECK(status_of(client.receive()) == "200");
    CHECK(client.closed());
  }
}

TEST_CASE("lines are streamed as chunks, complete and in order") {
  Running running;
  Client client(running);
  client.send("GET /lines HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string answer = client.receive();
  CHECK(answer.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n0\r\n\r\n"));
  std::size_t at = answer.find("\r\n\r\n") + 4;
  std::string lines;
  for (;;) {
    const std::size_t size = std::stoul(answer.substr(at), nullptr, 16);
    at = answer.find("\r\n", at) + 2;
    if (size == 0) break;
    lines += answer.substr(at, size);
    at += size + 2;
  }
  CHECK(lines == "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

TEST_CASE("clients that dawdle are cut: in the header, in the body, idle, or never reading") {
  Running running;
  const auto cut_within = [](Client& client, std::chrono::milliseconds patience) {
    client.receive(patience);
    return client.closed();
  };
  SECTION("header a byte at a time") {
    Client client(running);
    const auto begin = std::chrono::steady_clock::now();
    for (const char c : std::string("GET /hello HTTP/1.1\r\nHost: example\r\nX-Slow: yes\r\n")) {
      if (!client.send(std::string(1, c))) break;
      if (std::chrono::steady_clock::now() - begin > 1s) break;
      std::this_thread::sleep_for(20ms);
    }
    CHECK(cut_within(client, 1s));
  }
  SECTION("half a body") {
    Client client(running);
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 500\r\n\r\nhalf");
    CHECK(cut_within(client, 2s));
  }
  SECTION("idle") {
    Client client(running);
    CHECK(cut_within(client, 2s));
  }
  SECTION("never reading") {
    Client client(running);
    for (int i = 0; i < 20; ++i) client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");  // 60 MB: more than sockets buffer
    for (int i = 0; i < 300 && running.server->connections() > 0; ++i) std::this_thread::sleep_for(10ms);
    CHECK(running.server->connections() == 0);
  }
}

TEST_CASE("connections beyond the limits are closed at once, and places free themselves") {
  auto options = Running::quick();
  options.connections_max = 8;
  options.connections_per_address_max = 4;
  options.idle_timeout = 5s;
  Running running(options);
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(std::make_unique<Client>(running));
    held.back()->send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(status_of(held.back()->receive(100ms)) == "200");
  }
  {
    Client fifth(running);
    CHECK(fifth.receive(1s).empty());
    CHECK(fifth.closed());
  }
  held.pop_back();
  for (int i = 0; i < 200 && running.server->connections() > 3; ++i) std::this_thread::sleep_for(5ms);
  Client again(running);
  again.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(status_of(again.receive(100ms)) == "200");
}

TEST_CASE("the memory that bodies may take is bounded: beyond it 503 with Retry-After") {
  auto options = Running::quick();
  options.body_bytes_in_flight_max = 1500;
  options.body_timeout = 5s;
  Running running(options);
  Client slow(running), other(running);
  slow.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nbegun");
  std::this_thread::sleep_for(50ms);
  other.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n");
  const std::string refused = other.receive(100ms);
  CHECK(status_of(refused) == "503");
  CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
  slow.send(std::string(995, 'x'));
  CHECK(status_of(slow.receive(100ms)) == "200");
  Client third(running);
  third.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'y'));
  CHECK(status_of(third.receive(100ms)) == "200");
}

TEST_CASE("over TLS answers of any size arrive whole, and a client that does not speak TLS is cut") {
  auto options = Running::quick();
  const auto identity = node::LinkIdentity::from_seed(std::string(32, 's')).value();
  options.tls = identity;
  Running running(options);
  net::io_context io;
  auto context = node::client_context(nullptr, [&](const ledger::PublicKey& key) { return key == identity.public_key(); });
  net::ssl::stream<net::ip::tcp::socket> stream(io, context);
  stream.lowest_layer().connect({net::ip::make_address("127.0.0.1"), running.server->port()});
  const timeval patience{5, 0};
  ::setsockopt(stream.lowest_layer().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  stream.handshake(net::ssl::stream_base::client);
  net::write(stream, net::buffer(std::string("GET /hello HTTP/1.1\r\nHost: h\r\n\r\nGET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")));
  std::string answer;
  boost::system::error_code error;
  net::read(stream, net::dynamic_buffer(answer), error);
  CHECK(error == net::error::eof);  // close_notify came: nobody cut the answer short
  CHECK(count(answer, "HTTP/1.1 200") == 2);
  CHECK(count(answer, std::string(1000, 'x')) == 3000);

  Client plain(running);
  plain.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(plain.receive(1s).find("200") == std::string::npos);
  CHECK(plain.closed());
  Client silent(running);
  silent.receive(2s);
  CHECK(silent.closed());
}

TEST_CASE("plain HTTP is offered on a loopback address only") {
  node::HttpRouter router;
  node::HttpServerOptions options;
  options.host = "0.0.0.0";
  const auto started = node::HttpServer::start(options, router, nullptr);
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().find("loopback") != std::string::npos);
  options.host = "not-an-address";
  CHECK_FALSE(node::HttpServer::start(options, router, nullptr).has_value());
}

TEST_CASE("queries are read strictly: escapes, repeated names, too many") {
  using node::QueryParameters;
  CHECK(QueryParameters::parse("id=acme%2FUZS&limit=5")->get("id") == "acme/UZS");
  CHECK(QueryParameters::parse("")->get("id").empty());
  CHECK_FALSE(QueryParameters::parse("a=1&a=2").has_value());
  CHECK_FALSE(QueryParameters::parse("a=%4").has_value());
  CHECK_FALSE(QueryParameters::parse("=1").has_value());
  std::string many;
  for (int i = 0; i < 33; ++i) many += "p" + std::to_string(i) + "=1&";
  CHECK_FALSE(QueryParameters::parse(many).has_value());
  CHECK(QueryParameters::parse("a=1&b=2")->unknown({"a"}) == "b");
  for (const char* wrong : {"", "+1", "-1", "01", "1 ", "18446744073709551616", "0x1"}) CHECK_FALSE(node::parse_u64(wrong).has_value());
  CHECK(node::parse_u64("18446744073709551615") == UINT64_MAX);
}
