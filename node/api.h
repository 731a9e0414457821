// The HTTP API over a NodeService (docs/api.md). Handlers run on server threads; they read snapshots and never touch the core's state.
#pragma once
#include <memory>

#include "node/api_access.h"
#include "node/http_router.h"
#include "node/json_render.h"
#include "node/metrics.h"
#include "node/service.h"
#include "node/signed_read.h"

namespace daftar::node {

class Api {
 public:
  /// Both must outlive the Api, and the Api the server that uses its routes.
  Api(NodeService& service, Metrics& metrics);
  const HttpRouter& router() const { return router_; }

 private:
  /// A request's parameters, its state and its reader, or the answer that says why there are none.
  struct Read {
    std::shared_ptr<const storage::StateSnapshot> state;
    std::shared_ptr<const Access> access;
    QueryParameters parameters;
    std::optional<HttpResponse> refusal;
  };
  Read begin_read(const HttpRequest& request, const std::vector<std::string_view>& parameters);
  /// With `consistency=linearizable`: waits until this node's state holds all that anybody was told before. The answer if that is not known.
  boost::asio::awaitable<std::optional<HttpResponse>> wait_until_consistent(const HttpRequest& request);
  using ReadHandler = HttpResponse (Api::*)(const HttpRequest&, const Read&);
  /// A GET, or with `body_max` a POST of an envelope, that only reads. `parameters` are literals; a GET takes `consistency` as well.
  void add_read(std::string pattern, ReadHandler handler, std::vector<std::string_view> parameters = {}, std::size_t body_max = 0);
  void add_submit_routes();
  void add_node_routes();
  void add_ledger_routes();
  void add_entry_routes();
  void add_nodes_routes();
  void add_contract_routes();
  void add_proposal_routes();

  // api_submit.cc
  boost::asio::awaitable<HttpResponse> submit(HttpRequest request);
  boost::asio::awaitable<HttpResponse> submit_bulk(HttpRequest request);
  HttpResponse dry_run(const HttpRequest& request, const Read& read);
  // api_node.cc
  HttpResponse root_at(const HttpRequest& request, const Read& read);
  HttpResponse checkpoint(const HttpRequest& request, const Read& read);
  HttpResponse tile(const HttpRequest& request, const Read& read);
  // api_ledger.cc
  HttpResponse member(const HttpRequest& request, const Read& read);
  HttpResponse members(const HttpRequest& request, const Read& read);
  HttpResponse account(const HttpRequest& request, const Read& read);
  HttpResponse accounts(const HttpRequest& request, const Read& read);
  HttpResponse budget_line(const HttpRequest& request, const Read& read);
  HttpResponse budget_lines(const HttpRequest& request, const Read& read);
  HttpResponse tax_rules(const HttpRequest& request, const Read& read);
  HttpResponse tax_certificates(const HttpRequest& request, const Read& read);
  HttpResponse budget_rules(const HttpRequest& request, const Read& read);
  HttpResponse revenue_line(const HttpRequest& request, const Read& read);
  HttpResponse revenue_lines(const HttpRequest& request, const Read& read);
  HttpResponse tax_held(const HttpRequest& request, const Read& read);
  HttpResponse tax_register(const HttpRequest& request, const Read& read);
  HttpResponse payout(const HttpRequest& request, const Read& read);
  // api_contracts.cc
  HttpResponse templates(const HttpRequest& request, const Read& read);
  HttpResponse contract_template(const HttpRequest& request, const Read& read);
  HttpResponse contract(const HttpRequest& request, const Read& read);
  HttpResponse contracts(const HttpRequest& request, const Read& read);
  HttpResponse contracts_of_line(const HttpRequest& request, const Read& read);
  // api_proposals.cc
  HttpResponse proposal(const HttpRequest& request, const Read& read);
  HttpResponse proposals(const HttpRequest& request, const Read& read);
  HttpResponse limits(const HttpRequest& request, const Read& read);
  HttpResponse policies(const HttpRequest& request, const Read& read);
  HttpResponse protocol(const HttpRequest& request, const Read& read);
  HttpResponse classifications(const HttpRequest& request, const Read& read);
  HttpResponse classification(const HttpRequest& request, const Read& read);
  // api_nodes.cc
  HttpResponse nodes(const HttpRequest& request, const Read& read);
  HttpResponse node_proposal(const HttpRequest& request, const Read& read);
  HttpResponse node_proposals(const HttpRequest& request, const Read& read);
  HttpResponse validator_changes(const HttpRequest& request, const Read& read);
  // api_entries.cc
  HttpResponse transaction(const HttpRequest& request, const Read& read);
  HttpResponse receipt(const HttpRequest& request, const Read& read);
  HttpResponse tax_explanation(const HttpRequest& request, const Read& read);
  HttpResponse tax_lines(const HttpRequest& request, const Read& read);
  HttpResponse tax_lines_of_entry(const HttpRequest& request, const Read& read);
  HttpResponse entries(const HttpRequest& request, const Read& read);

  /// What the ledger goes by in the state that is read.
  std::shared_ptr<const contracts::governance::InForce> in_force(const Read& read) const { return service_.governed()->at(*read.state); }

  NodeService& service_;
  Metrics& metrics_;
  std::shared_ptr<const ledger::Genesis> genesis_;
  contracts::budget::Rules budget_rules_;
  NonceMemory nonces_;
  HttpRouter router_;
};

// Answers that many routes give.
HttpResponse json_response(const Json& json);
HttpResponse bad_parameter(std::string_view what);
HttpResponse not_found(std::string_view code, std::string_view sentence);
/// 401 when nobody signed, 403 when somebody else did.
HttpResponse not_for_this_reader(const Access& access);
/// `limit` from the parameters: 1..max, `standard` when absent; nothing when malformed.
std::optional<std::size_t> page_limit(const QueryParameters& parameters, std::size_t standard, std::size_t max);

/// "2026-11-24" as the first millisecond of that day, UTC; nothing when malformed.
std::optional<std::uint64_t> parse_date(std::string_view text);

/// `after` of a list whose ids are digests: the raw bytes, empty at the beginning; nothing when malformed.
std::optional<std::string> after_id(const QueryParameters& parameters);
/// {"<name>":[...],"next":id|null}; `next` goes into `after`.
Json page(const char* name, Json list, std::optional<std::string> next);

}  // namespace daftar::node
