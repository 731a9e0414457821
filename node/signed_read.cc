#include "node/signed_read.h"

#include <algorithm>

#include "contracts/query.h"
#include "ledger/ids.h"
#include "node/http_message.h"

namespace daftar::node {
namespace {

Unexpected<SignedReadFault> fault(unsigned status, std::string code, std::string sentence, std::string advice) {
  return Unexpected<SignedReadFault>(SignedReadFault{status, std::move(code), std::move(sentence), std::move(advice)});
}

bool is_nonce(std::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::optional<SignedRead> SignedRead::parse(std::string_view header) {
  std::array<std::string_view, 6> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto end = header.find(' ');
    words[i] = header.substr(0, end);
    if ((end == std::string_view::npos) != (i + 1 == words.size())) return std::nullopt;
    if (end != std::string_view::npos) header.remove_prefix(end + 1);
  }
  if (words[0] != "v1" || !ledger::is_member_id(words[1]) || !is_nonce(words[4]) || words[5].size() > 128) return std::nullopt;
  const auto key = ledger::PublicKey::from_hex(words[2]);
  const auto time = parse_u64(words[3]);
  const auto raw = ledger::from_base64(words[5]);
  const auto signature = raw ? ledger::Signature::from_bytes(*raw) : std::nullopt;
  if (!key || !time || !signature) return std::nullopt;
  return SignedRead{std::string(words[1]), std::string(words[4]), *key, *time, *signature};
}

std::string signed_read_bytes(const ledger::Digest& ledger_id, std::string_view method, std::string_view target, std::string_view body,
                              std::string_view member, std::uint64_t time_ms, std::string_view nonce) {
  std::string out(ledger::tag::signed_read);
  out.push_back('\0');
  out += ledger_id.hex();
  out += "\n0\n";
  const std::string digest = ledger::sha256(body).hex(), time = std::to_string(time_ms);
  for (const std::string_view line : {method, target, std::string_view(digest), member, std::string_view(time)}) out.append(line).push_back('\n');
  return out.append(nonce);
}

NonceMemory::Verdict NonceMemory::use(const SignedRead& read, std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  while (!by_time_.empty() && by_time_.top().until_ms < now_ms) {
    const Used& old = by_time_.top();
    used_.erase(old.key);
    const auto count = of_member_.find(old.member);
    if (--count->second == 0) of_member_.erase(count);
    by_time_.pop();
  }
  std::string key = read.member + ' ' + read.nonce;
  if (used_.contains(key)) return Verdict::used;
  std::size_t& count = of_member_[read.member];
  if (used_.size() >= total_max_ || count >= member_max_) {
    if (count == 0) of_member_.erase(read.member);
    return Verdict::full;
  }
  ++count;
  used_.insert(key);
  by_time_.push({read.time_ms + signed_read_window_ms, std::move(key), read.member});
  return Verdict::fresh;
}

Expected<contracts::Member, SignedReadFault> judge_signed_read(std::string_view header, std::string_view method, std::string_view target,
                                                               std::string_view body, const ledger::Digest& ledger_id,
                                                               const ledger::StateView& state, std::uint64_t now_ms, NonceMemory& nonces) {
  const auto read = SignedRead::parse(header);
  if (!read) return fault(401, "read_malformed", "The Daftar-Read header is not of the expected form.", "Send: v1 member key time nonce signature (docs/api.md).");
  const std::uint64_t apart = read->time_ms > now_ms ? read->time_ms - now_ms : now_ms - read->time_ms;
  if (apart > signed_read_window_ms)
    return fault(401, "read_time", "The time of the signed read is more than a minute from this node's clock.", "Check the clock and sign again.");
  auto member = contracts::query::member(state, read->member);
  const auto has_key = [&] {
    return std::any_of(member->keys.begin(), member->keys.end(), [&](const auto& k) { return k.key == read->key && k.in_force(now_ms); });
  };
  // One answer for "no such member" and "not its key": what exists is not told to strangers.
  if (!member || !has_key())   // a suspended member still reads what is its own
    return fault(401, "read_key", "The key of the signed read is not a key in force of that member.", "Sign with a key that the member has registered.");
  const std::string bytes = signed_read_bytes(ledger_id, method, target, body, read->member, read->time_ms, read->nonce);
  if (!ledger::verify(read->key, bytes, read->signature))
    return fault(401, "read_signature", "The signature of the read does not hold for this request on this ledger.", "Sign the method, the path with its query, and the body that are sent.");
  switch (nonces.use(*read, now_ms)) {
    case NonceMemory::Verdict::fresh: break;
    case NonceMemory::Verdict::used: return fault(401, "read_repeated", "This signed read has been used before.", "Sign each request afresh, with a new nonce.");
    case NonceMemory::Verdict::full: return fault(429, "read_rate", "Too many signed reads in the last minutes.", "Ask again in a minute.");
  }
  return std::move(*member);
}

}  // namespace daftar::node
