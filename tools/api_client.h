// Talks to daftard over HTTP (contract: docs/api.md). Blocking, with a deadline on every wait. TLS 1.3 where the server's certificate must
// hold exactly the Ed25519 link key that the genesis gives that node: no CA, no names, no dates. Plain HTTP only to a loopback address.
//
// A transaction's id is the hash of its body, so sending the same envelope again, here or to another node, can never execute it twice:
// the second answer is the first outcome. That is what makes fail-over safe.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/hash.h"
#include "ledger/keys.h"
#include "tools/error.h"

namespace daftar::tools {

struct Endpoint {
  std::uint32_t node = 0;            // number in the genesis
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool tls = true;
  ledger::PublicKey link_key;        // the key the server must show; unused without TLS
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
  std::string content_type;
  std::optional<unsigned> retry_after_s;
  std::uint32_t node = 0;            // who answered
};

enum class SubmitStatus { committed, certified, rejected, unknown, busy };
std::string_view name(SubmitStatus status);

struct SubmitAnswer {
  SubmitStatus status = SubmitStatus::unknown;
  std::string id;                         // hex
  std::uint64_t height = 0;
  std::optional<std::uint64_t> index;     // entry in the log, when executed
  nlohmann::json result;                  // as docs/api.md; null when there is none
  std::string code, sentence, advice, detail;  // for rejected, busy and unknown
  std::uint32_t retry_after_ms = 0;
  std::uint32_t node = 0;
  bool accepted() const { return status == SubmitStatus::committed || status == SubmitStatus::certified; }
};

/// One line of a bulk answer. `line` is the JSON text, valid during the callback only.
struct BulkLine {
  std::size_t position = 0;               // place in the request, from 0
  SubmitStatus status = SubmitStatus::unknown;
  std::string_view line;
};

enum class Wait { committed, certified };

struct ClientTimeouts {
  std::chrono::milliseconds connect{3000};
  std::chrono::milliseconds answer{30000};   // of one request, on top of what the request itself asks the node to wait
};

/// One connection to one node; connects when first used, again when the node has closed it. Not for two threads at once.
class NodeConnection {
 public:
  explicit NodeConnection(Endpoint endpoint, ClientTimeouts timeouts = {});
  ~NodeConnection();
  NodeConnection(NodeConnection&&) noexcept;
  NodeConnection& operator=(NodeConnection&&) noexcept;

  const Endpoint& endpoint() const;
  /// Error codes: unreachable (nothing was sent), wrong_link_key (somebody else answers at that address), connection_lost (sent, no answer).
  Result<HttpAnswer> request(std::string_view method, const std::string& target, std::string_view body = {},
                             std::string_view content_type = {}, const std::vector<std::pair<std::string, std::string>>& headers = {},
                             std::chrono::milliseconds extra_wait = {});
  Result<SubmitAnswer> submit(std::string_view envelope, Wait wait, std::chrono::milliseconds timeout);
  /// Frames as add_bulk_frame makes them. Calls back for each line as it arrives, on this thread. Returns how many lines came; fewer than
  /// were sent is connection_lost. An answer other than 200 (busy, malformed request) is that error.
  Result<std::size_t> submit_bulk(std::string_view frames, Wait wait, std::chrono::milliseconds timeout,
                                  const std::function<void(const BulkLine&)>& on_line);
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// 4-byte big-endian length, then the envelope.
void add_bulk_frame(std::string& frames, std::string_view envelope);

/// Who signs reads of private things.
struct Reader {
  std::string member;
  const ledger::SigningKey* key = nullptr;   // must outlive the client
};

/// Several nodes of one network; a request goes to the one that answered last, then to the others in turn. Not for two threads at once.
class ApiClient {
 public:
  ApiClient(std::vector<Endpoint> endpoints, ledger::Digest ledger_id, ClientTimeouts timeouts = {});
  ~ApiClient();
  ApiClient(ApiClient&&) noexcept;
  ApiClient& operator=(ApiClient&&) noexcept;

  /// From now on GETs are signed reads of this member.
  void read_as(std::optional<Reader> reader);

  /// From now on GETs see all that anybody was told before them, on whatever node (docs/api.md: consistency=linearizable).
  void read_linearizable(bool wanted);

  /// 2xx JSON; otherwise the node's own code, sentence and advice (exit refused; 503 and no node: unreachable).
  Result<nlohmann::json> get(const std::string& target);
  Result<std::string> get_text(const std::string& target);
  /// Sends until a node answers; the same envelope goes to the next node after a lost connection. A busy node is asked again after the time
  /// it names, within `timeout`. Fails only with unreachable; an outcome nobody knows is status unknown.
  Result<SubmitAnswer> submit(std::string_view envelope, Wait wait = Wait::committed,
                              std::chrono::milliseconds timeout = std::chrono::seconds(10));
  /// What the node says the transaction would do now: {"result":{...}}'s inner object.
  Result<nlohmann::json> dry_run(std::string_view envelope);
  /// The receipt's text; waits until a certificate covers the entry, at most `timeout`.
  Result<std::string> receipt(const std::string& transaction_id, std::chrono::milliseconds timeout = std::chrono::seconds(10));
  Result<nlohmann::json> status() { return get("/v1/status"); }

  const std::vector<Endpoint>& endpoints() const;
  NodeConnection& connection(std::size_t index);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The value of the `Daftar-Read` header (docs/api.md).
std::string signed_read_header(const Reader& reader, const ledger::Digest& ledger_id, std::string_view method, std::string_view target,
                               std::string_view body, std::uint64_t time_ms);

}  // namespace daftar::tools
