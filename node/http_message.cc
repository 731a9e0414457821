#include "node/http_message.h"

#include <boost/asio/post.hpp>
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "node/as_result.h"

namespace daftar::node {

namespace net = boost::asio;

void Wakeup::notify(std::shared_ptr<Wakeup> self) {
  auto executor = self->timer_.get_executor();
  net::post(executor, [self = std::move(self)] { self->timer_.cancel(); });
}

net::awaitable<void> Wakeup::wait() {
  timer_.expires_at(std::chrono::steady_clock::time_point::max());
  co_await timer_.async_wait(as_result);
}

std::string json_string(std::string_view text) {
  return nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

HttpResponse error_response(unsigned status, std::string_view code, std::string_view sentence, std::string_view advice,
                            std::string_view detail) {
  HttpResponse response;
  response.status = status;
  response.body = "{\"error\":{\"code\":" + json_string(code) + ",\"sentence\":" + json_string(sentence) + ",\"advice\":" + json_string(advice);
  if (!detail.empty()) response.body += ",\"detail\":" + json_string(detail);
  response.body += "}}\n";
  return response;
}

namespace {
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

std::optional<QueryParameters> QueryParameters::parse(std::string_view query) {
  QueryParameters out;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals));
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    if (!name || !value || name->empty() || out.values_.size() == 32) return std::nullopt;
    for (const auto& known : out.values_)
      if (known.first == *name) return std::nullopt;
    out.values_.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

std::string_view QueryParameters::get(std::string_view name) const {
  for (const auto& [known, value] : values_)
    if (known == name) return value;
  return {};
}

std::string_view QueryParameters::unknown(const std::vector<std::string_view>& known) const {
  for (const auto& pair : values_)
    if (std::find(known.begin(), known.end(), pair.first) == known.end()) return pair.first;
  return {};
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return value;
}

}  // namespace daftar::node
