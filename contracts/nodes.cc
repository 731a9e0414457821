#include "contracts/nodes.h"

#include <algorithm>

#include "contracts/query.h"
#include "contracts/state_keys.h"
#include "ledger/check.h"
#include "ledger/decimal.h"

namespace daftar::contracts {
namespace {

constexpr std::size_t link_address_bytes_max = 200;

constexpr std::pair<NodeVerb, std::string_view> verb_table[] = {
    {NodeVerb::add_observer, "add_observer"}, {NodeVerb::add_validator, "add_validator"}, {NodeVerb::promote, "promote"},
    {NodeVerb::demote, "demote"},             {NodeVerb::remove, "remove"},
};

template <class R>
R decoded(std::string_view bytes) {
  auto record = decode_record<R>(bytes);
  DAFTAR_CHECK(record.has_value());   // we wrote it
  return std::move(*record);
}

template <class R>
std::vector<R> all(const ledger::StateView& state, std::string_view prefix) {
  std::vector<R> records;
  state.scan(prefix, keys::after_prefix(prefix), [&](std::string_view, std::string_view value) {
    records.push_back(decoded<R>(value));
    return true;
  });
  return records;
}

bool consists_of_host_characters(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

bool consists_of_ipv6_characters(std::string_view host) {
  return std::count(host.begin(), host.end(), ':') >= 2 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.';
  });
}

}  // namespace

std::string_view name(NodeStanding standing) {
  switch (standing) {
    case NodeStanding::observer: return "observer";
    case NodeStanding::validator: return "validator";
    case NodeStanding::removed: return "removed";
  }
  return "unknown";
}

std::string_view name(NodeVerb verb) {
  for (const auto& [value, text] : verb_table)
    if (value == verb) return text;
  return "unknown";
}

std::optional<NodeVerb> node_verb_named(std::string_view text) {
  for (const auto& [value, known] : verb_table)
    if (known == text) return value;
  return std::nullopt;
}

std::string_view name(ProposalStage stage) {
  switch (stage) {
    case ProposalStage::open: return "open";
    case ProposalStage::in_force: return "in_force";
    case ProposalStage::withdrawn: return "withdrawn";
  }
  return "unknown";
}

std::vector<NodeRecord> nodes(const ledger::StateView& state) { return all<NodeRecord>(state, "n"); }

std::vector<ValidatorSet> validator_sets(const ledger::StateView& state) { return all<ValidatorSet>(state, "v"); }

std::optional<NodeProposal> node_proposal(const ledger::StateView& state, const ledger::Digest& id) {
  const auto bytes = state.get(keys::node_proposal(id));
  if (!bytes) return std::nullopt;
  return decoded<NodeProposal>(*bytes);
}

std::vector<NodeProposal> node_proposals(const ledger::StateView& state, std::string_view after, std::size_t limit) {
  std::vector<NodeProposal> proposals;
  limit = std::min(limit, query::page_max);
  if (limit == 0) return proposals;
  std::string from = "q";
  if (!after.empty()) from.append(after).push_back('\0');   // the first key that can follow it
  state.scan(from, keys::after_prefix("q"), [&](std::string_view, std::string_view value) {
    proposals.push_back(decoded<NodeProposal>(value));
    return proposals.size() < limit;
  });
  return proposals;
}

std::vector<std::string> validator_operators(const std::vector<NodeRecord>& nodes) {
  std::vector<std::string> operators;
  for (const NodeRecord& node : nodes)
    if (node.standing == NodeStanding::validator) operators.push_back(node.operator_member);
  std::sort(operators.begin(), operators.end());
  operators.erase(std::unique(operators.begin(), operators.end()), operators.end());
  return operators;
}

std::size_t approvals_needed(const std::vector<NodeRecord>& nodes, std::uint32_t stated) {
  const std::size_t operators = validator_operators(nodes).size();
  return stated == 0 ? operators / 2 + 1 : std::min<std::size_t>(stated, operators);
}

std::string validator_set_text(const std::vector<ValidatorKey>& validators) {
  std::string text;
  for (const ValidatorKey& validator : validators)
    text += (text.empty() ? "" : " ") + std::to_string(validator.number) + "=" + validator.checkpoint_key.hex();
  return text;
}

std::optional<std::vector<ValidatorKey>> parse_validator_set_text(std::string_view text) {
  std::vector<ValidatorKey> validators;
  for (bool last = false; !last;) {
    const auto space = text.find(' ');
    last = space == std::string_view::npos;
    const auto part = text.substr(0, space), number_text = part.substr(0, part.find('='));
    const auto number = ledger::parse_canonical_decimal(number_text);
    if (!number || *number == 0 || *number > UINT32_MAX || number_text.size() == part.size()) return std::nullopt;
    const auto key_text = part.substr(number_text.size() + 1);
    const auto key = ledger::PublicKey::from_hex(key_text);
    if (!key || key->hex() != key_text) return std::nullopt;
    if (!validators.empty() && validators.back().number >= *number) return std::nullopt;
    if (validators.size() == validators_max) return std::nullopt;
    validators.push_back({static_cast<std::uint32_t>(*number), *key});
    if (!last) text.remove_prefix(space + 1);
  }
  return validators;
}

bool is_link_address(std::string_view text) {
  if (text.size() > link_address_bytes_max) return false;
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto port = ledger::parse_canonical_decimal(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65'535) return false;
  std::string_view host = text.substr(0, colon);
  if (!host.starts_with('[')) return !host.empty() && consists_of_host_characters(host);
  if (!host.ends_with(']')) return false;
  return consists_of_ipv6_characters(host.substr(1, host.size() - 2));
}

}  // namespace daftar::contracts
