// The node itself and the public log: status, health, metrics, genesis, roots, checkpoint, tiles.
#include "node/api.h"

namespace daftar::node {
namespace {

namespace net = boost::asio;

HttpResponse text_response(unsigned status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

struct TilePlace {
  unsigned level = 0;
  std::uint64_t index = 0;
  std::uint64_t width = 256;
};

/// C2SP tlog-tiles: "0/x001/x234/067" or with a partial width "0/x001/x234/067.p/8".
std::optional<TilePlace> parse_tile(std::string_view path) {
  TilePlace place;
  const auto slash = path.find('/');
  const auto level = parse_u64(path.substr(0, slash));
  if (!level || *level > 7 || slash == std::string_view::npos) return std::nullopt;
  place.level = static_cast<unsigned>(*level);
  path.remove_prefix(slash + 1);
  if (const auto partial = path.find(".p/"); partial != std::string_view::npos) {
    const auto width = parse_u64(path.substr(partial + 3));
    if (!width || *width < 1 || *width > 255) return std::nullopt;
    place.width = *width;
    path = path.substr(0, partial);
  }
  for (bool first = true;; first = false) {
    const bool more = !path.empty() && path.front() == 'x';
    if (more) path.remove_prefix(1);
    if (path.size() < 3 || place.index > UINT64_MAX / 1000 - 1) return std::nullopt;
    for (int i = 0; i < 3; ++i) {
      const char c = path[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return std::nullopt;
      place.index = place.index * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (first && more && place.index == 0) return std::nullopt;   // one name for one tile
    path.remove_prefix(3);
    if (!more) break;
    if (path.empty() || path.front() != '/') return std::nullopt;
    path.remove_prefix(1);
  }
  if (!path.empty()) return std::nullopt;
  return place;
}

}  // namespace

void Api::add_node_routes() {
  const auto add = [this](std::string pattern, std::function<HttpResponse()> answer) {
    router_.add({"GET", std::move(pattern), [answer = std::move(answer)](HttpRequest) -> net::awaitable<HttpResponse> { co_return answer(); }, 0, {}});
  };
  add("/healthz", [this] {
    const auto status = service_.status();
    return status.stopped_because.empty() ? text_response(200, "ok\n") : text_response(503, "The node stopped itself: " + status.stopped_because + "\n");
  });
  add("/readyz", [this] {
    const auto status = service_.status();
    return status.ready ? text_response(200, "ok\n") : text_response(503, (status.not_ready_because.empty() ? "Not ready." : status.not_ready_because) + "\n");
  });
  add("/metrics", [this] {
    HttpResponse response = text_response(200, metrics_.text(service_.status()));
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  });
  add("/v1/status", [this] { return json_response(render_status(service_.status())); });
  add("/v1/genesis", [this] {
    HttpResponse response;
    response.content_type = "application/octet-stream";
    response.body = genesis_->bytes();
    return response;
  });
  add_read("/v1/roots/{}", &Api::root_at);
  add_read("/checkpoint", &Api::checkpoint);
  add_read("/tile/{*}", &Api::tile);
}

HttpResponse Api::root_at(const HttpRequest& request, const Read& read) {
  const auto height = parse_u64(request.captures[0]);
  if (!height) return bad_parameter("a height is a plain number");
  const auto root = read.state->root_at(*height);
  if (!root) return not_found("height_unknown", "This node has not executed that height.");
  return json_response(Json{{"height", *height}, {"size", root->size}, {"root", root->root.hex()}});
}

HttpResponse Api::checkpoint(const HttpRequest&, const Read& read) {
  auto note = read.state->latest_certificate();
  if (!note) return not_found("not_yet_certified", "There is no certificate yet.");
  return text_response(200, std::move(*note));
}

HttpResponse Api::tile(const HttpRequest& request, const Read& read) {
  const auto place = parse_tile(request.captures[0]);
  if (!place) return bad_parameter("a tile is named level/xNNN/.../NNN, at the end .p/width for a partial one");
  std::string hashes = read.state->tile(place->level, place->index);
  if (hashes.size() < place->width * 32) return not_found("tile_unknown", "The log is not long enough for that tile.");
  hashes.resize(place->width * 32);
  HttpResponse response;
  response.content_type = "application/octet-stream";
  response.body = std::move(hashes);
  return response;
}

}  // namespace daftar::node
