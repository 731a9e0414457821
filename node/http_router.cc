#include "node/http_router.h"

#include <algorithm>

namespace daftar::node {
namespace {

/// Cuts the first segment off `path` (which begins with '/').
std::string_view cut_segment(std::string_view& path) {
  path.remove_prefix(1);
  const auto end = path.find('/');
  const std::string_view segment = path.substr(0, end);
  path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
  return segment;
}

bool fits(std::string_view pattern, std::string_view path, std::vector<std::string>& captures) {
  captures.clear();
  while (!pattern.empty()) {
    if (path.empty()) return false;
    const std::string_view wanted = cut_segment(pattern);
    if (wanted == "{*}") {
      auto rest = percent_decode(path.substr(1));
      if (!rest || rest->empty()) return false;
      captures.push_back(std::move(*rest));
      return true;
    }
    const std::string_view segment = cut_segment(path);
    if (wanted != "{}") {
      if (segment != wanted) return false;
      continue;
    }
    auto decoded = percent_decode(segment);
    if (!decoded || decoded->empty()) return false;
    captures.push_back(std::move(*decoded));
  }
  return path.empty();
}

}  // namespace

void HttpRouter::add(HttpRoute route) {
  body_max_ = std::max(body_max_, route.body_max);
  routes_.push_back(std::move(route));
}

HttpRouter::Match HttpRouter::match(std::string_view method, std::string_view path) const {
  Match result;
  if (path.empty() || path.front() != '/') return result;
  std::vector<std::string> captures;
  for (const auto& route : routes_) {
    if (!fits(route.pattern, path, captures)) continue;
    if (route.method == method) {
      result.route = &route;
      result.captures = std::move(captures);
      return result;
    }
    result.allow += (result.allow.empty() ? "" : ", ") + route.method;
  }
  return result;
}

}  // namespace daftar::node
