#include "ledger/genesis.h"

#include <algorithm>
#include <set>

#include "ledger/calendar.h"
#include "ledger/checkpoint.h"
#include "ledger/ids.h"
#include "ledger/money.h"
#include "ledger/wire_scan.h"

namespace daftar::ledger {
namespace {

constexpr std::uint64_t day_ms = 24 * 60 * 60 * 1000;
constexpr std::size_t name_bytes_max = 40;
constexpr int validators_max = 31;
constexpr std::uint64_t horizon_limit_ms = 366 * day_ms;

bool is_ledger_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

std::string check_header(const proto::Genesis& g) {
  if (!is_ledger_name(g.name())) return "name: 1 to 40 of a-z, 0-9, '.' and '-' are needed";
  if (g.time_ms() == 0 || g.time_ms() >= year_10000_ms) return "time_ms: a time after 1970 and before the year 10000 is needed";
  if (g.currencies().empty()) return "currencies: at least one is needed";
  std::set<std::string> seen;
  for (const auto& code : g.currencies()) {
    if (!currency_decimals(code)) return "currencies: " + code + " is not a currency of ISO 4217";
    if (!seen.insert(code).second) return "currencies: " + code + " is given twice";
  }
  const auto& limits = g.limits();
  if (limits.transaction_bytes_max() > transaction_ceiling.bytes_max) return "limits.transaction_bytes_max: at most 1048576";
  if (limits.operations_max() > transaction_ceiling.operations_max) return "limits.operations_max: at most 100000";
  if (limits.valid_until_horizon_ms() > horizon_limit_ms) return "limits.valid_until_horizon_ms: at most 366 days";
  return {};
}

/// Reads a validator's key into `keys`; the sentence says what is wrong with it. `all` holds every key of the genesis met so far.
std::string read_key(const std::string& raw, const std::string& place, std::vector<PublicKey>& keys, std::set<PublicKey>& all) {
  const auto key = PublicKey::from_bytes(raw);
  if (!key) return place + ": an Ed25519 public key has 32 bytes";
  if (!check_registrable(*key)) return place + ": not a key that can be used safely";
  if (!all.insert(*key).second) return place + ": the key is used twice; each key has one owner and one purpose";
  keys.push_back(*key);
  return {};
}

}  // namespace

Expected<std::shared_ptr<const Genesis>, std::string> Genesis::parse(std::string bytes) {
  const auto refuse = [](std::string sentence) { return Unexpected<std::string>("genesis: " + sentence); };
  if (auto scanned = strict_scan(bytes, proto::Genesis::descriptor()); !scanned) return refuse(ledger::describe(scanned.error()));
  std::shared_ptr<Genesis> genesis(new Genesis);
  if (!genesis->content_.ParseFromString(bytes)) return refuse("cannot be decoded");
  const auto& content = genesis->content_;
  if (auto wrong = check_header(content); !wrong.empty()) return refuse(std::move(wrong));

  if (content.validators().empty()) return refuse("validators: at least one is needed");
  if (content.validators_size() > validators_max) return refuse("validators: at most 31");
  std::set<PublicKey> all;
  for (int i = 0; i < content.validators_size(); ++i) {
    const auto& validator = content.validators(i);
    const std::string place = "validators[" + std::to_string(i) + "].";
    if (validator.node() != static_cast<std::uint32_t>(i) + 1) return refuse(place + "node: validators are numbered from 1 without a gap");
    if (!is_member_id(validator.operator_())) return refuse(place + "operator: not a member id");
    if (auto wrong = read_key(validator.link_key(), place + "link_key", genesis->link_keys_, all); !wrong.empty())
      return refuse(std::move(wrong));
    if (auto wrong = read_key(validator.checkpoint_key(), place + "checkpoint_key", genesis->checkpoint_keys_, all); !wrong.empty())
      return refuse(std::move(wrong));
  }
  std::vector<PublicKey> member_keys;
  for (int i = 0; i < content.members_size(); ++i)
    for (int k = 0; k < content.members(i).keys_size(); ++k) {
      const std::string place = "members[" + std::to_string(i) + "].keys[" + std::to_string(k) + "]";
      if (auto wrong = read_key(content.members(i).keys(k), place, member_keys, all); !wrong.empty()) return refuse(std::move(wrong));
    }
  std::set<std::string> operators;
  for (const auto& validator : content.validators()) operators.insert(validator.operator_());
  if (content.limits().node_change_approvals() > operators.size())
    return refuse("limits.node_change_approvals: at most the " + std::to_string(operators.size()) + " operators that there are");
  genesis->ledger_id_ = tagged_hash(tag::genesis, bytes);
  genesis->bytes_ = std::move(bytes);
  return std::shared_ptr<const Genesis>(std::move(genesis));
}

std::string Genesis::origin() const { return log_origin(content_.name(), ledger_id_, 0); }

TransactionLimits Genesis::transaction_limits() const {
  TransactionLimits limits;
  if (const auto n = content_.limits().operations_max(); n != 0) limits.operations_max = n;
  if (const auto n = content_.limits().transaction_bytes_max(); n != 0) limits.bytes_max = n;
  return limits;
}

std::uint64_t Genesis::valid_until_horizon_ms() const {
  const auto horizon = content_.limits().valid_until_horizon_ms();
  return horizon == 0 ? day_ms : horizon;
}

std::uint64_t Genesis::clock_skew_ms() const {
  const auto skew = content_.limits().clock_skew_ms();
  return skew == 0 ? 5000 : skew;
}

std::string encode_genesis(const proto::Genesis& genesis) { return genesis.SerializeAsString(); }

}  // namespace daftar::ledger
