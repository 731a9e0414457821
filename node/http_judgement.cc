#include "node/http_judgement.h"

#include <boost/beast/http/error.hpp>

namespace daftar::node {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

HttpResponse malformed(std::string_view sentence, std::string_view detail = {}) {
  return error_response(400, "http_malformed", sentence, "Send a well-formed HTTP/1.1 request.", detail);
}

/// Does the first line end in a line feed alone? Beast reads "HTTP/1.1\n" as a version it does not know; to us it is a malformed line.
bool ends_in_bare_line_feed(std::string_view received) {
  const auto end = received.find('\n');
  return end != std::string_view::npos && (end == 0 || received[end - 1] != '\r');
}

std::optional<HttpResponse> judge_framing(const HttpParser& parser, const HttpServerOptions& options) {
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

std::optional<HttpResponse> judge_body(HttpParser& parser, const HttpRoute& route) {
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

}  // namespace

std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t')) content_type.remove_suffix(1);
  return content_type;
}

HttpResponse read_refusal(error_code error, std::string_view received) {
  if (error == http::error::header_limit)
    return error_response(431, "header_too_large", "The request header is larger than the limit.", "Send at most 8 KiB of header.");
  if (error == http::error::body_limit)
    return error_response(413, "body_too_large", "The request body is larger than this route takes.", "Send a smaller body, or several requests.");
  if (error == http::error::bad_version && !ends_in_bare_line_feed(received))
    return error_response(505, "http_version", "Only HTTP/1.1 is spoken here.", "Send the request as HTTP/1.1.");
  return malformed("The request is not well-formed HTTP/1.1.", error.message());
}

HeaderJudgement judge_header(HttpParser& parser, const HttpServerOptions& options, const HttpRouter& router) {
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

}  // namespace daftar::node
