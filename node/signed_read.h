// Signed reads: who asks. A request for something private carries
//
//   Daftar-Read: v1 <member> <public key hex> <time ms> <nonce, 32 hex digits> <signature base64>
//
// The signature is over tag ‖ 0x00 ‖ these lines joined by "\n": ledger id hex, epoch "0", METHOD, target as sent (path and query), SHA-256 hex of the
// body, member, time, nonce. So an observed header is good for nothing else: not another path, ledger, body or a second time.
#pragma once
#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "contracts/records.h"
#include "ledger/expected.h"
#include "ledger/hash.h"
#include "ledger/keys.h"
#include "ledger/state_view.h"

namespace daftar::node {

inline constexpr std::uint64_t signed_read_window_ms = 60'000;   // |time − now| at most

struct SignedRead {
  std::string member, nonce;        // nonce: 32 lower-case hex digits
  ledger::PublicKey key;
  std::uint64_t time_ms = 0;
  ledger::Signature signature;
  static std::optional<SignedRead> parse(std::string_view header);
};

/// What is signed.
std::string signed_read_bytes(const ledger::Digest& ledger_id, std::string_view method, std::string_view target, std::string_view body,
                              std::string_view member, std::uint64_t time_ms, std::string_view nonce);

/// Nonces already used, for as long as their times are accepted. Bounded in all and per member, so that one member cannot lock out others.
/// Any thread.
class NonceMemory {
 public:
  explicit NonceMemory(std::size_t total_max = 200'000, std::size_t member_max = 20'000) : total_max_(total_max), member_max_(member_max) {}
  enum class Verdict { fresh, used, full };
  Verdict use(const SignedRead& read, std::uint64_t now_ms);

 private:
  struct Used {
    std::uint64_t until_ms;
    std::string key, member;
    bool operator>(const Used& other) const { return until_ms > other.until_ms; }
  };
  const std::size_t total_max_, member_max_;
  std::mutex mutex_;
  std::unordered_set<std::string> used_;
  std::unordered_map<std::string, std::size_t> of_member_;
  std::priority_queue<Used, std::vector<Used>, std::greater<>> by_time_;
};

struct SignedReadFault {
  unsigned http_status = 401;
  std::string code, sentence, advice;
};

/// The member who asks. Cheap checks first; the nonce is spent only when everything else holds.
Expected<contracts::Member, SignedReadFault> judge_signed_read(std::string_view header, std::string_view method, std::string_view target,
                                                               std::string_view body, const ledger::Digest& ledger_id,
                                                               const ledger::StateView& state, std::uint64_t now_ms, NonceMemory& nonces);

}  // namespace daftar::node
