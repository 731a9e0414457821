#include "tools/api_client.h"

#include <sodium.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <thread>

#include "tools/clock.h"
#include "tools/tls_client.h"

namespace daftar::tools {
namespace http = boost::beast::http;
using nlohmann::json;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t answer_bytes_max = 64u << 20;

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0; }

std::string text_of(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}
std::uint64_t number_of(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

std::optional<SubmitStatus> parse_status(std::string_view text) {
  for (const SubmitStatus status :
       {SubmitStatus::committed, SubmitStatus::certified, SubmitStatus::rejected, SubmitStatus::unknown, SubmitStatus::busy})
    if (text == name(status)) return status;
  return std::nullopt;
}

// The lines are our node's own compact JSON, so position and status are found without a parser; anything unexpected goes to the parser.
std::optional<BulkLine> parse_bulk_line(std::string_view line) {
  BulkLine parsed;
  parsed.line = line;
  if (line.substr(0, 5) == "{\"n\":") {
    const char* end = line.data() + line.size();
    const auto [after, error] = std::from_chars(line.data() + 5, end, parsed.position);
    constexpr std::string_view next = ",\"status\":\"";
    const std::string_view rest(after, static_cast<std::size_t>(end - after));
    if (error == std::errc() && rest.substr(0, next.size()) == next) {
      const std::string_view value = rest.substr(next.size());
      if (const auto status = parse_status(value.substr(0, value.find('"')))) {
        parsed.status = *status;
        return parsed;
      }
    }
  }
  const json document = json::parse(line, nullptr, false);
  if (!document.is_object() || !document.contains("n")) return std::nullopt;
  const auto status = parse_status(text_of(document, "status"));
  if (!status) return std::nullopt;
  parsed.position = number_of(document, "n");
  parsed.status = *status;
  return parsed;
}

ToolError node_error(const HttpAnswer& answer) {
  ToolError error;
  error.exit = answer.status == 503 ? Exit::unreachable : Exit::refused;
  const json document = json::parse(answer.body, nullptr, false);
  const auto it = document.is_object() ? document.find("error") : document.end();
  if (document.is_object() && it != document.end() && it->is_object()) {
    error.code = text_of(*it, "code");
    error.sentence = text_of(*it, "sentence");
    error.advice = text_of(*it, "advice");
    if (const std::string detail = text_of(*it, "detail"); !detail.empty()) error.sentence += " (" + detail + ")";
  }
  if (error.code == "signed_read_required") error.advice = "Say who asks: --as MEMBER, one who may read it.";
  if (error.code.empty()) error.code = "http_" + std::to_string(answer.status);
  if (error.sentence.empty()) error.sentence = "The node answered with HTTP status " + std::to_string(answer.status) + ".";
  return error;
}

SubmitAnswer read_submit_answer(const HttpAnswer& answer) {
  SubmitAnswer out;
  out.node = answer.node;
  const json document = json::parse(answer.body, nullptr, false);
  if (!document.is_object()) {
    out.code = "http_" + std::to_string(answer.status);
    out.sentence = "The node's answer could not be read.";
    return out;
  }
  const auto status = parse_status(text_of(document, "status"));
  out.status = answer.status == 429 ? SubmitStatus::busy
               : status            ? *status
               : answer.status == 200 || answer.status >= 500 ? SubmitStatus::unknown
                                                              : SubmitStatus::rejected;
  out.id = text_of(document, "id");
  out.height = number_of(document, "height");
  if (document.contains("index") && document["index"].is_number_unsigned()) out.index = document["index"].get<std::uint64_t>();
  if (document.contains("result")) out.result = document["result"];
  if (const auto it = document.find("error"); it != document.end() && it->is_object()) {
    out.code = text_of(*it, "code");
    out.sentence = text_of(*it, "sentence");
    out.advice = text_of(*it, "advice");
    out.detail = text_of(*it, "detail");
  }
  if (out.status == SubmitStatus::busy) out.retry_after_ms = answer.retry_after_s ? *answer.retry_after_s * 1000 : 200;
  if (const std::uint64_t exact = number_of(document, "retry_after_ms"); exact != 0) out.retry_after_ms = static_cast<std::uint32_t>(exact);
  return out;
}

std::string wait_query(Wait wait, milliseconds timeout) {
  return std::string("?wait=") + (wait == Wait::certified ? "certified" : "committed") + "&timeout_ms=" + std::to_string(timeout.count());
}

bool usable_target(const std::string& target) {
  return !target.empty() && target[0] == '/' &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::string_view name(SubmitStatus status) {
  switch (status) {
    case SubmitStatus::committed: return "committed";
    case SubmitStatus::certified: return "certified";
    case SubmitStatus::rejected: return "rejected";
    case SubmitStatus::unknown: return "unknown";
    case SubmitStatus::busy: return "busy";
  }
  return "unknown";
}

// --- one connection -------------------------------------------------------------------------------------------------

struct NodeConnection::Impl {
  Endpoint endpoint;
  ClientTimeouts timeouts;
  std::optional<NodeStream> stream;

  Result<void> ensure_connected() {
    if (stream && !stream->stale()) return {};
    stream.reset();
    if (!endpoint.tls && !is_loopback(endpoint.host))
      return failure(Exit::usage, "plain_http", "Plain HTTP is spoken to loopback addresses only, and " + endpoint.host + " is none.",
                     "Use TLS: the node's link key stands in the genesis.");
    auto made = NodeStream::connect(endpoint.host, endpoint.port,
                                    endpoint.tls ? std::optional(endpoint.link_key) : std::nullopt, timeouts.connect);
    if (!made) return Unexpected<ToolError>(made.error());
    stream = std::move(*made);
    return {};
  }

  Unexpected<ToolError> lost(const std::string& why) {
    stream.reset();
    return failure(Exit::unknown_outcome, "connection_lost",
                   "Node " + std::to_string(endpoint.node) + " at " + endpoint.host + ":" + std::to_string(endpoint.port) +
                       " stopped answering: " + why + ".",
                   "Ask again by the transaction's id (`daftar tx show ID`); sending the same bytes again is safe.");
  }

  Result<void> send(std::string_view method, const std::string& target, std::string_view body, std::string_view content_type,
                    const std::vector<std::pair<std::string, std::string>>& headers, milliseconds patience) {
    if (!usable_target(target)) return failure(Exit::usage, "target", "'" + target + "' cannot be asked of a node.");
    if (auto connected = ensure_connected(); !connected) return connected;
    std::string head = std::string(method) + " " + target + " HTTP/1.1\r\nHost: " + endpoint.host + ":" + std::to_string(endpoint.port) + "\r\n";
    if (!content_type.empty()) head += "Content-Type: " + std::string(content_type) + "\r\n";
    if (!body.empty() || method == "POST") head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    for (const auto& [key, value] : headers) head += key + ": " + value + "\r\n";
    head += "\r\n";
    stream->deadline(Clock::now() + patience);
    // One write for small requests: one packet, one TLS record.
    const bool sent = body.size() <= 16384 ? stream->write_all(head.append(body)) : stream->write_all(head) && stream->write_all(body);
    if (!sent) return lost("the request could not be written");
    return {};
  }
};

NodeConnection::NodeConnection(Endpoint endpoint, ClientTimeouts timeouts) : impl_(std::make_unique<Impl>()) {
  impl_->endpoint = std::move(endpoint);
  impl_->timeouts = timeouts;
}
NodeConnection::~NodeConnection() = default;
NodeConnection::NodeConnection(NodeConnection&&) noexcept = default;
NodeConnection& NodeConnection::operator=(NodeConnection&&) noexcept = default;
const Endpoint& NodeConnection::endpoint() const { return impl_->endpoint; }
void NodeConnection::close() { impl_->stream.reset(); }

Result<HttpAnswer> NodeConnection::request(std::string_view method, const std::string& target, std::string_view body,
                                           std::string_view content_type, const std::vector<std::pair<std::string, std::string>>& headers,
                                           milliseconds extra_wait) {
  if (auto sent = impl_->send(method, target, body, content_type, headers, impl_->timeouts.answer + extra_wait); !sent)
    return Unexpected<ToolError>(sent.error());
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  boost::system::error_code ec;
  http::read(*impl_->stream, buffer, parser, ec);
  if (ec) return impl_->lost(ec.message());
  auto& message = parser.get();
  HttpAnswer answer;
  answer.status = message.result_int();
  answer.content_type = std::string(message[http::field::content_type]);
  answer.node = impl_->endpoint.node;
  if (const auto it = message.find(http::field::retry_after); it != message.end()) {
    unsigned seconds = 0;
    const auto value = it->value();
    if (std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc()) answer.retry_after_s = seconds;
  }
  const bool keep = parser.keep_alive();
  answer.body = std::move(message.body());
  if (!keep || buffer.size() != 0) impl_->stream.reset();
  return answer;
}

Result<SubmitAnswer> NodeConnection::submit(std::string_view envelope, Wait wait, milliseconds timeout) {
  auto answer = request("POST", "/v1/transactions" + wait_query(wait, timeout), envelope, "application/x-protobuf", {}, timeout);
  if (!answer) return Unexpected<ToolError>(answer.error());
  if (answer->status == 503) return Unexpected<ToolError>(node_error(*answer));
  return read_submit_answer(*answer);
}

void add_bulk_frame(std::string& frames, std::string_view envelope) {
  const auto size = static_cast<std::uint32_t>(envelope.size());
  for (int shift = 24; shift >= 0; shift -= 8) frames.push_back(static_cast<char>(size >> shift & 0xff));
  frames.append(envelope);
}

Result<std::size_t> NodeConnection::submit_bulk(std::string_view frames, Wait wait, milliseconds timeout,
                                                const std::function<void(const BulkLine&)>& on_line) {
  if (auto sent = impl_->send("POST", "/v1/transactions/bulk" + wait_query(wait, timeout), frames, "application/octet-stream", {},
                              impl_->timeouts.answer + timeout);
      !sent)
    return Unexpected<ToolError>(sent.error());
  boost::beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  boost::system::error_code ec;
  http::read_header(*impl_->stream, buffer, parser, ec);
  if (ec) return impl_->lost(ec.message());
  const bool good = parser.get().result_int() == 200;
  std::string text;
  std::size_t lines = 0, begin = 0;
  std::vector<char> chunk(64 * 1024);
  while (!parser.is_done()) {
    parser.get().body().data = chunk.data();
    parser.get().body().size = chunk.size();
    parser.get().body().more = true;
    http::read_some(*impl_->stream, buffer, parser, ec);
    if (ec == http::error::need_buffer) ec = {};
    if (ec) return impl_->lost(ec.message());
    text.append(chunk.data(), chunk.size() - parser.get().body().size);
    if (!good) {
      if (text.size() > 1u << 20) return impl_->lost("its answer is too long");
      continue;
    }
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string_view line(text.data() + begin, end - begin);
      if (line.empty()) continue;
      const auto parsed = parse_bulk_line(line);
      if (!parsed) return impl_->lost("a line of its answer could not be read");
      ++lines;
      on_line(*parsed);
    }
    text.erase(0, begin);
    begin = 0;
  }
  if (!good) {
    HttpAnswer answer;
    answer.status = parser.get().result_int();
    answer.body = std::move(text);
    if (!parser.keep_alive()) impl_->stream.reset();
    return Unexpected<ToolError>(node_error(answer));
  }
  if (!parser.keep_alive() || buffer.size() != 0) impl_->stream.reset();
  return lines;
}

// --- several nodes --------------------------------------------------------------------------------------------------

std::string signed_read_header(const Reader& reader, const ledger::Digest& ledger_id, std::string_view method, std::string_view target,
                               std::string_view body, std::uint64_t time_ms) {
  std::string nonce(16, '\0');
  randombytes_buf(nonce.data(), nonce.size());
  const std::string nonce_hex = ledger::to_hex(nonce), time = std::to_string(time_ms);
  std::string bytes(ledger::tag::signed_read);
  bytes.push_back('\0');
  bytes += ledger_id.hex() + "\n0\n" + std::string(method) + "\n" + std::string(target) + "\n" + ledger::sha256(body).hex() + "\n" +
           reader.member + "\n" + time + "\n" + nonce_hex;
  return "v1 " + reader.member + " " + reader.key->public_key().hex() + " " + time + " " + nonce_hex + " " +
         ledger::to_base64(reader.key->sign(bytes).view());
}

struct ApiClient::Impl {
  std::vector<Endpoint> endpoints;
  std::vector<NodeConnection> connections;
  ledger::Digest ledger_id;
  std::optional<Reader> reader;
  std::size_t preferred = 0;
  bool linearizable = false;

  /// Each node once, the preferred first, until one gives an answer other than 503.
  Result<HttpAnswer> ask(std::string_view method, std::string target, std::string_view body = {}, std::string_view content_type = {}) {
    if (linearizable && method == "GET") target += (target.find('?') == std::string::npos ? "?" : "&") + std::string("consistency=linearizable");
    std::optional<ToolError> first_error;
    for (std::size_t tried = 0; tried < connections.size(); ++tried) {
      const std::size_t which = (preferred + tried) % connections.size();
      std::vector<std::pair<std::string, std::string>> headers;
      if (reader) headers.emplace_back("Daftar-Read", signed_read_header(*reader, ledger_id, method, target, body, now_ms()));
      auto answer = connections[which].request(method, target, body, content_type, headers);
      if (answer && answer->status != 503) {
        preferred = which;
        return answer;
      }
      ToolError error = answer ? node_error(*answer) : answer.error();
      if (!answer && error.code == "connection_lost") error.exit = Exit::unreachable;  // a question changes nothing
      if (!first_error || error.code == "wrong_link_key") first_error = std::move(error);
    }
    if (!first_error) first_error = ToolError{Exit::usage, "no_endpoints", "No node of the network is known.", "Name the network with --network DIR."};
    return Unexpected<ToolError>(std::move(*first_error));
  }
};

ApiClient::ApiClient(std::vector<Endpoint> endpoints, ledger::Digest ledger_id, ClientTimeouts timeouts) : impl_(std::make_unique<Impl>()) {
  for (const Endpoint& endpoint : endpoints) impl_->connections.emplace_back(endpoint, timeouts);
  impl_->endpoints = std::move(endpoints);
  impl_->ledger_id = ledger_id;
}
ApiClient::~ApiClient() = default;
ApiClient::ApiClient(ApiClient&&) noexcept = default;
ApiClient& ApiClient::operator=(ApiClient&&) noexcept = default;
void ApiClient::read_linearizable(bool wanted) { impl_->linearizable = wanted; }
void ApiClient::read_as(std::optional<Reader> reader) { impl_->reader = std::move(reader); }
const std::vector<Endpoint>& ApiClient::endpoints() const { return impl_->endpoints; }
NodeConnection& ApiClient::connection(std::size_t index) { return impl_->connections.at(index); }

Result<std::string> ApiClient::get_text(const std::string& target) {
  auto answer = impl_->ask("GET", target);
  if (!answer) return Unexpected<ToolError>(answer.error());
  if (answer->status / 100 != 2) return Unexpected<ToolError>(node_error(*answer));
  return std::move(answer->body);
}

Result<json> ApiClient::get(const std::string& target) {
  auto text = get_text(target);
  if (!text) return Unexpected<ToolError>(text.error());
  json document = json::parse(*text, nullptr, false);
  if (document.is_discarded()) return failure(Exit::unreachable, "answer", "The node's answer to " + target + " is not JSON.");
  return document;
}

Result<json> ApiClient::dry_run(std::string_view envelope) {
  auto answer = impl_->ask("POST", "/v1/dry-run", envelope, "application/x-protobuf");
  if (!answer) return Unexpected<ToolError>(answer.error());
  if (answer->status / 100 != 2) return Unexpected<ToolError>(node_error(*answer));
  const json document = json::parse(answer->body, nullptr, false);
  if (!document.is_object() || !document.contains("result")) return failure(Exit::unreachable, "answer", "The node's dry run could not be read.");
  return document["result"];
}

Result<SubmitAnswer> ApiClient::submit(std::string_view envelope, Wait wait, milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  bool perhaps_taken = false;
  std::optional<ToolError> last_error;
  std::optional<SubmitAnswer> last_answer;
  for (std::size_t tried = 0;; ++tried) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0 && tried > 0) break;
    if (impl_->connections.empty()) break;
    auto answer = impl_->connections[impl_->preferred].submit(envelope, wait, std::max(left, milliseconds(1)));
    milliseconds pause(0);
    if (answer && answer->status != SubmitStatus::busy) {
      if (answer->status != SubmitStatus::unknown) return answer;
      perhaps_taken = true;
      last_answer = std::move(*answer);
    } else if (answer) {
      pause = milliseconds(std::min<std::uint32_t>(std::max<std::uint32_t>(answer->retry_after_ms, 20), 1000));
      last_answer = std::move(*answer);
    } else {
      perhaps_taken = perhaps_taken || answer.error().code == "connection_lost";
      if (answer.error().exit == Exit::usage) return Unexpected<ToolError>(answer.error());
      last_error = answer.error();
      impl_->preferred = (impl_->preferred + 1) % impl_->connections.size();
      if ((tried + 1) % impl_->connections.size() == 0) pause = milliseconds(100);  // everybody was asked once
    }
    if (Clock::now() + pause >= deadline) break;
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
  }
  if (perhaps_taken || last_answer) {
    SubmitAnswer out = last_answer.value_or(SubmitAnswer{});
    if (perhaps_taken) {
      out.status = SubmitStatus::unknown;
      if (out.code.empty()) out.code = "unknown";
      if (out.sentence.empty()) out.sentence = "Whether the transaction was executed is not known yet.";
      if (out.advice.empty()) out.advice = "Ask again by its id, or send the same bytes again: they cannot be executed twice.";
    }
    return out;
  }
  if (last_error) {
    last_error->exit = Exit::unreachable;
    return Unexpected<ToolError>(std::move(*last_error));
  }
  return failure(Exit::usage, "no_endpoints", "No node of the network is known.", "Name the network with --network DIR.");
}

Result<std::string> ApiClient::receipt(const std::string& transaction_id, milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    auto answer = impl_->ask("GET", "/v1/receipts/" + transaction_id);
    if (!answer) return Unexpected<ToolError>(answer.error());
    if (answer->status / 100 == 2) return std::move(answer->body);
    if (answer->status != 409 || Clock::now() >= deadline) return Unexpected<ToolError>(node_error(*answer));
    std::this_thread::sleep_for(milliseconds(50));
  }
}

}  // namespace daftar::tools
