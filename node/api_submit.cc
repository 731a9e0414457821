// POST /v1/transactions, /v1/transactions/bulk, /v1/dry-run.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

#include "contracts/tax/sums.h"
#include "ledger/ids.h"
#include "node/api.h"

namespace daftar::node {
namespace {

namespace net = boost::asio;
using Transactions = std::vector<std::shared_ptr<const ledger::Transaction>>;

constexpr std::size_t bulk_frames_max = 5'000, bulk_bytes_max = 8u << 20;
constexpr std::size_t bulk_slice = 256;   // frames parsed and handed to the core at a time
constexpr int json_depth_max = 16;

std::string_view status_name(SubmitReply::Status status) {
  switch (status) {
    case SubmitReply::Status::committed: return "committed";
    case SubmitReply::Status::certified: return "certified";
    case SubmitReply::Status::rejected: return "rejected";
    case SubmitReply::Status::unknown: return "unknown";
    case SubmitReply::Status::busy: return "busy";
  }
  return "unknown";
}

/// The error object of a reply that is no success.
std::string error_json(const SubmitReply& reply) {
  const auto object = [](std::string_view code, std::string_view sentence, std::string_view advice, std::string_view detail) {
    return fmt::format(R"({{"code":{},"sentence":{},"advice":{},"detail":{}}})", json_string(code), json_string(sentence), json_string(advice), json_string(detail));
  };
  const auto& rejection = reply.rejection;
  if (reply.status == SubmitReply::Status::unknown)
    return object("unknown", "The outcome is not known yet.", "Ask for the transaction by its id, or send the same bytes again: they cannot be executed twice.", rejection.detail);
  if (reply.status == SubmitReply::Status::busy)
    return object("busy", "The node did not take the transaction.", "Send the same bytes again after the stated time, or to another node.", rejection.detail);
  return object(name(rejection.code), sentence(rejection.code), advice(rejection.code), rejection.detail);
}

/// Balances shown to who sent the transaction: the sender's own and public ones.
Json result_for_sender(const contracts::ExecutionResult& result, std::string_view sender, const Access& anybody) {
  return render_result(result, [&](const std::string& account) {
    const auto name = ledger::parse_account(account);
    return (name && name->member == sender) || anybody.account(account);
  });
}

/// Members of the JSON object that single answers and bulk lines share, without the braces.
void append_reply(std::string& out, const SubmitReply& reply) {
  fmt::format_to(std::back_inserter(out), R"("status":"{}","id":"{}")", status_name(reply.status), reply.id.hex());
  if (reply.entry_index) fmt::format_to(std::back_inserter(out), R"(,"height":{},"index":{})", reply.height, *reply.entry_index);
  if (reply.status == SubmitReply::Status::busy) fmt::format_to(std::back_inserter(out), R"(,"retry_after_ms":{})", reply.retry_after_ms);
  if (reply.status != SubmitReply::Status::committed && reply.status != SubmitReply::Status::certified) out.append(",\"error\":").append(error_json(reply));
}

SubmitReply refused_before(ledger::Rejection rejection, std::optional<ledger::Digest> id = {}) {
  SubmitReply reply;
  reply.status = SubmitReply::Status::rejected;
  reply.rejection = std::move(rejection);
  if (id) reply.id = *id;
  return reply;
}

struct SubmitParameters {
  WaitFor wait = WaitFor::committed;
  std::chrono::milliseconds timeout{10'000};
  bool results = false;
  std::optional<HttpResponse> refusal;
};

SubmitParameters read_parameters(const HttpRequest& request, bool bulk) {
  SubmitParameters out;
  const auto parameters = QueryParameters::parse(request.query);
  if (!parameters || !parameters->unknown({"wait", "timeout_ms", bulk ? "results" : "wait"}).empty()) {
    out.refusal = bad_parameter(bulk ? "only wait, timeout_ms and results are known here" : "only wait and timeout_ms are known here");
    return out;
  }
  const auto wait = parameters->get("wait"), timeout = parameters->get("timeout_ms"), results = parameters->get("results");
  if (wait == "certified") out.wait = WaitFor::certified;
  else if (!wait.empty() && wait != "committed") out.refusal = bad_parameter("wait is committed or certified");
  if (!timeout.empty()) {
    const auto value = parse_u64(timeout);
    if (!value || *value < 1 || *value > 600'000) out.refusal = bad_parameter("timeout_ms is from 1 to 600000");
    else out.timeout = std::chrono::milliseconds(*value);
  }
  if (!results.empty() && results != "0" && results != "1") out.refusal = bad_parameter("results is 0 or 1");
  out.results = results == "1";
  return out;
}

/// Brackets open at one time, outside strings. Counted before the JSON library sees the text.
bool too_deep(std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > json_depth_max) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

/// The envelope's bytes out of the body: as they are, or from {"envelope":"<base64>"}. The answer says what is wrong.
Expected<std::string, HttpResponse> envelope_of(const HttpRequest& request) {
  if (request.content_type != "application/json") return std::string(request.body);
  const auto refuse = [](std::string_view detail) {
    return Unexpected<HttpResponse>(error_response(400, "json_malformed", "The body is not the JSON object this path takes.", R"(Send {"envelope":"<base64>"}, or the bytes as application/x-protobuf.)", detail));
  };
  if (too_deep(request.body)) return refuse("nested deeper than 16");
  int keys = 0;
  const auto count_keys = [&](int, Json::parse_event_t event, Json&) {
    if (event == Json::parse_event_t::key) ++keys;
    return true;
  };
  const Json document = Json::parse(request.body, count_keys, false);
  if (document.is_discarded() || !document.is_object() || keys != 1 || !document.contains("envelope") || !document["envelope"].is_string())
    return refuse("not an object with exactly one member, envelope, a string");
  auto bytes = ledger::from_base64(document["envelope"].get_ref<const std::string&>());
  if (!bytes) return refuse("envelope is not base64");
  return std::move(*bytes);
}

/// Replies of one bulk request, from the core's threads to the connection; rendered on the connection's thread.
class ReplyStream final : public LineSource {
 public:
  ReplyStream(const net::any_io_executor& executor, std::size_t count) : wakeup_(std::make_shared<Wakeup>(executor)), left_(count) {}

  /// Who sent each transaction, and where states come from: only when results are wanted.
  void show_results(NodeService* service, std::vector<std::string> senders) {
    service_ = service;
    senders_ = std::move(senders);
  }

  void add(std::size_t n, SubmitReply reply) {
    const std::scoped_lock lock(mutex_);
    --left_;
    if (abandoned_) return;
    came_.emplace_back(n, std::move(reply));
    if (!reader_waits_) return;
    reader_waits_ = false;
    Wakeup::notify(wakeup_);
  }

  net::awaitable<bool> take(std::string& batch) override {
    batch.clear();
    taken_.clear();
    while (taken_.empty()) {
      {
        const std::scoped_lock lock(mutex_);
        taken_.swap(came_);
        if (taken_.empty() && left_ == 0) co_return false;
        reader_waits_ = taken_.empty();
      }
      // A notify() between here and the wait is posted to this very executor, so it runs only once the wait has begun.
      if (taken_.empty()) co_await wakeup_->wait();
    }
    render(batch);
    co_return true;
  }

  void abandon() override {
    const std::scoped_lock lock(mutex_);
    abandoned_ = true;
    reader_waits_ = false;
    came_ = {};
  }

 private:
  void render(std::string& batch) {
    std::optional<Access> anybody;
    std::shared_ptr<const storage::StateSnapshot> state;
    if (service_ != nullptr) {
      state = service_->snapshot();
      anybody.emplace(*state, std::nullopt);
    }
    for (const auto& [n, reply] : taken_) {
      fmt::format_to(std::back_inserter(batch), R"({{"n":{},)", n);
      append_reply(batch, reply);
      if (anybody && !reply.result.empty())
        if (const auto result = contracts::decode_result(reply.result))
          batch.append(",\"result\":").append(result_for_sender(*result, senders_[n], *anybody).dump(-1, ' ', false, Json::error_handler_t::replace));
      batch.append("}\n");
    }
  }

  std::shared_ptr<Wakeup> wakeup_;
  NodeService* service_ = nullptr;
  std::vector<std::string> senders_;
  std::vector<std::pair<std::size_t, SubmitReply>> taken_;   // the reader's own
  std::mutex mutex_;
  std::vector<std::pair<std::size_t, SubmitReply>> came_;
  std::size_t left_;
  bool reader_waits_ = false, abandoned_ = false;
};

/// Views of the frames, or nothing when lengths and end do not meet.
std::optional<std::vector<std::string_view>> split_frames(std::string_view body) {
  std::vector<std::string_view> frames;
  while (!body.empty()) {
    if (body.size() < 4) return std::nullopt;
    std::size_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(body[static_cast<std::size_t>(i)]);
    body.remove_prefix(4);
    if (size > body.size()) return std::nullopt;
    if (frames.size() == bulk_frames_max + 1) break;   // too many is known already
    frames.push_back(body.substr(0, size));
    body.remove_prefix(size);
  }
  return frames;
}

}  // namespace

void Api::add_submit_routes() {
  constexpr std::size_t envelope_max = ledger::transaction_ceiling.bytes_max;
  const auto add = [this](std::string pattern, std::size_t body_max, std::vector<std::string> types, net::awaitable<HttpResponse> (Api::*handler)(HttpRequest)) {
    router_.add({"POST", std::move(pattern), [this, handler](HttpRequest request) { return (this->*handler)(std::move(request)); }, body_max, std::move(types)});
  };
  // As base64 in JSON an envelope grows by a third.
  add("/v1/transactions", envelope_max / 3 * 4 + 1024, {"application/x-protobuf", "application/json"}, &Api::submit);
  add("/v1/transactions/bulk", bulk_bytes_max, {"application/octet-stream", "application/x-protobuf"}, &Api::submit_bulk);
  add_read("/v1/dry-run", &Api::dry_run, {}, envelope_max / 3 * 4 + 1024);
}

// g++ 12 takes the recycling operator delete of Asio's coroutine frames for a mismatch of its operator new; they are a pair (awaitable.hpp).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

net::awaitable<HttpResponse> Api::submit(HttpRequest request) {
  auto parameters = read_parameters(request, false);
  if (parameters.refusal) co_return std::move(*parameters.refusal);
  auto envelope = envelope_of(request);
  if (!envelope) co_return std::move(envelope.error());
  SubmitReply reply;
  std::string sender;
  auto parsed = ledger::Transaction::parse(std::move(*envelope), service_.transaction_limits());
  if (!parsed) {
    reply = refused_before(std::move(parsed.error()));
  } else {
    sender = (*parsed)->body().sender();
    const auto id = (*parsed)->id();
    auto box = std::make_shared<Awaited<SubmitReply>>(co_await net::this_coro::executor);
    service_.submit({std::move(*parsed)}, parameters.wait, parameters.timeout, [box](std::size_t, SubmitReply r) { box->put(std::move(r)); });
    reply = co_await box->take();
    reply.id = id;
  }
  HttpResponse response;
  const bool never_entered = reply.status == SubmitReply::Status::rejected && !reply.entry_index;
  if (never_entered && static_cast<unsigned>(reply.rejection.code) < 200) response.status = 400;
  if (reply.status == SubmitReply::Status::busy) {
    response.status = 429;
    response.headers.emplace_back("Retry-After", std::to_string((reply.retry_after_ms + 999) / 1000));
  }
  response.body = "{";
  append_reply(response.body, reply);
  if (const auto result = reply.result.empty() ? std::nullopt : contracts::decode_result(reply.result)) {
    const auto state = service_.snapshot();
    const Access anybody(*state, std::nullopt);
    response.body.append(",\"result\":").append(result_for_sender(*result, sender, anybody).dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  response.body += "}\n";
  co_return response;
}

net::awaitable<HttpResponse> Api::submit_bulk(HttpRequest request) {
  auto parameters = read_parameters(request, true);
  if (parameters.refusal) co_return std::move(*parameters.refusal);
  const auto frames = split_frames(request.body);
  if (!frames)
    co_return error_response(400, "frames_malformed", "The body is not a sequence of frames.", "Send each envelope after its length in 4 bytes, big-endian; at most 5000 of them.");
  if (frames->size() > bulk_frames_max)
    co_return error_response(413, "too_many_frames", "There are too many transactions in one request.", "Send at most 5000 transactions in a request.");
  const auto executor = co_await net::this_coro::executor;
  auto stream = std::make_shared<ReplyStream>(executor, frames->size());
  const auto limits = service_.transaction_limits();
  std::vector<std::string> senders(parameters.results ? frames->size() : 0);
  for (std::size_t begin = 0; begin < frames->size(); begin += bulk_slice) {
    Transactions slice;
    std::vector<std::size_t> place;
    for (std::size_t n = begin; n < std::min(begin + bulk_slice, frames->size()); ++n) {
      auto parsed = ledger::Transaction::parse(std::string((*frames)[n]), limits);
      if (!parsed) {
        stream->add(n, refused_before(std::move(parsed.error())));
        continue;
      }
      if (parameters.results) senders[n] = (*parsed)->body().sender();
      slice.push_back(std::move(*parsed));
      place.push_back(n);
    }
    std::vector<ledger::Digest> ids;
    for (const auto& transaction : slice) ids.push_back(transaction->id());
    if (!slice.empty())
      service_.submit(std::move(slice), parameters.wait, parameters.timeout, [stream, place = std::move(place), ids = std::move(ids)](std::size_t i, SubmitReply reply) {
        reply.id = ids[i];
        stream->add(place[i], std::move(reply));
      });
    // Other connections of this thread get their turn between slices.
    co_await net::post(executor, net::use_awaitable);
  }
  if (parameters.results) stream->show_results(&service_, std::move(senders));
  HttpResponse response;
  response.lines = std::move(stream);
  co_return response;
}

#pragma GCC diagnostic pop

namespace {
/// The check of a template costs up to seconds: not for anybody who asks.
bool proposes_template(const ledger::proto::TransactionBody& body) {
  return std::any_of(body.operations().begin(), body.operations().end(), [](const auto& operation) { return operation.propose_change().has_template_(); });
}
}  // namespace

HttpResponse Api::dry_run(const HttpRequest& request, const Read& read) {
  auto envelope = envelope_of(request);
  if (!envelope) return std::move(envelope.error());
  const auto parsed = ledger::Transaction::parse(std::move(*envelope), service_.transaction_limits(), true);
  if (!parsed) {
    HttpResponse response = json_response(Json{{"error", render_error(parsed.error())}});
    response.status = 400;
    return response;
  }
  const std::string& sender = (*parsed)->body().sender();
  // Whether it would be refused for lack of money already tells about the sender's balance.
  const bool anybodys = read.access->member_is_public(sender) && !proposes_template((*parsed)->body());
  if (!read.access->is(sender) && !read.access->reads_everything() && !anybodys) return not_for_this_reader(*read.access);
  const auto result = service_.dry_run(**parsed);
  // What a payee had been paid by others is not for who only tries.
  const bool tells_sums = std::any_of(result.events.begin(), result.events.end(), [](const auto& event) { return event.kind == contracts::tax::sum_event; });
  if (tells_sums && !read.access->is(sender) && !read.access->reads_everything()) return not_for_this_reader(*read.access);
  return json_response(Json{{"id", (*parsed)->id().hex()}, {"result", render_result(result, [&](const std::string& account) { return read.access->account(account); })}});
}

}  // namespace daftar::node
