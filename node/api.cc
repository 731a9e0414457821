#include "node/api.h"

#include <algorithm>

#include "ledger/check.h"
#include "node/clock.h"

namespace daftar::node {

namespace net = boost::asio;

namespace {
constexpr std::chrono::milliseconds linearizable_ms_max{5000};
}

HttpResponse json_response(const Json& json) {
  HttpResponse response;
  response.body = dump(json);
  return response;
}

HttpResponse bad_parameter(std::string_view what) {
  return error_response(400, "parameter_invalid", "A parameter of the request is not as it should be.", "See docs/api.md for the parameters of this path.", what);
}

HttpResponse not_found(std::string_view code, std::string_view sentence) {
  return error_response(404, code, sentence, "Check the id; what was written a moment ago may not have reached this node yet.");
}

HttpResponse not_for_this_reader(const Access& access) {
  if (access.anonymous())
    return error_response(401, "signed_read_required", "This is private: the node must know who asks.", "Sign the request with a key of a member who may read it (Daftar-Read, docs/api.md).");
  return error_response(403, "not_allowed", "This is private, and the member who asks is neither its owner nor a party.", "Ask as the owner, a party, or a member with the role tax_authority, operator or auditor.");
}

std::optional<std::size_t> page_limit(const QueryParameters& parameters, std::size_t standard, std::size_t max) {
  const auto text = parameters.get("limit");
  if (text.empty()) return standard;
  const auto limit = parse_u64(text);
  if (!limit || *limit < 1 || *limit > max) return std::nullopt;
  return static_cast<std::size_t>(*limit);
}

std::optional<std::string> after_id(const QueryParameters& parameters) {
  const auto text = parameters.get("after");
  if (text.empty()) return std::string();
  const auto id = ledger::Digest::from_hex(text);
  if (!id) return std::nullopt;
  return std::string(id->view());
}

Json page(const char* name, Json list, std::optional<std::string> next) {
  Json out;
  out[name] = std::move(list);
  out["next"] = next ? Json(*next) : Json(nullptr);
  return out;
}

Api::Api(NodeService& service, Metrics& metrics) : service_(service), metrics_(metrics), genesis_(service.genesis()) {
  auto policies = contracts::governance::policies_of(genesis_->content());
  DAFTAR_CHECK(policies.has_value());   // the state was made of this genesis
  policies_ = std::move(*policies);
  auto budget_rules = contracts::budget::rules_of(genesis_->content());
  DAFTAR_CHECK(budget_rules.has_value());   // the same
  budget_rules_ = std::move(*budget_rules);
  add_submit_routes();
  add_node_routes();
  add_entry_routes();
  add_nodes_routes();
  add_ledger_routes();
  add_contract_routes();
  add_proposal_routes();
}

Api::Read Api::begin_read(const HttpRequest& request, const std::vector<std::string_view>& parameters) {
  Read read;
  auto parsed = QueryParameters::parse(request.query);
  if (!parsed) {
    read.refusal = bad_parameter("the query is not a list of name=value pairs with each name once");
    return read;
  }
  if (const auto unknown = parsed->unknown(parameters); !unknown.empty()) {
    read.refusal = bad_parameter("there is no parameter '" + std::string(unknown) + "' here");
    return read;
  }
  read.parameters = std::move(*parsed);
  read.state = service_.snapshot();
  std::optional<contracts::Member> reader;
  if (!request.signed_read.empty()) {
    auto judged = judge_signed_read(request.signed_read, request.method, request.target, request.body, genesis_->ledger_id(), *read.state, wall_ms(), nonces_);
    if (!judged) {
      const auto& fault = judged.error();
      read.refusal = error_response(fault.http_status, fault.code, fault.sentence, fault.advice);
      if (fault.http_status == 429) read.refusal->headers.emplace_back("Retry-After", "60");
      return read;
    }
    reader = std::move(*judged);
  }
  read.access = std::make_shared<const Access>(*read.state, std::move(reader));
  return read;
}

net::awaitable<std::optional<HttpResponse>> Api::wait_until_consistent(const HttpRequest& request) {
  const auto parameters = QueryParameters::parse(request.query);
  if (!parameters) co_return std::nullopt;   // begin_read() says what is wrong
  const auto consistency = parameters->get("consistency");
  if (consistency.empty() || consistency == "local") co_return std::nullopt;
  if (consistency != "linearizable") co_return bad_parameter("consistency is local or linearizable");
  const auto confirmed = std::make_shared<Awaited<bool>>(co_await net::this_coro::executor);
  service_.linearizable(linearizable_ms_max, [confirmed](bool yes) { confirmed->put(yes); });
  if (co_await confirmed->take()) co_return std::nullopt;
  auto refusal = error_response(503, "not_confirmed", "No majority of the validators has confirmed in time that this node's state is the newest.",
                                "Ask again, or another node; without consistency=linearizable the node answers from what it has.");
  refusal.headers.emplace_back("Retry-After", "1");
  co_return refusal;
}

void Api::add_read(std::string pattern, ReadHandler handler, std::vector<std::string_view> parameters, std::size_t body_max) {
  HttpRoute route;
  route.method = body_max == 0 ? "GET" : "POST";
  route.pattern = std::move(pattern);
  route.body_max = body_max;
  if (body_max != 0) route.content_types = {"application/x-protobuf", "application/json"};
  const bool waits = body_max == 0;
  if (waits) parameters.push_back("consistency");
  route.handler = [this, handler, waits, parameters = std::move(parameters)](HttpRequest request) -> net::awaitable<HttpResponse> {
    if (waits)
      if (auto refusal = co_await wait_until_consistent(request)) co_return std::move(*refusal);
    const Read read = begin_read(request, parameters);
    co_return read.refusal ? *read.refusal : (this->*handler)(request, read);
  };
  router_.add(std::move(route));
}

}  // namespace daftar::node
