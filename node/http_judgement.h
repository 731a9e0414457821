// What the first lines of a request decide: is it HTTP/1.1 as strict as http_server.h says, is there such a route, may it have such a body.
#pragma once
#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string_view>

#include "node/http_router.h"
#include "node/http_server.h"

namespace daftar::node {

using HttpParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

inline std::string_view view_of(boost::beast::string_view s) { return {s.data(), s.size()}; }
inline std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }
/// Without its parameters.
std::string_view media_type(std::string_view content_type);

/// What a header alone decides. A refusal closes the connection, because the body stays unread.
struct HeaderJudgement {
  std::optional<HttpResponse> refusal;
  HttpRouter::Match match;
  bool head = false;
};

/// `parser` has read the header; its body limit is set to the route's.
HeaderJudgement judge_header(HttpParser& parser, const HttpServerOptions& options, const HttpRouter& router);

/// Why a request could not be read. `received`: what of it lies in the buffer, unread because of the error.
HttpResponse read_refusal(boost::system::error_code error, std::string_view received = {});

}  // namespace daftar::node
