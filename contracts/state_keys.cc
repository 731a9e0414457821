#include "contracts/state_keys.h"

#include "ledger/check.h"
#include "ledger/encoding.h"

namespace daftar::contracts::keys {
namespace {

std::string prefixed(char kind, std::string_view rest) {
  std::string key;
  key.reserve(1 + rest.size());
  key.push_back(kind);
  key.append(rest);
  return key;
}

void append_u32(std::string& key, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(v >> shift));
}

void append_u64(std::string& key, std::uint64_t v) {
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(v >> shift));
}

void append_terminated(std::string& key, std::string_view part) {
  key.append(part);
  key.push_back('\0');
}

}  // namespace

std::string account(std::string_view id) { return prefixed('a', id); }
std::string budget_line(std::string_view id) { return prefixed('b', id); }
std::string revenue_line(std::string_view id) { return prefixed('B', id); }
std::string year_revenue(std::string_view account, std::uint32_t year) {
  std::string key = "R";
  append_terminated(key, account);
  append_u32(key, year);
  return key;
}
std::string agreement(const ledger::Digest& id) { return prefixed('g', id.view()); }
std::string awarding(const ledger::Digest& contract) { return std::string(1, 'c').append(contract.view()); }
std::string claim(const ledger::Digest& contract, std::uint32_t number) {
  std::string key = prefixed('o', contract.view());
  append_u32(key, number);
  return key;
}
std::string line_contract(std::string_view line, const ledger::Digest& contract) {
  return line_contracts(line).append(contract.view());
}
std::string line_contracts(std::string_view line) {
  std::string key = "f";
  append_terminated(key, line);
  return key;
}
std::string public_key(const ledger::PublicKey& key) { return prefixed('k', key.view()); }
std::string member(std::string_view id) { return prefixed('m', id); }
std::string node(std::uint32_t number) {
  std::string key = "n";
  append_u32(key, number);
  return key;
}

std::string node_proposal(const ledger::Digest& id) { return prefixed('q', id.view()); }
std::string proposal(const ledger::Digest& id) { return prefixed('h', id.view()); }
std::string contract_template(std::string_view name, std::uint32_t version) {
  std::string key = "l";
  append_terminated(key, name);
  append_u32(key, version);
  return key;
}
std::string classification_list(std::string_view list) {
  std::string key = "C";
  append_terminated(key, list);
  return key;
}
std::string classification(std::string_view list, std::string_view code) { return classification_list(list).append(code); }
std::string payout(const ledger::Digest& id) { return prefixed('p', id.view()); }

std::string register_row(std::string_view payee, std::string_view rule, std::string_view currency, std::uint32_t version,
                         std::uint32_t period) {
  std::string key = "r";
  append_terminated(key, payee);
  append_terminated(key, rule);
  append_terminated(key, currency);
  append_u32(key, version);
  append_u32(key, period);
  return key;
}

std::string statement_reference(std::string_view bank, std::string_view reference) {
  std::string key = "s";
  append_terminated(key, bank);
  key.append(reference);
  return key;
}

std::string tax_certificates(std::string_view payee) { return "e" + std::string(payee); }

std::string tax_rule(std::string_view code, std::uint32_t version) {
  std::string key = "t";
  append_terminated(key, code);
  append_u32(key, version);
  return key;
}

std::string further_terms(std::string_view code, std::uint32_t version) {
  std::string key = tax_rule(code, version);
  key.front() = 'x';
  return key;
}

std::string period_terms(std::string_view code, std::uint32_t version) {
  std::string key = tax_rule(code, version);
  key.front() = 'T';
  return key;
}

std::string held_tax(std::string_view payer, std::string_view rule, std::string_view currency, std::uint32_t version, std::uint32_t period) {
  std::string key = register_row(payer, rule, currency, version, period);
  key.front() = 'H';
  return key;
}

std::string tax_sum(std::string_view payee, std::string_view rule, std::string_view currency, std::string_view payer, std::uint32_t period) {
  std::string key = "S";
  for (const std::string_view part : {payee, rule, currency, payer}) append_terminated(key, part);
  append_u32(key, period);
  return key;
}

std::string validator_set(std::uint64_t height) {
  std::string key = "v";
  append_u64(key, height);
  return key;
}

std::string withheld(const ledger::Digest& entry, std::uint32_t line) {
  std::string key = prefixed('w', entry.view());
  append_u32(key, line);
  return key;
}

std::string replay(std::uint64_t valid_until_ms, const ledger::Digest& id) {
  std::string key = replay_from(valid_until_ms);
  key.append(id.view());
  return key;
}

std::string deadline(const Deadline& deadline) {
  std::string key = deadlines_from(deadline.time_ms);
  key.append(deadline.contract.view());
  append_u32(key, deadline.number);
  key.push_back(static_cast<char>(deadline.kind));
  return key;
}

std::optional<Deadline> parse_deadline(std::string_view key) {
  ledger::Reader reader(key);
  Deadline deadline;
  if (reader.u8() != 'd') return std::nullopt;
  deadline.time_ms = reader.u64();
  const auto contract = ledger::Digest::from_bytes(reader.raw(32));
  deadline.number = reader.u32();
  deadline.kind = static_cast<DeadlineKind>(reader.u8());
  if (!reader.done() || !contract) return std::nullopt;
  deadline.contract = *contract;
  return deadline;
}

std::string deadlines_from(std::uint64_t time_ms) {
  std::string key = "d";
  append_u64(key, time_ms);
  return key;
}

std::string replay_from(std::uint64_t valid_until_ms) {
  std::string key;
  key.reserve(41);
  key.push_back('u');
  append_u64(key, valid_until_ms);
  return key;
}

std::uint64_t replay_time(std::string_view key) {
  DAFTAR_CHECK(key.size() == 41 && key.front() == 'u');
  return ledger::Reader(key.substr(1, 8)).u64();
}

std::string after_prefix(std::string_view prefix) {
  std::string key(prefix);
  DAFTAR_CHECK(!key.empty() && static_cast<unsigned char>(key.back()) < 0xff);
  key.back() = static_cast<char>(static_cast<unsigned char>(key.back()) + 1);
  return key;
}

}  // namespace daftar::contracts::keys
