// Which handler answers which method and path, and what a request to it may carry. Built once, read by all server threads.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "node/http_message.h"

namespace daftar::node {

using HttpHandler = std::function<boost::asio::awaitable<HttpResponse>(HttpRequest)>;

struct HttpRoute {
  std::string method;                      // GET or POST
  std::string pattern;                     // "/v1/receipts/{}": `{}` is one segment; `{*}` at the end takes the rest, slashes and all
  HttpHandler handler;
  std::size_t body_max = 0;                // bytes; 0: no body
  std::vector<std::string> content_types;  // accepted for a body
  std::string name() const { return method + " " + pattern; }
};

class HttpRouter {
 public:
  /// More specific patterns first: the first that matches wins.
  void add(HttpRoute route);
  struct Match {
    const HttpRoute* route = nullptr;      // null: see `allow`
    std::vector<std::string> captures;
    std::string allow;                     // methods the path has, when the method was wrong; empty: no such path
  };
  Match match(std::string_view method, std::string_view path) const;
  std::size_t body_max() const { return body_max_; }
  const std::vector<HttpRoute>& routes() const { return routes_; }

 private:
  std::vector<HttpRoute> routes_;
  std::size_t body_max_ = 0;
};

}  // namespace daftar::node
