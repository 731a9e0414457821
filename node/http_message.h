// What an HTTP handler takes and gives. No sockets here: the server (http_server.h) reads requests and writes responses.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace daftar::node {

/// Views into the connection's buffer: valid until the handler has returned its response.
struct HttpRequest {
  std::string_view method;        // GET or POST; a HEAD arrives as GET
  std::string_view target;        // as sent: path and query
  std::string_view path;          // percent-encoded as sent, without the query
  std::string_view query;         // after '?', or empty
  std::string_view content_type;  // without parameters
  std::string_view signed_read;   // the Daftar-Read header, or empty
  std::string_view body;
  std::vector<std::string> captures;  // what `{}` and `{*}` of the route's pattern matched, decoded
};

/// Sleeps on one connection's executor, woken from any thread. notify() may come before, during or after wait(); the caller keeps the
/// condition itself (under its lock) and calls notify() only when somebody is waiting.
class Wakeup {
 public:
  explicit Wakeup(const boost::asio::any_io_executor& executor) : timer_(executor) {}
  static void notify(std::shared_ptr<Wakeup> self);
  boost::asio::awaitable<void> wait();

 private:
  boost::asio::steady_timer timer_;
};

/// One value that a connection's coroutine waits for; put() once, from any thread, also after the coroutine has gone.
template <class T>
class Awaited {
 public:
  explicit Awaited(const boost::asio::any_io_executor& executor) : wakeup_(std::make_shared<Wakeup>(executor)) {}
  void put(T value) {
    const std::scoped_lock lock(mutex_);
    value_ = std::move(value);
    if (waits_) Wakeup::notify(wakeup_);
  }
  boost::asio::awaitable<T> take() {
    for (;;) {
      {
        const std::scoped_lock lock(mutex_);
        if (value_) co_return std::move(*value_);
        waits_ = true;
      }
      co_await wakeup_->wait();
    }
  }

 private:
  std::shared_ptr<Wakeup> wakeup_;
  std::mutex mutex_;
  std::optional<T> value_;
  bool waits_ = false;
};

/// An answer that comes in parts: lines of text, taken by the connection's coroutine as they become known, many per write.
class LineSource {
 public:
  virtual ~LineSource() = default;
  /// Waits until there is something and puts it into `batch`. False: everything has been taken before.
  virtual boost::asio::awaitable<bool> take(std::string& batch) = 0;
  /// The connection is gone: what comes later may be dropped.
  virtual void abandon() = 0;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<LineSource> lines;   // when set: a chunked application/x-ndjson answer instead of `body`
};

/// {"error":{"code":..,"sentence":..,"advice":..,"detail":..}}; detail is left out when empty.
HttpResponse error_response(unsigned status, std::string_view code, std::string_view sentence, std::string_view advice,
                            std::string_view detail = {});

/// `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

/// %41 → A; nothing when an escape is broken. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);

/// The query as name and value pairs in order, decoded; nothing when malformed, when a name repeats, or for more than 32 of them.
class QueryParameters {
 public:
  static std::optional<QueryParameters> parse(std::string_view query);
  /// Empty view when absent: no parameter of ours has a meaningful empty value.
  std::string_view get(std::string_view name) const;
  /// The first name that is not among `known`, or empty.
  std::string_view unknown(const std::vector<std::string_view>& known) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// Plain decimal digits, no sign, no leading zero but "0" itself.
std::optional<std::uint64_t> parse_u64(std::string_view text);

}  // namespace daftar::node
